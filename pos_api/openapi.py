"""How the API describes itself: OpenAPI 3.1 out of the same declarations that check the requests.

Each method of a view carries an `Operation`. Request and response types are msgspec structs, whose JSON Schema
msgspec derives, or JSON Schema objects where a package declares its rows in its own way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from pos_api.errors import CONTENT_TYPE, TITLES
from pos_api.fields import SCHEMAS

Handler = TypeVar("Handler", bound=Callable[..., Any])
Json = dict[str, Any]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What the OpenAPI document says of one method of one view.

    ``request`` and the values of ``responses`` are msgspec structs or JSON Schema objects; None is no body.
    ``examples`` are request bodies by title, ``answer`` is an example of the first response. ``problems`` are statuses
    beyond those that every operation may answer, with what they mean.
    """

    id: str
    tag: str
    summary: str
    description: str = ""
    request: Any = None
    responses: Mapping[int, Any]
    examples: Mapping[str, Any] = {}
    answer: Any = None
    problems: Mapping[int, str] = {}
    parameters: Sequence[Json] = ()


class Described(msgspec.Struct, frozen=True):
    """A JSON Schema with the named components that it refers to."""

    schema: Json
    components: Mapping[str, Json]


def operation(**declaration: Any) -> Callable[[Handler], Handler]:
    """Declare the method of a view; the arguments are those of `Operation`."""

    def declare(handler: Handler) -> Handler:
        handler.operation = Operation(**declaration)  # type: ignore[attr-defined]
        return handler

    return declare


def query(name: str, description: str, schema: Json | None = None, *, required: bool = False) -> Json:
    """Return the description of a query parameter."""
    return {
        "in": "query",
        "name": name,
        "description": description,
        "required": required,
        "schema": schema or {"type": "string"},
    }


def header(name: str, description: str, schema: Json | None = None) -> Json:
    """Return the description of an optional request header."""
    return {
        "in": "header",
        "name": name,
        "description": description,
        "required": False,
        "schema": schema or {"type": "string"},
    }


PAGE_PARAMETERS: tuple[Json, ...] = (
    query(
        "limit",
        "How many results a page has.",
        {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
    ),
    query("cursor", "Where the page begins, from `next` or `previous`."),
)


def page_of(item: Json, description: str = "") -> Json:
    """Return the JSON Schema of one page of a list of ``item``."""
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "description": description,
        "required": ["next", "previous", "results"],
        "properties": {"next": link, "previous": link, "results": {"type": "array", "items": item}},
    }


def rows_of(row: Json) -> Json:
    """Return the JSON Schema of the body of a bulk upsert: one row or a list of them."""
    return {"anyOf": [{"type": "array", "items": row, "minItems": 1, "maxItems": 10_000}, row]}


ROW_RESULTS: Json = {
    "type": "object",
    "required": ["summary", "results"],
    "properties": {
        "summary": {
            "type": "object",
            "properties": {
                name: {"type": "integer"} for name in ("created", "updated", "unchanged", "error")
            },
        },
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["row", "status"],
                "properties": {
                    "row": {"type": "integer", "description": "Place of the row in the request, from 0."},
                    "status": {"enum": ["created", "updated", "unchanged", "error"]},
                    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
                },
            },
        },
    },
}

