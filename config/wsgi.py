"""The one WSGI callable. Tills take a short way through Django, everybody else the whole stack.

A request with `Authorization: Api-Key ...` needs no session, no sign-in, no CSRF token and no content
security policy; leaving that middleware out saves more time than evaluating the basket takes
(docs/decisions/0003-slim-handler-for-the-pos-path.md). The plain request to evaluate a basket goes
around Django's handler altogether (config/express.py).
"""

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler

from config.local.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("FIEL_DIE_WITH_PARENT"):
    die_with_parent()
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402

from config import express  # noqa: E402
from config.middleware import RequestIdMiddleware, TerminalRequestMiddleware  # noqa: E402

_Environ = dict[str, Any]
_Application = Callable[[_Environ, Callable[..., Any]], Iterable[bytes]]


class TerminalHandler(WSGIHandler):
    """Django's handler with the middleware of a till's request instead of settings.MIDDLEWARE."""

    def load_middleware(self, is_async: bool = False) -> None:
        # The hooks that Django's own load_middleware fills; none of ours has any.
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for middleware in (TerminalRequestMiddleware, RequestIdMiddleware):
            handler = convert_exception_to_response(middleware(handler))
        self._middleware_chain = handler


def client_address(forwarded_for: str, peer: str, proxies: int) -> str:
    """Return the address that the outermost trusted proxy saw; anything further left is the client's claim."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return hops[-proxies] if 0 < proxies <= len(hops) else peer


def build_application() -> _Application:
    """Return the callable that chooses the handler by the Authorization header."""
    whole, terminal = WSGIHandler(), TerminalHandler()
    proxies = settings.TRUSTED_PROXIES

    def application(environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if proxies:
            forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
            environ["REMOTE_ADDR"] = client_address(forwarded_for, environ.get("REMOTE_ADDR", ""), proxies)
        # Only the API: the pages need what the short way leaves out, whatever header somebody sends them.
        has_key = environ.get("HTTP_AUTHORIZATION", "")[:8].lower() == "api-key "
        path = environ.get("PATH_INFO", "")
        if has_key and path == express.PATH:
            return express.answer(environ, start_response, terminal)
        if has_key and path.startswith("/api/"):
            return terminal(environ, start_response)
        return whole(environ, start_response)

    return application


application = build_application()
# What was imported stays: without it a full collection, during which a till waits, takes a fraction of the time.
gc.collect()
gc.freeze()
