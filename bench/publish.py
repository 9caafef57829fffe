"""Target 6: publishing is honoured by the next evaluate in every process, and costs running requests little."""

from __future__ import annotations

import json
import statistics
import threading
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from bench import corpus
from bench.installation import Installation
from bench.load import drive, request_bytes
from bench.scene import bodies, publish_exactly
from bench.tables import at_most, table

TITLE = "Target 6: publishing"
WHY_MISSED = """
Where the target is missed, and why: a process reads and checks every campaign anew when it starts, and only then; the
requests of other processes go on meanwhile. A publication changes the plan that a process has, which takes milliseconds.
"""
CAMPAIGNS = 10_000
PUBLISHED = 20
FRESH_CONNECTIONS = 12


def rebuild_seconds() -> float:
    """Return the seconds that a process with no plan needs for the current one."""
    from campaigns import loader
    from campaigns.selectors import current_plan_version

    version = current_plan_version()
    times = []
    for _ in range(3):
        loader.forget_plans()
        started = time.perf_counter()
        loader.plan_for(version)
        times.append(time.perf_counter() - started)
    return min(times)


def _publish(number: int) -> int:
    from django.utils import timezone

    from campaigns.selectors import current_plan_version
    from campaigns.services import campaigns as services

    code = f"near-{number}"
    at = timezone.now()
    document = corpus.concerned()[number] | {"starts_at": "2020-01-01T00:00:00Z", "description": str(at)}
    services.save_campaign(code=code, document=document, version=None, user=None, at=at)
    services.publish_campaign(code=code, user=None, at=at)
    return current_plan_version()


def _seen_versions(address: str, key: str, body: bytes) -> list[int]:
    """Evaluate over fresh connections, so that every web process answers some of them."""
    versions = []
    for _ in range(FRESH_CONNECTIONS):
        connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
        headers = {"Authorization": f"Api-Key {key}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/baskets/evaluate/", body, headers)
        versions.append(json.loads(connection.getresponse().read())["plan_version"])
        connection.close()
    return versions


def measure(installation: Installation, *, seconds: float = 6.0) -> dict[str, Any]:
    """Return the rebuild time, how many evaluates missed a publication, and p99 with and without publications."""
    scene, address = installation.scene, installation.address
    publish_exactly(corpus.campaigns(CAMPAIGNS))
    rebuilt = rebuild_seconds()
    body = bodies(scene.customer)["anonymous"]
    late = 0
    publishing = []
    for number in range(PUBLISHED):
        started = time.perf_counter()
        version = _publish(number % corpus.NEAR)
        publishing.append(time.perf_counter() - started)
        late += sum(seen < version for seen in _seen_versions(address, scene.key, body))
    url = f"{address}/api/v1/baskets/evaluate/"
    request = request_bytes(url, body, {"Authorization": f"Api-Key {scene.key}"})
    quiet = drive(url, [request], connections=16, seconds=seconds)
    stop = threading.Event()

    def keep_publishing() -> None:
        number = 0
        while not stop.wait(0.5):
            _publish(number % corpus.NEAR)
            number += 1

    publisher = threading.Thread(target=keep_publishing)
    publisher.start()
    busy = drive(url, [request], connections=16, seconds=seconds)
    stop.set()
    publisher.join()
    return {
        "campaigns": CAMPAIGNS,
        "publications": PUBLISHED,
        "evaluates that missed a publication": late,
        "milliseconds to publish one campaign": statistics.median(publishing) * 1000,
        "seconds to rebuild the whole plan": rebuilt,
        "p99 ms quiet": quiet.p99,
        "p99 ms while publishing twice a second": busy.p99,
        "p99 while publishing / quiet": busy.p99 / quiet.p99,
    }


def rows(figures: dict[str, Any]) -> str:
    """Return the section: what a publication costs, and whom."""
    late, rebuild = (
        figures["evaluates that missed a publication"],
        figures["seconds to rebuild the whole plan"],
    )
    ratio, each = figures["p99 while publishing / quiet"], figures["milliseconds to publish one campaign"]
    missed = f"evaluates that missed one of {figures['publications']} publications"
    return table(
        ("figure", "target", "measured", ""),
        [
            (missed, "0", late, at_most(late, 0)),
            (
                f"seconds to rebuild {figures['campaigns']:,} campaigns",
                "<= 0.5",
                f"{rebuild:.2f}",
                at_most(rebuild, 0.5),
            ),
            ("p99 while publishing / quiet", "<= 3", f"{ratio:.1f}", at_most(ratio, 3)),
            ("milliseconds to publish one campaign", "", f"{each:.0f}", ""),
        ],
    )
