"""What every view of the API starts from: who may call, reading the body, writing the answer."""

import time
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from pos_api.authentication import (
    BackOfficeAuthentication,
    TerminalAuthentication,
    TerminalCaller,
    TokenAuthentication,
)
from pos_api.decoding import MAX_BODY, Decoder, parse_json, read_body
from pos_api.openapi import Operation
from pos_api.problems import BadRequest
from pos_api.services.rate import count_request

T = TypeVar("T")


class IsTerminal(BasePermission):
    """Only terminals, by their key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, TerminalCaller)


class HasPermissions(BasePermission):
    """Signed in, and with the Django permissions that the view names for this method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if user is None or isinstance(user, TerminalCaller) or not user.is_authenticated:
            return False
        declared = view.permissions  # type: ignore[attr-defined]
        # A view without any asks for them itself, by what is asked for. A method that was forgotten is closed; one
        # that the view does not have is answered with 405.
        has_method = hasattr(view, (request.method or "").lower())
        if declared and has_method and request.method not in (*declared, "OPTIONS", "HEAD"):
            return False
        needed = declared.get("GET" if request.method == "HEAD" else request.method, ())
        return all(user.has_perm(permission) for permission in needed)


class ApiView(APIView):
    """JSON in, JSON out. Content negotiation, throttling and versioning of DRF are left out: none is used."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        query = request.META.get("QUERY_STRING", "")
        if query and ("%00" in query or "\x00" in query):
            raise BadRequest(_("The query contains a NUL character."))
        self.perform_authentication(request)
        self.check_permissions(request)
        if query:
            method = "get" if request.method == "HEAD" else str(request.method).lower()
            handler = getattr(self, method, None)
            refuse_unknown_parameters(request, getattr(handler, "operation", None))
        if settings.TERMINAL_REQUESTS_PER_MINUTE and isinstance(request.user, TerminalCaller):
            count_request(request.user.key_id, limit=settings.TERMINAL_REQUESTS_PER_MINUTE, at=time.time())


def refuse_unknown_parameters(request: Request, operation: Operation | None) -> None:
    """Raise BadRequest for a query parameter that the operation does not declare.

    A filter with a slip in its name would otherwise answer with everything, and `dry_run` in the address instead of
    the body would write.
    """
    if operation is None:
        return
    known = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    for name in request.query_params:
        if name not in known:
            raise BadRequest(_("There is no parameter %(name)s.") % {"name": name[:64]})


class PosView(ApiView):
    """Called by terminals."""

    authentication_classes = [TerminalAuthentication]
    permission_classes = [IsTerminal]


def terminal_of(request: Request) -> TerminalCaller:
    """Return the terminal that calls. Raises PermissionDenied when a person does."""
    caller: Any = request.user
    if not isinstance(caller, TerminalCaller):
        raise exceptions.PermissionDenied
    return caller


class ManagerView(ApiView):
    """Called by people and their programs. ``permissions`` names the Django permissions of each method."""

    authentication_classes = [TokenAuthentication, BackOfficeAuthentication]
    permission_classes = [HasPermissions]
    permissions: ClassVar[dict[str, tuple[str, ...]]] = {}


class SharedView(ManagerView):
    """Called by terminals and by people; ``permissions`` binds the people only."""

    authentication_classes = [TerminalAuthentication, TokenAuthentication, BackOfficeAuthentication]
    permission_classes = [IsTerminal | HasPermissions]


class Body(Generic[T]):
    """How a view reads its body: the declared type, and the greatest size in bytes."""

    def __init__(self, decoder: Decoder[T], limit: int = MAX_BODY) -> None:
        self.decoder = decoder
        self.limit = limit

    def read(self, request: Request) -> T:
        """Return the body as its type. Raises 400, 413, 415 or 422 problems."""
        return self.decoder.decode(read_body(django_request(request), self.limit))


def read_json(request: Request, limit: int = MAX_BODY) -> Any:
    """Return the body as plain JSON values, numbers as `int` and `Decimal`."""
    return parse_json(read_body(django_request(request), limit))


def django_request(request: Request) -> HttpRequest:
    return request._request


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return ``data`` as a JSON answer. Decimals are written as texts, times as RFC 3339."""
    return answer_json(msgspec.json.encode(data), status, headers)


def answer_json(content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return an answer that is JSON already."""
    return HttpResponse(content, status=status, content_type="application/json", headers=headers)


def no_content() -> HttpResponse:
    return HttpResponse(status=204)
