"""Target 4: evaluate over HTTP with 16 connections, against the bare view served in the same way."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.load import Load, drive, request_bytes
from bench.scene import bodies

CONNECTIONS = 16


@contextmanager
def echo_server(checkout: Path, port: int) -> Iterator[str]:
    """Serve the bare view with the same server and the same number of workers."""
    process = subprocess.Popen(
        [
            *(
                sys.executable,
                "-m",
                "granian",
                "bench.echo_wsgi:application",
                "--interface",
                "wsgi",
                "--no-ws",
            ),
            *(
                "--http",
                "1",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--workers",
                "2",
                "--blocking-threads",
                "1",
            ),
            *("--log-level", "warning"),
        ],
        cwd=checkout,
    )
    url = f"http://127.0.0.1:{port}/echo/"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(
                    urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
                )
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def measure(
    address: str, echo: str, scene: dict[str, str], *, rounds: int = 5, seconds: float = 3.0
) -> dict[str, Any]:
    """Return medians over interleaved rounds, and their ratios to the bare view."""
    evaluate = f"{address.replace('localhost', '127.0.0.1')}/api/v1/baskets/evaluate/"
    headers = {"Authorization": f"Api-Key {scene['key']}"}
    made = bodies(scene["customer"])
    requests = {"bare echo": (echo, request_bytes(echo, made["anonymous"], {}))}
    requests |= {name: (evaluate, request_bytes(evaluate, body, headers)) for name, body in made.items()}
    seen: dict[str, list[Load]] = {name: [] for name in requests}
    for name, (url, request) in requests.items():
        drive(url, [request], connections=CONNECTIONS, seconds=1)
        seen[name].clear()
    for _ in range(rounds):
        for name, (url, request) in requests.items():
            load = drive(url, [request], connections=CONNECTIONS, seconds=seconds)
            if set(load.statuses) != {200}:
                raise RuntimeError(f"{name}: {load.statuses}")
            seen[name].append(load)
    figures = {
        name: {
            "requests/s": statistics.median(load.requests_per_second for load in loads),
            "p50 ms": statistics.median(load.p50 for load in loads),
            "p99 ms": statistics.median(load.p99 for load in loads),
        }
        for name, loads in seen.items()
    }
    bare = figures["bare echo"]["requests/s"]
    return {
        "figures": figures,
        "ratios": {name: row["requests/s"] / bare for name, row in figures.items() if name != "bare echo"},
        "p99 / p50": {name: row["p99 ms"] / row["p50 ms"] for name, row in figures.items()},
    }
