"""What a customer holds, as the card at the counter shows it: balances, and the gifts and rewards they may be given for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from campaigns.engine.redemption_body import points_number
from loyalty.models import AccountKind, LevelGift, PointsProgram, StampPlan
from loyalty.selectors.balances import Balance, balances
from pos_api.openapi import Json
from retail import money

_TEXT: Json = {"type": "string"}
_AMOUNT: Json = {"type": ["string", "integer"], "description": "Money for cashback, else points or stamps."}
_POINTS: Json = {"type": ["string", "integer"]}


def _list(description: str, **properties: Json) -> Json:
    item: Json = {"type": "object", "properties": properties}
    return {"type": "array", "description": description, "items": item}


VALUE: dict[str, Json] = {
    "balances": _list(
        "What the customer has now; `expiring` ends within 30 days, its first part at `next_expiry`.",
        kind={"type": "string", "enum": list(AccountKind.values)},
        program=_TEXT,
        plan=_TEXT,
        name=_TEXT,
        **dict.fromkeys(("available", "pending", "expiring", "owed"), _AMOUNT),
        next_expiry={"type": ["string", "null"], "format": "date-time"},
    ),
    "programs": _list(
        "The points programs. `point_value` is what a point pays, null where points buy gifts only.",
        code=_TEXT,
        name=_TEXT,
        point_value={"type": ["string", "null"]},
        redeem_step=_POINTS,
    ),
    "plans": _list(
        "The stamp plans: so many `orders` give one `reward`, a percentage off `sku` or off the delivery fee.",
        code=_TEXT,
        name=_TEXT,
        orders={"type": "integer"},
        reward=_TEXT,
        sku={"type": ["string", "null"]},
        percent=_TEXT,
    ),
    "gifts": _list(
        "Every gift of every level, the lowest level first; `missing` is how many points are wanting.",
        program=_TEXT,
        level={"type": "integer"},
        level_name=_TEXT,
        points=_POINTS,
        sku=_TEXT,
        name=_TEXT,
        picture_url=_TEXT,
        within_reach={"type": "boolean"},
        missing=_POINTS,
    ),
}
VALUE_EXAMPLE: dict[str, Any] = {
    "balances": [
        {
            "kind": "points",
            "program": "pontos",
            "name": "Pontos",
            "available": 120,
            "pending": 16,
            "expiring": 20,
            "owed": 0,
            "next_expiry": "2026-12-10T03:00:00Z",
        }
    ],
    "programs": [{"code": "pontos", "name": "Pontos", "point_value": "0.10", "redeem_step": 10}],
    "plans": [],
    "gifts": [
        {
            "program": "pontos",
            "level": 1,
            "level_name": "Bronze",
            "points": 100,
            "sku": "CANECA",
            "name": "Caneca",
            "picture_url": "",
            "within_reach": True,
            "missing": 0,
        }
    ],
}


def value_card(customer_id: int, *, at: datetime) -> dict[str, Any]:
    """Return `balances`, `programs`, `plans` and `gifts` for the card of a customer. Five queries."""
    held = balances(customer_id, at=at)
    points = {balance.code: balance.available for balance in held if balance.kind == AccountKind.POINTS}
    return {
        "balances": [_balance(balance) for balance in held],
        "programs": [
            _program(program) for program in PointsProgram.objects.filter(is_active=True).order_by("pk")
        ],
        "plans": _plans(),
        "gifts": _gifts(points),
    }


def _balance(balance: Balance) -> dict[str, Any]:
    written = money.text if balance.kind == AccountKind.CASHBACK else points_number
    unit = {AccountKind.POINTS: "program", AccountKind.STAMPS: "plan"}.get(AccountKind(balance.kind))
    body: dict[str, Any] = {"kind": balance.kind} | ({unit: balance.code} if unit else {})
    amounts = ("available", "pending", "expiring", "owed")
    body |= {"name": balance.name} | {name: written(getattr(balance, name)) for name in amounts}
    return body | {"next_expiry": balance.next_expiry}


def _program(program: PointsProgram) -> dict[str, Any]:
    return {
        "code": program.code,
        "name": program.name,
        "point_value": program.point_value,
        "redeem_step": points_number(money.from_decimal(program.redeem_step)),
    }


def _plans() -> Sequence[dict[str, Any]]:
    plans = StampPlan.objects.filter(is_active=True).select_related("reward_product").order_by("pk")
    return [
        {
            "code": plan.code,
            "name": plan.name,
            "orders": plan.orders,
            "reward": plan.reward,
            "sku": plan.reward_product.sku if plan.reward_product else None,
            "percent": str(plan.reward_percent.normalize()),
        }
        for plan in plans
    ]


def _gifts(points: Mapping[str, int]) -> Sequence[dict[str, Any]]:
    gifts = (
        LevelGift.objects.filter(level__program__is_active=True)
        .select_related("level__program", "product")
        .order_by("level__program", "level__points", "pk")
    )
    return [_gift(gift, points.get(gift.level.program.code, 0)) for gift in gifts]


def _gift(gift: LevelGift, available: int) -> dict[str, Any]:
    cost = money.from_decimal(gift.level.points)
    return {
        "program": gift.level.program.code,
        "level": gift.level.number,
        "level_name": gift.level.name,
        "points": points_number(cost),
        "sku": gift.product.sku,
        "name": gift.product.name,
        "picture_url": gift.picture_url or gift.product.image_url,
        "within_reach": available >= cost,
        "missing": points_number(max(cost - available, 0)),
    }
