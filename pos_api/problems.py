"""What goes wrong in a request, as exceptions: each is one problem document of the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct


class FieldProblem(Struct, frozen=True):
    """One thing that is wrong with one field. ``path`` reads like ``lines[0].quantity``; empty is the whole."""

    path: str
    code: str
    message: str


class Problem(Exception):
    """A refusal that becomes a problem document (RFC 9457).

    ``extra`` are further members of the document, such as a fresh evaluation. ``retry_after`` is in seconds: a
    header of the answer, and a member of the document.
    """

    status = 422
    code = "invalid"

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        errors: Sequence[FieldProblem] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status or type(self).status
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.extra = extra or {}
        self.retry_after = retry_after


class NotJson(Problem):
    """The bytes are not one JSON text."""

    status = 400
    code = "not_json"


class BadRequest(Problem):
    """A header, a query parameter or an address that cannot be right."""

    status = 400
    code = "bad_request"


class Invalid(Problem):
    """The document parses and something in it is wrong; ``errors`` name every field."""


class NotFound(Problem):
    """Unknown, or of another store: the two are not told apart."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """Refused because of what is stored now; each has its own code."""

    status = 409
    code = "conflict"


class TooLarge(Problem):
    status = 413
    code = "too_large"


class UnsupportedMedia(Problem):
    status = 415
    code = "unsupported_media_type"


class TooManyRequests(Problem):
    status = 429
    code = "too_many_requests"


class Busy(Problem):
    """The database could not settle it in time; sending it again is safe."""

    status = 503
    code = "busy"


def invalid_field(path: str, code: str, message: str) -> Invalid:
    """Return the refusal of one field."""
    return Invalid(errors=[FieldProblem(path, code, message)])
