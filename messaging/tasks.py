"""The jobs of messages. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.tasks import wake_jobs
from messaging.local.switch import is_imitated
from messaging.local.twilio import advance_deliveries
from messaging.services.approvals import refresh_approvals
from messaging.services.delivery import deliver_due as deliver
from messaging.services.delivery import sweep_expired_leases
from messaging.services.heartbeat import record_heartbeat
from messaging.services.mailing_clock import advance_mailings as advance
from messaging.services.planning import plan_all
from messaging.webhooks.services.delivery import MOST_SENDERS, senders_at_work, sweep
from messaging.webhooks.services.delivery import deliver_due as deliver_due_webhooks
from messaging.webhooks.services.retention import purge_events


@shared_task
def plan_messages(**_kwargs: Any) -> None:
    at = timezone.now()
    record_heartbeat(job="plan_messages", at=at, summary=plan_all(at=at, every_minute=False))


@shared_task
def plan_notices(**_kwargs: Any) -> None:
    at = timezone.now()
    record_heartbeat(job="plan_notices", at=at, summary=plan_all(at=at, every_minute=True))


@shared_task
def advance_mailings(**_kwargs: Any) -> None:
    at = timezone.now()
    summary = advance(at=at)
    if summary["begun"]:
        wake_jobs()
    record_heartbeat(job="advance_mailings", at=at, summary=summary)


@shared_task
def deliver_due(**_kwargs: Any) -> None:
    summary = deliver(clock=timezone.now)
    record_heartbeat(job="deliver_due", at=timezone.now(), summary=summary.as_document())


@shared_task
def sweep_leases(**_kwargs: Any) -> None:
    at = timezone.now()
    requeued, in_doubt = sweep_expired_leases(at=at)
    record_heartbeat(job="sweep_leases", at=at, summary={"requeued": requeued, "in_doubt": in_doubt})


@shared_task
def fetch_approvals(**_kwargs: Any) -> None:
    at = timezone.now()
    record_heartbeat(job="fetch_approvals", at=at, summary=refresh_approvals(at=at))


@shared_task
def advance_local_deliveries(**_kwargs: Any) -> None:
    if is_imitated():
        advance_deliveries(at=timezone.now())


@shared_task
def deliver_webhooks(**_kwargs: Any) -> None:
    at = timezone.now()
    requeued, closed = sweep(at=at)
    summary = {"requeued": requeued, "closed": closed}
    if senders_at_work(at=at) < MOST_SENDERS:
        summary |= deliver_due_webhooks(clock=timezone.now).as_document()
    record_heartbeat(job="deliver_webhooks", at=timezone.now(), summary=summary)


@shared_task
def purge_webhooks(**_kwargs: Any) -> None:
    purge_events(at=timezone.now())
