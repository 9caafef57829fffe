"""Evaluating without Django's request machinery, for the plain request that a till sends on every keystroke.

Answers only what can be answered with 200 by a key that this process knows. Whatever else comes (a key to be looked up,
a wrong field, a database that does not answer) is left to the ordinary way from its beginning: evaluating writes nothing
that cannot be written twice, so nothing is lost but time (docs/decisions/0003-slim-handler-for-the-pos-path.md).
"""

import logging
import traceback
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone, translation

from config.logs import request_id
from config.middleware import acceptable_id, preferred_language
from pos_api.authentication import TerminalCaller, known_terminal
from pos_api.baskets import EVALUATE_DECODER
from pos_api.decoding import MAX_BODY
from pos_api.services.evaluation import evaluate_basket

PATH = "/api/v1/baskets/evaluate/"

_Environ = dict[str, Any]
_Place = tuple[str, str, int]
_FAILED = "fiel.short_way_failed"

logger = logging.getLogger(__name__)
# Where the short way failed and the ordinary way did not. Said once: tills ask on every keystroke.
_said: set[_Place] = set()


def answer(
    environ: _Environ, start_response: Callable[..., Any], ordinary: Callable[..., Any]
) -> Iterable[bytes]:
    """Answer a request to evaluate a basket, by the ``ordinary`` handler where the short way does not."""
    content = evaluate(environ, start_response)
    if content is not None:
        return content
    error = environ.pop(_FAILED, None)
    response = ordinary(environ, start_response)
    if error is not None and response.status_code < 400:
        _say(error)
    return response


def _say(error: Exception) -> None:
    """Log an exception that only the short way met: its kind and place, not its text, which may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = (type(error).__qualname__, frames[-1].filename, frames[-1].lineno or 0)
    if place not in _said:
        _said.add(place)
        logger.error(
            "The short way to an evaluation failed where the ordinary one did not: %s\n%s",
            place[0],
            "".join(traceback.format_list(frames)),
        )


def forget_failures() -> None:
    """Say again what was said before, for tests."""
    _said.clear()


def evaluate(environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes] | None:
    """Answer a plain request to evaluate a basket; None leaves it to the ordinary way, with the body to be read again."""
    caller = _plain_caller(environ)
    if caller is None:
        return None
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    given = environ.get("HTTP_X_REQUEST_ID", "")
    identifier = given if given and acceptable_id(given) else uuid4().hex
    token = request_id.set(identifier)
    try:
        # Set, not left: a thread serves tills and managers in turn.
        translation.activate(preferred_language(environ.get("HTTP_ACCEPT_LANGUAGE", "")))
        timezone.deactivate()
        document = EVALUATE_DECODER.decode(body)
        content = evaluate_basket(document, caller, now=timezone.now()).body_json()
    except Exception as error:
        # The ordinary way says what is wrong, and logs it where it is ours.
        environ["wsgi.input"] = BytesIO(body)
        environ[_FAILED] = error
        return None
    finally:
        request_id.reset(token)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
        ("Allow", "POST, OPTIONS"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("X-Request-ID", identifier),
    ]
    start_response("200 OK", headers)
    return [content]


def _plain_caller(environ: _Environ) -> TerminalCaller | None:
    """Return the terminal that sends a request of the usual form; None when anything about it is unusual."""
    length = environ.get("CONTENT_LENGTH", "")
    usual = (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") == "application/json"
        and not environ.get("QUERY_STRING")
        and "HTTP_CONTENT_ENCODING" not in environ
        and length.isdecimal()
        and len(length) < 8
        and int(length) <= MAX_BODY
        and not settings.TERMINAL_REQUESTS_PER_MINUTE
    )
    return known_terminal(environ["HTTP_AUTHORIZATION"]) if usual else None
