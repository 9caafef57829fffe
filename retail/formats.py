"""How values are written for people: money, numbers, dates. One place, used by pages and exports' headings alike.

The language is the active one; amounts are always reais. Nothing here rounds money: `retail.money` does.
"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from retail.money import divide

# Narrow enough to stay on one line, and never broken between sign and digits.
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"

_DATE = {"pt-br": "d/m/Y", "en": "j M Y"}
_MOMENT = {"pt-br": "d/m/Y H:i", "en": "j M Y, H:i"}
_SHORT_DATE = {"pt-br": "d/m", "en": "j M"}
_MONTH = {"pt-br": "m/Y", "en": "M Y"}


def number(value: Decimal | int | str | None, places: int | None = None) -> str:
    """Return 1234.5 as "1.234,5" or "1,234.5"; without `places` as many decimals as the value needs."""
    if value is None or value == "":
        return NOTHING
    exact = Decimal(value)
    text = f"{abs(exact):,f}" if places is None else f"{abs(exact):,.{places}f}"
    if places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if _language() == "pt-br":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{_MINUS}{text}" if exact < 0 else text


def money(value: Decimal | int | str | None) -> str:
    """Return 1234.5 as "R$ 1.234,50", or a dash for no value."""
    if value is None or value == "":
        return NOTHING
    exact = Decimal(value)
    sign = _MINUS if exact < 0 else ""
    return f"{sign}R${_NO_BREAK}{number(abs(exact), 2)}"


def percent(value: Decimal | int | str | None) -> str:
    """Return 12.5 as "12,5%"."""
    return NOTHING if value is None or value == "" else f"{number(value)}%"


def compact(value: Decimal | int) -> str:
    """Return 12500 as "12,5 mil" or "12.5k": for axes, where the exact amount stands elsewhere."""
    exact = Decimal(value)
    portuguese = _language() == "pt-br"
    for size, names in ((1_000_000, ("mi", "M")), (1_000, ("mil", "k"))):
        if exact >= size:
            # Cut, not rounded: an axis never shows more than there is.
            shown = number(Decimal(divide(int(exact * 10), size, "down")).scaleb(-1))
            return f"{shown}{_NO_BREAK}{names[0]}" if portuguese else f"{shown}{names[1]}"
    return number(exact)


def day(value: date | None) -> str:
    """Return a date as the readers of the active language write it."""
    return NOTHING if value is None else date_format(value, _DATE[_language()])


def short_day(value: date | None) -> str:
    """Return a date without its year, for axes and dense lists."""
    return NOTHING if value is None else date_format(value, _SHORT_DATE[_language()])


def month(value: date | None) -> str:
    """Return the month of a date: "11/2026" or "Nov 2026"."""
    return NOTHING if value is None else date_format(value, _MONTH[_language()])


def moment(value: datetime | None, zone: ZoneInfo | str | None = None) -> str:
    """Return date and time in `zone` (the store's), or in the installation's own zone without one."""
    if value is None:
        return NOTHING
    return date_format(in_zone(value, zone), _MOMENT[_language()])


def clock(value: datetime | None) -> str:
    """Return a time of today to the second, in the installation's own zone."""
    return NOTHING if value is None else date_format(in_zone(value), "H:i:s")


def in_zone(value: datetime, zone: ZoneInfo | str | None = None) -> datetime:
    """Return `value` as the clocks of `zone` show it."""
    if isinstance(zone, str):
        zone = ZoneInfo(zone) if zone else None
    return timezone.localtime(value, zone)


def _language() -> str:
    return "pt-br" if (get_language() or "").startswith("pt") else "en"
