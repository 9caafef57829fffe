"""One POST to an address that was checked: resolved once, connected to what was resolved, never redirected.

The standard library's own pieces are put together by hand, because every client above them resolves for itself, follows
the environment's proxies or bounds each read instead of the whole call.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from messaging.webhooks.addresses import Target, may_be_called

# For all of it: resolving, connecting, shaking hands, sending, and reading the answer.
TIMEOUT = 5.0
# What is read of an answer; a longer one is cut, its status counts.
LARGEST_ANSWER = 64 * 1024
USER_AGENT = "Fiel-Webhooks/1"

Resolve = Callable[[str, int], list[str]]


class CallFailed(Exception):
    """No answer came. `code`: `name_unknown`, `address_refused`, `no_connection`, `tls`, `timeout`, `broken`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, headers in lower case, and as much of the body as is read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@cache
def tls_context() -> ssl.SSLContext:
    """Return what certificates are checked with: those that the system trusts, by name."""
    return ssl.create_default_context()


def resolve_name(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the system's order. Raises CallFailed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallFailed("name_unknown", str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float = TIMEOUT,
    resolve: Resolve = resolve_name,
) -> Answer:
    """Send `body` and return the answer, whatever its status. Raises CallFailed.

    Every address of the name must be public, and one of those is connected to: what the name means a moment later
    does not matter.
    """
    deadline = time.monotonic() + timeout
    connection = http.client.HTTPConnection(target.host, target.port)
    wire: socket.socket | None = None
    try:
        addresses = _resolved(target, resolve, deadline)
        if not addresses or not all(may_be_called(address) for address in addresses):
            raise CallFailed("address_refused", "")
        wire = _connect(addresses, target.port, deadline)
        if target.is_tls:
            wire.settimeout(_left(deadline))
            wire = tls_context().wrap_socket(wire, server_hostname=target.host)
        connection.sock = _BoundedSocket(wire, deadline)
        named = {"Host": target.authority, "Accept-Encoding": "identity"}
        connection.request("POST", target.path, body, named | dict(headers))
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER)
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=content,
        )
    except TimeoutError as error:
        raise CallFailed("timeout", str(error)) from error
    except ssl.SSLError as error:
        raise CallFailed("tls", str(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CallFailed("broken", f"{type(error).__name__} {error}") from error
    finally:
        if wire is not None:
            wire.close()


def _resolved(target: Target, resolve: Resolve, deadline: float) -> list[str]:
    """Return the addresses of a name. Raises CallFailed, TimeoutError.

    The system's resolver has time-outs of its own, longer than a call may take, and cannot be stopped: it is left behind.
    """
    outcome: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            outcome.put(resolve(target.host, target.port))
        except Exception as error:
            outcome.put(error)

    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = outcome.get(timeout=_left(deadline))
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(found, Exception):
        raise found
    return found


def _connect(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """Return a connection to the first of the addresses that takes one. Raises CallFailed, TimeoutError."""
    refusal: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=_left(deadline))
        except TimeoutError:
            raise
        except OSError as error:
            refusal = error
    raise CallFailed("no_connection", str(refusal)) from refusal


def _left(deadline: float) -> float:
    """Return the seconds that are left. Raises TimeoutError when none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call took too long")
    return left


class _BoundedSocket:
    """As much of a socket as http.client needs, where every step ends at one moment: no slow drip goes on for ever."""

    def __init__(self, plain: socket.socket, deadline: float) -> None:
        self.plain = plain
        self.deadline = deadline

    def sendall(self, data: Any) -> None:
        view = memoryview(data).cast("B")
        while view:
            self.plain.settimeout(_left(self.deadline))
            view = view[self.plain.send(view) :]

    def makefile(self, *_arguments: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def recv_into(self, buffer: Any) -> int:
        self.plain.settimeout(_left(self.deadline))
        return self.plain.recv_into(buffer)

    def close(self) -> None:
        # http.client lets go of it before the answer is read; the call closes what it opened.
        return


class _Reader(io.RawIOBase):
    def __init__(self, source: _BoundedSocket) -> None:
        self.source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self.source.recv_into(buffer)
