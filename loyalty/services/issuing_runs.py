"""Issuing runs: saving one, freezing who is given what, issuing it in batches, ending it (docs/algorithms/issuing.md).

The preview is one statement over the sales. The issue takes what the preview froze, a batch at a time; each batch is a
transaction of the caller's, who records his progress in it. What is issued once is never issued again: a voucher is
unique by the run and its grant.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from customers import places
from loyalty.issuing import write_tiers
from loyalty.models import (
    IssuingEvent,
    IssuingRun,
    PercentMeans,
    RunState,
    StoredValueCode,
)
from loyalty.selectors.issuing import overlapping_runs
from loyalty.services.customer_records import lock_standing
from loyalty.services.issuing_persons import join_merged
from loyalty.services.issuing_refusals import (
    RunCannotCancel,
    RunChanged,
    RunEmpty,
    RunNeedsSecondPerson,
    RunNotOpen,
    RunNotPreviewed,
    RunOutdated,
    RunOverlaps,
)
from loyalty.services.issuing_terms import (
    IssuingInvalid,
    IssuingOvertaken,
    check_terms,
    refuse_unknown_stores,
)
from loyalty.services.second_person import limit
from loyalty.services.stored_values import MOST, Making, make
from retail import money
from retail.models import Store
from retail.rows import FieldError
from retail.selectors.company import company_zone

BATCH = 1_000


def record_event(
    run: IssuingRun, action: str, *, user: User | None, at: datetime, **details: Any
) -> IssuingEvent:
    """Note who did what with a run."""
    return IssuingEvent.objects.create(run=run, action=action, user=user, at=at, details=details)


@transaction.atomic
def save_run(
    *,
    run: IssuingRun | None,
    values: Mapping[str, Any],
    user: User | None,
    at: datetime,
    version: int | None = None,
) -> IssuingRun:
    """Make a run, or change one that is not confirmed; what was previewed of it is then gone.

    `values` are the model's fields by name. Raises IssuingInvalid, RunNotOpen, IssuingOvertaken (`version` is the one
    that was looked at).
    """
    if run is None:
        run = IssuingRun(created_by=user, created_at=at)
    else:
        run = IssuingRun.objects.select_for_update().get(pk=run.pk)
        if not run.can_change:
            raise RunNotOpen
        if version is not None and version != run.version:
            raise IssuingOvertaken
        run.version += 1
        run.changed_by = user
        run.grants.all().delete()
    for name, value in values.items():
        setattr(run, name, value)
    run.state, run.previewed_at = RunState.DRAFT, None
    run.customer_count = run.rate_count = 0
    run.total_amount = run.highest_amount = Decimal("0.00")
    errors = check_terms(run, at=at)
    if not run.name.strip():
        errors.append(FieldError("name", "required", _("This is required.")))
    if run.period_starts_at and run.period_ends_at and run.period_starts_at >= run.period_ends_at:
        errors.append(FieldError("period_ends_at", "order", _("It ends before it begins.")))
    refuse_unknown_stores(run.store_codes, "stores", errors)
    errors += _unknown_places(run)
    if errors:
        raise IssuingInvalid(errors)
    run.tiers = write_tiers(run.terms().tiers)
    run.save()
    return run


def _unknown_places(run: IssuingRun) -> list[FieldError]:
    """Return what no customer can have: a filter that nobody passes would look like a run for nobody."""
    errors = []
    if run.country and not places.is_country(run.country):
        message = _("“%(code)s” is no country. Give its two letters, such as BR.")
        errors.append(FieldError("country", "unknown", message % {"code": run.country}))
    if run.language and not places.is_language(run.language):
        message = _("“%(code)s” is no language. Give its code, such as pt-br or en.")
        errors.append(FieldError("language", "unknown", message % {"code": run.language}))
    return errors


# Every customer that the filters name, with what was bought in the period. Turnover is what sales were charged less the
# money of their returns; a cancelled, wholly returned or test sale is neither turnover nor visit.
_FREEZE = """
WITH bought AS (
    SELECT customer_id, count(*) AS visits,
           sum(greatest(charged - CASE WHEN refunded > 0 THEN (
               SELECT coalesce(sum(r.amount + r.withheld), 0) FROM retail_salereturn r WHERE r.sale_id = s.id)
               ELSE 0 END, 0)) AS turnover
      FROM retail_sale s
     WHERE customer_id IS NOT NULL AND NOT is_test AND state IN ('committed', 'partially_returned')
       AND (%(starts)s::timestamptz IS NULL OR occurred_at >= %(starts)s)
       AND (%(ends)s::timestamptz IS NULL OR occurred_at < %(ends)s)
       AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s::bigint[]))
       AND (%(customer)s::bigint IS NULL OR customer_id = %(customer)s)
     GROUP BY customer_id),
