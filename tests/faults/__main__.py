"""``make faults``: many tills at once, cut connections, killed web servers, databases, senders and brokers, against real processes.

Writes docs/reliability.md and ends with 1 when a target is missed or a negative control does not fail.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.pooler import require_program
from tests.faults.results import Result, of_this_run, read, say, verdict, write
from tests.faults.rig import CHECKOUT, Rig

ORDER = (
    "T1",
    "T2",
    "T3",
    "T4",
    "T5",
    "T6",
    "T8",
    "T9",
    "T10",
    "T12",
    "T13",
    "T14",
    "T15",
    "T16",
    "T32",
    "T33",
    "T34",
    "T43",
    "T46",
)
# What runs as a part of another test.
WITHIN = {"T7": "T1"}


def scenarios() -> dict[str, Callable[..., list[Result]]]:
    # Their imports need the settings that the rig provides.
    from tests.faults import (
        birthdays,
        broker,
        clocks,
        consents,
        expiry,
        forged,
        guesses,
        kills,
        limits,
        mailings,
        pooled,
        purses,
        tickets,
    )

    return {
        "T1": tickets.transfer,
        "T2": tickets.idempotence,
        "T3": tickets.indefinite,
        "T4": purses.purse,
        "T5": limits.limit,
        "T6": limits.revert,
        "T8": kills.web,
        "T9": kills.postgres,
        "T10": broker.lost_broker,
        "T12": limits.hot_row,
        "T13": mailings.interrupted_mailing,
        "T14": clocks.clock_changes,
        "T15": expiry.expiry,
        "T16": pooled.transaction_pooling,
        "T32": guesses.brute_force,
        "T33": guesses.oracle,
        "T34": forged.forged,
        "T43": consents.consents,
        "T46": birthdays.birthdays,
    }


def run(names: list[str], *, folder: Path, quick: bool, keep: bool) -> bool:
    """Run the named tests one after the other, telling what each came to; return whether all is as it should be.

    `keep` writes each to the page as soon as it is through.
    """
    is_good = True
    with Rig(folder) as rig:
        known = scenarios()
        for name in names:
            started, load = time.monotonic(), os.getloadavg()[0]
            results = known[name](rig, quick=quick)
            seconds = time.monotonic() - started
            lines = {one.test: of_this_run(one, quick=quick, seconds=seconds, load=load) for one in results}
            for one in results:
                is_good = is_good and one.is_good
                failed = "" if one.control_failed else " (DID NOT FAIL)"
                found = verdict(lines[one.test])
                say(f"{one.test} {found} ({seconds:.0f} s): {one.figure}\n    control: {one.control}{failed}")
            if keep:
                write(read() | lines)
    return is_good


def _names(text: str) -> list[str]:
    names = [WITHIN.get(name.strip(), name.strip()) for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in ORDER]
    if unknown:
        raise argparse.ArgumentTypeError(f"no test {', '.join(unknown)}; there are {', '.join(ORDER)}")
    return [name for name in ORDER if name in names]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(ORDER), metavar=",".join(ORDER))
    parser.add_argument(
        "--without", type=_names, default=[], metavar="T16", help="leave some out; their lines stay"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes: some minutes instead of an hour")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".local" / "faults")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        sys.exit("The fault runs find the children of a process in /proc, which only Linux has.")
    names = [name for name in options.only if name not in options.without]
    if "T16" in names:
        require_program()
    # Asked to end, it ends its children too: they would go on serving.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    is_good = run(names, folder=options.folder.resolve(), quick=options.quick, keep=not options.dry)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
