"""Sentences for people: why a campaign did not activate, and the phrases of the kinds, in the active language.

The engine answers with codes and numbers; here they become text. `campaigns.summary` says what a whole document does.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, ngettext

from campaigns.engine.campaign import Schedule
from campaigns.engine.decoding import read_instant
from campaigns.engine.fields import Problem
from campaigns.engine.marks import Phrase
from campaigns.engine.verdict import Unit, Verdict
from retail import formats, money

REASONS: Mapping[str, str] = {
    "not_started": gettext_noop("It starts on %(required)s."),
    "ended": gettext_noop("It ended on %(required)s."),
    "schedule": gettext_noop("It holds only %(required)s."),
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
    "credit_open": gettext_noop("The cashback that it gave before has not been used yet."),
    "first_purchase": gettext_noop("It is not the customer's first purchase."),
    "purchase_number": gettext_noop("It is for the customer's purchase number %(required)s."),
    "customer_field": gettext_noop("What was typed about the customer does not fit."),
    "agenda": gettext_noop("The customer has no appointment in the sellers' agenda."),
    "no_qualifying_lines": gettext_noop("No product of the basket qualifies."),
    "minimum_quantity": gettext_noop("Quantity still missing: %(missing)s."),
    "minimum_amount": gettext_noop("%(missing)s more."),
    "maximum_amount": gettext_noop("The value is %(missing)s above the maximum of %(required)s."),
    "limit_reached": gettext_noop("The limit of uses has been reached (%(required)s)."),
    "budget_reached": gettext_noop("The budget of the campaign is used up."),
    "no_effect": gettext_noop("It would give nothing on this basket."),
    "outranked": gettext_noop("The associated campaign %(subject)s is given instead."),
    "exclusive_elsewhere": gettext_noop("The campaign %(subject)s is given alone."),
    "order_discount_elsewhere": gettext_noop("It does not combine with the discount of %(subject)s."),
    "not_best": gettext_noop("Another combination of campaigns is better for the customer."),
    "stopped": gettext_noop("An earlier campaign does not let others apply after it."),
}

# The categories of sales that every chain knows; a chain names its own by their codes.
OPERATIONS: Mapping[str, str] = {
    "sale": gettext_noop("Sale"),
    "employee_sale": gettext_noop("Sale to an employee"),
    "clearance_sale": gettext_noop("Clearance sale"),
}

_COMPARISONS = {
    "eq": gettext_noop("%(required)s"),
    "in": gettext_noop("one of %(required)s"),
    "gte": gettext_noop("at least %(required)s"),
    "lte": gettext_noop("at most %(required)s"),
    "between": gettext_noop("between %(first)s and %(last)s"),
}


# Their `subject` is the code of a campaign.
OF_CAMPAIGNS = frozenset({"outranked", "exclusive_elsewhere", "order_discount_elsewhere"})


def explain(verdict: Verdict, names: Mapping[str, str] | None = None) -> str:
    """Return the sentence that says why a check was not met, in the active language.

    `names` replace the codes of products, groupings, stores and campaigns that they name.
    """
    names = names or {}
    if verdict.code == "operation":
        names = {code: operation_name(code) for code in OPERATIONS}
    params = {
        name: written(verdict.unit, _named(verdict.unit, getattr(verdict, name), names))
        for name in ("required", "actual", "missing")
    }
    params["subject"] = (
        names.get(verdict.subject, verdict.subject) if verdict.code in OF_CAMPAIGNS else verdict.subject
    )
    if isinstance(verdict.required, tuple) and verdict.required:
        params["first"] = written(verdict.unit, _named(verdict.unit, verdict.required[0], names))
        params["last"] = written(verdict.unit, _named(verdict.unit, verdict.required[-1], names))
    if verdict.subject in _COMPARISONS:
        params["comparison"] = gettext(_COMPARISONS[verdict.subject]) % params
    if verdict.code == "product" and not verdict.missing:
        return gettext("No product of the basket qualifies.")
    return gettext(REASONS[verdict.code]) % params


def operation_name(code: str) -> str:
    """Return the name of a category of sales, in the active language; its code where none is known."""
    return gettext(OPERATIONS[code]) if code in OPERATIONS else code


def problem_text(problem: Problem) -> str:
    """Return what is wrong with a field, its bounds written the way the reader of the active language writes numbers."""
    params = {
        name: formats.number(value)
        if name in ("minimum", "maximum", "places") and _is_number(value)
        else value
        for name, value in problem.params.items()
    }
    return gettext(problem.message) % params


def _is_number(value: Any) -> bool:
    try:
        return Decimal(value).is_finite()
    except (ArithmeticError, TypeError, ValueError):
        return False


def codes_named(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield the codes that a verdict speaks of, each with its kind (`campaigns.references.names_of`)."""
    kind = {"product": verdict.subject, "customer_groupings": "customer_grouping", "store": "store"}.get(
        verdict.code
    )
    if kind is None:
        return
    for value in (verdict.required, verdict.actual, verdict.missing):
        for code in value if isinstance(value, tuple) else (value,):
            if isinstance(code, str):
                grouping = kind == "store" and code.startswith("grouping:")
                yield ("store_grouping", code.removeprefix("grouping:")) if grouping else (kind, code)


