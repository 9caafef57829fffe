"""What would have to change for a campaign to activate: a refusal becomes the next purchase to try.

A scenario is the purchase of a simulator in plain JSON (`campaigns.services.simulator`). Each function takes one scenario and
returns another, never changing the first; what no purchase can change has no suggestion.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine.benefits.buy_get import BuyGet
from campaigns.engine.campaign import Campaign, leaves
from campaigns.engine.conditions.customer import ATTRIBUTE_CHOICES
from campaigns.engine.conditions.customer import Customer as CustomerCondition
from campaigns.engine.conditions.product import Product
from campaigns.engine.conditions.promo_code import PromoCode
from campaigns.engine.selector import EVERYTHING, Selector
from campaigns.engine.verdict import Verdict
from campaigns.explanations import operation_name, written
from retail import formats, money

Scenario = dict[str, Any]

# What a product costs that the catalogue does not know; shown, and there to be changed.
UNKNOWN_PRICE = "10.00"

# How far ahead an opening hour is looked for, and in which steps.
_SEARCHED, _STEP = timedelta(days=8), timedelta(minutes=15)


class Shelf(Protocol):
    """Where a suggestion finds what the refusal does not say."""

    zone: ZoneInfo
    moment: datetime

    def product(self, selector: Selector, without: frozenset[str]) -> tuple[str, str] | None:
        """Return SKU and name of a product that a selector selects, or None."""

    def price(self, line: Mapping[str, Any]) -> int:
        """Return what a unit of a line costs, in cents; 0 when nobody knows."""

    def promo_code(self, campaign: str, pool: str | None) -> str | None:
        """Return a code that may be used, empty when there is one that the reader may not see, or None."""

    def store(self, named: tuple[str, ...]) -> tuple[str, str] | None:
        """Return code and name of a store among stores and groupings of stores, or None."""


class Suggestion(Struct, frozen=True):
    """`text` says the change, `scenario` is the purchase with it; None where the reader may not see it."""

    text: str
    scenario: Scenario | None


class _Case(Struct, frozen=True):
    verdict: Verdict
    campaign: Campaign
    scenario: Scenario
    shelf: Shelf

    def changed(self, text: str, **values: Any) -> Suggestion:
        return Suggestion(text, {**deepcopy(self.scenario), **values})

    def with_shopper(self, text: str, **facts: Any) -> Suggestion:
        shopper = {**(self.scenario.get("shopper") or {}), **facts}
        return self.changed(text, shopper=shopper)


def suggest(verdict: Verdict, campaign: Campaign, scenario: Scenario, shelf: Shelf) -> Suggestion | None:
    """Return the smallest change known that answers a refusal, or None when no purchase can."""
    case = _Case(verdict, campaign, scenario, shelf)
    code = verdict.code
    if code.startswith("customer_") and code.removeprefix("customer_") in _ATTRIBUTES:
        return _attribute(case)
    make = _CHANGES.get(code)
    return make(case) if make else None


# --- The basket ----------------------------------------------------------------------------------


def _raise_quantity(case: _Case) -> Suggestion | None:
    """Raise the line that needs the fewest units more."""
    choices = []
    for number in case.verdict.lines:
        line = case.scenario["lines"][number - 1]
        price = case.shelf.price(line)
        if case.verdict.code == "minimum_quantity":
            units = case.verdict.missing.to_integral_value("ROUND_CEILING")
        elif price > 0:
            units = Decimal(-(-case.verdict.missing // price))
        else:
            continue
        choices.append((units, number))
    if not choices:
        return None
    units, number = min(choices)
    return _set_quantity(case, number, Decimal(str(case.scenario["lines"][number - 1]["quantity"])) + units)


def _lower_quantity(case: _Case) -> Suggestion | None:
    for number in case.verdict.lines:
        line = case.scenario["lines"][number - 1]
        price, quantity = case.shelf.price(line), Decimal(str(line["quantity"]))
        left = quantity + case.verdict.missing // -price if price else quantity
        if 1 <= left < quantity:
            return _set_quantity(case, number, left)
    return None


def _set_quantity(case: _Case, number: int, quantity: Decimal) -> Suggestion:
    lines = deepcopy(case.scenario["lines"])
    line = lines[number - 1]
    line["quantity"] = f"{quantity.normalize():f}"
    values = {
        "quantity": formats.number(quantity),
        "product": line.get("sku") or _("line %(number)s") % {"number": number},
    }
    return case.changed(_("Take %(quantity)s of %(product)s") % values, lines=lines)


def _add_product(case: _Case) -> Suggestion | None:
    selector = _missing_selector(case.verdict, case.campaign)
    present = frozenset(str(line.get("sku")) for line in case.scenario["lines"])
    found = case.shelf.product(selector, present)
    if found is None:
        return None
    sku, name = found
    lines = [line for line in deepcopy(case.scenario["lines"]) if line.get("sku") or line.get("unit_price")]
    added = {"sku": sku, "quantity": "1"}
    if not case.shelf.price(added):
        added["unit_price"] = UNKNOWN_PRICE
    return case.changed(_("Add %(product)s") % {"product": name or sku}, lines=[*lines, added])


def _missing_selector(verdict: Verdict, campaign: Campaign) -> Selector:
    products = [leaf for leaf in leaves(campaign.conditions) if isinstance(leaf, Product)]
    if verdict.code != "product":
        return products[0].chosen if products else EVERYTHING
    for leaf in products:
        if leaf.by == verdict.subject and (leaf.values or None) == verdict.required:
            if leaf.match == "all" and verdict.missing and not leaf.exclude:
                return Selector(
                    by=leaf.by, values=verdict.missing[:1], price_min=leaf.price_min, price_max=leaf.price_max
                )
            return leaf.chosen
    for selector in _selectors_of_benefits(campaign):
        if selector.by == verdict.subject and (selector.values or None) == verdict.required:
            return selector
    return EVERYTHING


def _selectors_of_benefits(campaign: Campaign) -> Iterator[Selector]:
    for benefit in campaign.benefits:
        if isinstance(benefit, BuyGet):
            yield from (benefit.buy.selector, benefit.get.selector)
        target = getattr(benefit, "target", None)
        if target is not None:
            yield target


def _pay(case: _Case) -> Suggestion | None:
    condition = next(
        (
            leaf
            for leaf in leaves(case.campaign.conditions)
            if leaf.kind == "payment" and getattr(leaf, "methods", ()) == case.verdict.required
        ),
        None,
    )
    methods = (
        case.verdict.missing if getattr(condition, "match", "any") == "all" else case.verdict.missing[:1]
    )
    payments = [payment for payment in case.scenario.get("payments", []) if payment.get("method")]
    added = [{"method": method} for method in methods]
    return case.changed(
        _("Pay with %(methods)s") % {"methods": ", ".join(methods)}, payments=[*payments, *added]
    )


def _enter_code(case: _Case) -> Suggestion | None:
    for leaf in leaves(case.campaign.conditions):
        if isinstance(leaf, PromoCode):
            code = case.shelf.promo_code(case.campaign.code, leaf.pool)
            entered = case.scenario.get("promo_codes", [])
            if code == "":
                return Suggestion(_("Enter a code of this campaign"), None)
            if code is not None and code not in entered:
                return case.changed(
                    _("Enter the code %(code)s") % {"code": code}, promo_codes=[*entered, code]
                )
    return None


def _accept(case: _Case) -> Suggestion:
    return case.changed(_("Accept it"), accepted=[*case.scenario.get("accepted", []), case.campaign.code])


def _without_exchange(case: _Case) -> Suggestion:
    return case.changed(_("Leave the exchanged items out"), exchange=[])


def _alone(case: _Case) -> Suggestion:
    return case.changed(_("Try it alone"), campaigns=[case.campaign.code], live=False)


# --- When and where ------------------------------------------------------------------------------


def _go_to(case: _Case, moment: datetime) -> Suggestion:
    text = _("Go to %(moment)s") % {"moment": formats.moment(moment, case.shelf.zone)}
    return case.changed(text, at=moment.astimezone(case.shelf.zone).isoformat())


def _at_start(case: _Case) -> Suggestion:
    return _go_to(case, case.verdict.required)


def _before_end(case: _Case) -> Suggestion:
    return _go_to(
        case,
        max(
            case.verdict.required - timedelta(minutes=1),
            case.campaign.starts_at or case.verdict.required - timedelta(minutes=1),
        ),
    )


def _when_open(case: _Case) -> Suggestion | None:
    schedule = case.campaign.schedule
    if schedule is None:
        return None
    start = case.shelf.moment.astimezone(case.shelf.zone).replace(second=0, microsecond=0)
    start -= timedelta(minutes=start.minute % 15)
    for step in range(1, _SEARCHED // _STEP):
        moment = start + step * _STEP
        if schedule.is_open(moment):
            return _go_to(case, moment)
    return None


def _in_store(case: _Case) -> Suggestion | None:
    found = case.shelf.store(case.verdict.required)
    if found is None:
        return None
    code, name = found
    return case.changed(_("Sell in %(store)s") % {"store": name}, store=code)


def _for_operation(case: _Case) -> Suggestion:
    operation = case.verdict.required[0]
    text = _("As a sale of the category %(name)s") % {"name": operation_name(operation)}
    return case.changed(text, operation=operation)


# --- The customer --------------------------------------------------------------------------------


def _identify(case: _Case) -> Suggestion:
    return case.with_shopper(_("Identify a customer"))


def _consent(case: _Case) -> Suggestion:
    given = (case.scenario.get("shopper") or {}).get("consents", [])
    return case.with_shopper(_("With the customer's consent"), consents=[*given, case.verdict.required])


_ATTRIBUTES = dict(ATTRIBUTE_CHOICES)


def _attribute(case: _Case) -> Suggestion | None:
    attribute = case.verdict.code.removeprefix("customer_")
    required = case.verdict.required
    if attribute == "document":
        # The refusal keeps other people's documents to itself; whoever may read the campaign may read them there.
        required = next(
            (
                leaf.wanted
                for leaf in leaves(case.campaign.conditions)
                if isinstance(leaf, CustomerCondition) and leaf.attribute == attribute
            ),
            None,
        )
    wanted = required[0] if isinstance(required, tuple) and required else required
    if wanted is None:
        return None
    values = {"attribute": _(_ATTRIBUTES[attribute]), "value": written(case.verdict.unit, wanted)}
    text = _("A customer with %(attribute)s %(value)s") % values
    if attribute == "groupings":
        given = (case.scenario.get("shopper") or {}).get("groupings", [])
        return case.with_shopper(text, groupings=[*given, wanted])
    if attribute == "turnover":
        return case.with_shopper(text, turnover=money.text(wanted))
    facts = {attribute: wanted}
    if attribute == "age":
        facts["birth_date"] = None
    return case.with_shopper(text, **facts)


def _birthday(case: _Case) -> Suggestion:
    day: date = (
        case.verdict.required[1]
        if case.verdict.required
        else case.shelf.moment.astimezone(case.shelf.zone).date()
    )
    year = 1992 if (day.month, day.day) == (2, 29) else 1990
    text = _("A customer with a birthday on %(day)s") % {"day": formats.short_day(day)}
    return case.with_shopper(text, birth_date=day.replace(year=year).isoformat(), age=None)


def _first_purchase(case: _Case) -> Suggestion:
    return case.with_shopper(_("On the first purchase"), previous_purchases=0)


def _purchase_number(case: _Case) -> Suggestion:
    text = _("On purchase number %(number)s") % {"number": formats.number(case.verdict.required)}
    return case.with_shopper(text, previous_purchases=case.verdict.required - 1)


def _agenda(case: _Case) -> Suggestion:
    return case.with_shopper(_("With an appointment"), agenda=True)


def _capture(case: _Case) -> Suggestion:
    required = case.verdict.required
    value = str(required[0] if isinstance(required, tuple) else required or _("given"))
    captured = [
        entry for entry in case.scenario.get("captured", []) if entry.get("name") != case.verdict.subject
    ]
    text = _("Type %(value)s at the till") % {"value": value}
    return case.changed(text, captured=[*captured, {"name": case.verdict.subject, "value": value}])


_CHANGES: dict[str, Callable[[_Case], Suggestion | None]] = {
    "minimum_quantity": _raise_quantity,
    "minimum_amount": _raise_quantity,
    "maximum_amount": _lower_quantity,
    "product": _add_product,
    "no_qualifying_lines": _add_product,
    "payment": _pay,
    "promo_code": _enter_code,
    "promo_code_not_usable": _enter_code,
    "not_accepted": _accept,
    "exchange": _without_exchange,
    "outranked": _alone,
    "exclusive_elsewhere": _alone,
    "order_discount_elsewhere": _alone,
    "not_best": _alone,
    "stopped": _alone,
    "not_started": _at_start,
    "ended": _before_end,
    "schedule": _when_open,
    "store": _in_store,
    "operation": _for_operation,
    "customer_required": _identify,
    "consent": _consent,
    "birthday": _birthday,
    "birth_date_required": _birthday,
    "first_purchase": _first_purchase,
    "purchase_number": _purchase_number,
    "agenda": _agenda,
    "customer_field": _capture,
}
# What a campaign lost against another, by these codes.
LOST = frozenset(code for code, change in _CHANGES.items() if change is _alone)
# What no purchase changes.
WITHOUT_SUGGESTION = frozenset({"limit_reached", "budget_reached", "no_effect", "credit_open"})
