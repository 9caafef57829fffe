"""The process of the benchmark of messages: ``python -m bench.messages_process run ARGUMENTS`` prints JSON on its last line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.installation import CHECKOUT

_CUSTOMERS = """
INSERT INTO customers_customer (name, document, email, phone, sex, birth_date, street, number, complement, district, city,
    state, postal_code, country, origin, remark, language, loyalty_category, is_active, created_at, updated_at)
SELECT 'Customer ' || n, NULL, 'c' || n || '@example.com', '', '', date '1950-01-01' + n %% 15000, '', '', '', '',
       CASE WHEN n <= %(few)s THEN 'Santos' ELSE 'Recife' END, 'SP', '', 'BR', '', '', 'pt-br', '', true, now(), now()
  FROM generate_series(1, %(people)s) n
"""
_CONSENTS = """
INSERT INTO customers_consent (customer_id, purpose, channel, granted, text, text_version, source, operator, given_at)
SELECT id, 'marketing', '', true, '', '', 'bench', '', now() FROM customers_customer
"""
_TEXT = "Oi, {{ customer.first_name }}: os casacos chegaram, com 30% até domingo. Venha ver."
_WORKER = ("-P", "solo", "-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat")
_LONGEST_WAIT = 300


def run(people: int, claimed: int, tasks: int, emails: int, distance_ms: int) -> dict[str, Any]:
    """Return messages a second of each way, and how often the sender connected."""
    from messaging.models import Mailing, MailingState, Message
    from messaging.services.delivery import BATCH, claim

    _fill(people, few=emails)
    everybody = _mailing("Recife")
    written = _seconds(lambda: _freeze(everybody))
    queued = Message.objects.filter(mailing=everybody).count() / written
    claimed_in = _seconds(lambda: [claim(at=_now(), limit=BATCH) for _ in range(claimed // BATCH)])
    if Message.objects.filter(state="claimed").count() != claimed // BATCH * BATCH:
        raise RuntimeError("not everything was claimed")
    # The next ones are for the e-mails alone.
    Mailing.objects.filter(pk=everybody.pk).update(state=MailingState.CANCELLED, ended_at=_now())
    smtp = {}
    for place, delay in (("near", 0), ("distant", distance_ms)):
        smtp[place] = _emails(delay, emails if place == "near" else emails // 5)
    return {
        "queued": queued,
        "claimed": claimed // BATCH * BATCH / claimed_in,
        "tasks": _tasks(tasks),
        "smtp": smtp,
    }


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _execute(statement: str, parameters: Any = None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _fill(people: int, *, few: int) -> None:
    from django.contrib.auth import get_user_model

    from messaging.contact_policy import Policy
    from messaging.services.contact_policies import save_policy

    _execute(_CUSTOMERS, {"people": people, "few": few})
    _execute(_CONSENTS)
    _execute("VACUUM ANALYZE customers_customer")
    _execute("VACUUM ANALYZE customers_consent")
    # Whatever the hour, everything may leave.
    save_policy(policy=Policy(), by=get_user_model().objects.create_superuser("bench"), at=_now())


def _mailing(city: str) -> Any:
    """Return a draft of an e-mail to everybody of a city."""
    from customers.services.segments import create_segment
    from messaging.services.mailings import Draft, TextDraft, create_mailing

    tree = {"all": [{"field": "city", "operator": "eq", "value": city}]}
    segment = create_segment(name=f"{city} {time.monotonic_ns()}", tree=tree, user=None, at=_now())
    texts = {"email": TextDraft(subject="Os casacos chegaram", text=_TEXT)}
    return create_mailing(draft=Draft(name=city, texts=texts, segment=segment), by=None, at=_now())


def _freeze(mailing: Any) -> None:
    """Confirm a mailing and gather its people, as a worker does."""
    from campaigns.services import jobs
    from messaging.models import MailingState
    from messaging.services.mailing_course import confirm_mailing

    confirm_mailing(mailing=mailing, by=None, at=_now())
    jobs.run_due_jobs(clock=_now)
    mailing.refresh_from_db()
    if mailing.state != MailingState.SENDING:
        raise RuntimeError(f"the mailing is {mailing.state}")


# --- E-mails -----------------------------------------------------------------------------------


@contextmanager
def _server(delay: int) -> Iterator[Callable[[], dict[str, int]]]:
    """Start a mail server and let Django send to it; yields what asks the server how much it has had."""
    from django.conf import settings

    process = subprocess.Popen(
        [sys.executable, "-m", "bench.smtp_sink", str(delay)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    asked, answered = process.stdin, process.stdout
    if asked is None or answered is None:
        raise RuntimeError("the mail server has no pipes")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(answered.readline())
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False

    def had() -> dict[str, int]:
        asked.write("\n")
        asked.flush()
        found: dict[str, int] = json.loads(answered.readline())
        return found

    try:
        yield had
    finally:
        asked.close()
        process.wait(timeout=30)


def _emails(delay: int, number: int) -> dict[str, float]:
    """Return e-mails a second by a bare loop and by our sender, one process each, to the same server."""
    from messaging.models import Message
    from messaging.services.delivery import deliver_due

    mailing = _mailing("Santos")
    _freeze(mailing)
    with _server(delay) as had:
        _bare_loop(number // 10)
        loop = number / _seconds(lambda: _bare_loop(number))
        before = had()
        left = number

        def send() -> None:
            nonlocal left
            while left > 0:
                done = deliver_due(clock=_now, limit=left)
                if not done.sent:
                    raise RuntimeError(f"nothing was sent: {done}")
                left -= done.sent

        sender = number / _seconds(send)
        after = had()
    sent = Message.objects.filter(mailing=mailing, state="sent").count()
    if not sent == number == after["messages"] - before["messages"]:
        raise RuntimeError(f"{number} e-mails, {sent} recorded, {after} at the server")
    Message.objects.filter(mailing=mailing, state="queued").update(
        state="suppressed", reason="mailing_cancelled", closed_at=_now()
    )
    return {"loop": loop, "sender": sender, "connections": after["connections"] - before["connections"]}


def _bare_loop(number: int) -> None:
    """Send the same e-mail over one open connection, as somebody does who records nothing."""
    from django.core.mail import EmailMultiAlternatives, get_connection

    connection = get_connection()
    connection.open()
    for place in range(number):
        message = EmailMultiAlternatives(
            "Os casacos chegaram", _TEXT, "loja@example.com", [f"c{place}@example.com"], connection=connection
        )
        message.attach_alternative(
            f"<html><body><p>{_TEXT}</p></body></html>" + "<!-- look -->" * 200, "text/html"
        )
        message.send()
    connection.close()


# --- One task a message ------------------------------------------------------------------------


def _tasks(number: int) -> float:
    """Return messages a second that are put into Redis as one task each while a worker takes them."""
    from bench.messages_tasks import QUEUE, app, take

    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "bench.messages_tasks", "worker", "-Q", QUEUE, *_WORKER],
        cwd=CHECKOUT,
    )
    try:
        with app.connection_for_write() as connection:
            redis = connection.default_channel.client
            redis.flushdb()

            def finish() -> None:
                deadline = time.monotonic() + _LONGEST_WAIT
                while redis.llen(QUEUE) or redis.hlen("unacked"):
                    if time.monotonic() > deadline or worker.poll() is not None:
                        raise RuntimeError("the worker does not take its tasks")
                    time.sleep(0.005)

            def work(count: int) -> None:
                for message in range(count):
                    take.delay(message)
                finish()

            # The first ones wait for the worker to be there.
            work(50)
            taken = _seconds(lambda: work(number))
            redis.flushdb()
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    return number / taken


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"run": run}[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
