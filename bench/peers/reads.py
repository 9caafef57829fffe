"""Fiel's whole evaluate request on the peers' scenes: key, decoding, its query, engine and answer."""

from __future__ import annotations

import json
import time
from typing import Any

from bench.evaluate_cpu import call, environ
from bench.installation import Installation
from bench.peers import fiel, scenes
from bench.scene import publish_exactly
from retail import money

CALLS = 500


def measure(installation: Installation, count: int) -> dict[int, float]:
    """Return wall microseconds of a request by how many of `count` live campaigns concern its basket."""
    key = installation.scene.key
    publish_exactly(fiel.documents(scenes.scene(count, scenes.CONCERNED)))
    from config.wsgi import application

    times = {}
    for concerned in (scenes.CONCERNED, 0):
        document = fiel.basket(scenes.scene(0, 0))
        if not concerned:
            for line in document["lines"]:
                line["sku"] = f"NONE-{line['line']}"
        request = environ("/api/v1/baskets/evaluate/", json.dumps(document).encode(), key)
        _require_equal_answer(json.loads(call(application, request)), concerned)
        best = float("inf")
        for _ in range(CALLS):
            started = time.perf_counter()
            call(application, request)
            best = min(best, time.perf_counter() - started)
        times[concerned] = best * 1e6
    return times


def _require_equal_answer(body: dict[str, Any], concerned: int) -> None:
    found = {line["sku"]: money.parse(line["discount"]) for line in body["lines"]}
    if {sku: cents for sku, cents in found.items() if cents} != scenes.answer(concerned):
        raise RuntimeError(f"Fiel's request, {concerned} concerned: {found}")
