"""What the company owes its customers, and what of it lapses: by unit of value."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any

import django_filters
from django.db.models import F, OrderBy, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from loyalty.models import MONEY_KINDS, Lot
from loyalty.periods import Step
from loyalty.selectors import liability, reports
from loyalty.views.filters import DayFilter, end_of
from loyalty.views.reports import (
    STEPS,
    UNIT_KEY,
    ByUnit,
    ReportFilters,
    ValueReport,
    amount_column,
    store_filter,
    total_of_money,
    unit_columns,
    unit_of,
)
from retail import formats, money
from retail.views.columns import Column, Heading, build_rows

MONTHS_BACK = 12


class LiabilityFilters(ReportFilters):
    until = DayFilter(label=_("At the end of"), edge="last", method="grouped")
    unit = django_filters.ChoiceFilter(label=_("Account"), empty_label=_("Every account"), method="of_unit")
    store = store_filter(_("Sold or issued in"), "account__stored_value__store")

    class Meta:
        model = Lot
        fields = ["until", "unit", "store"]


def _transferred(report: ValueReport) -> tuple[Column, ...]:
    """Return the column of what accounts passed on, which is nothing unless some customers' accounts are looked at."""
    return (amount_column("transferred", _("Transferred"), on_phone=False, on_page=bool(report.query)),)


_PUT_IN = (
    amount_column("issued", _("Issued")),
    amount_column("adjusted", _("Adjusted"), on_phone=False),
)
_SUMS = (
    amount_column("redeemed", _("Used")),
    amount_column("expired", _("Expired")),
    amount_column("forfeited", _("Forfeited"), on_phone=False),
    amount_column("taken_back", _("Taken back"), on_phone=False),
    amount_column("outstanding", _("Outstanding")),
    amount_column("paid", _("Paid by customers"), on_phone=False),
)


class _AtDay(ValueReport):
    """A report that reads the ledger as it stood at the end of a day."""

    model = Lot
    permission_required = "loyalty.view_lot"

    @property
    def moment(self) -> datetime:
        day: date | None = self.values.get("until")
        return min(end_of(day), self.at) if day else self.at


class LiabilityReport(_AtDay):
    """What the company owes at the end of a day: all that was issued, and what became of it."""

    title = _("Liability")
    subtitle = _(
        "What customers hold at the end of a day. All that was issued is used, lapsed, taken back or outstanding."
    )
    filters_class = LiabilityFilters
    default_order = "unit"
    export_name = "liability"

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        return self._columns(_("Account"))

    def _columns(self, label: Any) -> tuple[Column, ...]:
        return (
            *unit_columns(label, order_by="account__kind"),
            Column(name="accounts", label=_("Accounts"), kind="number", value=lambda row: row.get("accounts"), on_phone=False),
            *_PUT_IN, *_transferred(self), *_SUMS,
        )  # fmt: skip

    def defaults(self) -> dict[str, str]:
        return {"until": self.today.isoformat()}

    def order(self, queryset: QuerySet[Any], order: str) -> QuerySet[Any]:
        rows = liability.liability(queryset, at=self.moment)
        return rows.order_by(OrderBy(F("account__kind"), descending=order.startswith("-")), *reports.UNIT)

    def extra_context(self) -> dict[str, Any]:
        rows = list(self.order(self.found, "unit"))
        owed = [row for row in rows if row["account__kind"] in MONEY_KINDS and row["outstanding"] > 0]
        columns = [column for column in self._columns(_("Total")) if column.on_page]
        return {
            "bars": [
                (unit_of(row), row["outstanding"])
                for row in sorted(owed, key=itemgetter("outstanding"), reverse=True)
            ],
            "total_headings": [Heading(column) for column in columns],
            "total_rows": build_rows(columns, total_of_money(rows)),
        }


class BreakageFilters(ReportFilters):
    since = DayFilter(label=_("Issued from"), field_name="created_at", edge="first")
    until = DayFilter(label=_("Issued until"), field_name="created_at", edge="last")
    step = django_filters.ChoiceFilter(
        label=_("Grouped by"), choices=STEPS, empty_label=None, method="grouped"
    )
    unit = django_filters.ChoiceFilter(label=_("Account"), empty_label=_("Every account"), method="of_unit")
    store = store_filter(_("Sold or issued in"), "account__stored_value__store")

    class Meta:
        model = Lot
        fields = ["since", "until", "step", "unit", "store"]


def _part_lost(row: dict[str, Any]) -> str:
    """Return what lapsed of all that customers could use: of what was neither taken back nor passed on."""
    usable = money.from_decimal(row["redeemed"] + row["lost"] + row["outstanding"])
    if usable <= 0:
        return ""
    thousandths = money.divide(money.from_decimal(row["lost"]) * 1000, usable)
    return formats.percent(Decimal(thousandths).scaleb(-1))


class BreakageReport(ByUnit):
    """Of what was issued in a period: how much was used, and how much lapsed unused."""

    model = Lot
    permission_required = "loyalty.view_lot"
    title = _("Breakage")
    subtitle = _(
        "What became of what was issued in each period: used, lapsed (expired, or lost beside a purchase), taken back, or "
        "outstanding. Of what customers could use, the part that lapsed."
    )
    filters_class = BreakageFilters
    default_order = "-slot"
    export_name = "breakage"
    series = (_("Used"), _("Expired or forfeited"), _("Outstanding"))
    chart_title = _("%(account)s: what became of what was issued in each period")

    def shown_amounts(self) -> tuple[Column, ...]:
        return (
            *_PUT_IN,
            *_transferred(self),
            amount_column("redeemed", _("Used")),
            amount_column("lost", _("Expired or forfeited")),
            amount_column("taken_back", _("Taken back"), on_phone=False),
            amount_column("outstanding", _("Outstanding"), on_phone=False),
            Column(name="part", label=_("Part that lapsed"), value=_part_lost),
            amount_column("paid", _("Paid by customers"), on_phone=False),
        )

    def defaults(self) -> dict[str, str]:
        since = (self.today.replace(day=1) - timedelta(days=30 * (MONTHS_BACK - 1))).replace(day=1)
        return {"since": since.isoformat(), "until": self.today.isoformat(), "step": Step.MONTH.value}

    def grouped(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return liability.cohorts(queryset, step=self.step, at=self.at)

    def totals(self) -> list[dict[str, Any]]:
        rows = liability.liability(self.found, at=self.at).annotate(lost=F("expired") + F("forfeited"))
        return list(rows.order_by(*UNIT_KEY))

    def charted(self, row: dict[str, Any]) -> list[Decimal]:
        return [max(row[name], Decimal(0)) for name in ("redeemed", "lost", "outstanding")]
