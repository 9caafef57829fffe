"""The figures of the first page: sales, campaigns, messages, and what a new installation still lacks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Max, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Activation, Campaign
from messaging.models import JobHeartbeat, Message
from pos_api.models import TerminalKey
from retail.models import Company, Product, Sale, SaleState, Store
from retail.money import divide

PERIODS = (1, 7, 30)
CHART_DAYS = 30
_ZERO = Decimal(0)
_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DaySales:
    """What was sold on one business day."""

    day: date
    count: int = 0
    identified: int = 0
    net: Decimal = _ZERO
    discount: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum of a period, and by how many percent it differs from the period before; None without one."""

    value: Decimal | int
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class SalesOverview:
    count: Figure
    net: Figure
    discount: Figure
    identified: Decimal | None
    days: list[DaySales]


def sales_overview(*, at: datetime, today: date, period: int) -> SalesOverview:
    """Sum the sales of the last `period` business days, compared with as many before; one query.

    `days` are the last CHART_DAYS, oldest first, also those without a sale. Cancelled sales do not count.
    """
    first = today - timedelta(days=2 * max(PERIODS) - 1)
    rows = (
        # The index is by moment; the two days more are the widest gap between a moment and its business date.
        Sale.objects.real()
        .filter(occurred_at__gte=at - timedelta(days=2 * max(PERIODS) + 2), business_date__gte=first)
        .exclude(state=SaleState.CANCELLED)
        .values_list("business_date")
        .annotate(Count("pk"), Count("customer"), Sum("net"), Sum("discount"))
        .order_by("business_date")
    )
    by_day = {row[0]: DaySales(*row) for row in rows}

    def span(days: int, skipped: int = 0) -> list[DaySales]:
        last = today - timedelta(days=skipped)
        return [
            by_day.get(day, DaySales(day)) for day in (last - timedelta(days=back) for back in range(days))
        ]

    now, before = span(period), span(period, skipped=period)
    count, identified = sum(day.count for day in now), sum(day.identified for day in now)
    return SalesOverview(
        count=_figure(count, sum(day.count for day in before)),
        net=_figure(sum((day.net for day in now), _ZERO), sum((day.net for day in before), _ZERO)),
        discount=_figure(
            sum((day.discount for day in now), _ZERO), sum((day.discount for day in before), _ZERO)
        ),
        identified=_percent(identified, count) if count else None,
        days=span(CHART_DAYS)[::-1],
    )


def _figure(now: Decimal | int, before: Decimal | int) -> Figure:
    # More than tenfold compares a beginning with nothing, and says nothing.
    comparable = before and now <= 10 * before
    return Figure(now, _percent(now - before, before) if comparable else None)


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Return part / whole in percent, to one decimal."""
    return Decimal(divide(int(part * 100) * 1000, int(whole * 100))).scaleb(-1)


@dataclass(frozen=True, slots=True)
class CampaignSum:
    code: str
    name: str
    activations: int
    discount: Decimal


def strongest_campaigns(*, since: datetime, limit: int = 6) -> list[CampaignSum]:
    """Return the campaigns that gave most since a moment, reversed activations left out."""
    rows = (
        Activation.objects.filter(campaign__isnull=False, activated_at__gte=since, reversed_at__isnull=True)
        .values_list("campaign__code", "campaign__name")
        .annotate(Count("pk"), total=Sum(F("discount") - F("undone")))
        .order_by("-total", "campaign__code")[:limit]
    )
    return [CampaignSum(*row) for row in rows]


def campaigns_ahead(*, at: datetime, limit: int = 6) -> list[Any]:
    """Return running campaigns that end within a week, then those that start within a week, soonest first."""
    found: Any = (
        Campaign.objects.with_status(at=at)
        .filter(
            Q(shown_status="active", ends_at__lte=at + _SOON)
            | Q(shown_status="scheduled", starts_at__lte=at + _SOON)
        )
        .only("code", "name", "starts_at", "ends_at")
    )
    return sorted(
        found,
        key=lambda campaign: (
            campaign.ends_at if campaign.shown_status == "active" else campaign.starts_at,
            campaign.code,
        ),
    )[:limit]


@dataclass(frozen=True, slots=True)
class MessageCounts:
    sent: int
    waiting: int
    failed: int
    in_doubt: int
    not_sent: int


def message_counts(*, since: datetime) -> MessageCounts:
    """Count the messages planned since a moment, by what became of them."""
    counted = dict(
        Message.objects.filter(planned_at__gte=since)
        .values_list("state")
        .annotate(number=Count("*"))
        .order_by()
    )

    def total(*states: str) -> int:
        return sum(counted.get(state, 0) for state in states)

    return MessageCounts(
        sent=total("sent", "delivered", "read"),
        waiting=total("queued", "claimed"),
        failed=total("failed"),
        in_doubt=total("in_doubt"),
        not_sent=total("suppressed"),
    )


def last_job_finished_at() -> datetime | None:
    """Return when any periodic job last ran to its end."""
    return JobHeartbeat.objects.aggregate(Max("finished_at"))["finished_at__max"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a new installation needs."""

    title: Promise | str
    text: Promise | str
    done: bool
    url_name: str


def first_steps() -> list[Step]:
    """Return the way from an empty installation to its first sale; one query."""
    has = (
        Company.objects.filter(pk=1)
        .annotate(
            store=Exists(Store.objects.all()),
            product=Exists(Product.objects.all()),
            key=Exists(TerminalKey.objects.filter(revoked_at__isnull=True)),
            campaign=Exists(Campaign.objects.exclude(live_revision=None)),
            sale=Exists(Sale.objects.real()),
        )
        .values("store", "product", "key", "campaign", "sale")
        .get()
    )
    return [
        Step(_("Add a store"), _("Where campaigns run and tills stand."), has["store"], "retail:store_list"),
        Step(_("Bring the products"), _("From a spreadsheet, by the API, or by hand."), has["product"], "retail:product_list"),
        Step(_("Give a terminal its key"), _("With it, a point of sale may ask for discounts."), has["key"], "pos_api:terminal_list"),
        Step(_("Publish a campaign"), _("Choose a recipe, say for what and how much, publish."), has["campaign"], "campaigns:campaign_list"),
        Step(_("Record a sale"), _("By your point of sale, or with the till in the browser."), has["sale"], "pos_api:sale_list"),
    ]  # fmt: skip