tiers AS MATERIALIZED (
    SELECT start, lead(start) OVER (ORDER BY start) AS beyond, amount, percent
      FROM unnest(%(starts_of)s::numeric[], %(amounts)s::numeric[], %(percents)s::numeric[])
        AS t(start, amount, percent)),
given AS (
    SELECT c.id, coalesce(b.turnover, 0) AS turnover, coalesce(b.visits, 0) AS visits,
           CASE WHEN t.percent IS NOT NULL AND %(as_rate)s THEN 0
                ELSE least(coalesce(t.amount, round(coalesce(b.turnover, 0) * t.percent / 100, 2)), %(most)s::numeric)
            END AS amount,
           CASE WHEN %(as_rate)s THEN t.percent END AS percent
      FROM customers_customer c
      LEFT JOIN bought b ON b.customer_id = c.id
      JOIN tiers t ON coalesce(b.turnover, 0) >= t.start AND (t.beyond IS NULL OR coalesce(b.turnover, 0) < t.beyond)
     WHERE c.is_active
       AND coalesce(b.turnover, 0) >= %(least_turnover)s AND coalesce(b.visits, 0) >= %(least_visits)s
       AND (%(customer)s::bigint IS NULL OR c.id = %(customer)s)
       AND (%(country)s = '' OR c.country = %(country)s)
       AND (%(language)s = '' OR c.language = %(language)s)
       AND (%(grouping)s::bigint IS NULL OR EXISTS (
            SELECT FROM customers_customer_groupings m
             WHERE m.customer_id = c.id AND m.customergrouping_id = %(grouping)s))),
frozen AS (
    INSERT INTO loyalty_issuinggrant (run_id, customer_id, turnover, visits, amount, percent)
    SELECT %(run)s, id, turnover, visits, amount, percent FROM given
     WHERE amount > 0 OR percent IS NOT NULL ORDER BY id
    RETURNING amount, percent)
SELECT count(*), coalesce(sum(amount), 0), coalesce(max(amount), 0), count(percent) FROM frozen
"""


def preview(run: IssuingRun, *, at: datetime) -> IssuingRun:
    """Freeze who is given what, inside the caller's transaction, in one statement. Raises RunNotOpen."""
    run = IssuingRun.objects.select_for_update(of=("self",)).select_related("type").get(pk=run.pk)
    if not run.can_change:
        raise RunNotOpen
    run.grants.all().delete()
    terms = run.terms()
    stores = None
    if run.store_codes:
        stores = list(Store.objects.filter(code__in=run.store_codes).values_list("pk", flat=True))
    most = MOST if terms.most is None else min(MOST, terms.most)
    with connection.cursor() as cursor:
        cursor.execute(
            _FREEZE,
            {
                "run": run.pk,
                "starts": run.period_starts_at,
                "ends": run.period_ends_at,
                "stores": stores,
                "customer": run.customer_id,
                "grouping": run.grouping_id,
                "country": run.country,
                "language": run.language,
                "least_turnover": money.to_decimal(terms.minimum_turnover),
                "least_visits": terms.minimum_visits,
                "starts_of": [money.to_decimal(tier.from_cents) for tier in terms.tiers],
                "amounts": [
                    None if tier.amount is None else money.to_decimal(tier.amount) for tier in terms.tiers
                ],
                "percents": [
                    None if tier.percent is None else Decimal(tier.percent) / 10_000 for tier in terms.tiers
                ],
                "as_rate": run.percent_means == PercentMeans.VOUCHER,
                "most": money.to_decimal(most),
            },
        )
        run.customer_count, run.total_amount, run.highest_amount, run.rate_count = cursor.fetchone()
    run.state, run.previewed_at = RunState.PREVIEWED, at
    run.version += 1
    run.save()
    return run


def limit_of(run: IssuingRun) -> Decimal | None:
    """Return the company's limit when a previewed run is above it; vouchers in percent may be worth anything, and are."""
    most = limit()
    return most if most is not None and (run.total_amount > most or run.rate_count) else None


