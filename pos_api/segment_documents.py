"""What managers' programs send about segments, and what they get."""

from customers.documents import mask
from customers.models import Customer, Segment
from customers.segments.registry import fields
from messaging.services.verifications import masked_address
from pos_api.openapi import Json

TEXT: Json = {"type": "string"}
MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
TREE: Json = {
    "type": "object",
    "description": (
        "A group, `all` or `any` of its parts. A part is a group or a condition: `field`, `operator`, and as the field asks "
        "(`segments/fields/`) `value`, `of`, `measure`, `period`. Lists for `in` and `not_in`, two values for `between`. "
        '`more than` and `less than` (`gt`, `lt`) leave the bound out. `{"all": []}` is every active customer.'
    ),
    "properties": {
        "all": {"type": "array", "items": {"type": "object"}},
        "any": {"type": "array", "items": {"type": "object"}},
    },
}
SHOWN: Json = {
    "type": "object",
    "properties": {
        "code": TEXT,
        "name": TEXT,
        "tree": TREE,
        "revision": {"type": "integer"},
        "count": {
            "type": ["integer", "null"],
            "description": "How many customers, when it was counted last.",
        },
        "counted_at": MOMENT,
        "groupings": {"type": "array", "items": TEXT, "description": "Customer groupings of it."},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
NEW: Json = {
    "type": "object",
    "required": ["name", "tree"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "maxLength": 64},
        "name": {"type": "string", "maxLength": 120},
        "tree": TREE,
    },
}
CHANGE: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 120},
        "tree": TREE,
        "revision": {
            "type": "integer",
            "description": "The revision that was looked at: 409 when there is a newer one.",
        },
    },
}
COUNT: Json = {
    "type": "object",
    "required": ["tree"],
    "additionalProperties": False,
    "properties": {"tree": TREE},
}
COUNTED: Json = {
    "type": "object",
    "properties": {"count": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}},
}
FIELD: Json = {
    "type": "object",
    "properties": {
        "code": TEXT,
        "label": TEXT,
        "group": TEXT,
        "value": {"enum": ["text", "number", "money", "day", "day_of_year", "select", "code", ""]},
        "operators": {"type": "object", "additionalProperties": TEXT},
        "values": {"type": "array", "description": "The values of a `select`.", "items": {"type": "object"}},
        "of": {"enum": ["none", "optional", "required"]},
        "measures": {"type": "object", "additionalProperties": TEXT},
        "period": {"enum": ["", "days", "months"]},
        "note": TEXT,
    },
}
CUSTOMER: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "code": {"type": ["string", "null"]},
        "name": TEXT,
        "document": {"type": ["string", "null"], "description": "Masked."},
        "email": {"type": "string", "description": "Masked."},
        "phone": {"type": "string", "description": "Masked."},
        "card": {"type": ["string", "null"]},
        "city": TEXT,
        "state": TEXT,
    },
}
EXAMPLE: Json = {
    "name": "Sumidos de Curitiba",
    "tree": {
        "all": [
            {"field": "city", "operator": "eq", "value": "Curitiba"},
            {"field": "last_purchase_days", "operator": "gte", "value": 90},
            {
                "any": [
                    {"field": "turnover", "operator": "gte", "value": "1500.00"},
                    {
                        "field": "bought_category",
                        "of": ["casacos"],
                        "measure": "quantity",
                        "operator": "gte",
                        "value": "2",
                        "period": {"months": 6},
                    },
                ]
            },
        ]
    },
}
SHOWN_EXAMPLE: Json = EXAMPLE | {
    "code": "sumidos-de-curitiba",
    "revision": 1,
    "count": 1284,
    "counted_at": "2026-11-23T13:00:00Z",
    "groupings": [],
    "updated_at": "2026-11-23T12:59:00Z",
}


def represent(segment: Segment) -> Json:
    return {
        "code": segment.code,
        "name": segment.name,
        "tree": segment.tree,
        "revision": segment.revision,
        "count": segment.count,
        "counted_at": segment.counted_at,
        "groupings": sorted(grouping.code for grouping in segment.groupings.all()),
        "updated_at": segment.updated_at,
    }


def represent_field(code: str) -> Json:
    field = fields()[code]
    is_select = field.kind.input == "select"
    return {
        "code": code,
        "label": str(field.label),
        "group": str(field.group),
        "value": field.kind.input,
        "operators": {name: str(label) for name, label in field.kind.operators.items()},
        "values": [{"value": value, "label": str(label)} for value, label in field.kind.choices()]
        if is_select
        else [],
        "of": "none" if field.subject is None else "required" if field.subject_required else "optional",
        "measures": {name: str(label) for name, label in field.measures.items()},
        "period": field.period,
        "note": str(field.note),
    }


def represent_customer(customer: Customer) -> Json:
    return {
        "id": customer.pk,
        "code": customer.code,
        "name": customer.name,
        "document": mask(customer.document) if customer.document else None,
        "email": masked_address("email", customer.email) if customer.email else "",
        "phone": masked_address("sms", customer.phone) if customer.phone else "",
        "card": customer.card,
        "city": customer.city,
        "state": customer.state,
    }
