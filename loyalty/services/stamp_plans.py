"""Stamp plans: so many orders with a product of a category give one reward."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from loyalty.models import StampPlan, StampReward
from loyalty.services.programs import TERMS_COLUMNS, check_terms, refuse_overtaken
from retail import upsert
from retail.models import Category, Product
from retail.rows import MISSING, Choice, Column, FieldRefused, Flag, Reference, Row, RowResult, Whole


@dataclass(frozen=True, slots=True)
class Percent:
    """More than 0 and at most 100, with up to four decimals."""

    default: Any = MISSING

    def read(self, value: Any) -> Decimal:
        message = _("This must be a percentage such as “10.00”, more than 0 and at most 100.")
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise FieldRefused("percent", message)
        try:
            percent = Decimal(value)
        except InvalidOperation as error:
            raise FieldRefused("percent", message) from error
        if not percent.is_finite() or not 0 < percent <= 100 or percent != round(percent, 4):
            raise FieldRefused("percent", message)
        return percent.quantize(Decimal("0.0001"))

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"], "exclusiveMinimum": 0, "maximum": 100, "examples": ["10.00"]}


COLUMNS: dict[str, Column] = {
    **TERMS_COLUMNS,
    "category": Reference(Category),
    "orders": Whole(1, 1000, default=MISSING),
    "reward": Choice(StampReward, default=MISSING),
    "reward_product": Reference(Product, key="sku"),
    "reward_percent": Percent(),
    "shows_extras": Flag(default=False),
}


def upsert_stamp_plans(
    *, rows: Sequence[Any], replace: bool = False, version: int | None = None
) -> list[RowResult]:
    """Create or change stamp plans by code and answer one result per row. Raises TooManyRows.

    `category` is a category's code (null: every product earns), `reward_product` a SKU. A plan that has another
    version by now than `version` is refused (`version_conflict`).
    """

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, COLUMNS)
        upsert.require(parsed, COLUMNS, "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
        upsert.resolve_references(parsed, COLUMNS)
        codes = [row.values["code"] for row in parsed if not row.errors]
        existing = {
            plan.code: plan
            for plan in StampPlan.objects.filter(code__in=codes).order_by("pk").select_for_update()
        }
        for row in parsed:
            if not row.errors:
                row.instance = existing.get(row.values["code"])
                refuse_overtaken(row, version)
                upsert.fill_instance(row, StampPlan, COLUMNS, replace=replace)
                check_terms(row)
                _check_reward(row)
                if not row.errors and row.status == "updated":
                    row.instance.version += 1
        upsert.write(parsed, StampPlan)
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def _check_reward(row: Row) -> None:
    if row.errors:
        return
    plan = row.instance
    if plan.reward == StampReward.PRODUCT and plan.reward_product_id is None:
        row.refuse("reward_product", "required", _("Say which product the reward is."))
    if plan.reward == StampReward.DELIVERY and plan.reward_product_id is not None:
        row.refuse("reward_product", "not_allowed", _("A reward on the delivery fee has no product."))
