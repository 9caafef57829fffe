"""Target 3: processor time of one evaluate request, against the bare view, without a server and without a query.

Both go through their WSGI handler in this process: Fiel's with its key check, decoding, validation, engine and
rendering; what it reads of the database is read once and handed in.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from unittest import mock

from bench import corpus
from bench.installation import Installation
from bench.measure import in_turn
from bench.scene import Scene, bodies, publish_exactly
from bench.tables import at_most, table

TITLE = "Target 3: processor time of evaluate"
WHY_MISSED = ""


def environ(path: str, body: bytes, key: str = "") -> Callable[[], dict[str, Any]]:
    """Return a maker of WSGI environments for one POST."""
    fixed = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "HTTP_AUTHORIZATION": f"Api-Key {key}" if key else "",
    }
    return lambda: fixed | {"wsgi.input": io.BytesIO(body)}


def bare_application() -> Callable[..., Any]:
    """Return a Django handler without middleware that knows only the bare view."""
    from django.core.handlers.exception import convert_exception_to_response
    from django.core.handlers.wsgi import WSGIHandler

    class Bare(WSGIHandler):
        def load_middleware(self, is_async: bool = False) -> None:
            self._view_middleware: list[Any] = []
            self._template_response_middleware: list[Any] = []
            self._exception_middleware: list[Any] = []

            def respond(request: Any) -> Any:
                request.urlconf = "bench.echo"
                return self._get_response(request)

            self._middleware_chain = convert_exception_to_response(respond)

    return Bare()


def call(application: Callable[..., Any], make: Callable[[], dict[str, Any]]) -> bytes:
    statuses: list[str] = []
    response = application(make(), lambda status, _headers: statuses.append(status))
    body = b"".join(response)
    getattr(response, "close", lambda: None)()
    if not statuses[0].startswith("200"):
        raise RuntimeError(f"{statuses[0]}: {body[:500]!r}")
    return body


def measure(installation: Installation) -> dict[str, Any]:
    """Return microseconds per request and the ratio of target 3, by the number of campaigns."""
    scene, by_campaigns = installation.scene, {}
    for name, documents in corpus.steps():
        print(f"  {name} ...", flush=True)
        publish_exactly(documents)
        by_campaigns[name] = _measure(scene)
    return {"codes": scene.codes, "campaigns": by_campaigns}


def _measure(scene: Scene) -> dict[str, Any]:
    from config.wsgi import application
    from pos_api import selectors
    from pos_api.services import evaluation

    body = bodies(scene.customer)["anonymous"]
    bare, echo = bare_application(), environ("/echo/", body)
    ours = environ("/api/v1/baskets/evaluate/", body, scene.key)
    read = selectors.read_snapshot
    kept: list[Any] = []

    def read_once(*arguments: Any, **named: Any) -> Any:
        if not kept:
            kept.append(read(*arguments, **named))
        return kept[0]

    call(application, ours)
    with mock.patch.object(evaluation.selectors, "read_snapshot", read_once):
        without = in_turn(
            {"bare echo": lambda: call(bare, echo), "evaluate, no query": lambda: call(application, ours)}
        )
    with_queries = in_turn({"evaluate, with its query": lambda: call(application, ours)})
    return {
        "microseconds": without | with_queries,
        "ratio": without["evaluate, no query"] / without["bare echo"],
    }


def rows(figures: dict[str, Any]) -> str:
    """Return the section: one row for each number of campaigns."""
    measured: list[tuple[object, ...]] = []
    for name, found in figures["campaigns"].items():
        micros, ratio = found["microseconds"], found["ratio"]
        times = [f"{micros[side]:,.0f}" for side in micros]
        verdict = "no target" if name == corpus.MIX else at_most(ratio, 1.25)
        measured.append((name, *times, f"{ratio:.2f}", verdict))
    head = (
        *("campaigns", "bare echo, µs", "evaluate, no query, µs", "with its query, µs"),
        *("ratio (target <= 1.25)", ""),
    )
    return f"The code pool holds {figures['codes']:,} codes.\n\n" + table(head, measured)
