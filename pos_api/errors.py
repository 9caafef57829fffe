"""The only place where errors become HTTP: every answer of the API that is not a success is made here.

A package raises its own exceptions, with a ``code`` and data. ``RULES`` says which status each of them gets; an
exception that stands in no rule is a defect and answers 500.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf

from campaigns.engine.fields import DocumentError
from pos_api.problems import Busy, FieldProblem, Problem

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"

TITLES = {
    400: gettext_lazy("The request cannot be read"),
    401: gettext_lazy("A valid key is needed"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("This method is not allowed here"),
    406: gettext_lazy("This form of answer is not offered"),
    409: gettext_lazy("In conflict with the present state"),
    413: gettext_lazy("The request is too large"),
    415: gettext_lazy("The content must be JSON in UTF-8"),
    422: gettext_lazy("The request is not valid"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong here"),
    503: gettext_lazy("Busy, please try again"),
}

_DRF_CODES = {
    drf.NotAuthenticated: (401, "not_authenticated"),
    drf.AuthenticationFailed: (401, "authentication_failed"),
    drf.PermissionDenied: (403, "permission_denied"),
    drf.NotFound: (404, "not_found"),
    drf.MethodNotAllowed: (405, "method_not_allowed"),
    drf.NotAcceptable: (406, "not_acceptable"),
    drf.UnsupportedMediaType: (415, "unsupported_media_type"),
    drf.Throttled: (429, "too_many_requests"),
    drf.ParseError: (400, "not_json"),
    drf.ValidationError: (422, "invalid"),
}


class Rule(msgspec.Struct, frozen=True):
    """The status of one class of errors, and its code where the class has none of its own."""

    error: type[Exception]
    status: int
    code: str = ""


def _rules() -> tuple[Rule, ...]:
    # Imported late: the packages' services are not needed to say "404".
    from pos_api.error_rules import RULES

    return RULES


def as_problem(error: Exception) -> Problem | None:
    """Return the problem document that stands for ``error``, or None when it is a defect."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DocumentError):
        return Problem(errors=_document_fields(error))
    for rule in _rules():
        if isinstance(error, rule.error):
            return Problem(
                str(error),
                status=rule.status,
                code=rule.code or getattr(error, "code", ""),
                errors=field_problems(getattr(error, "errors", ()) or _own_field(error)),
                extra=getattr(error, "extra", None),
            )
    for kind, (status, code) in _DRF_CODES.items():
        if isinstance(error, kind):
            return _drf_problem(error, status, code)
    return _django_problem(error)


