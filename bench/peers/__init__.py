"""Target 2: other products' engines on the same campaigns and baskets, in the same run, with equal answers.

Nothing of theirs belongs to Fiel or to its tests: ``make bench-peers`` installs them into ``.local/peers`` first. Each runs in a
process of its own and is measured there; Fiel's engine runs in the same way right before and right after it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.installation import CHECKOUT, Installation, Unavailable
from bench.peers import reads, scenes
from bench.tables import at_least, table
from config.local.postgres import start_postgres

TITLE = "Target 2: against other engines"
WHY_MISSED = """
Where a target is missed, and why: every row without a campaign that concerns the basket is reached, since what a campaign
costs that does not concern it is next to nothing. With five that apply, most of Fiel's time is theirs: it shares each discount
among the lines, rounds it by the policy and explains it, which not all of the others do.
"""
HERE = Path(__file__).resolve().parent
FOLDER = CHECKOUT / ".local" / "peers"
# Seconds of calls for each scene; a call of some peers takes longer than that.
SECONDS = 1.0
PATIENCE = 1_800
MEDUSA_PORT = 8219


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`targets` says by number of campaigns how many times as long as Fiel it should take."""

    name: str
    what: str
    command: tuple[str, ...]
    targets: dict[int, int]
    with_reads: bool = False


_PYTHON, _NODE = str(FOLDER / "venv" / "bin" / "python"), "node"
PEERS = (
    Peer(
        name="Vendure",
        what="OrderCalculator with its own condition and action, nothing read",
        command=(_NODE, str(HERE / "vendure.cjs")),
        targets={100: 100, 1_000: 1_000},
    ),
    Peer(
        name="zen-engine",
        what="one decision table; says which campaigns apply, no reasons or allocation",
        command=(_PYTHON, str(HERE / "zen_engine.py")),
        targets={100: 15, 1_000: 100, 10_000: 1_000},
    ),
    Peer(
        name="django-oscar",
        what="Applicator, offers read from SQLite in memory",
        command=(_PYTHON, str(HERE / "django_oscar.py")),
        targets={100: 5_000},
    ),
    Peer(
        name="Medusa",
        what="computeActions, promotions read from PostgreSQL; Fiel's whole request with its query",
        command=(_NODE, str(HERE / "medusa.cjs")),
        targets={100: 50, 10_000: 150},
        with_reads=True,
    ),
)


def measure(installation: Installation) -> dict[str, Any]:
    """Return for each peer and scene the microseconds of both. Raises Unavailable before `make bench-peers`."""
    if not (FOLDER / "installed").exists() or shutil.which(_NODE) is None:
        raise Unavailable("the other engines are not installed; run make bench-peers")
    figures: dict[str, Any] = {}
    with _database() as address:
        for peer in PEERS:
            print(f"  {peer.name} ...", flush=True)
            figures[peer.name] = _compare(peer, address, installation)
    return figures


def _compare(peer: Peer, database: str, installation: Installation) -> dict[str, Any]:
    asked = {
        f"{count} {concerned}": scenes.scene(count, concerned)
        for count in peer.targets
        for concerned in (scenes.CONCERNED, 0)
    }
    settings = {"seconds": SECONDS, "database": database, "scenes": asked}
    fiel = (sys.executable, "-m", "bench.peers.fiel")
    runs = [
        _run("fiel", fiel, settings),
        _run(peer.name, peer.command, settings),
        _run("fiel", fiel, settings),
    ]
    _require_equal_answers(peer, runs)
    theirs, ours = runs[1]["sizes"], [runs[0]["sizes"], runs[2]["sizes"]]
    whole = {count: reads.measure(installation, count) for count in peer.targets if peer.with_reads}
    rows = []
    for name in asked:
        count, concerned = (int(part) for part in name.split())
        fiel_microseconds = min(run[name]["microseconds"] for run in ours)
        rows.append(
            {
                "campaigns": count,
                "concerned": concerned,
                "theirs": theirs[name]["microseconds"],
                "fiel": whole.get(count, {}).get(concerned, fiel_microseconds),
                "target": peer.targets[count],
            }
        )
    return {"version": runs[1]["version"], "rows": rows}


def _require_equal_answers(peer: Peer, runs: list[dict[str, Any]]) -> None:
    for run in runs:
        for name, found in run["sizes"].items():
            expected = scenes.answer(int(name.split()[1]))
            if found["discounts"] != expected:
                raise RuntimeError(f"{peer.name}, {name}: {found['discounts']} and not {expected}")


def _run(name: str, command: tuple[str, ...], settings: dict[str, Any]) -> dict[str, Any]:
    """Run one engine on the scenes in a process of its own and return its answers."""
    asked, answered, log = (FOLDER / f"{name}.{kind}" for kind in ("scenes.json", "answers.json", "log"))
    asked.write_text(json.dumps(settings))
    answered.unlink(missing_ok=True)
    environment = os.environ | {"NODE_PATH": str(FOLDER / "node_modules")}
    with log.open("wb") as output:
        done = subprocess.run(
            [*command, str(asked), str(answered)],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=output,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode != 0 or not answered.exists():
        raise OSError(f"{name} failed; see {log}")
    answer: dict[str, Any] = json.loads(answered.read_text())
    return answer


@contextmanager
def _database() -> Iterator[str]:
    """Start an empty PostgreSQL for the peer that keeps its promotions in one; yield its address."""
    folder = FOLDER / "postgres"
    shutil.rmtree(folder, ignore_errors=True)
    server = start_postgres(
        folder, durable=False, extra={"listen_addresses": "127.0.0.1", "port": str(MEDUSA_PORT)}
    )
    try:
        yield f"postgresql://fiel@127.0.0.1:{MEDUSA_PORT}/fiel"
    finally:
        server.stop()


def rows(figures: dict[str, Any]) -> str:
    """Return the section: one table, a row for each peer and scene."""
    measured: list[tuple[object, ...]] = []
    for peer in PEERS:
        for row in figures[peer.name]["rows"]:
            times = row["theirs"] / row["fiel"]
            measured.append(
                (
                    f"{peer.name} {figures[peer.name]['version']}",
                    f"{row['campaigns']:,}",
                    row["concerned"],
                    f"{row['theirs']:,.0f}",
                    f"{row['fiel']:,.0f}",
                    f"{times:,.0f}" if times >= 10 else f"{times:.1f}",
                    f"{row['target']:,}",
                    at_least(times, row["target"]) + ("" if times >= 1 else ", Fiel is slower"),
                )
            )
    what = "\n".join(f"- {peer.name}: {peer.what}." for peer in PEERS)
    head = (
        "engine",
        "campaigns",
        "concern the basket",
        "theirs, µs",
        "Fiel, µs",
        "times as long",
        "target",
        "",
    )
    return (
        f"Each campaign takes 10 % off one product; the basket has {scenes.LINES} lines. The answers are compared and are equal.\n"
        "Best time of at least three calls, each engine in its own process; Fiel works out reasons, limits and allocation as it\n"
        f"always does. `make bench-peers` installs and measures them.\n\n{what}\n\n" + table(head, measured)
    )
