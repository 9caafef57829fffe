"""The calculation policy for managers: each question with a worked example, computed by the engine itself.

Every example is one small simulation; the same purchase is evaluated under each answer, so that the figures shown are
those that a till would get.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.engine.policy import DEFAULT_POLICY, PRESETS, QUESTIONS
from campaigns.engine.simulation import simulate

_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
_ZONE = ZoneInfo("America/Sao_Paulo")


@dataclass(frozen=True, slots=True)
class Guide:
    """How one question is explained. ``shows`` says which figure of the example tells the answers apart."""

    title: Promise
    text: Promise
    story: Promise
    answers: Mapping[str, Promise]
    document: Mapping[str, Any]
    shows: str


@dataclass(frozen=True, slots=True)
class AnswerExample:
    """One answer with what the example's purchase gets under it: ``figures`` are amounts, or points."""

    value: str
    label: Promise | str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """One question, ready to be shown."""

    name: str
    guide: Guide
    answers: tuple[AnswerExample, ...]


def _lines(*lines: tuple[int, str]) -> list[dict[str, Any]]:
    return [
        {"line": number, "sku": f"P{number}", "quantity": str(quantity), "unit_price": price}
        for number, (quantity, price) in enumerate(lines, start=1)
    ]


def _example(campaigns: Sequence[Mapping[str, Any]], *lines: tuple[int, str], **rest: Any) -> dict[str, Any]:
    """Return a simulation; campaigns have only what differs between them."""
    documents = [
        {"code": f"C{number}", "name": f"C{number}", **campaign}
        for number, campaign in enumerate(campaigns, start=1)
    ]
    return {"campaigns": documents, "basket": {"lines": _lines(*lines)}, **rest}


def _percent(percent: str, **fields: Any) -> dict[str, Any]:
    return {"benefits": [{"kind": "item_percent", "percent": percent}], **fields}


def _off(amount: str, **fields: Any) -> dict[str, Any]:
    return {"benefits": [{"kind": "order_amount", "amount": amount}], **fields}


_POINTS = {"benefits": [{"kind": "points", "program": "p", "fixed": 1, "every_amount": "10.00"}]}