_FIELD_PROBLEM: Json = {
    "type": "object",
    "description": "One thing that is wrong with one field.",
    "required": ["path", "code", "message"],
    "properties": {
        "path": {"type": "string", "examples": ["lines[0].quantity"]},
        "code": {"type": "string", "examples": ["quantity"]},
        "message": {"type": "string"},
    },
}
_PROBLEM: Json = {
    "type": "object",
    "description": "A refusal (RFC 9457). `code` is stable; `title`, `detail` and messages follow Accept-Language.",
    "required": ["type", "title", "status", "code", "errors"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:fiel:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "retry_after": {
            "type": "integer",
            "description": "Seconds after which to send it again; also the header `Retry-After`.",
        },
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}

# Every operation may answer these; those with a body also the second list.
_ALWAYS = (400, 401, 403, 404, 405, 429, 500, 503)
_WITH_BODY = (413, 415, 422)


class Schema(AutoSchema):
    """Reads the `Operation` of a method instead of serializers."""

    def _operation(self) -> Operation:
        declared = getattr(getattr(self.view, self.method.lower()), "operation", None)
        if declared is None:
            raise TypeError(f"{type(self.view).__name__}.{self.method.lower()} has no @operation(...)")
        return declared

    def is_excluded(self) -> bool:
        return not self.path.startswith("/api/v1/")

    def get_operation_id(self) -> str:
        return self._operation().id

    def get_tags(self) -> list[str]:
        return [self._operation().tag]

    def get_summary(self) -> str:
        return self._operation().summary

    def get_description(self) -> str:  # type: ignore[override]
        return self._operation().description

    def get_filter_backends(self) -> list[Any]:
        return []

    def _get_paginator(self) -> None:
        return None

    def _get_serializer(self) -> None:
        return None

    def _get_parameters(self) -> list[Json]:
        path = [
            {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
            for name in (part[1:-1] for part in self.path.split("/") if part.startswith("{"))
        ]
        return [*path, *self._operation().parameters]

    def _get_request_body(self, direction: str = "request") -> Json | None:
        declared = self._operation()
        if declared.request is None:
            return None
        content: Json = {"schema": self._schema(declared.request)}
        if declared.examples:
            content["examples"] = {
                title.lower().replace(" ", "_"): {"summary": title, "value": body}
                for title, body in declared.examples.items()
            }
        return {"content": {"application/json": content}, "required": True}

    def _get_response_bodies(self, direction: str = "response") -> Json:
        declared = self._operation()
        responses: Json = {}
        for status, kind in declared.responses.items():
            response: Json = {"description": _STATUS_WORDS.get(status, "Done.")}
            if kind is not None:
                content = {"schema": self._schema(kind)}
                if declared.answer is not None and not responses:
                    content["example"] = declared.answer
                response["content"] = {"application/json": content}
            responses[str(status)] = response
        statuses = {*_ALWAYS, *declared.problems, *(_WITH_BODY if declared.request is not None else (422,))}
        self._register("FieldProblem", _FIELD_PROBLEM)
        self._register("Problem", _PROBLEM)
        with override("en"):
            for status in sorted(statuses):
                meaning = declared.problems.get(status)
                responses[str(status)] = _problem(meaning) if meaning else self._shared_problem(status)
        return responses

    def _shared_problem(self, status: int) -> Json:
        self._register(f"Problem{status}", _problem(str(TITLES[status])), kind="responses")
        return {"$ref": f"#/components/responses/Problem{status}"}

    def _schema(self, kind: Any) -> Json:
        if isinstance(kind, Described):
            for name, component in kind.components.items():
                self._register(name, component)
            return kind.schema
        if isinstance(kind, dict):
            return kind
        (schema,), components = msgspec.json.schema_components(
            [kind], ref_template="#/components/schemas/{name}", schema_hook=SCHEMAS.__getitem__
        )
        for name, component in components.items():
            self._register(name, component)
        return schema

    def _register(self, name: str, content: Json, kind: str = ResolvedComponent.SCHEMA) -> None:
        component = ResolvedComponent(name=name, type=kind, schema=content, object=f"{kind} {name}")
        self.registry.register_on_missing(component)


def _problem(description: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {CONTENT_TYPE: {"schema": schema}}}


_STATUS_WORDS = {
    200: "Done.",
    201: "Recorded.",
    202: "Accepted; it is being worked on.",
    204: "Done; nothing to answer.",
}


class TerminalKeyScheme(OpenApiAuthenticationExtension):
    target_class = "pos_api.authentication.TerminalAuthentication"
    name = "terminalKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key fiel_live_<id>.<secret>`: the key of one terminal of one store.",
        }


class UserTokenScheme(OpenApiAuthenticationExtension):
    target_class = "pos_api.authentication.TokenAuthentication"
    name = "userToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`Bearer fiel_user_<id>.<secret>`, printed by `manage.py create_token USER`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "pos_api.authentication.BackOfficeAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The session of the back-office; writing also needs the X-CSRFToken header.",
        }
