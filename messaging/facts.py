"""What the variables of a message are filled from, and how amounts and codes are written in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from messaging.selectors.contacts import Recipient
from retail import formats
from retail.models import Company, Sale, Store

# Stands in a stored text for what nobody but its person may use.
MASK = "••••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A promo code as a message shows it."""

    code: str
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the variables of a message are filled from. `subject` is what its occasion is about."""

    recipient: Recipient
    company: Company
    store: Store | None
    subject: Any = None
    coupon: Coupon | None = None
    unsubscribe_url: str = ""
    preferences_url: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the message writes moments."""
        return self.store.zone if self.store else ZoneInfo(self.company.time_zone)


def coupon_link(base: str, code: str) -> str:
    """Put a code into a shop's address: in place of {code}, else as the parameter `coupon`."""
    if not base or "{code}" in base:
        return base.replace("{code}", code)
    parts = urlsplit(base)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("coupon", code)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def format_money(amount: Decimal) -> str:
    """Write an amount in the active language: "R$ 1.234,56"."""
    # A no-break space would turn a text message into UCS-2.
    return formats.money(amount).replace("\N{NO-BREAK SPACE}", " ")


# The variables of a sale that nobody knows.
NO_SALE: Mapping[str, str | None] = dict.fromkeys(("ticket", "date", "total"))


def sale_words(sale: Sale, *, total: Decimal | None = None) -> dict[str, str]:
    """Return what texts may say of a sale, in the active language. `total` stands for another one than its net."""
    return {
        "ticket": sale.ticket,
        "date": formats.day(sale.business_date),
        "total": format_money(sale.net if total is None else total),
    }
