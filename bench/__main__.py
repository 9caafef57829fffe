"""``make bench``: measure, keep the figures in docs/benchmarks.json, and write docs/benchmarks.md.

Starts an installation of its own in ``.local/bench`` and fills it the first time. ``--only`` measures some of the parts;
the page then shows the others as they were measured last, each with its run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bench import figures
from bench.installation import CHECKOUT, Installation, Unavailable
from bench.parts import PARTS
from bench.replay.client import ApiError
from bench.stack import StackFailed
from bench.tables import page

STORED = CHECKOUT / "docs" / "benchmarks.json"
PAGE = CHECKOUT / "docs" / "benchmarks.md"


def measure(names: list[str], installation: Installation) -> figures.Figures:
    """Measure the named parts one after the other; return their figures with this run's marks."""
    results: figures.Figures = {}
    for name in names:
        print(f"{name}: {PARTS[name].TITLE}", flush=True)
        started = time.monotonic()
        try:
            measured = PARTS[name].measure(installation)
        except Unavailable as reason:
            print(f"  left out: {reason}", flush=True)
            continue
        results[name] = figures.of_this_run(measured, seconds=time.monotonic() - started)
    return results


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in names]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(PARTS), metavar=",".join(PARTS))
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".local" / "bench")
    parser.add_argument("--port", type=int, default=8210)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print the figures and write nothing")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page again")
    options = parser.parse_args()
    stored = figures.read(STORED)
    if not options.page:
        with Installation(options.folder.resolve(), port=options.port, codes=options.codes) as installation:
            measured = measure(options.only, installation)
        if options.json:
            print(json.dumps(measured, indent=2))
            return 0
        figures.write(STORED, stored | measured, PARTS)
    text = page(figures.read(STORED), PARTS)
    PAGE.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ApiError, StackFailed, OSError) as problem:
        sys.exit(f"The benchmark stopped: {problem}")
