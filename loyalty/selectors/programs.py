"""Programs and plans as managers look at them: how many customers stand where, and what is outstanding."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Floor, Mod

from loyalty.models import Account, Lot, PointsProgram, ProgramLevel, StampPlan
from retail import money
from retail.models import Product

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelStanding:
    """One level with its gifts, and how many customers have its points and not those of the next one."""

    level: ProgramLevel
    gifts: list[Any]
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFigures:
    """A program at a moment. `value` is what the points that can be used would pay, None where points pay nothing."""

    levels: list[LevelStanding]
    below: int
    members: int
    available: Decimal
    pending: Decimal
    owed: Decimal
    value: Decimal | None


def program_figures(program: PointsProgram, *, at: datetime) -> ProgramFigures:
    """Return where the customers of a program stand. Five queries, however many customers there are."""
    levels = list(program.levels.order_by("points").prefetch_related("gifts__product"))
    usable = (
        Lot.objects.filter(account__program=program)
        .usable(at=at)
        .order_by()
        .values("account_id")
        .annotate(points=Sum("remaining"))
    )
    reached = usable.aggregate(
        holders=Count("account_id"),
        total=Sum("points"),
        **{f"level_{place}": Count("account_id", filter=Q(points__gte=level.points)) for place, level in enumerate(levels)},
    )  # fmt: skip
    totals = Account.objects.filter(program=program).aggregate(members=Count("pk"), owed=Sum("owed"))
    pending = Lot.objects.filter(account__program=program).pending(at=at).aggregate(total=Sum("remaining"))
    counts = [reached[f"level_{place}"] for place in range(len(levels))]
    available = reached["total"] or _ZERO
    return ProgramFigures(
        levels=[
            LevelStanding(
                level=level,
                gifts=sorted(level.gifts.all(), key=lambda gift: gift.pk),
                customers=count - higher,
            )
            for level, count, higher in zip(levels, counts, [*counts[1:], 0], strict=False)
        ],
        below=totals["members"] - (counts[0] if counts else totals["members"]),
        members=totals["members"],
        available=available,
        pending=pending["total"] or _ZERO,
        owed=totals["owed"] or _ZERO,
        value=worth(program, available),
    )


def worth(program: PointsProgram, points: Decimal) -> Decimal | None:
    """Return what points pay, rounded down to the cent; None where they pay nothing."""
    if program.point_value is None:
        return None
    product = money.from_decimal(points) * money.from_decimal(program.point_value)
    return money.to_decimal(money.divide(product, 100, "down"))


def listed_programs() -> QuerySet[PointsProgram]:
    """Return programs with how many levels, gifts and members they have."""
    return PointsProgram.objects.annotate(
        level_count=_counted(ProgramLevel.objects.all(), "program"),
        gift_count=_counted(ProgramLevel.objects.filter(gifts__isnull=False), "program"),
        member_count=_counted(Account.objects.all(), "program"),
    )


def listed_plans() -> QuerySet[StampPlan]:
    """Return stamp plans with how many customers take part."""
    return StampPlan.objects.select_related("category", "reward_product").annotate(
        member_count=_counted(Account.objects.all(), "plan")
    )


def _counted(rows: QuerySet[Any], by: str) -> Any:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)


def stamp_progress(*, at: datetime) -> QuerySet[Account]:
    """Return the accounts of stamps with `stamps` (usable now), whole `rewards` and those `towards` the next."""
    field = DecimalField(max_digits=14, decimal_places=2)
    usable = (
        Lot.objects.filter(account=OuterRef("pk"))
        .usable(at=at)
        .order_by()
        .values("account")
        .annotate(total=Sum("remaining"))
        .values("total")
    )
    return (
        Account.objects.filter(plan__isnull=False)
        .select_related("customer", "plan", "plan__category", "plan__reward_product")
        .annotate(stamps=Coalesce(Subquery(usable), _ZERO, output_field=field))
        .annotate(
            towards=Mod(F("stamps"), F("plan__orders"), output_field=field),
            rewards=Floor(F("stamps") / F("plan__orders"), output_field=field),
        )
    )


def extras(plan: StampPlan, most: int = 12) -> list[str]:
    """Return names of products that earn stamps and are no part of the reward."""
    found = Product.objects.on_sale()
    if plan.category is not None:
        found = found.filter(category__path__contains=[plan.category.code])
    if plan.reward_product_id is not None:
        found = found.exclude(pk=plan.reward_product_id)
    return list(found.order_by("name", "pk").values_list("name", flat=True)[:most])
