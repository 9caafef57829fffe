"""The parts of ``make bench``, in the order in which docs/benchmarks.md shows them.

A part is a module with

- ``TITLE``: the heading of its section;
- ``WHY_MISSED``: a paragraph for the page when a target is missed, empty where all are always reached;
- ``measure(installation) -> dict``: its figures, plain JSON. Raises `Unavailable` when what it compares with is not
  installed: the figures of an earlier run then stay;
- ``rows(figures) -> str``: the section as Markdown, made of `bench.tables`.

A part that needs no database leaves ``installation`` alone, and none is started.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bench import (
    backtest,
    commit_http,
    engine,
    evaluate_cpu,
    evaluate_http,
    issuing,
    ledger,
    limits,
    messages,
    peers,
    publish,
    segments,
)
from bench.installation import Installation


class Part(Protocol):
    TITLE: str
    WHY_MISSED: str

    def measure(self, installation: Installation, /) -> dict[str, Any]: ...

    def rows(self, figures: Any, /) -> str: ...


PARTS: Mapping[str, Part] = {
    "engine": engine,
    "cpu": evaluate_cpu,
    "http": evaluate_http,
    "commit": commit_http,
    "ledger": ledger,
    "issuing": issuing,
    "publish": publish,
    "backtest": backtest,
    "segments": segments,
    "messages": messages,
    "limits": limits,
    "peers": peers,
}
