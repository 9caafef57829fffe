"""Target 11: no limit below 10,000 active campaigns, 500 lines a basket and 1,000,000 codes a pool; and their memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench import corpus
from bench.installation import CHECKOUT, Installation, Unavailable
from bench.load import Load, drive, request_bytes
from bench.scene import Scene, bodies, publish_exactly
from bench.tables import at_most, table

TITLE = "Target 11: no limit below 10,000 campaigns, 500 lines, 1,000,000 codes"
WHY_MISSED = ""
CAMPAIGNS = 10_000
LINES = 500
MEGABYTES = 60
SECONDS = 2.0


def measure(installation: Installation) -> dict[str, Any]:
    """Return the memory of a web process with and without campaigns, and times at the limits over one connection."""
    if sys.platform != "linux":
        raise Unavailable("memory is read from /proc, which only Linux has")
    scene = installation.scene
    publish_exactly([])
    without = _megabytes(scene)
    publish_exactly(corpus.campaigns(CAMPAIGNS))
    alike = _megabytes(scene)
    publish_exactly(corpus.realistic(CAMPAIGNS))
    mixed = _megabytes(scene)
    publish_exactly(corpus.campaigns(CAMPAIGNS))
    code, plan = _code_and_its_plan()
    basket = json.loads(bodies(scene.customer)["known customer"])
    times = {
        "20 lines": basket,
        "20 lines with one of the codes": basket | {"promo_codes": [code]},
        f"{LINES} lines": json.loads(bodies(scene.customer, LINES)["known customer"]),
        f"{LINES} lines with one of the codes": json.loads(bodies(scene.customer, LINES)["known customer"])
        | {"promo_codes": [code]},
    }
    return {
        "campaigns": CAMPAIGNS,
        "codes": scene.codes,
        "megabytes": {
            "no campaign": without,
            f"{CAMPAIGNS:,} campaigns": alike,
            f"{corpus.MIX} campaigns": mixed,
        },
        "milliseconds": {
            name: _alone(installation, scene, json.dumps(document).encode()).p50
            for name, document in times.items()
        },
        "plan of a look-up": plan,
    }


def _megabytes(scene: Scene) -> float:
    """Return the memory of a fresh process that has evaluated; the least of three."""
    found = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-m", "bench.process", scene.key],
            input=bodies(scene.customer)["anonymous"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        )
        found.append(json.loads(done.stdout.splitlines()[-1])["megabytes"])
    return min(found)


def _alone(installation: Installation, scene: Scene, body: bytes) -> Load:
    url = f"{installation.address}/api/v1/baskets/evaluate/"
    request = request_bytes(url, body, {"Authorization": f"Api-Key {scene.key}"})
    drive(url, [request], connections=1, seconds=0.5)
    load = drive(url, [request], connections=1, seconds=SECONDS)
    if set(load.statuses) != {200}:
        raise RuntimeError(f"evaluate: {load.statuses}")
    return load


def _code_and_its_plan() -> tuple[str, str]:
    """Return a code from the middle of the pool, and how the database finds it."""
    from django.db import connection

    from campaigns.models import PromoCode

    codes = PromoCode.objects.filter(pool__code="bench")
    code = codes.order_by("pk").values_list("code", flat=True)[codes.count() // 2]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_promocode")
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT id FROM campaigns_promocode WHERE code = ANY(%s::text[])", [[code]]
        )
        explained = cursor.fetchone()[0]
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    while "Index Name" not in plan and plan.get("Plans"):
        plan = plan["Plans"][0]
    return code, f"{plan['Node Type']} on {plan.get('Index Name', plan.get('Relation Name', ''))}"


def rows(figures: dict[str, Any]) -> str:
    """Return the section: memory against its target, then times at the limits."""
    memory = figures["megabytes"]
    none = memory["no campaign"]
    measured: list[tuple[object, ...]] = [("no campaign", f"{none:.0f}", "", "")]
    for name, value in list(memory.items())[1:]:
        verdict = at_most(value - none, MEGABYTES)
        measured.append((name, f"{value:.0f}", f"{value - none:.0f}", verdict))
    times: list[tuple[object, ...]] = [
        (name, f"{value:.2f}") for name, value in figures["milliseconds"].items()
    ]
    return (
        table(("a web process with", "MB", f"more (target <= {MEGABYTES})", ""), measured)
        + f"\nOne evaluate after the other, a known customer, {figures['campaigns']:,} campaigns, a pool of {figures['codes']:,} codes:\n\n"
        + table(("basket", "milliseconds (median)"), times)
        + f"\nA code is found by: {figures['plan of a look-up']}.\n"
    )
