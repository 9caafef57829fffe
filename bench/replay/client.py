"""A small HTTP client on one kept connection, as a till would use it."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

ATTEMPTS = 5


class ApiError(Exception):
    """The API refused a request. ``status`` and the problem document are kept."""

    def __init__(self, status: int, problem: Any, path: str) -> None:
        super().__init__(f"{path} answered {status}: {json.dumps(problem)[:2000]}")
        self.status = status
        self.problem = problem


class Client:
    """One connection to one server. Not to be shared between threads."""

    def __init__(self, base_url: str, authorization: str) -> None:
        parts = urlsplit(base_url)
        self._host = parts.netloc
        self._authorization = authorization
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: Any = None, *, authorization: str | None = None
    ) -> tuple[int, Any]:
        """Return status and decoded body; retry when the connection breaks or the server says so.

        Repeating is safe: evaluate has no effects and a sale is known by its ticket.
        """
        payload = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Authorization": authorization or self._authorization, "Content-Type": "application/json"}
        for attempt in range(ATTEMPTS):
            try:
                status, text = self._send(method, path, payload, headers)
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                if status not in (429, 503):
                    return status, json.loads(text) if text else None
            time.sleep(0.2 * 2**attempt)
        raise ApiError(503, {"title": "The server stayed busy."}, path)

    def _send(
        self, method: str, path: str, payload: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, timeout=120)
        self._connection.request(method, path, payload, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Like ``call``, but raise ApiError for any status of 400 and above."""
        status, answer = self.call(method, path, body, **options)
        if status >= 400:
            raise ApiError(status, answer, path)
        return answer
