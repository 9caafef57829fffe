"""The Celery application and the one table of periodic jobs.

The database is the queue: a job asks it "what is due now?", claims rows and commits. Celery only gives the
tick and the processes. So every job may run late, twice, or in two places at once; none takes arguments.
"""

import os
import time
from typing import Any

from celery import Celery
from celery.schedules import crontab, schedule
from celery.signals import beat_init, before_task_publish, worker_process_init, worker_ready
from django.conf import settings

from config.local.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("fiel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # A task that a dying worker held runs again; each one is safe to repeat.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # Outcomes are rows in the database.
    task_ignore_result=True,
    # Below the visibility timeout, or the broker would hand a running task to a second worker.
    task_time_limit=600,
    task_soft_time_limit=540,
    broker_transport_options={
        "visibility_timeout": 900,
        # With kombu's defaults a killed worker's tasks come back after 100 more seconds; with these after two.
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    },
    broker_connection_retry_on_startup=True,
    # Celery gives up after a hundred tries, within an hour: a worker waits for its broker for as long as that takes.
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Local times are the jobs' business (store by store); the clock itself has no daylight saving.
    enable_utc=True,
    timezone="UTC",
    beat_max_loop_interval=30,
    worker_hijack_root_logger=False,
    # Jobs that people ask for may run for minutes: their own workers, so that no message waits for them. So does sending
    # a mailing, for hours: planners, clocks and sweepers never stand behind it.
    task_routes={
        "campaigns.tasks.run_due_jobs": {"queue": "jobs"},
        "messaging.tasks.deliver_due": {"queue": "senders"},
    },
)
app.autodiscover_tasks()

_every_ten_seconds = schedule(10)
_every_minute = crontab()
_every_five_minutes = crontab(minute="*/5")
_every_hour = crontab(minute=17)

# name: (task, when, why this often)
JOBS: dict[str, tuple[str, crontab | schedule, str]] = {
    "heartbeat": ("config.heartbeat", _every_minute, "/readyz reports a scheduler or worker that is gone"),
    "plan_messages": (
        "messaging.tasks.plan_messages",
        _every_five_minutes,
        "it is nine o'clock at another moment in each time zone; with the minute of the sender, a recovery leaves well within 9:59 after it is due",
    ),
    "plan_notices": (
        "messaging.tasks.plan_notices",
        _every_minute,
        "who asked to be told of a card hears of a sale while its customer is still in the shop",
    ),
    "deliver_due": (
        "messaging.tasks.deliver_due",
        _every_minute,
        "a tick that finds the last one still sending helps it",
    ),
    "advance_mailings": (
        "messaging.tasks.advance_mailings",
        _every_minute,
        "a mailing begins within a minute of its moment, and says soon that nothing of it is left",
    ),
    "sweep_leases": (
        "messaging.tasks.sweep_leases",
        _every_minute,
        "what a killed sender held is settled soon after its lease of five minutes",
    ),
    "fetch_approvals": (
        "messaging.tasks.fetch_approvals",
        _every_minute,
        "who handed a WhatsApp template in waits for the answer; what is decided is asked about once an hour",
    ),
    "deliver_webhooks": (
        "messaging.tasks.deliver_webhooks",
        _every_ten_seconds,
        "other systems hear of a sale within seconds; a tick that finds two senders at work leaves them alone",
    ),
    "purge_webhooks": (
        "messaging.tasks.purge_webhooks",
        _every_hour,
        "what is kept for days may stay an hour longer",
    ),
    "purge_expired": (
        "pos_api.tasks.purge_expired",
        _every_hour,
        "what is kept for days may stay an hour longer; small batches disturb nobody",
    ),
    "expire_value": (
        "loyalty.tasks.expire_value",
        _every_hour,
        "what has expired cannot be spent, whether this has run or not; it only brings the balances after",
    ),
    "requalify_tiers": (
        "loyalty.tasks.requalify_tiers",
        _every_five_minutes,
        "a customer gets the tier of a purchase within minutes; everybody is looked at once a day, whenever this first runs",
    ),
    "roll_metrics": (
        "customers.tasks.roll_metrics",
        _every_hour,
        "sales leave the twelve months at any moment; segments ask the sales of customers that this has not reached yet",
    ),
    "refresh_segment_groupings": (
        "customers.tasks.refresh_segment_groupings",
        _every_five_minutes,
        "members are at most a quarter of an hour and a tick old; a changed segment counts at the next tick",
    ),
    "remove_export_files": (
        "customers.tasks.remove_export_files",
        _every_hour,
        "personal data that was taken out is kept for three days and no longer",
    ),
    "give_to_new_customers": (
        "loyalty.tasks.give_to_new_customers",
        _every_minute,
        "who has just left an e-mail finds the voucher soon; it looks back a week, so that nobody is missed",
    ),
    "run_due_jobs": (
        "campaigns.tasks.run_due_jobs",
        _every_ten_seconds,
        "jobs begin when they are asked for; this takes up what a killed worker left, or was asked for without a broker",
    ),
}
if settings.DEMO:
    JOBS["advance_local_deliveries"] = (
        "messaging.tasks.advance_local_deliveries",
        _every_ten_seconds,
        "the imitated providers report sent, delivered, read while somebody watches",
    )


def _schedule() -> dict[str, dict[str, Any]]:
    # A tick that waited until the next one is worthless: the next asks the same question.
    return {
        name: {
            "task": task,
            "schedule": when,
            "options": {"expires": 290 if when is _every_five_minutes else 55},
        }
        for name, (task, when, _why) in JOBS.items()
    }


app.conf.beat_schedule = _schedule()


# --- Signs of life (config/health.py) ------------------------------------------------------------


def _beat(process: str) -> None:
    from config.health import record_heartbeat

    record_heartbeat(process, at=time.time())


@app.task(name="config.heartbeat")
def heartbeat(**_kwargs: Any) -> None:
    """Show that the way from the scheduler over the broker to a worker is open."""
    _beat("worker")


@worker_ready.connect
def _worker_is_ready(sender: Any = None, **_kwargs: Any) -> None:
    # The workers of jobs and the senders answer no ticks.
    if not str(getattr(sender, "hostname", "")).startswith(("jobs@", "senders@")):
        _beat("worker")


@beat_init.connect
def _scheduler_is_ready(**_kwargs: Any) -> None:
    _beat("scheduler")
    before_task_publish.connect(_scheduler_ticks, weak=False)


def _scheduler_ticks(**_kwargs: Any) -> None:
    _beat("scheduler")


@worker_process_init.connect
def _follow_the_worker(**_kwargs: Any) -> None:
    if os.environ.get("FIEL_DIE_WITH_PARENT"):
        die_with_parent()
