"""The jobs of messages. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

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

# A wake-up that nobody heard within a minute is worthless: the scheduler's own has come.
_WAKE_SECONDS = 55
_WOKEN = "messaging:senders-woken"


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
    # Whoever asks from now on wants another look.
    _forget_wake_up()
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


def wake_senders() -> None:
    """Ask a sender to look now, unless one is asked already; without a broker the next minute does.

    A till asks for each receipt: while a mailing is sent, as many runs would wait as were asked for.
    """
    from kombu.exceptions import OperationalError

    try:
        if not cache.add(_WOKEN, 1, timeout=_WAKE_SECONDS):
            return
        deliver_due.apply_async(retry=False, expires=_WAKE_SECONDS)
    except (OperationalError, RedisError):
        return


def _forget_wake_up() -> None:
    try:
        cache.delete(_WOKEN)
    except RedisError:
        return
