"""The figures of ``make bench`` as docs/benchmarks.md: the page, and what its sections are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

_HEAD = """# Benchmarks

Made by `make bench`. Ratios within one run are what counts; the times are the machine's. Both sides of a ratio are
measured in turn. "Bare echo" is a DRF view without middleware that parses and returns the same JSON with DRF's own
parser and renderer, served by the same server with the same workers ([bench/echo.py](../bench/echo.py)).

Each section names its part; `make bench ARGS="--only engine,cpu"` measures some of them again. The figures stand in
[benchmarks.json](benchmarks.json), the scripts in [bench/](../bench/).
"""


NOT_REACHED = "**not reached**"


class Part(Protocol):
    TITLE: str
    # Shown where a target is missed: a paragraph between two empty lines.
    WHY_MISSED: str

    def rows(self, figures: Any, /) -> str: ...


def page(stored: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Part]) -> str:
    """Return the page: a section for each part that was ever measured, saying from which run it is."""
    sections = [_HEAD]
    for name, part in parts.items():
        if name in stored:
            run = stored[name]
            rows = part.rows(run["figures"])
            if NOT_REACHED in rows:
                rows += part.WHY_MISSED
            sections.append(f"## {part.TITLE}\n\n{rows}\n{_origin(name, run)}")
    return "\n".join(sections)


def _origin(name: str, run: Mapping[str, Any]) -> str:
    revision = f", revision {run['revision']}" if run["revision"] else ""
    when = run["measured_at"].replace("T", " ").replace("+00:00", " UTC")
    return f"*Part `{name}`, {when}{revision}: {run['machine']}; took {run['seconds']:,} s.*\n"


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def at_most(value: float, target: float) -> str:
    """Say whether a figure reached a target that it must not exceed."""
    return "reached" if value <= target else NOT_REACHED


def at_least(value: float, target: float) -> str:
    """Say whether a figure reached a target that it must not stay below."""
    return "reached" if value >= target else NOT_REACHED
