"""Freezing the audience of a mailing: first its members, then their messages, in batches that are recorded with how far they came.

Each batch is one transaction with the mailing's row and the job's progress. A worker that is killed leaves whole batches; the next
one goes on behind the last. Members and messages are unique, so that a batch that is written again writes nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from campaigns.models import Job
from campaigns.services.jobs import Progress
from customers.models import Customer
from messaging.hold_out import HELD_OUT_SQL, parts_of
from messaging.models import (
    Audience,
    Channel,
    Mailing,
    MailingMember,
    MailingSale,
    MailingState,
    MessageState,
)
from messaging.selectors.audience import chooses_by_profile, ids_sql
from messaging.selectors.marketing import REFUSED_PROFILING_SQL
from messaging.selectors.sale_contacts import contacts_of
from messaging.services.sale_customers import customer_of_sale

# Keys of customers that one statement looks at. A commit checks the key of each member: a batch holds tills up for
# a moment, and a segment that joins sums of a million rows is asked no more often than it must.
RANGE = 20_000
SALES = 100
MESSAGES = 5_000

_MEMBERS = f"""
INSERT INTO messaging_mailingmember (mailing_id, customer_id, sale_id, held_out)
SELECT %s, c.id, NULL::bigint, {HELD_OUT_SQL}
  FROM (<ids>) c WHERE c.id > %s AND c.id <= %s ORDER BY c.id
ON CONFLICT (mailing_id, customer_id) DO NOTHING
"""  # noqa: S608 - made of constants; <ids> is the statement of a segment, with placeholders of its own
_MEMBER = f"""
INSERT INTO messaging_mailingmember (mailing_id, customer_id, sale_id, held_out)
SELECT %s, c.id, %s::bigint, {HELD_OUT_SQL} FROM customers_customer c WHERE c.id = %s AND c.is_active
ON CONFLICT (mailing_id, customer_id) DO NOTHING
"""  # noqa: S608 - made of constants
# Who has no address at all, and who refused that the audience is chosen by, is told apart at once; everything else is asked, and
# this asked again, when the message leaves.
_WRITE = f"""
INSERT INTO messaging_message (uuid, occasion, occasion_key, person, customer_id, store_id, mailing_id, sale_id, state, reason,
    error, channels, position, due_at, expires_at, planned_at, attempt, channel, language, "to", subject, text, html, provider,
    provider_id, closed_at)
SELECT gen_random_uuid(), %(occasion)s, %(key)s, 'c:' || c.id, c.id, coalesce(s.store_id, c.home_store_id), %(mailing)s, m.sale_id,
       CASE WHEN r.reason = '' THEN %(queued)s ELSE %(suppressed)s END, r.reason,
       '', %(channels)s::varchar(10)[], 0, %(at)s, %(expires_at)s, %(at)s, 0, '', c.language, '', '', '', '', '',
       '', CASE WHEN r.reason = '' THEN NULL ELSE %(at)s::timestamptz END
  FROM messaging_mailingmember m
  JOIN customers_customer c ON c.id = m.customer_id
  LEFT JOIN retail_sale s ON s.id = m.sale_id
 CROSS JOIN LATERAL (
       SELECT CASE WHEN %(by_profile)s AND {REFUSED_PROFILING_SQL} THEN 'profiling_refused'
                   WHEN (%(by_email)s AND c.email <> '') OR (%(by_phone)s AND c.phone <> '') THEN '' ELSE 'no_address' END AS reason) r
 WHERE m.mailing_id = %(mailing)s AND m.id > %(after)s AND m.id <= %(until)s AND NOT m.held_out
 ORDER BY m.id
ON CONFLICT (occasion, occasion_key, person) DO NOTHING
"""  # noqa: S608 - made of constants


class MailingStopped(Exception):
    """The mailing was paused or cancelled while it was frozen."""

    code = "mailing_stopped"


def freeze(job: Job, progress: Progress) -> dict[str, Any]:
    """Freeze the audience of a job's mailing, from where the last worker came to, and let it send."""
    mailing_id = job.arguments["mailing"]
    try:
        _decide_profile(mailing_id)
        while _gather(mailing_id, progress):
            pass
        while _write(mailing_id, progress):
            pass
        mailing = _begin_sending(mailing_id, at=progress.job.heartbeat_at)
    except MailingStopped:
        return {"stopped": True}
    return {"people": mailing.member_count, "held_out": mailing.held_out_count}


def _lock(mailing_id: int) -> Mailing:
    """Lock the mailing. Raises MailingStopped when it is not to be frozen any more, so that pausing acts at the next batch."""
    mailing = Mailing.objects.select_for_update(of=("self",)).select_related("sale").get(pk=mailing_id)
    if mailing.state != MailingState.FREEZING:
        raise MailingStopped(mailing_id)
    return mailing


@transaction.atomic
def _decide_profile(mailing_id: int) -> None:
    """Keep with the mailing whether it chooses by what people bought or read: each last look asks for it."""
    mailing = _lock(mailing_id)
    mailing.by_profile = chooses_by_profile(mailing)
    mailing.save(update_fields=["by_profile"])


