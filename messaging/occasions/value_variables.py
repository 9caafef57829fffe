"""The variables of occasions that are about value of a customer, and what fills them."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from messaging.facts import format_money
from messaging.occasions.parts import Variable
from messaging.selectors.value import Value
from retail import formats

VALUE = (
    Variable("value.amount", _("What is left of it"), "R$ 50,00"),
    Variable("value.name", _("What it is called"), "Vale-presente Natal"),
    Variable("value.expires", _("Its last day (empty without one)"), "30/11/2026"),
)
LAST4 = (Variable("value.last4", _("The last four of its code"), "7K2M"),)
CODE = (*LAST4, Variable("value.code", _("Its code (empty when nobody can read it)"), "7GK2-M0ZD-9QWT-31HX"))

# The variables of value that is gone.
NO_VALUE: Mapping[str, str | None] = dict.fromkeys(("amount", "name", "expires", "last4", "code"))


def value_words(value: Value, *, zone: ZoneInfo) -> dict[str, str | None]:
    """Return what texts may say of value, in the active language; what is absent is None."""
    last = value.last_instant
    return {
        "amount": amount_of(value),
        "name": value.name or None,
        "expires": formats.day(last.astimezone(zone).date()) if last else None,
        "last4": value.last4 or None,
        "code": value.code or None,
    }


def amount_of(value: Value) -> str:
    """Write what is left: money, or the percentage of a voucher."""
    return format_money(value.amount) if value.percent is None else formats.percent(value.percent)
