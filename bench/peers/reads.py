"""Fiel's whole evaluate request on the peers' scenes: key, decoding, its query, engine and answer."""

from __future__ import annotations

import json

from bench.evaluate_cpu import call, environ
from bench.installation import Installation
from bench.peers import fiel, scenes


def measure(installation: Installation) -> dict[int, float]:
    """Return wall microseconds of a request by number of campaigns that concern its basket.

    Among 10,000 campaigns, also where a peer has fewer: the number makes no difference to Fiel.
    """
    from time import perf_counter

    from bench.scene import publish_up_to

    key = installation.scene.key
    publish_up_to(10_000)
    _publish_concerned()
    from config.wsgi import application

    times = {}
    for concerned in (scenes.CONCERNED, 0):
        document = fiel.basket(scenes.scene(0, 0))
        if not concerned:
            for line in document["lines"]:
                line["sku"] = f"NONE-{line['line']}"
        request = environ("/api/v1/baskets/evaluate/", json.dumps(document).encode(), key)
        body = json.loads(call(application, request))
        found = {line["sku"]: line["discount"] for line in body["lines"] if line["discount"] != "0.00"}
        expected = {
            sku: f"{cents // 100}.{cents % 100:02d}" for sku, cents in scenes.answer(concerned).items()
        }
        if found != expected:
            raise RuntimeError(f"Fiel's request, {concerned} concerned: {found} and not {expected}")
        best = float("inf")
        for _ in range(500):
            started = perf_counter()
            call(application, request)
            best = min(best, perf_counter() - started)
        times[concerned] = best * 1e6
    return times


def _publish_concerned() -> None:
    """Publish the campaigns that concern the peers' basket, beside those that are there."""
    from django.utils import timezone

    from campaigns.models import Campaign
    from campaigns.services import campaigns as services

    for document in fiel.documents(scenes.scene(scenes.CONCERNED, scenes.CONCERNED)):
        if not Campaign.objects.filter(code=document["code"]).exists():
            at = timezone.now()
            services.create_campaign(
                document=document | {"starts_at": "2020-01-01T00:00:00Z"}, user=None, at=at
            )
            services.publish_campaign(code=document["code"], user=None, at=at)
