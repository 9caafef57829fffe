"""What a customer holds, as the card at the counter shows it: balances, the gifts and rewards they may be given for,
and stored values, of which it never tells the codes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.engine.redemption_body import points_number
from loyalty.models import AccountKind
from loyalty.selectors import stored_values
from loyalty.selectors.counter import Gift, Held, Level, held_at_counter
from pos_api.accounts import BALANCE, balance_body
from pos_api.openapi import Json
from retail import money

_TEXT: Json = {"type": "string"}
_POINTS: Json = {"type": ["string", "integer"]}


def _list(description: str, **properties: Json) -> Json:
    item: Json = {"type": "object", "properties": properties}
    return {"type": "array", "description": description, "items": item}


VALUE: dict[str, Json] = {
    "balances": _list(
        "What the customer has now.",
        **BALANCE,
        tier={"type": ["string", "null"], "description": "With `points`: the code of the tier."},
        tier_name={"type": ["string", "null"]},
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
    "stored_values": _list(
        "Gift cards, e-purses, vouchers and credit notes that are the customer's; who uses one needs its code.",
        stored_value={"type": "integer"},
        last4={"type": "string", "description": "Of its code."},
        kind={"enum": ["gift_card", "e_purse", "voucher", "credit_note"]},
        type=_TEXT,
        name=_TEXT,
        balance={"type": "string", "description": "What can be used now."},
        percent={
            "type": ["string", "null"],
            "description": "Of a voucher that is worth a part of one sale.",
        },
        expires_at={"type": ["string", "null"], "description": "When the first of it expires."},
        reloadable={"type": "boolean"},
    ),
}
VALUE_EXAMPLE: dict[str, Any] = {
    "balances": [
        {
            "kind": "points",
            "program": "pontos",
            "name": "Pontos",
            "available": 120,
            "reserved": 0,
            "pending": 16,
            "awaiting_review": 0,
            "expiring": 20,
            "owed": 0,
            "tier": "prata",
            "tier_name": "Prata",
            "pending_from": "2026-11-29T03:00:00Z",
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
    "stored_values": [
        {
            "stored_value": 118,
            "last4": "XW3C",
            "kind": "e_purse",
            "type": "e-purse",
            "name": "Carteira",
            "balance": "80.00",
            "reserved": "0.00",
            "percent": None,
            "expires_at": None,
            "reloadable": True,
        }
    ],
}


def value_card(customer_id: int, *, at: datetime) -> dict[str, Any]:
    """Return `balances`, `programs`, `plans`, `gifts` and `stored_values` for the card of a customer. Four queries."""
    units = held_at_counter(customer_id, at=at)
    programs = [unit for unit in units if unit.kind == AccountKind.POINTS]
    return {
        "balances": [_balance(unit) for unit in units if unit.is_held],
        "programs": [_program(unit) for unit in programs],
        "plans": [_plan(unit) for unit in units if unit.kind == AccountKind.STAMPS],
        "gifts": [
            _gift(unit, level, gift) for unit in programs for level in unit.levels for gift in level.gifts
        ],
        "stored_values": [_stored_value(one) for one in stored_values.usable_by(customer_id, at=at)],
    }


def _stored_value(one: stored_values.Held) -> dict[str, Any]:
    return {"stored_value": one.stored.pk, "last4": one.last4, **worth_body(one)}


def worth_body(one: stored_values.Held) -> dict[str, Any]:
    """Return what a stored value is and holds, as every answer writes it."""
    kind, percent, balance = one.stored.type, one.stored.percent, one.balance
    return {
        "kind": kind.kind,
        "type": kind.code,
        "name": kind.name,
        "balance": money.text(0 if percent is not None else balance.available),
        "reserved": money.text(0 if percent is not None else balance.reserved),
        "percent": None if percent is None else f"{percent.normalize():f}",
        "expires_at": None if balance.next_expiry is None else balance.next_expiry.isoformat(),
        "reloadable": kind.is_reloadable,
    }


def _balance(held: Held) -> dict[str, Any]:
    tier = {"tier": held.tier, "tier_name": held.tier_name} if held.kind == AccountKind.POINTS else {}
    return balance_body(held) | tier


def _program(held: Held) -> dict[str, Any]:
    return {
        "code": held.code,
        "name": held.name,
        "point_value": held.point_value,
        "redeem_step": points_number(held.redeem_step or 0),
    }


def _plan(held: Held) -> dict[str, Any]:
    return {
        "code": held.code,
        "name": held.name,
        "orders": held.orders,
        "reward": held.reward,
        "sku": held.sku or None,
        "percent": f"{(held.percent or Decimal(0)).normalize():f}",
    }


def _gift(held: Held, level: Level, gift: Gift) -> dict[str, Any]:
    return {
        "program": held.code,
        "level": level.number,
        "level_name": level.name,
        "points": points_number(level.points),
        "sku": gift.sku,
        "name": gift.name,
        "picture_url": gift.picture_url,
        "within_reach": held.available >= level.points,
        "missing": points_number(max(level.points - held.available, 0)),
    }
