"""Measure one peer on each scene: as many calls as fit in the seconds allowed, at least three; the best time counts.

Standard library only: it runs in the peers' own environment.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# One campaign of a scene: "code", "sku", "percent"; one line: "line", "sku", "quantity", "cents" (a unit).
Scene = dict[str, Any]
# Cents off by SKU.
Discounts = dict[str, int]


def serve(version: str, prepare: Callable[[Scene], Callable[[], Discounts]]) -> None:
    """Read the scenes that the first argument names, measure `prepare(scene)()`, write what the second names."""
    scenes = json.loads(Path(sys.argv[1]).read_text())
    sizes = {}
    for size, scene in scenes["scenes"].items():
        call = prepare(scene)
        discounts = call()
        best = float("inf")
        calls = 0
        until = time.perf_counter() + scenes["seconds"]
        while calls < 3 or time.perf_counter() < until:
            started = time.perf_counter()
            call()
            best = min(best, time.perf_counter() - started)
            calls += 1
        sizes[size] = {"microseconds": best * 1e6, "discounts": discounts}
    Path(sys.argv[2]).write_text(json.dumps({"version": version, "sizes": sizes}))
