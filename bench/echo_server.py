"""Serve the bare view as Fiel is served."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GRANIAN = (
    *("granian", "bench.echo_wsgi:application", "--interface", "wsgi", "--no-ws", "--http", "1"),
    *("--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "1", "--log-level", "warning"),
)


@contextmanager
def echo_server(checkout: Path, port: int) -> Iterator[str]:
    """Serve the bare view with the same server and the same number of workers; yield its address."""
    command = [sys.executable, "-m", *_GRANIAN, "--port", str(port)]
    process = subprocess.Popen(command, cwd=checkout)
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
