"""``make bench``: measure, and write docs/benchmarks.md.

Starts an installation of its own in ``.local/bench``. Takes about ten minutes, most of them spent on publishing 10,000
campaigns and making 1,000,000 codes the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import engine, evaluate_cpu, evaluate_http, publish, scene
from bench.replay.client import ApiError
from bench.stack import Stack, StackFailed
from bench.tables import page

CHECKOUT = Path(__file__).resolve().parents[1]
SIZES = (10, 1_000, 10_000)


def measure(folder: Path, *, port: int, codes: int, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Measure everything; return the figures by target."""
    print("The engine alone ...", flush=True)
    results: dict[str, Any] = {"engine": engine.measure(), "cpu": {}, "http": {}}
    with (
        Stack(CHECKOUT, folder, port=port) as stack,
        evaluate_http.echo_server(CHECKOUT, port + 1) as echo,
    ):
        print(f"Making {codes:,} promotional codes ...", flush=True)
        made = scene.prepare(codes)
        for size in sizes:
            print(f"Publishing up to {size:,} campaigns, then evaluating ...", flush=True)
            scene.publish_up_to(size)
            results["cpu"][size] = evaluate_cpu.measure(made)
            results["http"][size] = evaluate_http.measure(stack.address, echo, made)
        print("Publishing under load ...", flush=True)
        results["publish"] = publish.measure(stack.address, made)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".local" / "bench")
    parser.add_argument("--port", type=int, default=8210)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", action="store_true", help="print the figures and write nothing")
    options = parser.parse_args()
    results = measure(
        options.folder.resolve(), port=options.port, codes=options.codes, sizes=tuple(options.sizes)
    )
    if options.json:
        print(json.dumps(results, indent=2))
        return 0
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    text = page(results, machine=machine, day=datetime.now(UTC).date(), codes=options.codes)
    (CHECKOUT / "docs" / "benchmarks.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ApiError, StackFailed, OSError) as problem:
        sys.exit(f"The benchmark stopped: {problem}")
