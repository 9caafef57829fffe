"""How accounts, amounts and rates are written: cashback in reais, points and stamps as numbers."""

from decimal import Decimal

from loyalty.models import MONEY_KINDS, Account, AccountKind
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
    """Return the name of a program, a plan or a type of stored value; what has none is called by its kind."""
    return name or str(AccountKind(kind).label)


def percent_text(percent: Decimal) -> str:
    """Write a rate with two decimals, or as many as it has."""
    text = f"{percent:.4f}"
    return text[:-2] if text.endswith("00") else text.rstrip("0")