def confirm(
    run: IssuingRun, *, version: int | None, accepts_overlap: bool, user: User | None, at: datetime
) -> IssuingRun:
    """Let a previewed run be issued, inside the caller's transaction.

    `version` is that of the preview which was looked at. Above the company's limit for what one person gives, `user` is not
    who prepared it. Raises RunNotOpen, RunNotPreviewed, RunChanged, RunEmpty, RunOutdated,
    RunNeedsSecondPerson, RunOverlaps.
    """
    with connection.cursor() as cursor:
        # One after the other: of two runs for the same purchases the later one is told of the earlier.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('confirm an issuing run', 0))")
    run = (
        IssuingRun.objects.select_for_update(of=("self",))
        .select_related("type", "created_by", "changed_by")
        .get(pk=run.pk)
    )
    if not run.can_change:
        raise RunNotOpen
    if run.state != RunState.PREVIEWED:
        raise RunNotPreviewed
    if version is not None and version != run.version:
        raise RunChanged
    if not run.customer_count:
        raise RunEmpty
    if check_terms(run, at=at):
        raise RunOutdated
    _join(run, user=user, at=at)
    if (most := limit_of(run)) is not None and (user is None or user == run.prepared_by):
        raise RunNeedsSecondPerson(run, most)
    if not accepts_overlap and (others := overlapping_runs(run)):
        raise RunOverlaps(others)
    run.state, run.confirmed_at, run.confirmed_by = RunState.ISSUING, at, user
    run.save()
    record_event(run, "confirmed", user=user, at=at, customers=run.customer_count)
    return run


def _join(run: IssuingRun, *, user: User | None, at: datetime) -> None:
    """Let records that were merged since the preview be given one voucher together, and note it."""
    gone = join_merged(run)
    if gone:
        record_event(run, "joined", user=user, at=at, grants=gone)


_LINK = """
UPDATE loyalty_issuinggrant g SET stored_value_id = t.value
  FROM unnest(%s::bigint[], %s::bigint[]) AS t(id, value) WHERE g.id = t.id
"""


def issue_batch(run: IssuingRun, *, limit: int) -> int:
    """Issue the next of what is missing, inside the caller's transaction; return how many there were.

    0 means that nothing is left, or that somebody has ended the run. Batches of one run wait for each other, and
    whoever ends it waits for the batch that is being issued.
    """
    run = (
        IssuingRun.objects.select_for_update(of=("self",), no_key=True).select_related("type").get(pk=run.pk)
    )
    if run.state != RunState.ISSUING or run.confirmed_at is None:
        return 0
    _join(run, user=None, at=run.confirmed_at)
    grants = run.grants.filter(stored_value__isnull=True).order_by("pk")
    missing = list(grants.values_list("pk", "customer_id", "amount", "percent", named=True)[:limit])
    if not missing:
        IssuingRun.objects.filter(pk=run.pk).update(state=RunState.DONE, ended_at=run.confirmed_at)
        return 0
    # All vouchers of a run live equally long, whenever their batch is made.
    ends = run.expires_at(at=run.confirmed_at, zone=company_zone())
    # Of two records that were merged since the preview, the one that stands; nobody merges them meanwhile.
    owners = lock_standing([grant.customer_id for grant in missing])
    makings = [_making(run, grant, owners[grant.customer_id], ends) for grant in missing]
    made = make(makings, at=run.confirmed_at, actor_id=run.confirmed_by_id)
    with connection.cursor() as cursor:
        cursor.execute(_LINK, [[grant.pk for grant in missing], [one.stored.pk for one in made]])
    IssuingRun.objects.filter(pk=run.pk).update(
        issued_count=F("issued_count") + len(made),
        issued_amount=F("issued_amount") + sum((grant.amount for grant in missing), Decimal("0.00")),
    )
    return len(made)


def _making(run: IssuingRun, grant: Any, owner: int, expires_at: datetime | None) -> Making:
    return Making(
        type=run.type,
        origin=run.origin,
        # A merge may give the grant to another record, and its undoing back: the grant is what is given once.
        operation=str(grant.pk),
        amount=money.from_decimal(grant.amount),
        percent=grant.percent,
        customer_id=owner,
        store_codes=run.usable_store_codes,
        available_from=run.usable_from,
        expires_at=expires_at,
        earned_by=run.origin,
    )


def cancel(run: IssuingRun, *, user: User | None, at: datetime) -> IssuingRun:
    """End a run, inside the caller's transaction: what was issued stays, nothing more is. Raises RunCannotCancel."""
    run = IssuingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if not run.can_cancel:
        raise RunCannotCancel
    run.state, run.ended_at = RunState.CANCELLED, at
    run.save(update_fields=["state", "ended_at"])
    record_event(run, "cancelled", user=user, at=at, issued=run.issued_count)
    return run


def close_codes(run: IssuingRun, *, user: User | None, at: datetime) -> int:
    """Let nobody read or print the codes of a run again, inside the caller's transaction; return how many there were."""
    run = IssuingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    codes = StoredValueCode.objects.filter(stored_value__grant__run=run, nonce__isnull=False)
    count = StoredValueCode.objects.filter(pk__in=codes.values("pk")).update(nonce=None)
    IssuingRun.objects.filter(pk=run.pk).update(codes_closed_at=at)
    record_event(run, "codes_closed", user=user, at=at, codes=count)
    return count
