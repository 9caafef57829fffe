"""Filters that write value in the unit of its account: `{{ lot.remaining|amount_of:lot.account }}`."""

from decimal import Decimal

from django import template

from loyalty import amounts
from loyalty.models import Account

register = template.Library()

register.filter("account_name", amounts.account_name)


@register.filter
def amount_of(amount: Decimal, account: Account) -> str:
    return amounts.amount_text(account.kind, amount)


@register.filter
def hundredths(amount: int, kind: str) -> str:
    """Write hundredths of an account of this kind."""
    return amounts.hundredths_text(kind, amount)
