"""Sentences for people: why a campaign did not activate, and what a campaign says, in the active language.

The engine answers with codes and numbers; this module is the only place that makes text of them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, gettext_noop

from campaigns.engine.campaign import Campaign, Group, Node, Schedule
from campaigns.engine.marks import Phrase
from campaigns.engine.verdict import Unit, Verdict
from retail import money

CURRENCY = "R$"

REASONS: Mapping[str, str] = {
    "not_started": gettext_noop("It starts on %(required)s."),
    "ended": gettext_noop("It ended on %(required)s."),
    "schedule": gettext_noop("It does not hold at this hour or on this day."),
    "store": gettext_noop("It does not hold in this store."),
    "operation": gettext_noop("It does not hold for this category of sale; it is for %(required)s."),
    "exchange": gettext_noop("It does not apply to a sale with exchanged items."),
    "consent": gettext_noop("The customer has not given the consent that it needs."),
    "customer_required": gettext_noop("Identify the customer."),
    "not_accepted": gettext_noop("It is optional and was not accepted."),
    "product": gettext_noop("These products are missing: %(missing)s."),
    "payment": gettext_noop("Pay with %(missing)s."),
    "promo_code": gettext_noop("A promotional code is needed."),
    "promo_code_not_usable": gettext_noop("The promotional code cannot be used."),
    "customer_document": gettext_noop("It is for certain customers only."),
    "customer_age": gettext_noop("It is for another age: %(comparison)s."),
    "customer_sex": gettext_noop("It is for customers of another sex."),
    "customer_groupings": gettext_noop("It is for the customers of %(required)s."),
    "customer_level": gettext_noop("It is for another loyalty level: %(comparison)s."),
    "customer_loyalty_category": gettext_noop("It is for the loyalty category %(required)s."),
    "customer_turnover": gettext_noop("It is for another turnover in twelve months: %(comparison)s."),
    "customer_visits": gettext_noop("It is for another number of visits in twelve months: %(comparison)s."),
    "customer_last_purchase_days": gettext_noop(
        "It is for other days since the last purchase: %(comparison)s."
    ),
    "birthday": gettext_noop("The birthday is not between %(first)s and %(last)s."),
    "birth_date_required": gettext_noop("The customer's birth date is not known."),
    "first_purchase": gettext_noop("It is not the customer's first purchase."),
    "purchase_number": gettext_noop("It is for the customer's purchase number %(required)s."),
    "customer_field": gettext_noop("What was typed about the customer does not fit."),
    "agenda": gettext_noop("The customer has no appointment in the sellers' agenda."),
    "no_qualifying_lines": gettext_noop("No product of the basket qualifies."),
    "minimum_quantity": gettext_noop("%(missing)s more units are needed."),
    "minimum_amount": gettext_noop("%(missing)s more."),
    "maximum_amount": gettext_noop("The value is %(missing)s above the maximum of %(required)s."),
    "limit_reached": gettext_noop("The limit of %(required)s uses has been reached."),
    "budget_reached": gettext_noop("The budget of the campaign is used up."),
    "no_effect": gettext_noop("It would give nothing on this basket."),
    "outranked": gettext_noop("The associated campaign %(subject)s is given instead."),
    "exclusive_elsewhere": gettext_noop("The campaign %(subject)s is given alone."),
    "order_discount_elsewhere": gettext_noop("It does not combine with the discount of %(subject)s."),
    "not_best": gettext_noop("Another combination of campaigns is better for the customer."),
    "stopped": gettext_noop("An earlier campaign does not let others apply after it."),
}

_COMPARISONS = {
    "eq": gettext_noop("%(required)s"),
    "in": gettext_noop("one of %(required)s"),
    "gte": gettext_noop("at least %(required)s"),
    "lte": gettext_noop("at most %(required)s"),
    "between": gettext_noop("between %(first)s and %(last)s"),
}


def explain(verdict: Verdict) -> str:
    """Return the sentence that says why a check was not met, in the active language."""
    params = {
        name: _written(verdict.unit, getattr(verdict, name)) for name in ("required", "actual", "missing")
    }
    params["subject"] = verdict.subject
    if isinstance(verdict.required, tuple) and verdict.required:
        params["first"] = _written(verdict.unit, verdict.required[0])
        params["last"] = _written(verdict.unit, verdict.required[-1])
    if verdict.subject in _COMPARISONS:
        params["comparison"] = gettext(_COMPARISONS[verdict.subject]) % params
    if verdict.code == "product" and not verdict.missing:
        return gettext("No product of the basket qualifies.")
    return gettext(REASONS[verdict.code]) % params


def phrase_text(phrase: Phrase) -> str:
    """Return a phrase of the engine as text in the active language."""
    return gettext(phrase.message) % {
        name: _written(unit, value) for name, (unit, value) in phrase.params.items()
    }


def amount_text(cents: int) -> str:
    """Return an amount as people write it: `R$ 12,50`."""
    return f"{CURRENCY} {number_format(money.to_decimal(cents), 2, use_l10n=True, force_grouping=True)}"


def _written(unit: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(_written(unit, item) for item in value)
    match unit:
        case Unit.MONEY:
            return amount_text(value)
        case "decimal_money":
            return amount_text(money.from_decimal(value))
        case "percent":
            return f"{_number(Decimal(value).scaleb(-4))}%"
        case "label":
            return gettext(value)
    if isinstance(value, datetime):
        return date_format(value, "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return _number(value) if isinstance(value, Decimal) else str(value)


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    decimals = len(text.partition(".")[2].rstrip("0"))
    return number_format(value, decimals, use_l10n=True)


def summarise(campaign: Campaign) -> list[str]:
    """Return what a campaign will do, one plain sentence or phrase a line, in the active language."""
    sentences = [_benefits(campaign), *_conditions(campaign), *_thresholds(campaign), *_period(campaign)]
    sentences += [_limit(limit) for limit in campaign.limits]
    if campaign.budget is not None:
        sentences.append(
            gettext("Ends when %(budget)s have been granted.") % {"budget": amount_text(campaign.budget)}
        )
    flags = (
        (
            bool(campaign.stores),
            gettext("In the stores %(stores)s.") % {"stores": ", ".join(campaign.stores)},
        ),
        (campaign.exclusive, gettext("No other campaign is given together with it.")),
        (campaign.optional, gettext("Only when the operator accepts it.")),
        (campaign.requires_consent is not None, gettext("Only with the customer's consent.")),
        (campaign.skip_discounted, gettext("Products that are already discounted do not count.")),
        (campaign.exchange == "block", gettext("Not in sales with exchanged items.")),
    )
    return [sentence for sentence in sentences if sentence] + [text for holds, text in flags if holds]


def _benefits(campaign: Campaign) -> str:
    if not campaign.benefits:
        return gettext("Gives nothing; it only registers that it activated.")
    given = _joined((phrase_text(benefit.phrase()) for benefit in campaign.benefits), gettext("and"))
    return gettext("The customer gets %(benefits)s.") % {"benefits": given}


def _conditions(campaign: Campaign) -> list[str]:
    if campaign.conditions is None:
        return [gettext("For everyone, with any products.")]
    return [gettext("When: %(conditions)s.") % {"conditions": _node(campaign.conditions)}]


def _node(node: Node, nested: bool = False) -> str:
    if not isinstance(node, Group):
        return phrase_text(node.phrase())
    word = gettext("and") if node.operator == "all" else gettext("or")
    text = f" {word} ".join(_node(child, nested=len(node.children) > 1) for child in node.children)
    return f"({text})" if nested and len(node.children) > 1 else text


def _thresholds(campaign: Campaign) -> list[str]:
    found = []
    if campaign.minimum_quantity is not None:
        quantity = {"quantity": _number(campaign.minimum_quantity)}
        found.append(gettext("At least %(quantity)s units of what qualifies.") % quantity)
    if campaign.minimum_amount is not None:
        amount = {"amount": amount_text(campaign.minimum_amount)}
        found.append(gettext("At least %(amount)s in what qualifies.") % amount)
    if campaign.maximum_amount is not None:
        amount = {"amount": amount_text(campaign.maximum_amount)}
        found.append(gettext("At most %(amount)s in what qualifies.") % amount)
    return found


def _period(campaign: Campaign) -> list[str]:
    found = []
    if campaign.starts_at is not None:
        found.append(
            gettext("From %(start)s.") % {"start": date_format(campaign.starts_at, "SHORT_DATETIME_FORMAT")}
        )
    if campaign.ends_at is not None:
        found.append(
            gettext("Until %(end)s.") % {"end": date_format(campaign.ends_at, "SHORT_DATETIME_FORMAT")}
        )
    if campaign.schedule is not None:
        found.append(_schedule(campaign.schedule))
    return found


WEEKDAYS = (
    gettext_noop("Monday"),
    gettext_noop("Tuesday"),
    gettext_noop("Wednesday"),
    gettext_noop("Thursday"),
    gettext_noop("Friday"),
    gettext_noop("Saturday"),
    gettext_noop("Sunday"),
)


def _schedule(schedule: Schedule) -> str:
    days = ", ".join(gettext(WEEKDAYS[day - 1]) for day in schedule.weekdays) or gettext("every day")
    if schedule.from_ is None and schedule.until is None:
        return gettext("On %(days)s.") % {"days": days}
    hours = {
        "days": days,
        "from": f"{schedule.from_:%H:%M}" if schedule.from_ else "00:00",
        "until": f"{schedule.until:%H:%M}" if schedule.until else "24:00",
    }
    return gettext("On %(days)s, from %(from)s to %(until)s.") % hours


_LIMITS = {
    ("total", "sale"): gettext_noop("At most %(max)s sales in all, per %(per)s."),
    ("total", "item"): gettext_noop("At most %(max)s items in all, per %(per)s."),
    ("customer", "sale"): gettext_noop("At most %(max)s sales for each customer, per %(per)s."),
    ("customer", "item"): gettext_noop("At most %(max)s items for each customer, per %(per)s."),
    ("store", "sale"): gettext_noop("At most %(max)s sales in each store, per %(per)s."),
    ("store", "item"): gettext_noop("At most %(max)s items in each store, per %(per)s."),
    ("code", "sale"): gettext_noop("At most %(max)s sales with each code, per %(per)s."),
    ("code", "item"): gettext_noop("At most %(max)s items with each code, per %(per)s."),
}
_PER = {
    "campaign": gettext_noop("whole campaign"),
    "day": gettext_noop("day"),
    "week": gettext_noop("week"),
    "month": gettext_noop("month"),
    "year": gettext_noop("year"),
}


def _limit(limit: Any) -> str:
    return gettext(_LIMITS[limit.scope, limit.counts]) % {"max": limit.max, "per": gettext(_PER[limit.per])}


def _joined(parts: Iterable[str], word: str) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} {word} {found[-1]}"
