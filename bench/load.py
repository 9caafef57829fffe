"""A load of keep-alive HTTP connections from one process, for ratios between endpoints of one run."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What one round of load came to. Times are milliseconds."""

    requests_per_second: float
    p50: float
    p99: float
    statuses: dict[int, int]


def request_bytes(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return one HTTP/1.1 POST as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drive(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Send the requests in turn over `connections` connections for about `seconds`."""
    return asyncio.run(_drive(url, requests, connections, seconds))


async def _drive(url: str, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    parts = urlsplit(url)
    times: list[float] = []
    statuses: dict[int, int] = {}
    started = time.perf_counter()
    until = started + seconds

    async def connection(first: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        number = first
        while (now := time.perf_counter()) < until:
            writer.write(requests[number % len(requests)])
            number += connections
            status = await _read_answer(reader)
            times.append(time.perf_counter() - now)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*(connection(first) for first in range(connections)))
    elapsed = time.perf_counter() - started
    times.sort()
    return Load(
        requests_per_second=len(times) / elapsed,
        p50=statistics.median(times) * 1000,
        p99=times[int(len(times) * 0.99)] * 1000,
        statuses=statuses,
    )


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length:
        await reader.readexactly(int(length[1]))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head[9:12])