def _django_problem(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return Problem(status=404, code="not_found")
    if isinstance(error, PermissionDenied):
        return Problem(str(error), status=403, code="permission_denied")
    if isinstance(error, RequestDataTooBig):
        return Problem(status=413, code="too_large")
    if isinstance(error, SuspiciousOperation):
        return Problem(status=400, code="bad_request")
    if isinstance(error, ValidationError):
        return Problem(errors=_django_fields(error))
    if isinstance(error, OperationalError | InterfaceError) or _is_read_only(error):
        logger.error("The database does not answer or does not take writes", exc_info=error)
        return Busy(_("The database was busy. Send it again."), retry_after=2)
    return None


def _is_read_only(error: Exception) -> bool:
    return isinstance(error, InternalError) and getattr(error.__cause__, "pgcode", "") == "25006"


def _own_field(error: Exception) -> list[FieldProblem]:
    """Return the one field that an error without a list names, if it names any."""
    field = getattr(error, "field", "")
    return [FieldProblem(str(field), str(getattr(error, "code", "invalid")), str(error))] if field else []


def field_problems(errors: Iterable[Any]) -> list[FieldProblem]:
    """Return ``errors`` as field problems: they may be dicts or objects with ``path`` (or ``field``), code, message."""
    return [error if isinstance(error, FieldProblem) else _field_problem(error) for error in errors]


def _field_problem(error: Any) -> FieldProblem:
    if isinstance(error, Mapping):
        return FieldProblem(str(error.get("path", "")), str(error["code"]), str(error["message"]))
    path = getattr(error, "path", getattr(error, "field", ""))
    return FieldProblem(
        str(path), str(getattr(error, "code", "invalid")), str(getattr(error, "message", error))
    )


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return the body of a problem, as data."""
    body: dict[str, Any] = {
        "type": f"urn:fiel:problem:{problem.code}",
        "title": str(TITLES.get(problem.status, "")),
        "status": problem.status,
        "code": problem.code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    body["errors"] = [
        {"path": error.path, "code": error.code, "message": str(error.message)} for error in problem.errors
    ]
    if problem.retry_after is not None:
        # A batch has one answer for each sale, and no headers for them.
        body["retry_after"] = problem.retry_after
    body.update(problem.extra)
    return body


def problem_response(problem: Problem) -> HttpResponse:
    """Return a problem as an HTTP answer."""
    response = HttpResponse(
        msgspec.json.encode(problem_document(problem)), status=problem.status, content_type=CONTENT_TYPE
    )
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Api-Key realm="Fiel", Bearer realm="Fiel"'
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Answer for an exception of an API view; DRF calls it. A defect is logged and answers 500."""
    problem = as_problem(error)
    if problem is None:
        logger.error("API request failed", exc_info=error, extra={"path": context["request"].path})
        problem = defect()
    response = problem_response(problem)
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def defect() -> Problem:
    """Return the answer to a request that hit a defect of ours."""
    return Problem(_("The error was recorded."), status=500, code="internal_error")


def _drf_problem(error: Exception, status: int, code: str) -> Problem:
    detail = getattr(error, "detail", "")
    if isinstance(error, drf.ValidationError):
        return Problem(status=status, code=code, errors=list(_flatten(detail, "")))
    wait = getattr(error, "wait", None)
    return Problem(str(detail), status=status, code=code, retry_after=None if wait is None else int(wait) + 1)


def _flatten(detail: Any, path: str) -> Iterable[FieldProblem]:
    if isinstance(detail, dict):
        for name, value in detail.items():
            yield from _flatten(value, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{path}[{index}]" if nested else path)
    else:
        yield FieldProblem(path, getattr(detail, "code", "invalid"), str(detail))


def _document_fields(error: DocumentError) -> list[FieldProblem]:
    """Translate what the engine says of a document; `benefits.0.percent` becomes `benefits[0].percent`."""
    return [
        FieldProblem(
            re.sub(r"\.([0-9]+)(?=\.|$)", r"[\1]", problem.path),
            problem.code,
            _(problem.message) % problem.params,
        )
        for problem in error.problems
    ]


def _django_fields(error: ValidationError) -> list[FieldProblem]:
    if not hasattr(error, "error_dict"):
        return [FieldProblem("", error.code or "invalid", message) for message in error.messages]
    return [
        FieldProblem("" if name == "__all__" else name, one.code or "invalid", " ".join(one.messages))
        for name, several in error.error_dict.items()
        for one in several
    ]


# --- Addresses that no view answers -------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _outside(request, exception, Problem(status=400, code="bad_request"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _outside(request, exception, Problem(status=403, code="permission_denied"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _outside(request, exception, Problem(status=404, code="not_found"))


def server_error(request: HttpRequest) -> HttpResponse:
    return _outside(request, None, defect())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a page whose CSRF token is wrong; a problem document under /api/."""
    if is_api(request):
        return problem_response(Problem(reason, status=403, code="csrf"))
    from django.views.csrf import csrf_failure as page

    return page(request, reason)


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _outside(request: HttpRequest, exception: Exception | None, problem: Problem) -> HttpResponse:
    if is_api(request):
        known = as_problem(exception) if exception is not None else None
        return problem_response(known or problem)
    from django.views import defaults

    if problem.status == 500:
        return defaults.server_error(request)
    page = {400: defaults.bad_request, 403: defaults.permission_denied, 404: defaults.page_not_found}
    return page[problem.status](request, exception or Exception())
