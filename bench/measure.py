"""Times of alternatives taken in turn, so that a machine whose speed drifts cannot favour one of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping


def in_turn(
    alternatives: Mapping[str, Callable[[], object]], *, rounds: int = 7, calls: int = 200
) -> dict[str, float]:
    """Return microseconds of processor time per call: the least of `rounds`, taken A B C A B C ...

    Processor time, not wall time, and the least: what else the machine does in between only ever adds.
    """
    times: dict[str, list[float]] = {name: [] for name in alternatives}
    for function in alternatives.values():
        function()
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, function in alternatives.items():
            started = time.process_time()
            for _ in range(calls):
                function()
            times[name].append((time.process_time() - started) / calls * 1e6)
    gc.unfreeze()
    return {name: min(values) for name, values in times.items()}
