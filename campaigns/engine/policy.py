"""The calculation policy: one answer to each question on which products of this field disagree.

Each answer is used in exactly one place of the engine, named beside it. The first value is the default.
"""

from typing import Any, Literal, get_args, get_type_hints

from msgspec import Struct, structs

from campaigns.engine.decoding import UNKNOWN_FIELD, read_decimal
from campaigns.engine.marks import gettext_noop

_ONE_OF = gettext_noop("Must be one of %(choices)s.")


class PolicyError(ValueError):
    """A preset or an answer that does not exist. `field` names the question (or `preset`).

    `message` is a msgid, whose placeholders `params` fills.
    """

    def __init__(self, field: str, message: str, **params: str) -> None:
        super().__init__(message % params)
        self.field = field
        self.message = message
        self.params = params


class CalculationPolicy(Struct, frozen=True, kw_only=True):
    """A company's answers. They are part of the plan and are kept with every sale."""

    percent_base: Literal["running", "original", "original_within_campaign"] = "running"
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    rounding_point: Literal["line", "unit", "unit_price", "total", "carry"] = "line"
    allocation: Literal["by_value", "per_unit"] = "by_value"
    odd_cent: Literal["largest_remainder", "first_lines", "last_line", "rounded_then_first"] = (
        "largest_remainder"
    )
    level_order: Literal["priority", "item_first"] = "priority"
    exclusive_tie: Literal["best", "first"] = "best"
    over_budget: Literal["refuse", "partial"] = "refuse"
    cancelled_use: Literal["returned", "kept"] = "returned"
    points_base: Literal["after_discounts", "gross"] = "after_discounts"
    points_rounding: Literal["whole_steps", "half_up", "fraction"] = "whole_steps"
    refund: Literal["prorated", "recalculate"] = "prorated"
    selection: Literal["rules", "best_for_customer"] = "rules"
    line_cap: int | None = (
        None  # the most that all campaigns together take off a line, in millionths of its value
    )
    sale_cap: int | None = None  # the same of the sale


DEFAULT_POLICY = CalculationPolicy()

CAPS = ("line_cap", "sale_cap")  # answered with a percentage, such as "50.00"; null is no cap
QUESTIONS: dict[str, tuple[str, ...]] = {
    name: get_args(hint) for name, hint in get_type_hints(CalculationPolicy).items() if name not in CAPS
}

# Each preset is argued and tested in docs/algorithms/policies.md.
PRESETS: dict[str, dict[str, str]] = {
    "fiel": {},
    "commercetools": {"rounding": "half_even", "rounding_point": "unit_price", "level_order": "item_first"},
    "magento": {"rounding_point": "carry"},
    "medusa": {"rounding_point": "total"},
    "odoo": {"rounding_point": "total", "points_rounding": "fraction"},
    "oscar": {
        "percent_base": "original",
        "rounding": "down",
        "odd_cent": "last_line",
        "exclusive_tie": "first",
        "over_budget": "partial",
    },
    "saleor": {"odd_cent": "last_line", "level_order": "item_first"},
    "shopify": {"level_order": "item_first"},
    "solidus": {"odd_cent": "last_line"},
    "sylius": {"odd_cent": "rounded_then_first"},
    "vendure": {},
}


def build_policy(preset: str = "fiel", **answers: Any) -> CalculationPolicy:
    """Return the preset's policy with some answers replaced. Raises PolicyError for an unknown name or value."""
    if not isinstance(preset, str) or preset not in PRESETS:
        raise PolicyError("preset", _ONE_OF, choices=", ".join(sorted(PRESETS)))
    caps = {name: read_cap(name, answers.pop(name)) for name in CAPS if name in answers}
    for question, answer in answers.items():
        if question not in QUESTIONS:
            raise PolicyError(question, UNKNOWN_FIELD)
        if answer not in QUESTIONS[question]:
            raise PolicyError(question, _ONE_OF, choices=", ".join(QUESTIONS[question]))
    return structs.replace(DEFAULT_POLICY, **{**PRESETS[preset], **answers, **caps})


def read_cap(name: str, answer: Any) -> int | None:
    """Return a cap in millionths, None for no cap. Raises PolicyError for what is no percentage."""
    if answer is None:
        return None
    percent = read_decimal(answer)
    if percent is None or not 0 <= percent <= 100 or percent * 10_000 % 1:
        raise PolicyError(
            name, gettext_noop("Must be a percentage from 0 to 100 with at most four decimals.")
        )
    return int(percent * 10_000)
