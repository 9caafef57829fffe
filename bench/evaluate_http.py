"""Target 4: evaluate over HTTP with 16 connections, against the bare view served in the same way."""

from __future__ import annotations

from typing import Any

from bench import corpus
from bench.installation import Installation
from bench.load import Load, drive, request_bytes
from bench.scene import bodies, publish_exactly
from bench.tables import at_least, at_most, table

TITLE = "Target 4: evaluate over HTTP, 16 connections"
WHY_MISSED = """
Where the target is missed, and why: the server, the database and the sender of the requests share the machine's cores.
Without them (target 3) evaluating costs hardly more than the bare view; here each request also waits for its one query,
which the bare view has not: the plan's version with prices for anybody, and with all that is known of the customer for
a known one. Two processes on a machine of their own would share less.
"""
TARGETS = {"anonymous": 0.8, "known customer": 0.45}
CONNECTIONS = 16
BARE = "bare echo"


def measure(installation: Installation) -> dict[str, Any]:
    """Return requests per second, times and ratios by the number of campaigns."""
    scene, by_campaigns = installation.scene, {}
    url = f"{installation.address}/api/v1/baskets/evaluate/"
    headers = {"Authorization": f"Api-Key {scene.key}"}
    made = bodies(scene.customer)
    requests = {BARE: (installation.echo, request_bytes(installation.echo, made["anonymous"], {}))}
    requests |= {name: (url, request_bytes(url, body, headers)) for name, body in made.items()}
    for name, documents in corpus.steps():
        print(f"  {name} ...", flush=True)
        publish_exactly(documents)
        by_campaigns[name] = interleaved(requests)
    return {"codes": scene.codes, "campaigns": by_campaigns}


def interleaved(
    requests: dict[str, tuple[str, bytes]], *, rounds: int = 5, seconds: float = 3.0
) -> dict[str, Any]:
    """Drive each request in turn; return the best round of each, and what that is to the bare view's best.

    The best, on both sides of a ratio: what else the machine does only ever slows a round down.
    """
    for url, request in requests.values():
        drive(url, [request], connections=CONNECTIONS, seconds=1)
    seen: dict[str, list[Load]] = {name: [] for name in requests}
    for _ in range(rounds):
        for name, (url, request) in requests.items():
            load = drive(url, [request], connections=CONNECTIONS, seconds=seconds)
            if set(load.statuses) != {200}:
                raise RuntimeError(f"{name}: {load.statuses}")
            seen[name].append(load)
    best = {name: max(loads, key=lambda load: load.requests_per_second) for name, loads in seen.items()}
    bare = best[BARE].requests_per_second
    return {
        name: {
            "requests/s": load.requests_per_second,
            "p50 ms": load.p50,
            "p99 ms": load.p99,
            "ratio": load.requests_per_second / bare,
        }
        for name, load in best.items()
    }


def rows(figures: dict[str, Any]) -> str:
    """Return the section: for each number of campaigns the bare view and ours."""
    measured: list[tuple[object, ...]] = []
    for campaigns, by_request in figures["campaigns"].items():
        for name, found in by_request.items():
            measured.append((campaigns, name, *_cells(found), *_verdicts(campaigns, name, found)))
    head = (
        *("campaigns", "request", "requests/s", "p50 ms", "p99 ms", "p99 / p50 (<= 5)"),
        *("x bare echo", "target"),
    )
    return f"The code pool holds {figures['codes']:,} codes.\n\n" + table(head, measured)


def _cells(found: dict[str, float]) -> tuple[str, ...]:
    spread = found["p99 ms"] / found["p50 ms"]
    return (
        f"{found['requests/s']:,.0f}",
        f"{found['p50 ms']:.1f}",
        f"{found['p99 ms']:.1f}",
        f"{spread:.1f} {at_most(spread, 5)}",
    )


def _verdicts(campaigns: str, name: str, found: dict[str, float]) -> tuple[str, str]:
    if name == BARE:
        return "", ""
    ratio, target = found["ratio"], TARGETS[name]
    verdict = "no target" if campaigns == corpus.MIX else f">= {target}: {at_least(ratio, target)}"
    return f"{ratio:.2f}", verdict
