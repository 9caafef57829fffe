"""Promotional codes by the million: generating, one for each member of a grouping, moving the end of their validity.

Each is asked for here and done here, as a background job: a batch is one transaction together with its progress, so
that a job whose worker was killed goes on to exactly what was asked for.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _

from campaigns.models import Job, PromoCodePool
from campaigns.services import promo_code_refusals as refusals
from campaigns.services.jobs import JobFailed, Progress, request_job
from campaigns.services.promo_code_pools import record_event
from campaigns.services.promo_codes import (
    BATCH,
    MOST_BY_JOB,
    Terms,
    customer_named,
    insert_codes,
    pattern_of,
    refuse_empty_window,
    refuse_short_pattern,
    revision_at_issue,
)
from customers.models import CustomerGrouping

GENERATE = "generate_promo_codes"
GENERATE_FOR_MEMBERS = "generate_promo_codes_for_members"
EXTEND = "extend_promo_codes"


@transaction.atomic
def request_generation(
    *, pool: PromoCodePool, count: int, terms: Terms, customer: str = "", user: User | None, at: datetime
) -> Job:
    """Queue the making of `count` random codes, up to a million.

    Raises TooManyCodes, WindowEmpty, CustomerUnknown, PatternTooShort, CampaignNotLive.
    """
    if not 1 <= count <= MOST_BY_JOB:
        raise refusals.TooManyCodes("count")
    refuse_empty_window(terms)
    refuse_short_pattern(pool, count)
    owner = customer_named(customer)
    arguments = {
        "pool": pool.code,
        "count": count,
        "customer": owner.pk if owner else None,
        "terms": terms.as_document(),
        # What they open is settled now, even if the campaign changes before the last of them is made.
        "revision": revision_at_issue(pool),
    }
    record_event(pool, "generated", user=user, at=at, count=count)
    return request_job(kind=GENERATE, arguments=arguments, total=count, user=user, at=at)


def generate(job: Job, progress: Progress) -> None:
    """Make the codes that are missing."""
    arguments = job.arguments
    pool = find_pool(job)
    pattern, terms = pattern_of(pool), Terms.from_document(arguments["terms"])
    while job.done < arguments["count"]:
        drawn = pattern.generate(min(BATCH, arguments["count"] - job.done))
        with transaction.atomic():
            made = insert_codes(
                pool,
                drawn,
                terms,
                customers=[arguments["customer"]] * len(drawn),
                revision=arguments["revision"],
                at=job.created_at,
            )
            progress(job.done + len(made))


@transaction.atomic
def request_generation_for_members(
    *,
    pool: PromoCodePool,
    grouping: str,
    terms: Terms,
    only_missing: bool = True,
    user: User | None,
    at: datetime,
) -> Job:
    """Queue one code for each member of a grouping of customers, of its own; `only_missing` skips whoever has one.

    Raises GroupingUnknown, TooManyCodes, WindowEmpty, PatternTooShort, CampaignNotLive.
    """
    found = CustomerGrouping.objects.filter(code=grouping).first()
    if found is None:
        raise refusals.GroupingUnknown("grouping")
    members = found.customers.count()
    if members > MOST_BY_JOB:
        raise refusals.TooManyCodes("grouping")
    refuse_empty_window(terms)
    refuse_short_pattern(pool, members)
    arguments = {
        "pool": pool.code,
        "grouping": grouping,
        "only_missing": only_missing,
        "terms": terms.as_document(),
        "revision": revision_at_issue(pool),
    }
    record_event(pool, "generated_for", user=user, at=at, grouping=grouping, members=members)
    return request_job(kind=GENERATE_FOR_MEMBERS, arguments=arguments, user=user, at=at)


_NEXT_MEMBERS = """
SELECT m.customer_id, EXISTS (
    SELECT FROM campaigns_promocode k
    WHERE k.customer_id = m.customer_id AND k.pool_id = %s AND k.is_active
        AND (k.max_uses IS NULL OR k.used < k.max_uses) AND (k.expires_at IS NULL OR k.expires_at > %s))
