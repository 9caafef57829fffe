"""The report of value about to expire: what customers will lose, by the last day on which they can use it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loyalty.models import Lot
from loyalty.periods import Step
from loyalty.selectors import reports
from loyalty.views.filters import DayFilter
from loyalty.views.reports import STEPS, ByUnit, ReportFilters, amount_column, store_filter
from retail.views.columns import Column

DAYS_AHEAD = 89


class ExpiringFilters(ReportFilters):
    since = DayFilter(label=_("From"), field_name="ends", edge="first")
    until = DayFilter(label=_("Until"), field_name="ends", edge="last")
    step = django_filters.ChoiceFilter(
        label=_("Grouped by"), choices=STEPS, empty_label=None, method="grouped"
    )
    unit = django_filters.ChoiceFilter(label=_("Account"), empty_label=_("Every account"), method="of_unit")
    store = store_filter(_("Store"), "sale__store")
    campaign = django_filters.CharFilter(label=_("Campaign"), lookup_expr="iexact")

    class Meta:
        model = Lot
        fields = ["since", "until", "step", "unit", "store", "campaign"]


class ExpiringReport(ByUnit):
    """What customers will lose, by the last day on which they can use it."""

    model = Lot
    permission_required = "loyalty.view_lot"
    title = _("Value about to expire")
    subtitle = _("What customers hold, by the last day on which it can be used.")
    filters_class = ExpiringFilters
    export_name = "expiring-value"
    series = (_("Expires"),)
    amounts = (
        # Nobody counts twice: there is no sum of these.
        Column(name="customers", label=_("Customers"), kind="number", value=lambda row: row.get("customers")),
        Column(
            name="lots", label=_("Credits"), kind="number", value=lambda row: row.get("lots"), on_phone=False
        ),
        amount_column("value", _("Expires")),
        amount_column("usable", _("Can be used now")),
    )

    def defaults(self) -> dict[str, str]:
        until = self.today + timedelta(days=DAYS_AHEAD)
        return {"until": until.isoformat(), "step": Step.WEEK.value}

    def get_queryset(self) -> QuerySet[Lot]:
        return reports.expiring_lots(at=self.at)

    def grouped(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return reports.expiring(queryset, step=self.step, at=self.at)

    def totals(self) -> list[dict[str, Any]]:
        return reports.expiring_totals(self.found, at=self.at)

    def charted(self, row: dict[str, Any]) -> list[Decimal]:
        return [row["value"]]
