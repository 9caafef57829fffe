"""The shape of a simulation document, for the OpenAPI document. The engine reads and refuses it."""

from typing import Any

from campaigns.engine.policy import CAPS, PRESETS, QUESTIONS
from pos_api.document_schema import association_schema, markdown_schema

_OBJECT: dict[str, Any] = {"type": "object"}
_CAMPAIGN = {"type": "object", "description": "A campaign document, as `campaigns/` takes it."}

_MONEY = {"type": ["string", "number"], "examples": ["12.50"]}
_POINTS = {"type": ["string", "number"], "examples": [10]}
_PERCENT = {"type": ["string", "number", "null"], "examples": ["10"]}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_PROGRAM: dict[str, Any] = {
    "type": "object",
    "description": "A points program. Without `points` and `per_amount` it earns nothing, without `point_value` it pays nothing.",
    "required": ["code"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string"},
        "points": {"type": ["string", "number", "null"]},
        "per_amount": {"type": ["string", "number", "null"]},
        "earns_on_discounted": {"type": "boolean", "default": True},
        "point_value": {"type": ["string", "number", "null"]},
        "redeem_step": {"type": ["string", "number", "null"]},
        "levels": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["points"],
                "properties": {
                    "points": _POINTS,
                    "name": {"type": "string"},
                    "gifts": {"type": "array", "items": {"type": "string"}, "description": "SKUs."},
                },
            },
        },
    },
}
_PLAN: dict[str, Any] = {
    "type": "object",
    "description": "A stamp plan: `orders` stamps give `percent` off one unit of `product`, or off the delivery fee.",
    "required": ["code", "orders", "reward", "percent"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string"},
        "category": {"type": "string"},
        "orders": {"type": "integer", "minimum": 1},
        "reward": {"enum": ["product", "delivery"]},
        "product": {"type": "string"},
        "percent": _PERCENT,
    },
}
_BALANCES: dict[str, Any] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "cashback": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["amount"],
                "additionalProperties": False,
                "properties": {
                    "amount": _MONEY,
                    "campaign": {"type": "string"},
                    "available_from": _MOMENT,
                    "expires_at": _MOMENT,
                    "starts_at": _MOMENT,
                    "ends_at": _MOMENT,
                    "max_percent": _PERCENT,
                    "minimum_purchase": {"type": ["string", "number", "null"]},
                    "apply_to": {"enum": ["sale", "item"], "default": "sale"},
                    "average_price": {"type": "boolean", "default": False},
                    "accumulate": {"type": "boolean", "default": True},
                    "remainder": {"enum": ["kept", "forfeited"], "default": "kept"},
                    "requires_review": {"type": "boolean", "default": False},
                    "reviewed": {"type": "boolean", "default": False},
                },
            },
        },
        "points": {"type": "object", "additionalProperties": _POINTS, "description": "By program."},
        "stamps": {"type": "object", "additionalProperties": _POINTS, "description": "By stamp plan."},
        "stored_values": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "kind", "balance"],
                "additionalProperties": False,
                "properties": {
                    "code": {"type": "string"},
                    "kind": {"enum": ["gift_card", "e_purse", "voucher", "credit_note"]},
                    "balance": _MONEY,
                    "expires_at": _MOMENT,
                    "percent": {
                        **_PERCENT,
                        "description": "A voucher's part of one sale; its balance is 0.00.",
                    },
                    "minimum_purchase": {"type": ["string", "number", "null"]},
                    "categories": {"type": "array", "items": {"type": "string"}},
                    "groupings": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}

SIMULATION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["basket"],
    "additionalProperties": False,
    "properties": {
        "campaigns": {"type": "array", "items": _CAMPAIGN},
        "associations": {"type": "array", "items": association_schema()},
        "markdowns": {"type": "array", "items": {**markdown_schema(), "required": ["code", "items"]}},
        "promo_codes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "campaign": {"type": "string"},
                    "pool": {"type": "string"},
                    "usable": {"type": "boolean", "default": True},
                    "percent": {**_PERCENT, "description": "Of a VIP card: its rate."},
                },
            },
        },
        "live": {
            "type": "boolean",
            "default": False,
            "description": "Together with what is published; lines are completed from the catalogue, codes and VIP cards looked up.",
        },
        "saved": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Codes of saved campaigns whose working copies take part as if they were given, drafts included.",
        },
        "only": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "Codes of those campaigns, given, saved or live, that alone take part.",
        },
        "policy": {
            "type": "object",
            "description": "`preset` (default: fiel), and answers that differ from it.",
            "additionalProperties": False,
            "properties": {
                "preset": {"enum": sorted(PRESETS), "default": "fiel"},
                **{cap: {"type": ["string", "null"], "description": "A percentage."} for cap in CAPS},
                **{question: {"enum": list(answers)} for question, answers in QUESTIONS.items()},
            },
        },
        "basket": {"type": "object", "description": "The document of `baskets/evaluate/`."},
        "store": {"type": "object", "description": "`code`, `groupings`, `timezone`."},
        "shopper": {
            "type": ["object", "null"],
            "description": (
                "null is anonymous, {} a customer of whom nothing is known. `balances` say what the customer holds. With `live`, a VIP "
                "card tells who buys where nobody is named; what is known of them counts for who may view customers."
            ),
            "properties": {"balances": _BALANCES},
        },
        "usage": {"type": "object", "description": "What campaigns have used of their limits, by code."},
        "programs": {"type": "array", "items": _PROGRAM},
        "stamp_plans": {"type": "array", "items": _PLAN},
        "balances": {
            **_BALANCES,
            "description": "What the shopper holds, when it does not stand in the shopper: an anonymous one may hold stored values.",
        },
        "returns": {"type": "array", "items": _OBJECT},
        "at": {"type": "string", "format": "date-time"},
    },
}
