"""``make replay``: a year of recorded grocery sales through the API of an installation of its own.

Starts Fiel with a database beside the ordinary one (``.local/replay``), loads products, stores, households and campaigns, and sends
every basket through evaluate and commit. Stop it at any moment: the next run goes on where it was.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.replay.client import ApiError, Client
from bench.replay.drive import Driver, read_outcomes
from bench.replay.journey import Journey, read_package, read_sample, weeks_to_move
from bench.replay.load import TERMINAL, LoadFailed, load
from bench.replay.offers import assign
from bench.replay.report import report, tally
from bench.stack import Stack, StackFailed

CHECKOUT = Path(__file__).resolve().parents[2]
BAR = 30


class Progress:
    """A bar on one line, drawn at most ten times a second."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._first: int | None = None

    def __call__(self, done: int, total: int, seconds: float) -> None:
        if self._first is None:
            self._first = done - 1
        now = time.monotonic()
        # A terminal sees a moving bar, a log file one line every half minute.
        pause, end = (0.1, "") if sys.stdout.isatty() else (30.0, "\n")
        if done < total and now - self._drawn < pause:
            return
        self._drawn = now
        rate = (done - self._first) / seconds if seconds else 0.0
        left = (total - done) / rate if rate else 0.0
        filled = BAR * done // total
        bar = "#" * filled + "." * (BAR - filled)
        text = f"[{bar}] {done:,}/{total:,} baskets  {rate:,.0f}/s  {left / 60:.0f} min left"
        if not end:
            width = shutil.get_terminal_size().columns - 1
            text = "\r" + text[:width].ljust(width)
        print(text, end=end if done < total else "\n", flush=True)


def main() -> int:
    options = _options()
    folder = options.folder.resolve()
    journey = _read(options)
    first_seen = folder / "started-at"
    now = _remembered_now(first_seen)
    moved = weeks_to_move(journey, now=now)
    if options.baskets:
        journey = first_baskets(journey, options.baskets)
    assignment = assign(journey)
    print(
        f"{len(journey.baskets):,} baskets, moved by {moved.days // 7} weeks to end in the past week",
        flush=True,
    )
    with Stack(CHECKOUT, folder, port=options.port) as stack:
        with closing(Client(stack.address, f"Bearer {stack.token}")) as client:
            load(client, journey, assignment, moved=moved, say=print)
        driver = Driver(
            base_url=stack.address,
            keys=stack.terminal_keys(journey.stores, TERMINAL),
            codes=assignment.codes_of,
            moved=moved,
            path=folder / "outcomes.jsonl",
            senders=options.senders,
            progress=Progress(),
        )
        seconds, sent = driver.run(journey.baskets)
        result = tally(read_outcomes(folder / "outcomes.jsonl"))
        database = stack.sums()
    lines = list(report(journey, assignment, result, database))
    if sent:
        rate_lines = result.lines / max(result.baskets, 1) * sent / seconds
        lines.append(
            f"This run: {sent:,} baskets, evaluated and committed, in {seconds / 60:.1f} min: "
            f"{sent / seconds:,.0f} baskets/s, {rate_lines:,.0f} lines/s"
        )
    print("\n".join(["", *lines]))
    (folder / "report.txt").write_text("\n".join(lines) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("--sample", type=Path, help="a sample file instead of the whole year")
    parser.add_argument("--baskets", type=int, help="only the first baskets of the year")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".local" / "replay")
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--senders", type=int, default=4, help="connections that send at once")
    return parser.parse_args()


def _read(options: argparse.Namespace) -> Journey:
    print("Reading the recorded sales ...", flush=True)
    return read_sample(options.sample) if options.sample else read_package()


def first_baskets(journey: Journey, count: int) -> Journey:
    """Return the journey until its first baskets end: later redemptions have nothing that could explain them."""
    baskets = journey.baskets[:count]
    last = max(basket.local_date for basket in baskets)
    return replace(journey, baskets=baskets, redemptions=[r for r in journey.redemptions if r.day < last])


def _remembered_now(path: Path) -> datetime:
    """The moment of the first run: a resumed run must move the dates by the same weeks, or tickets would differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(datetime.now(UTC).isoformat())
    return datetime.fromisoformat(path.read_text())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run it again to go on.")
    except (ApiError, LoadFailed, StackFailed, ImportError, OSError, subprocess.SubprocessError) as problem:
        notes = "".join(f"\n({note})" for note in getattr(problem, "__notes__", ()))
        sys.exit(f"\nThe replay stopped: {problem}{notes}")
