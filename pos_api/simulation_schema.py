"""The shape of a simulation document, for the OpenAPI document. The engine reads and refuses it."""

from typing import Any

from campaigns.engine.policy import CAPS, PRESETS, QUESTIONS
from pos_api.document_schema import association_schema, markdown_schema

_OBJECT: dict[str, Any] = {"type": "object"}
_CAMPAIGN = {"type": "object", "description": "A campaign document, as `campaigns/` takes it."}

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
                },
            },
        },
        "live": {
            "type": "boolean",
            "default": False,
            "description": "Together with what is published; lines are completed from the catalogue.",
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
            "description": "null is anonymous, {} a customer of whom nothing is known.",
        },
        "usage": {"type": "object", "description": "What campaigns have used of their limits, by code."},
        "programs": {"type": "array", "items": _OBJECT},
        "returns": {"type": "array", "items": _OBJECT},
        "at": {"type": "string", "format": "date-time"},
    },
}
