"""Programs and stamp plans that are active, in the words of a simulation document."""

from typing import Any

from loyalty.models import PointsProgram, StampPlan

Json = dict[str, Any]


def program_documents() -> list[Json]:
    """Return the active points programs with their levels and gifts, by code. At most three queries."""
    programs = PointsProgram.objects.filter(is_active=True).order_by("code")
    return [_program(program) for program in programs.prefetch_related("levels__gifts__product")]


def plan_documents() -> list[Json]:
    """Return the active stamp plans, by code. One query."""
    plans = (
        StampPlan.objects.filter(is_active=True).select_related("category", "reward_product").order_by("code")
    )
    return [
        {
            "code": plan.code,
            "category": plan.category.code if plan.category else "",
            "orders": plan.orders,
            "reward": plan.reward,
            "product": plan.reward_product.sku if plan.reward_product else "",
            "percent": str(plan.reward_percent),
        }
        for plan in plans
    ]


def _program(program: PointsProgram) -> Json:
    return {
        "code": program.code,
        "points": None if program.points is None else str(program.points),
        "per_amount": None if program.per_amount is None else str(program.per_amount),
        "earns_on_discounted": program.earns_on_discounted,
        "point_value": None if program.point_value is None else str(program.point_value),
        "redeem_step": str(program.redeem_step),
        "levels": [
            {
                "name": level.name,
                "points": str(level.points),
                "gifts": sorted(gift.product.sku for gift in level.gifts.all()),
            }
            for level in sorted(program.levels.all(), key=lambda level: level.number)
        ],
    }
