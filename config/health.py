"""Answers to probes: is this process alive, and may it get traffic?

`python -m config.health worker|scheduler` answers for processes that serve no HTTP, by its exit code.
"""

import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

_HEARTBEAT = "heartbeat:{}"
# The scheduler ticks every minute and a worker answers each tick; two may go missing.
_HEARTBEAT_SECONDS = 150


def record_heartbeat(process: str, *, at: float) -> None:
    """Note that a `worker` or the `scheduler` lives (`at`: seconds since the epoch). Never fails its caller."""
    try:
        cache.set(
            _HEARTBEAT.format(process), {"seen_at": at, "host": socket.gethostname()}, _HEARTBEAT_SECONDS
        )
    except RedisError:
        return


class ProbeMiddleware:
    """Answer /healthz and /readyz before anything that a probe from inside the network would stumble on.

    Load balancers call by address, without TLS and without a host name that we know.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._schema_is_current = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            schema = {"status": "ok"} if self._schema_is_current else _schema()
            # Reading every migration file again for each probe would cost more than the rest together.
            self._schema_is_current = schema["status"] == "ok"
            return _readiness(schema)
        return self.get_response(request)


def _readiness(schema: dict[str, Any]) -> JsonResponse:
    """Report on everything; refuse traffic (503) only for what a request cannot do without.

    Without Redis, a worker or the scheduler, sales are still recorded and messages wait in the database:
    taking web processes out of service then would turn a delay into an outage.
    """
    required = {"database": _database(), "schema": schema}
    desired = background_checks()
    usable = all(check["status"] == "ok" for check in required.values())
    complete = usable and all(check["status"] == "ok" for check in desired.values())
    status = "ok" if complete else "degraded" if usable else "unavailable"
    return JsonResponse({"status": status, "checks": required | desired}, status=200 if usable else 503)


def background_checks() -> dict[str, dict[str, Any]]:
    """Report on what works behind the pages: the cache and broker, the worker and the scheduler."""
    redis = _redis()
    if redis["status"] != "ok":
        # The heartbeats lie there: asking for them would only wait twice more.
        return {"redis": redis, "worker": {"status": "unknown"}, "scheduler": {"status": "unknown"}}
    return {"redis": redis, "worker": _heartbeat("worker"), "scheduler": _heartbeat("scheduler")}


def _database() -> dict[str, Any]:
    # The first failure may be a connection that a restarted server has forgotten.
    for _attempt in range(2):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            connection.close()
        else:
            return {"status": "ok"}
    return {"status": "unreachable"}


def _schema() -> dict[str, Any]:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return {"status": "unknown"}
    return {"status": "ok"} if not plan else {"status": "behind", "migrations_pending": len(plan)}


def _redis() -> dict[str, Any]:
    try:
        cache.get("readiness")
    except RedisError:
        return {"status": "unreachable"}
    return {"status": "ok"}


def _heartbeat(process: str) -> dict[str, Any]:
    try:
        seen = cache.get(_HEARTBEAT.format(process))
    except RedisError:
        return {"status": "unknown"}
    if seen is None:
        return {"status": "not seen"}
    age = round(time.time() - seen["seen_at"])
    return {"status": "ok", "seen_at": seen["seen_at"], "seconds_ago": age, "host": seen["host"]}


if __name__ == "__main__":
    sys.exit(0 if len(sys.argv) == 2 and _heartbeat(sys.argv[1])["status"] == "ok" else 1)