GUIDES: dict[str, Guide] = {
    "percent_base": Guide(
        title=_("What is a second percentage taken of?"),
        text=_("Two campaigns of different priority, or two benefits of one campaign, meet on one product."),
        story=_("R$ 100.00; one campaign takes 10 % twice, another one 10 % after it."),
        answers={
            "running": _("Of what the ones before left"),
            "original": _("Of the price before any campaign"),
            "original_within_campaign": _("Of what was left when the campaign's turn came"),
        },
        document=_example(
            [
                {
                    "benefits": [
                        {"kind": "item_percent", "percent": "10"},
                        {"kind": "item_percent", "percent": "10"},
                    ]
                },
                _percent("10", priority=1),
            ],
            (1, "100.00"),
        ),
        shows="discount",
    ),
    "rounding": Guide(
        title=_("How is half a cent rounded?"),
        text=_("A percentage rarely ends on a whole cent."),
        story=_("25 % of R$ 19.94 is 4.985, and of R$ 19.98 it is 4.995."),
        answers={
            "half_up": _("Half a cent counts as one"),
            "half_even": _("Half a cent goes to the even neighbour"),
            "down": _("Fractions of a cent are cut off"),
        },
        document=_example([_percent("25")], (1, "19.94"), (1, "19.98")),
        shows="lines",
    ),
    "rounding_point": Guide(
        title=_("What is rounded?"),
        text=_("A percentage on several units or lines may be rounded in different places."),
        story=_("10 % off two lines of R$ 0.04 and a third with three units at R$ 0.35."),
        answers={
            "line": _("The discount of each line"),
            "unit": _("The discount of each unit"),
            "unit_price": _("The price of a unit after the discount"),
            "total": _("The campaign's whole discount, then split over the lines"),
            "carry": _("Each line, and the difference goes on to the next"),
        },
        document=_example([_percent("10")], (1, "0.04"), (1, "0.04"), (3, "0.35")),
        shows="lines",
    ),
    "allocation": Guide(
        title=_("How is an amount off the sale spread over its lines?"),
        text=_("It decides what a line costs in reports and how much is given back for a return."),
        story=_("R$ 1.00 off one unit at R$ 30.00 and three at R$ 10.00."),
        answers={"by_value": _("By the value of each line"), "per_unit": _("The same for each unit")},
        document=_example([_off("1.00")], (1, "30.00"), (3, "10.00")),
        shows="lines",
    ),
    "odd_cent": Guide(
        title=_("Who gets the cents that cannot be split?"),
        text=_("The parts always add up to the whole; the question is where the odd cent goes."),
        story=_("R$ 0.10 off lines of R$ 2.00, R$ 5.00 and R$ 4.00."),
        answers={
            "largest_remainder": _("The lines that lost most by rounding down"),
            "first_lines": _("One each, from the first line on"),
            "last_line": _("The last line takes all of them"),
            "rounded_then_first": _("Each share is rounded; the first lines settle the difference"),
        },
        document=_example([_off("0.10")], (1, "2.00"), (1, "5.00"), (1, "4.00")),
        shows="lines",
    ),
    "level_order": Guide(
        title=_("Which discounts come first?"),
        text=_("Discounts on products and discounts on the sale, when both apply."),
        story=_("R$ 100.00; R$ 10.00 off the sale by priority 0, half off the product by priority 1."),
        answers={
            "priority": _("The order of the priorities"),
            "item_first": _("All discounts on products, then those on the sale"),
        },
        document=_example([_off("10.00"), _percent("50", priority=1)], (1, "100.00")),
        shows="discount",
    ),
    "exclusive_tie": Guide(
        title=_("Which of several exclusive campaigns wins?"),
        text=_("Only one exclusive campaign activates in a sale."),
        story=_("R$ 100.00; 10 % exclusive with priority 0, 20 % exclusive with priority 1."),
        answers={"best": _("The one worth most to the customer"), "first": _("The first by priority")},
        document=_example(
            [_percent("10", exclusive=True), _percent("20", exclusive=True, priority=1)], (1, "100.00")
        ),
        shows="discount",
    ),
    "over_budget": Guide(
        title=_("What happens at the end of a budget?"),
        text=_("The last sale would take more than the budget or limit still has."),
        story=_("10 % off R$ 100.00, and R$ 4.00 left in the budget of R$ 100.00."),
        answers={"refuse": _("The campaign does not activate"), "partial": _("It gives what is left")},
        document=_example(
            [_percent("10", budget="100.00")],
            (1, "100.00"),
            usage={"C1": {"budget_spent": "96.00"}},
        ),
        shows="discount",
    ),
    "cancelled_use": Guide(
        title=_("Does a cancelled sale give its use back?"),
        text=_("A campaign may be used so many times; one of the sales that used it was cancelled."),
        story=_("10 % off R$ 100.00, once for each customer; the customer's sale with it was cancelled."),
        answers={"returned": _("Yes, it may be used again"), "kept": _("No, it stays used")},
        document=_example(
            [_percent("10", limits=[{"scope": "customer", "counts": "sale", "max": 1}])],
            (1, "100.00"),
            usage={"C1": {"total": 1, "customer": 1, "customer_cancelled": 1}},
            shopper={},
        ),
        shows="discount",
    ),
    "points_base": Guide(
        title=_("On what are points earned?"),
        text=_("Points are counted on money; discounts may come off before or not."),
        story=_("One point for each R$ 10.00; R$ 100.00 with 10 % off."),
        answers={"after_discounts": _("On what is due after discounts"), "gross": _("On the full price")},
        document=_example([_POINTS, _percent("10")], (1, "100.00"), shopper={}),
        shows="points",
    ),
    "points_rounding": Guide(
        title=_("What becomes of a part of a point?"),
        text=_("The amount is rarely a whole number of steps."),
        story=_("One point for each R$ 10.00; a purchase of R$ 95.55."),
        answers={
            "whole_steps": _("Only full steps count"),
            "half_up": _("The nearest whole point"),
            "fraction": _("Points have two decimals"),
        },
        document=_example([_POINTS], (1, "95.55"), shopper={}),
        shows="points",
    ),
    "refund": Guide(
        title=_("What is given back for a return?"),
        text=_("The discount had a threshold that the kept products no longer reach."),
        story=_("R$ 20.00 off from R$ 200.00; two at R$ 100.00 were bought for R$ 180.00, one comes back."),
        answers={
            "prorated": _("What was paid for it"),
            "recalculate": _("What is left after pricing the kept ones again"),
        },
        document=_example(
            [_off("20.00", minimum_amount="200.00")], (2, "100.00"), returns=[{"line": 1, "quantity": "1"}]
        ),
        shows="refund",
    ),
    "selection": Guide(
        title=_("Which campaigns activate together?"),
        text=_(
            "Exclusive campaigns and associations leave several combinations; either the rules choose, or the customer."
        ),
        story=_("R$ 100.00; 15 % exclusive, against 10 % and then 10 % that may be combined."),
        answers={
            "rules": _("As the rules say: an exclusive campaign goes alone"),
            "best_for_customer": _("The allowed combination that leaves the customer best off"),
        },
        document=_example(
            [_percent("15", exclusive=True), _percent("10"), _percent("10", priority=1)], (1, "100.00")
        ),
        shows="discount",
    ),
}


def explained() -> list[Explained]:
    """Return every question in its order, with each answer's figures."""
    return [
        Explained(
            name,
            GUIDES[name],
            tuple(
                AnswerExample(answer, GUIDES[name].answers.get(answer, answer), figures(name, answer))
                for answer in QUESTIONS[name]
            ),
        )
        for name in QUESTIONS
        if name in GUIDES
    ]


@cache
def figures(question: str, answer: str) -> tuple[str, ...]:
    """Return what the question's example gives under an answer, all other answers being our defaults."""
    guide = GUIDES[question]
    document = {**guide.document, "policy": {question: answer}}
    result = simulate(document, now=_AT, zone=_ZONE)
    match guide.shows:
        case "lines":
            return tuple(line["discount"] for line in result["lines"])
        case "points":
            return tuple(f"{Decimal(str(earned['points'])):f}" for earned in result["earned"]["points"])
        case "refund":
            return (result["refund"]["amount"],)
    return (result["totals"]["discount"],)


def answers_of(policy: Mapping[str, str]) -> dict[str, str]:
    """Return a company's answer to every question: its own, else the preset's, else the default."""
    defaults = {name: getattr(DEFAULT_POLICY, name) for name in QUESTIONS}
    own = {name: answer for name, answer in policy.items() if name != "preset"}
    return defaults | PRESETS.get(policy.get("preset", "fiel"), {}) | own


def preset_answers(preset: str) -> dict[str, str]:
    """Return a preset's answer to every question."""
    return answers_of({"preset": preset})


def stored_form(preset: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Return a policy as it is stored: the preset, and only the answers that differ from it."""
    expected = preset_answers(preset)
    own = {name: answer for name, answer in answers.items() if expected.get(name) != answer}
    return own if preset == "fiel" else {"preset": preset, **own}
