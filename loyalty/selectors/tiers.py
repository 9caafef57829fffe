"""What counts for the tiers of a program, and how far a customer is from staying and from the next one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum

from loyalty import tiering
from loyalty.models import CustomerTier, Entry, EntryKind, LotSource, PointsProgram, ProgramTier, TierBasis
from retail import money
from retail.models import Sale, SaleReturn, SaleState
from retail.selectors.company import company_zone

# Sales of which nothing is left count for nothing.
UNDONE = (SaleState.CANCELLED, SaleState.RETURNED)


def counting_sales(*, since: datetime, until: datetime) -> QuerySet[Sale]:
    """Return the sales that count for tiers in a period."""
    return (
        Sale.objects.real().filter(occurred_at__gte=since, occurred_at__lte=until).exclude(state__in=UNDONE)
    )


def counted(
    program: PointsProgram, customer_ids: Sequence[int], *, since: datetime, until: datetime
) -> dict[int, int]:
    """Return by customer what counts for the program's tiers, in hundredths. At most two queries.

    What was spent is what was left to pay, less the money of the units that came back, whenever they came back. What was
    paid with value is in neither.
    """
    if program.tier_basis == TierBasis.POINTS:
        return _points(program, customer_ids, since, until)
    sales = counting_sales(since=since, until=until).filter(customer_id__in=customer_ids)
    rows = sales.values("customer_id").annotate(spent=Sum("net"), visits=Count("pk")).order_by()
    if program.tier_basis == TierBasis.VISITS:
        return {row["customer_id"]: row["visits"] * 100 for row in rows}
    returned = dict(
        SaleReturn.objects.filter(sale__in=sales)
        .values("sale__customer_id")
        .annotate(money=Sum(F("amount") + F("withheld")))
        .order_by()
        .values_list("sale__customer_id", "money")
    )
    return {
        row["customer_id"]: max(0, money.from_decimal(row["spent"] - returned.get(row["customer_id"], 0)))
        for row in rows
    }


def _points(
    program: PointsProgram, customer_ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, int]:
    """Points that sales of the period earned, less what returns took back. Adjustments by hand make no tier."""
    rows = (
        Entry.objects.filter(
            account__program=program,
            kind__in=(EntryKind.EARN, EntryKind.REVERSE),
            lot__source__in=(LotSource.SALE, LotSource.TRANSFER),
            lot__sale__in=counting_sales(since=since, until=until).filter(customer_id__in=customer_ids),
        )
        # Whose the sale is, also where the record that earned was merged into another.
        .values("lot__sale__customer_id")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return {row["lot__sale__customer_id"]: money.from_decimal(row["total"]) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierProgress:
    """Where a customer stands in one program. Hundredths of money, points or purchases, by the program's basis.

    `to_stay` is what still has to be counted until `valid_until` for the tier to be kept then (None where nothing
    ends), `to_next` what is missing now for `next_tier` (None at the top).
    """

    program: PointsProgram
    tier: ProgramTier | None
    since: datetime | None
    valid_until: datetime | None
    counted: int
    next_tier: ProgramTier | None
    to_next: int | None
    to_stay: int | None


def tier_progress(customer_id: int, *, at: datetime) -> list[TierProgress]:
    """Return where a customer stands in every active program with tiers, as of `at`."""
    programs = list(
        PointsProgram.objects.filter(is_active=True, tiers__isnull=False)
        .distinct()
        .order_by("name", "pk")
        .prefetch_related("tiers")
    )
    if not programs:
        return []
    zone = company_zone()
    standings = {
        standing.program_id: standing
        for standing in CustomerTier.objects.filter(customer_id=customer_id).select_related("tier")
    }
    return [_progress(program, customer_id, standings.get(program.pk), zone, at) for program in programs]


def _progress(
    program: PointsProgram, customer_id: int, standing: CustomerTier | None, zone: ZoneInfo, at: datetime
) -> TierProgress:
    months = program.tier_period_months
    start = tiering.window_start(at, months, zone)
    now = counted(program, [customer_id], since=start, until=at).get(customer_id, 0)
    tier = standing.tier if standing else None
    higher = [one for one in ascending(program) if tier is None or one.number > tier.number]
    to_stay = None
    if standing and tier and standing.valid_until:
        # What will still count at the end: purchases since the beginning of the period that ends then.
        begins = tiering.window_start(standing.valid_until, months, zone)
        kept = counted(program, [customer_id], since=begins, until=at).get(customer_id, 0)
        to_stay = max(0, money.from_decimal(tier.threshold) - kept)
    return TierProgress(
        program=program,
        tier=tier,
        since=standing.since if standing else None,
        valid_until=standing.valid_until if standing else None,
        counted=now,
        next_tier=higher[0] if higher else None,
        to_next=max(0, money.from_decimal(higher[0].threshold) - now) if higher else None,
        to_stay=to_stay,
    )


def ascending(program: PointsProgram) -> list[ProgramTier]:
    """Return a program's tiers, lowest first, from what was prefetched."""
    return sorted(program.tiers.all(), key=lambda tier: tier.number)


def standing_counts(program: PointsProgram) -> dict[int, int]:
    """Return by tier id how many customers have it. One query."""
    rows = (
        CustomerTier.objects.filter(program=program, tier__isnull=False)
        .values("tier_id")
        .annotate(customers=Count("pk"))
        .order_by()
    )
    counts: dict[int, int] = defaultdict(int)
    counts.update({row["tier_id"]: row["customers"] for row in rows})
    return counts


def waiting_for_a_look(program: PointsProgram, *, since: datetime, until: datetime) -> Q:
    """Return the condition on customers whose tier may be another one: who bought, who stands somewhere already."""
    bought = counting_sales(since=since, until=until).filter(customer__isnull=False)
    found = Q(pk__in=bought.values("customer_id")) | Q(
        pk__in=CustomerTier.objects.filter(program=program).values("customer_id")
    )
    # Levels that somebody had typed before the program became their owner.
    return found | Q(level__isnull=False) if program.sets_customer_level else found


def moved_since(since: datetime) -> set[int]:
    """Return the customers who bought, or whose purchase was cancelled or returned, since a moment. Three queries."""
    yesterday = since - timedelta(days=1)
    sales = Sale.objects.real().filter(customer__isnull=False)
    # What a till made offline arrives later; whole days late, it waits for the daily look.
    late = Q(occurred_at__gte=yesterday, received_at__gte=since)
    bought = sales.filter(Q(occurred_at__gte=since) | late)
    cancelled = sales.filter(occurred_at__gte=yesterday, cancelled_at__gte=since)
    returned = SaleReturn.objects.filter(returned_at__gte=since, sale__customer__isnull=False)
    return {
        *bought.values_list("customer_id", flat=True),
        *cancelled.values_list("customer_id", flat=True),
        *returned.values_list("sale__customer_id", flat=True),
    }
