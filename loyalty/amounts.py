"""How accounts, amounts and rates are written: cashback in reais, points and stamps as numbers."""

from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.models import MONEY_KINDS, Account, AccountKind
from loyalty.selectors.stored_values import Held
from retail import formats, money


def amount_text(kind: str, amount: Decimal) -> str:
    """Return an amount of an account of this kind as people read it."""
    return formats.money(amount) if kind in MONEY_KINDS else formats.number(amount)


def hundredths_text(kind: str, hundredths: int) -> str:
    """Return hundredths of an account of this kind as people read them."""
    return amount_text(kind, money.to_decimal(hundredths))


def account_name(account: Account) -> str:
    """Return the name of an account's program or plan, whose rows are loaded, else that of its kind."""
    unit = account.program or account.plan
    return unit_name(unit.name if unit else "", account.kind)


def unit_name(name: str | None, kind: str = AccountKind.CASHBACK) -> str:
    """Return the name of a program, a plan or a type of stored value; what has none is called by its kind.

    A type may have vouchers of money and in percent, which are told apart: nothing adds them up.
    """
    if name and kind == AccountKind.RATE_VOUCHER:
        return _("%(type)s (in percent)") % {"type": name}
    return name or str(AccountKind(kind).label)


def measure_text(kind: str) -> str:
    """Return in what an account of this kind is counted."""
    if kind in MONEY_KINDS:
        return "R$"
    counted = {
        AccountKind.POINTS: _("points"),
        AccountKind.STAMPS: _("stamps"),
        AccountKind.RATE_VOUCHER: _("uses"),
    }
    return counted[AccountKind(kind)]


def percent_text(percent: Decimal) -> str:
    """Write a rate with two decimals, or as many as it has."""
    text = f"{percent:.4f}"
    return text[:-2] if text.endswith("00") else text.rstrip("0")


def worth_text(one: Held) -> str:
    """Return what can be used of a stored value: "R$ 35,00", or "15% of a purchase" while the use is left, or nothing."""
    if not one.balance.available:
        return ""
    if one.stored.percent is None:
        return hundredths_text(one.stored.type.kind, one.balance.available)
    return _("%(percent)s of a purchase") % {"percent": formats.percent(one.stored.percent)}
