"""Middleware of the installation. The POS path (config/wsgi.py) runs only the short list made for it."""

import re
from collections.abc import Callable
from functools import lru_cache
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from config.logs import request_id

_GetResponse = Callable[[HttpRequest], HttpResponse]

# An id from a proxy or a till is kept when it cannot break a log line or a header.
acceptable_id = re.compile(r"[A-Za-z0-9._-]{8,64}\Z").match


class RequestIdMiddleware:
    """Give each request an id: in the log, and in the answer's X-Request-ID."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        identifier = given if acceptable_id(given) else uuid4().hex
        token = request_id.set(identifier)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = identifier
        return response


class TerminalRequestMiddleware:
    """All that a till's request needs around its view: language by Accept-Language and safe headers.

    The language and zone are set, not left: a thread serves tills and managers in turn, and would
    otherwise answer a till in the language of the manager before it.
    """

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        translation.activate(preferred_language(request.META.get("HTTP_ACCEPT_LANGUAGE", "")))
        timezone.deactivate()
        response = self.get_response(request)
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Cache-Control", "no-store")
        return response


@lru_cache(maxsize=256)
def preferred_language(accept_language: str) -> str:
    """Return the supported language that an Accept-Language header asks for first, or the installation's."""
    from django.conf import settings

    for code, _weight in parse_accept_lang_header(accept_language[:500]):
        if code == "*":
            break
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
