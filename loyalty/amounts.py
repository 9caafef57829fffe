"""How an account and its amounts are written for people: cashback in reais, points and stamps as numbers."""

from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.models import MONEY_KINDS, Account
from retail import formats, money


def amount_text(kind: str, amount: Decimal) -> str:
    """Return an amount of an account of this kind as people read it."""
    return formats.money(amount) if kind in MONEY_KINDS else formats.number(amount)


def hundredths_text(kind: str, hundredths: int) -> str:
    """Return hundredths of an account of this kind as people read them."""
    return amount_text(kind, money.to_decimal(hundredths))


def account_name(account: Account) -> str:
    """Return the name of an account's program or plan, whose rows are loaded, else that of its kind."""
    if account.customer_id is None:
        return account.get_kind_display()
    return unit_name(account.program.name if account.program else account.plan.name if account.plan else "")


def unit_name(name: str | None) -> str:
    return name or _("Cashback")
