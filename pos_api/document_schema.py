"""The JSON Schema of campaign documents, made of the declarations that also read them."""

from collections.abc import Iterable, Mapping
from typing import Any

from campaigns.engine.associations import ASSOCIATION_FIELDS
from campaigns.engine.document import CAMPAIGN_FIELDS
from campaigns.engine.encoding import encode
from campaigns.engine.fields import Field
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.engine.markdowns import ITEM_FIELD, MARKDOWN_FIELDS

Json = dict[str, Any]

_MONEY: Json = {
    "type": ["string", "number"],
    "examples": ["12.50"],
    "description": "Money, exact to the cent.",
}
_TYPES: Mapping[str, Json] = {
    "text": {"type": "string"},
    "code": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "choice": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": ["string", "number"]},
    "quantity": {"type": ["string", "number"], "examples": ["2"]},
    "money": _MONEY,
    "percent": {"type": ["string", "number"], "examples": ["10.00"]},
    "instant": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "examples": ["14:00"]},
    "value": {
        "anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}}]
    },
    "tree": {"$ref": "#/components/schemas/ConditionNode"},
    "benefits": {"type": "array", "items": {"$ref": "#/components/schemas/Benefit"}},
}


def field_schema(field: Field) -> Json:
    """Return the JSON Schema of one declared field."""
    if field.type == "list" and field.item is not None:
        schema: Json = {"type": "array", "items": field_schema(field.item)}
        if field.min_items:
            schema["minItems"] = field.min_items
    elif field.type == "object":
        schema = object_schema(field.fields)
    else:
        schema = dict(_TYPES[field.type])
    if field.choices:
        schema["enum"] = [value for value, _label in field.choices]
    if field.type == "integer":
        schema |= {
            name: bound
            for name, bound in (("minimum", field.minimum), ("maximum", field.maximum))
            if bound is not None
        }
    if field.type == "text" and field.maximum:
        schema["maxLength"] = field.maximum
    if field.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if field.label:
        schema["title"] = field.label
    if field.help:
        schema["description"] = field.help
    if not field.required and field.type not in ("tree", "benefits", "object") and field.default is not None:
        schema["default"] = encode(field, field.default)
    return schema


def object_schema(declared: Iterable[Field], **fixed: Json) -> Json:
    """Return the JSON Schema of an object with these fields and no others."""
    fields = list(declared)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*fixed, *(field.name for field in fields if field.required)],
        "properties": {**fixed, **{field.name: field_schema(field) for field in fields}},
    }


def _kinds(kinds: Mapping[str, Any], suffix: str) -> dict[str, Json]:
    return {
        f"{kind.__name__}{suffix}": {
            **object_schema(kind.fields, kind={"const": tag}),
            "title": kind.label,
            "description": kind.doc,
        }
        for tag, kind in kinds.items()
    }


def _one_of(kinds: Mapping[str, Any], suffix: str) -> Json:
    references = {tag: f"#/components/schemas/{kind.__name__}{suffix}" for tag, kind in kinds.items()}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "kind", "mapping": references},
    }


def document_components() -> dict[str, Json]:
    """Return the components of campaign documents by name; CampaignDocument is the whole."""
    children = {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/ConditionNode"}}
    node = {
        "description": "All of its children, any of its children, or one condition.",
        "anyOf": [
            {
                "type": "object",
                "additionalProperties": False,
                "required": [name],
                "properties": {name: children},
            }
            for name in ("all", "any")
        ]
        + [{"$ref": "#/components/schemas/Condition"}],
    }
    return {
        "CampaignDocument": object_schema(CAMPAIGN_FIELDS),
        "ConditionNode": node,
        "Condition": _one_of(CONDITIONS, "Condition"),
        "Benefit": _one_of(BENEFITS, "Benefit"),
        **_kinds(CONDITIONS, "Condition"),
        **_kinds(BENEFITS, "Benefit"),
    }


def association_schema(**beside: Json) -> Json:
    """Return the schema of an association document, with what stands beside it in requests or answers."""
    return _beside(object_schema(ASSOCIATION_FIELDS), beside)


def markdown_schema(**beside: Json) -> Json:
    """Return the schema of a markdown document; a draft may come without its products."""
    schema = object_schema(MARKDOWN_FIELDS)
    return _beside({**schema, "required": [name for name in schema["required"] if name != "items"]}, beside)


MARKDOWN_ITEM_SCHEMA: Json = object_schema(ITEM_FIELD.fields)


def _beside(schema: Json, beside: Mapping[str, Json]) -> Json:
    return {**schema, "properties": {**schema["properties"], **beside}}