def phrase_text(phrase: Phrase, names: Mapping[str, str] | None = None) -> str:
    """Return a phrase of the engine as text in the active language; `names` replace the codes that they name."""
    return gettext(phrase.message) % {
        name: written(unit, _named(unit, value, names or {})) for name, (unit, value) in phrase.params.items()
    }


def _named(unit: str, value: Any, names: Mapping[str, str]) -> Any:
    if unit != Unit.TEXT:
        return value
    if isinstance(value, tuple):
        return tuple(names.get(item, item) for item in value)
    return names.get(value, value)


def written(unit: str, value: Any) -> str:
    """Write one value by its unit: money in cents, percent in millionths, a list with commas."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return enumerated([written(unit, item) for item in value])
    match unit:
        case Unit.MONEY:
            return formats.money(money.to_decimal(value))
        case "decimal_money":
            return formats.money(value)
        case "percent":
            return formats.percent(Decimal(value).scaleb(-4))
        case "label":
            return gettext(value)
    if isinstance(value, Schedule):
        return schedule_text(value)
    if isinstance(value, datetime):
        return formats.moment(value)
    if isinstance(value, date):
        return formats.day(value)
    return formats.number(value) if isinstance(value, Decimal | int) else str(value)


def text_of(value: Any) -> str:
    """Write a plain value of a document: a moment as the reader writes it, anything else as it is kept."""
    moment = read_instant(value)
    return str(value) if moment is None else formats.moment(moment)


def schedule_text(schedule: Schedule) -> str:
    """Write days and hours so that the text fits behind "only"."""
    parts = []
    if schedule.weekdays:
        names = [
            date_format(date(2024, 1, day), "l") for day in sorted(schedule.weekdays)
        ]  # a Monday is the 1st
        parts.append(gettext("on %(days)s") % {"days": enumerated(names)})
    if schedule.from_ or schedule.until:
        hours = {
            "from": schedule.from_.isoformat("minutes") if schedule.from_ else "00:00",
            "until": schedule.until.isoformat("minutes") if schedule.until else "24:00",
        }
        parts.append(gettext("from %(from)s to %(until)s") % hours)
    return ", ".join(parts)


def enumerated(words: Sequence[str], most: int = 8) -> str:
    """Join words with commas; a long list is cut and counted."""
    shown = ", ".join(words[:most])
    more = len(words) - most
    if more <= 0:
        return shown
    text = ngettext("%(shown)s and %(more)d more", "%(shown)s and %(more)d more", more)
    return text % {"shown": shown, "more": more}