FROM customers_customer_groupings m JOIN customers_customergrouping g ON g.id = m.customergrouping_id
WHERE g.code = %s AND m.customer_id > %s
ORDER BY m.customer_id LIMIT %s
"""


def generate_for_members(job: Job, progress: Progress) -> dict[str, int]:
    """Give each member who joined before his turn came one code; members are taken in the order of their keys."""
    arguments = job.arguments
    pool = find_pool(job)
    pattern, terms = pattern_of(pool), Terms.from_document(arguments["terms"])
    result = {"created": 0, "had_one": 0, "last": 0} | job.result
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    _NEXT_MEMBERS, [pool.pk, job.created_at, arguments["grouping"], result["last"], BATCH]
                )
                members = cursor.fetchall()
            if not members:
                return result
            without = [pk for pk, has_one in members if not (has_one and arguments["only_missing"])]
            drawn = pattern.generate(len(without))
            made = set(
                insert_codes(
                    pool,
                    drawn,
                    terms,
                    customers=without,
                    revision=arguments["revision"],
                    at=job.created_at,
                )
            )
            # A code that somebody had already is one in a million: its member gets another.
            for pk in [pk for pk, code in zip(without, drawn, strict=True) if code not in made]:
                while not insert_codes(
                    pool,
                    pattern.generate(1),
                    terms,
                    customers=[pk],
                    revision=arguments["revision"],
                    at=job.created_at,
                ):
                    pass
            result = {
                "created": result["created"] + len(without),
                "had_one": result["had_one"] + len(members) - len(without),
                "last": members[-1][0],
            }
            progress(job.done + len(members), None, result)


@transaction.atomic
def request_extension(
    *, pool: PromoCodePool, expires_at: datetime | None, user: User | None, at: datetime
) -> Job:
    """Queue another end of validity for every code of a pool that was not used up; None is without end.

    Raises EndPast: whoever wants to stop codes at once closes the pool.
    """
    if expires_at is not None and expires_at <= at:
        raise refusals.EndPast("expires_at")
    last = pool.codes.order_by("-pk").values_list("pk", flat=True).first() or 0
    text = expires_at.isoformat() if expires_at else None
    record_event(pool, "extended", user=user, at=at, expires_at=text)
    return request_job(
        kind=EXTEND,
        arguments={"pool": pool.code, "expires_at": text, "last": last},
        total=pool.code_count,
        user=user,
        at=at,
    )


# A code that starts later than the new end keeps its own: it could never be used.
_EXTEND = """
WITH batch AS (
    SELECT id FROM campaigns_promocode WHERE pool_id = %s AND id > %s AND id <= %s ORDER BY id LIMIT %s
), changed AS (
    UPDATE campaigns_promocode k SET expires_at = %s FROM batch
    WHERE k.id = batch.id AND (k.max_uses IS NULL OR k.used < k.max_uses)
        AND k.expires_at IS DISTINCT FROM %s AND (k.starts_at IS NULL OR %s IS NULL OR k.starts_at < %s)
    RETURNING 1
)
SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM changed), (SELECT max(id) FROM batch)
"""


def extend(job: Job, progress: Progress) -> dict[str, int]:
    """Move the end of the codes that existed when it was asked for."""
    pool = find_pool(job)
    expires_at = job.arguments["expires_at"]
    moment = None if expires_at is None else datetime.fromisoformat(expires_at)
    result = {"changed": 0, "last": 0} | job.result
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _EXTEND,
                [pool.pk, result["last"], job.arguments["last"], BATCH, moment, moment, moment, moment],
            )
            seen, changed, last = cursor.fetchone()
            if not seen:
                return result
            result = {"changed": result["changed"] + changed, "last": last}
            progress(min(job.done + seen, job.total or 0), None, result)


def find_pool(job: Job) -> PromoCodePool:
    """Return the pool that a job works on. Raises JobFailed when it is gone."""
    pool = PromoCodePool.objects.filter(code=job.arguments["pool"]).first()
    if pool is None:
        raise JobFailed(_("The pool was deleted."))
    return pool
