"""What a fault run came to, and the page that says so."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
STORED = CHECKOUT / "docs" / "reliability.json"
PAGE = CHECKOUT / "docs" / "reliability.md"

_HEAD = """# Reliability

What Fiel promises when several tills act at once, a network breaks, or a process is killed, and how that was tried. `make faults` runs all of
it and writes this page; `make faults ARGS="--quick"` takes smaller sizes, `ARGS="--only T5,T9"` some of the tests, `ARGS=--help` lists the rest. It fails
when a target is missed, but for one that the page calls missed and says why.

The processes are real: PostgreSQL, durable, as a child that can be killed (`kill -9` of the server and all its children), the web server as
`make run` starts it, with eight workers, and for T16 pgbouncer (Debian, Ubuntu: `sudo apt-get install pgbouncer`; without it, `ARGS="--without T16"`). Tills send again whatever was not answered, and remember every answer. After each test
the whole database is held against every promise ([tests/world.py](../tests/world.py)): balances are the sums of their entries, counters are what stands in their
window, a code is used by sales that stand, no sale gives back more than it took.

Messages (T10, T13) leave by the senders, workers and schedulers that `make run` starts, each a process of its own that T13 kills and starts again, to a
provider of text messages in a process of its own ([tests/faults/provider_process.py](../tests/faults/provider_process.py)). Nobody kills that one: its log is what customers
received, and every message of the outbox is held against it. It answers late or not at all, refuses, and reports twice and in any order. A sender that dies between its last
commit and the provider leaves a message in doubt that was not received: it is shown, and not sent again ([decision 50](decisions/0050-outbox-and-in-doubt.md)).

T14 has three schedulers do their work on the days when clocks change, T34 forges reports, T43 has people take their consent back while senders send,
T46 goes through eight hundred days of birthdays.

The codes of stored values are money: T32 guesses them, T33 asks whether an answer or its time tells which of them exist.

Every test but that of speed (T12) has a **negative control**: what somebody would write first, under the same conditions. It has to fail, or
the test would prove nothing ([tests/faults/controls.py](../tests/faults/controls.py), [naive_messages.py](../tests/faults/naive_messages.py),
[naive_schedulers.py](../tests/faults/naive_schedulers.py)).

The last column says with which command a line was measured, when, at which revision, how long it took, and how busy the machine was with other
work when it began (load average of a minute). `--quick` there means: at a smaller size than `make faults` takes.

"""

_TAIL = """
## Beside these

- **Any sequence.** A state machine sells, repeats, returns, cancels, lets days pass, expires, adjusts and answers surveys, sells, loads, blocks, replaces,
  takes back and pays with gift cards, e-purses, vouchers and credit notes in any order, and is held after every step against a ledger in memory ([tests/pos_api/value_machine.py](../tests/pos_api/value_machine.py)): 20 runs of 20 steps in `make test`, 2,000 of 50 in `make test-deep`. In every
  tenth step and at the end of a run it is held against all promises over the database, too.
- **At the end of each test that commits** the same promises are checked; each has a fault that breaks it
  ([tests/pos_api/test_world.py](../tests/pos_api/test_world.py)).
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the page. `control` says what the naive way came to.

    `missed_because` explains a target that is known to be missed: the page says so, and the run does not fail for it.
    """

    test: str
    what: str
    target: str
    figure: str
    is_reached: bool
    missed_because: str = ""
    control: str = ""
    control_failed: bool = True

    @property
    def is_good(self) -> bool:
        return (self.is_reached or bool(self.missed_because)) and self.control_failed


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done and what came of it, not yet held against a target."""

    what: str
    figure: str
    is_reached: bool
    missed_because: str = ""

    def against(self, *, test: str, target: str, control: str, control_failed: bool = True) -> Result:
        return Result(
            test=test,
            what=self.what,
            target=target,
            figure=self.figure,
            is_reached=self.is_reached,
            missed_because="" if self.is_reached else self.missed_because,
            control=control,
            control_failed=control_failed,
        )


def of_this_run(result: Result, *, quick: bool, seconds: float, load: float) -> dict[str, Any]:
    """Return a result with what the page says of its run; `load` is the load average before it."""
    return asdict(result) | {
        "quick": quick,
        "seconds": round(seconds),
        "load": round(load, 1),
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": _revision(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}",
    }


def _revision() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def read() -> dict[str, Any]:
    return json.loads(STORED.read_text()) if STORED.exists() else {}


def write(runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the runs, and write the page again."""
    ordered = {name: runs[name] for name in sorted(runs, key=lambda name: int(name[1:]))}
    STORED.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(ordered))


def page(runs: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["| | test | target | figure | | negative control | run |", "|---|---|---|---|---|---|---|"]
    for name, run in runs.items():
        control = run["control"] + ("" if run["control_failed"] else " (**did not fail**)")
        command = f"`--only {name}{' --quick' if run['quick'] else ''}`"
        when = f"{command}, {run['measured_at']}, {run['revision']}, {run['seconds']} s, load {run['load']}"
        cells = (name, run["what"], run["target"], run["figure"], verdict(run), control, when)
        lines.append("| " + " | ".join(cells) + " |")
    machines = "; ".join(dict.fromkeys(run["machine"] for run in runs.values()))
    return _HEAD + "\n".join(lines) + f"\n\nMachine: {machines}.\n" + _TAIL


def verdict(run: Mapping[str, Any]) -> str:
    """Say whether the target was reached, and why not where that is known."""
    if run["is_reached"]:
        return "reached"
    return f"**missed**: {run['missed_because']}" if run["missed_because"] else "**not reached**"


class Stopwatch:
    """Says how long each phase of a test took, for whoever wonders where its minutes go."""

    def __init__(self, test: str) -> None:
        self._test, self._since = test, time.monotonic()

    def note(self, phase: str) -> None:
        """End a phase; the next one begins."""
        now = time.monotonic()
        say(f"{self._test}: {phase}: {now - self._since:.0f} s")
        self._since = now


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
