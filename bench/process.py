"""A web process without a server, for `bench.limits`: evaluates once and says how much memory it has come to."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def resident_megabytes() -> float:
    """Return the memory that this process holds, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    from bench.evaluate_cpu import call, environ
    from config.wsgi import application

    key, body = sys.argv[1], sys.stdin.buffer.read()
    for _ in range(200):
        call(application, environ("/api/v1/baskets/evaluate/", body, key))
    print(json.dumps({"megabytes": resident_megabytes()}))


if __name__ == "__main__":
    main()
