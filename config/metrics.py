"""`/metrics` for Prometheus: what is waiting and who is working, read from the database when asked.

Requests are not counted here, so that a till's request pays nothing; the web server counts them
(GRANIAN_METRICS_ENABLED=true) and the proxy knows their times.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from messaging.models import JobHeartbeat
from messaging.selectors.outbox import oldest_due_at, unsettled
from messaging.webhooks.models import OPEN_STATES, WebhookDelivery


class _InstallationCollector(Collector):
    def collect(self) -> Iterable[GaugeMetricFamily]:
        now = timezone.now()
        messages = GaugeMetricFamily(
            "fiel_messages_unsettled", "Messages without an outcome", labels=["state"]
        )
        for state, number in unsettled().items():
            messages.add_metric([state], number)
        yield messages

        oldest = oldest_due_at(at=now)
        late = (now - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily(
            "fiel_messages_late_seconds", "How long the oldest due message waits", value=late
        )

        open_webhooks = WebhookDelivery.objects.filter(state__in=OPEN_STATES, endpoint__is_active=True)
        oldest = open_webhooks.aggregate(queued=Min("queued_at"))["queued"]
        yield GaugeMetricFamily(
            "fiel_webhooks_late_seconds",
            "How long the oldest event waits for its endpoint to accept it",
            value=max((now - oldest).total_seconds(), 0) if oldest else 0,
        )

        jobs = GaugeMetricFamily(
            "fiel_job_age_seconds", "Time since a periodic job last ended", labels=["job"]
        )
        for heartbeat in JobHeartbeat.objects.order_by("job"):
            jobs.add_metric([heartbeat.job], (now - heartbeat.finished_at).total_seconds())
        yield jobs


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scraper that sends `Authorization: Bearer <FIEL_METRICS_TOKEN>`; without a token there is no page."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=404)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_InstallationCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
