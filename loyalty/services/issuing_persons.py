"""Two records of one customer that were merged after the preview of a run: the person is given one voucher.

docs/algorithms/issuing.md, section 2. Who merges and who issues wait for each other (`lock_runs_of`), so that each finds what the
other has done.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce

from loyalty.issuing import Terms, given_for
from loyalty.models import IssuingGrant, IssuingRun, RunState
from retail import money


def lock_runs_of(customer_ids: Collection[int]) -> None:
    """Let no run give to these customers before the caller's transaction ends; a batch that is being issued is waited for."""
    waiting = IssuingGrant.objects.filter(customer__in=customer_ids, stored_value__isnull=True)
    open_runs = IssuingRun.objects.filter(
        pk__in=waiting.values("run_id"), state__in=(RunState.PREVIEWED, RunState.ISSUING)
    )
    list(open_runs.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def join_merged(run: IssuingRun) -> int:
    """Let each person of a run, whose row and type are locked, be given one voucher; return how many grants are gone.

    Whoever was given one by this run is given no other. Otherwise the records are taken together; what the run costs is
    never more than before. The run's counts and sums follow.
    """
    persons = set(
        run.grants.filter(customer__merged_into__isnull=False).values_list(
            "customer__merged_into_id", flat=True
        )
    )
    if not persons:
        return 0
    several: dict[int, list[IssuingGrant]] = defaultdict(list)
    of_persons = Q(customer__in=persons) | Q(customer__merged_into__in=persons)
    for grant in run.grants.filter(of_persons).select_related("customer").order_by("pk"):
        several[grant.customer.merged_into_id or grant.customer_id].append(grant)
    gone: list[IssuingGrant] = []
    terms = run.terms()
    for person, grants in several.items():
        waiting = [grant for grant in grants if grant.stored_value_id is None]
        if len(waiting) < len(grants):
            gone += waiting
        else:
            gone += _join(terms, person, waiting)
    IssuingGrant.objects.filter(pk__in=[grant.pk for grant in gone]).delete()
    if gone:
        _count_again(run)
    return len(gone)


def _join(terms: Terms, person: int, grants: Sequence[IssuingGrant]) -> list[IssuingGrant]:
    """Give what the terms say for the purchases of all records to the one that stands; return the grants of the others."""
    first = next((grant for grant in grants if grant.customer_id == person), grants[0])
    others = [grant for grant in grants if grant is not first]
    if others:
        first.amount, first.percent = _together(terms, grants)
        first.turnover = sum((grant.turnover for grant in grants), Decimal(0))
        first.visits = sum(grant.visits for grant in grants)
    first.customer_id = person
    first.save(update_fields=["customer", "turnover", "visits", "amount", "percent"])
    return others


def _together(terms: Terms, grants: Sequence[IssuingGrant]) -> tuple[Decimal, Decimal | None]:
    """Return what all together are given: never more than the sum of what each was to be given.

    An amount and a percentage cannot be compared: where the terms give the other of the two, the best of the grants stands.
    """
    found = given_for(
        terms,
        turnover=sum(money.from_decimal(grant.turnover) for grant in grants),
        visits=sum(grant.visits for grant in grants),
    )
    amount = min(money.to_decimal(found.amount), sum((grant.amount for grant in grants), Decimal(0)))
    if amount:
        return amount, None
    percents = [grant.percent for grant in grants if grant.percent is not None]
    if found.percent is not None and percents:
        return Decimal(0), min(Decimal(found.percent) / 10_000, sum(percents, Decimal(0)))
    best = max(grants, key=lambda grant: (grant.amount, grant.percent or 0))
    return best.amount, best.percent


def _count_again(run: IssuingRun) -> None:
    totals = run.grants.aggregate(
        customer_count=Count("pk"),
        total_amount=Coalesce(Sum("amount"), Decimal(0)),
        highest_amount=Coalesce(Max("amount"), Decimal(0)),
        rate_count=Count("percent"),
    )
    IssuingRun.objects.filter(pk=run.pk).update(**totals)
    for name, value in totals.items():
        setattr(run, name, value)