@transaction.atomic
def _gather(mailing_id: int, progress: Progress) -> bool:
    """Add the members of one batch; return whether there are more."""
    mailing = _lock(mailing_id)
    assert mailing.started_at is not None  # noqa: S101 - freezing begins with it
    if mailing.audience == Audience.SEGMENT:
        found, more = _gather_range(mailing, at=mailing.started_at)
    elif mailing.audience == Audience.SALES:
        found, more = _gather_sales(mailing, at=mailing.started_at)
    else:
        found, more = _gather_person(mailing, at=mailing.started_at), False
    mailing.member_count += found
    mailing.save(update_fields=["reached", "member_count"])
    progress.alive()
    return more


def _gather_range(mailing: Mailing, *, at: datetime) -> tuple[int, bool]:
    keys = Customer.objects.filter(pk__gt=mailing.reached).aggregate(first=Min("pk"), last=Max("pk"))
    if keys["first"] is None:
        return 0, False
    until = keys["first"] + RANGE - 1
    ids = ids_sql(mailing, at=at)
    values = (mailing.pk, *_hold_out_values(mailing), *ids.params, mailing.reached, until)
    with connection.cursor() as cursor:
        # Compiling a plan that reads a million rows takes longer than running it.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_MEMBERS.replace("<ids>", ids.text), values)
        found = int(cursor.rowcount)
    mailing.reached = min(until, keys["last"])
    return found, until < keys["last"]


def _gather_sales(mailing: Mailing, *, at: datetime) -> tuple[int, bool]:
    """Add the customers of the next sales. They are kept newest first: who bought twice is written to about the last time."""
    sales = list(
        MailingSale.objects.filter(mailing=mailing, pk__gt=mailing.reached)
        .select_related("sale__customer", "sale__store")
        .order_by("pk")[:SALES]
    )
    found = 0
    contacts = contacts_of([selected.sale for selected in sales])
    for selected in sales:
        customer = customer_of_sale(selected.sale, contact=contacts[selected.sale_id], at=at)
        if customer is not None:
            found += _add_member(mailing, customer.pk, selected.sale_id)
    if sales:
        mailing.reached = sales[-1].pk
    return found, len(sales) == SALES


def _gather_person(mailing: Mailing, *, at: datetime) -> int:
    customer_id = mailing.customer_id
    if mailing.sale is not None:
        contact = contacts_of([mailing.sale])[mailing.sale.pk]
        customer = customer_of_sale(mailing.sale, contact=contact, at=at)
        customer_id = customer_id or (customer.pk if customer else None)
    return _add_member(mailing, customer_id, mailing.sale_id) if customer_id else 0


def _add_member(mailing: Mailing, customer_id: int, sale_id: int | None) -> int:
    values = (mailing.pk, sale_id, *_hold_out_values(mailing), customer_id)
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, values)
        return int(cursor.rowcount)


def _hold_out_values(mailing: Mailing) -> tuple[str, int]:
    return mailing.uuid.hex, parts_of(mailing.holdout_percent)


@transaction.atomic
def _write(mailing_id: int, progress: Progress) -> bool:
    """Write the messages of one batch of members; return whether there are more."""
    mailing = _lock(mailing_id)
    assert mailing.started_at is not None  # noqa: S101 - freezing begins with it
    members = MailingMember.objects.filter(mailing=mailing)
    batch = list(
        members.filter(pk__gt=mailing.written).order_by("pk").values_list("pk", "held_out")[:MESSAGES]
    )
    if not batch:
        return False
    until = batch[-1][0]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "occasion": mailing.occasion,
                "key": mailing.occasion_key,
                "mailing": mailing.pk,
                "queued": MessageState.QUEUED.value,
                "suppressed": MessageState.SUPPRESSED.value,
                "channels": list(mailing.channels),
                "by_email": Channel.EMAIL.value in mailing.channels,
                "by_profile": mailing.by_profile,
                "by_phone": set(mailing.channels) != {Channel.EMAIL.value},
                "at": mailing.started_at,
                "expires_at": mailing.started_at + timedelta(days=mailing.useful_days),
                "after": mailing.written,
                "until": until,
            },
        )
    mailing.written = until
    mailing.held_out_count += sum(held_out for _pk, held_out in batch)
    mailing.save(update_fields=["written", "held_out_count"])
    done = (
        members.filter(pk__lte=until).count()
        if progress.job.total is None
        else progress.job.done + len(batch)
    )
    progress(min(done, mailing.member_count), total=mailing.member_count)
    return len(batch) == MESSAGES


@transaction.atomic
def _begin_sending(mailing_id: int, *, at: datetime | None) -> Mailing:
    mailing = _lock(mailing_id)
    mailing.state, mailing.frozen_at = MailingState.SENDING, at or mailing.started_at
    mailing.save(update_fields=["state", "frozen_at"])
    return mailing
