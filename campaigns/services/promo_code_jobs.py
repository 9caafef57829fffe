"""Promotional codes by the million, as background jobs."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import codes
from campaigns.models import Job, PromoCodePool
from campaigns.services.jobs import JobFailed, Progress, request_job
from campaigns.services.promo_codes import (
    BATCH,
    Terms,
    TooManyCodes,
    customer_named,
    insert_codes,
    refuse_empty_window,
)
from customers.models import Customer

MOST_GENERATED = 1_000_000


@transaction.atomic
def request_generation(
    *, pool: PromoCodePool, count: int, terms: Terms, customer: str = "", user: User | None, at: datetime
) -> Job:
    """Queue the making of `count` random codes. Raises TooManyCodes, WindowEmpty, CustomerUnknown."""
    if not 1 <= count <= MOST_GENERATED:
        raise TooManyCodes("count")
    refuse_empty_window(terms)
    owner = customer_named(customer)
    arguments = {
        "pool": pool.code,
        "count": count,
        "customer": owner.pk if owner else None,
        "max_uses": terms.max_uses,
        "starts_at": terms.starts_at.isoformat() if terms.starts_at else None,
        "expires_at": terms.expires_at.isoformat() if terms.expires_at else None,
    }
    return request_job(kind="generate_promo_codes", arguments=arguments, total=count, user=user, at=at)


def generate(job: Job, progress: Progress) -> None:
    """Make the codes that are missing, a batch a transaction.

    However often a worker dies, in the end there are as many as were asked for.
    """
    arguments = job.arguments
    pool = PromoCodePool.objects.filter(code=arguments["pool"]).first()
    if pool is None:
        raise JobFailed(_("The pool was deleted."))
    owner = None if arguments["customer"] is None else Customer.objects.get(pk=arguments["customer"])
    terms = Terms(
        max_uses=arguments["max_uses"],
        starts_at=_moment(arguments["starts_at"]),
        expires_at=_moment(arguments["expires_at"]),
    )
    while job.done < arguments["count"]:
        with transaction.atomic():
            wanted = min(BATCH, arguments["count"] - job.done)
            batch = {codes.generate(pool.pattern) for _number in range(wanted)}
            progress(job.done + len(insert_codes(pool, [(code, owner) for code in batch], terms)))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
