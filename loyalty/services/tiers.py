"""Giving customers the tier that they reach, and taking it when its time is over (docs/decisions/0084).

Customers are looked at in batches, each with a constant number of statements: within minutes after purchases and returns, and
all of them once a day, because what counted a year ago stops counting without anybody doing anything.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Customer
from loyalty import tiering
from loyalty.models import CustomerTier, PointsProgram, ProgramTier
from loyalty.selectors import tiers as selectors
from retail import money
from retail.selectors.company import company_zone

BATCH = 500
# Longer than the job's interval and the time a sale takes to be recorded.
RECENT = timedelta(minutes=15)


def requalify(customer_ids: Iterable[int], *, at: datetime) -> int:
    """Look at these customers' tiers in every active program that has some; return how many changed.

    For after a sale or a return was recorded. Without tiers anywhere it is one query.
    """
    ids = sorted(set(customer_ids))
    if not ids:
        return 0
    programs = list(_programs().prefetch_related("tiers"))
    if not programs:
        return 0
    zone = company_zone()
    return sum(
        _look_at(program, ids[start : start + BATCH], zone, at)
        for program in programs
        for start in range(0, len(ids), BATCH)
    )


def requalify_recent(*, at: datetime) -> int:
    """Look at whoever bought or returned within the last minutes; return how many changed.

    Runs overlap, which harms nothing; what a scheduler that was down missed, the daily look finds.
    """
    if not _programs().exists():
        return 0
    return requalify(selectors.moved_since(at - RECENT), at=at)


def requalify_due(*, at: datetime) -> int:
    """Look at all customers of the programs that were not looked at today, or changed since; return how many changed.

    A run that is killed is done again from the beginning by the next one; nothing changes twice.
    """
    zone = company_zone()
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    due = _programs().filter(Q(tiers_checked_at__isnull=True) | Q(tiers_checked_at__lt=today))
    changed = 0
    for program in due.prefetch_related("tiers"):
        for ids in _batches(program, zone, at):
            changed += _look_at(program, ids, zone, at)
        # A program that was changed meanwhile is due again.
        PointsProgram.objects.filter(pk=program.pk, version=program.version).update(tiers_checked_at=at)
    return changed


def _programs() -> QuerySet[PointsProgram]:
    has_tiers = Exists(ProgramTier.objects.filter(program=OuterRef("pk")))
    # Those whose tiers were all removed take them from the customers who had one.
    had_tiers = Exists(CustomerTier.objects.filter(program=OuterRef("pk")))
    return PointsProgram.objects.filter(has_tiers | had_tiers, is_active=True).order_by("pk")


def _batches(program: PointsProgram, zone: ZoneInfo, at: datetime) -> Iterable[list[int]]:
    since = tiering.window_start(at, program.tier_period_months, zone)
    wanted = Customer.objects.filter(selectors.waiting_for_a_look(program, since=since, until=at))
    last = 0
    while ids := list(wanted.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]


@transaction.atomic
def _look_at(program: PointsProgram, ids: Sequence[int], zone: ZoneInfo, at: datetime) -> int:
    """Write what one batch of customers has now; return how many have another tier than before."""
    # Whoever records a purchase locks the customer too: what is counted next is whole, and stays it.
    known = list(Customer.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).only("pk"))
    months = program.tier_period_months
    since = tiering.window_start(at, months, zone)
    counted = selectors.counted(program, ids, since=since, until=at)
    tiers = selectors.ascending(program)
    thresholds = [money.from_decimal(tier.threshold) for tier in tiers]
    by_number = {0: None} | {tier.number: tier for tier in tiers}
    numbers = {tier.pk: tier.number for tier in tiers}
    present = {
        row.customer_id: row for row in CustomerTier.objects.filter(program=program, customer_id__in=ids)
    }
    rows, changed, having = [], 0, {}
    for customer in known:
        row = present.get(customer.pk)
        amount = counted.get(customer.pk, 0)
        held = _held(row, numbers)
        standing = tiering.settle(
            held,
            tiering.reached(amount, thresholds),
            program.tier_downgrade,
            months=months,
            zone=zone,
            at=at,
        )
        tier = by_number[standing.tier]
        having[customer.pk] = tier
        changed += standing.tier != held.tier
        new = CustomerTier(
            customer_id=customer.pk,
            program=program,
            tier=tier,
            counted=money.to_decimal(amount),
            since=standing.since,
            valid_until=standing.valid_until,
            changed_at=at,
        )
        if _says_more(new, row):
            rows.append(new)
    CustomerTier.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["customer", "program"],
        update_fields=["tier", "counted", "since", "valid_until", "changed_at"],
    )
    if program.sets_customer_level:
        _write_levels(having)
    return changed


def _held(row: CustomerTier | None, numbers: dict[int, int]) -> tiering.Standing:
    if row is None or row.tier_id is None:
        return tiering.Standing()
    return tiering.Standing(numbers.get(row.tier_id, 0), row.since, row.valid_until)


def _says_more(new: CustomerTier, old: CustomerTier | None) -> bool:
    if old is None:
        return new.tier_id is not None or new.counted > 0
    names = ("tier_id", "counted", "since", "valid_until")
    return any(getattr(new, name) != getattr(old, name) for name in names)


def _write_levels(having: dict[int, ProgramTier | None]) -> None:
    """Give the customers' records the tier as level and loyalty category, which conditions of campaigns read."""
    for tier in {tier.pk if tier else None: tier for tier in having.values()}.values():
        ids = [pk for pk, one in having.items() if one == tier]
        level, category = (tier.number, tier.code) if tier else (None, "")
        same = (
            Q(level=level, loyalty_category=category) if tier else Q(level__isnull=True, loyalty_category="")
        )
        Customer.objects.filter(pk__in=ids).exclude(same).update(level=level, loyalty_category=category)
