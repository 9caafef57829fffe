"""Sentences for what was asked to be redeemed and was not given, in the active language."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from loyalty.redeemed import Refused
from retail import formats, money

SENTENCES: Mapping[str, str] = {
    "customer_required": gettext_noop("Identify the customer."),
    "unknown_program": gettext_noop("There is no such program."),
    "not_usable": gettext_noop("This code cannot be used."),
    "no_balance": gettext_noop("There is no balance to use."),
    "pending": gettext_noop("The balance can be used from %(required)s on."),
    "awaits_review": gettext_noop("The balance waits for the customer to answer the survey."),
    "minimum_purchase": gettext_noop("It can be used in purchases of %(required)s or more."),
    "max_percent": gettext_noop("At most %(required)s can be used in this sale."),
    "insufficient_balance": gettext_noop("%(required)s is more than the balance of %(actual)s."),
    "nothing_due": gettext_noop("There is nothing left to pay."),
    "above_due": gettext_noop("%(required)s is more than the %(actual)s left to pay."),
    "not_money": gettext_noop("These points do not pay; they are exchanged for gifts."),
    "redeem_step": gettext_noop("They are used in multiples of %(required)s."),
    "not_offered": gettext_noop("The program does not offer this reward."),
    "one_per_sale": gettext_noop("Only one in each sale."),
    "product_not_in_basket": gettext_noop("The reward is off a product that is not in the basket."),
    "no_delivery_fee": gettext_noop("There is no delivery fee to take it off."),
    "used_whole": gettext_noop("A gift card is used whole."),
    "not_for_products": gettext_noop("It pays other products than these."),
}


def explain_refused(refused: Refused) -> str:
    """Return the sentence that says why something was not redeemed, or not all of it, in the active language."""
    params = {
        "required": _written(refused.required, refused.unit),
        "actual": _written(refused.actual, refused.unit),
    }
    return gettext(SENTENCES[refused.reason]) % params


def _written(value: int | datetime | None, unit: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return formats.moment(value)
    amount = money.to_decimal(value)
    return formats.number(amount) if unit == "points" else formats.money(amount)
