"""The calls that Fiel makes to other systems, as the `webhooks` of the OpenAPI document."""

from typing import Any

import msgspec
from django.utils.translation import override

from messaging.webhooks.documents import Envelope
from messaging.webhooks.event_types import EVENT_TYPES, TEST, EventType
from pos_api.openapi import Json

# So that no document of an event is taken for one of a request.
_REFERENCE = "#/components/schemas/Webhook{name}"
_ID = "0192f5a0-1111-7c3d-9e4f-5a6b7c8d9e0f"
_HEADERS: tuple[tuple[str, str], ...] = (
    ("webhook-id", "The id of the event, the same in every try and replay."),
    ("webhook-timestamp", "When this call was made, in seconds since 1970."),
    (
        "webhook-signature",
        "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several, parted by spaces, while a secret is replaced.",
    ),
)


def add_webhooks(result: Json, **_context: Any) -> Json:
    """Add one webhook for each kind of event to an OpenAPI document, with the documents that they carry."""
    kinds = [*EVENT_TYPES.values(), TEST]
    (envelope, *_documents), components = msgspec.json.schema_components(
        [Envelope, *(kind.document for kind in kinds)], ref_template=_REFERENCE
    )
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update({f"Webhook{name}": component for name, component in components.items()})
    with override("en"):
        result["webhooks"] = {kind.code: {"post": _operation(kind, envelope)} for kind in kinds}
    return result


def _operation(kind: EventType, envelope: Json) -> Json:
    document = _REFERENCE.format(name=kind.document.__name__)
    example = {
        "id": _ID,
        "type": kind.code,
        "version": kind.version,
        "sequence": 815,
        "timestamp": "2026-11-22T13:00:00Z",
        "recorded_at": "2026-11-22T13:00:01Z",
        "store": "L0001",
        "data": dict(kind.sample),
    }
    body = {"allOf": [envelope, {"type": "object", "properties": {"data": {"$ref": document}}}]}
    return {
        "operationId": f"on_{kind.code.replace('.', '_')}",
        "tags": ["Webhooks"],
        "summary": str(kind.label),
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": description,
                "schema": {"type": "string"},
            }
            for name, description in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example}},
        },
        "responses": {
            "2XX": {
                "description": "Taken. Anything else, or no answer within five seconds, and it is sent again."
            }
        },
    }
