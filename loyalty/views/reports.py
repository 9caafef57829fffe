"""Reports of value by period and account: what they have in common, and what moved."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django.db.models import F, OrderBy, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.amounts import amount_text, measure_text, unit_name
from loyalty.forms.units import of_unit, unit_choices
from loyalty.models import MONEY_KINDS, AccountKind, Entry
from loyalty.periods import Step, slots_between
from loyalty.selectors import reports
from loyalty.views.filters import DayFilter
from retail import formats
from retail.models import Store
from retail.views.charts import Chart, Series, bar_chart
from retail.views.columns import Column, build_headings, build_rows
from retail.views.lists import ListPage

STEPS = [(Step.DAY.value, _("Day")), (Step.WEEK.value, _("Week")), (Step.MONTH.value, _("Month"))]
DAYS_BACK = 29


def store_filter(label: Any, field: str | None = None, method: str | None = None) -> Any:
    return django_filters.ModelChoiceFilter(
        label=label,
        field_name=field,
        method=method,
        queryset=Store.objects.order_by("name", "pk"),
        empty_label=_("Every store"),
    )


class ReportFilters(django_filters.FilterSet):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "unit" in self.filters:
            self.filters["unit"].extra["choices"] = unit_choices(only_active=False, with_stored=True)

    def of_unit(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(**of_unit(value))

    def grouped(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """Leave the rows as they are: the page groups them."""
        return queryset


class ValueReport(ListPage):
    """A report with filters that begin with a period, totals, and a chart."""

    template_name = "loyalty/report.html"
    filters_class: ClassVar[type[ReportFilters]]
    search_placeholder = _("Customer: name, CPF, phone, e-mail")
    page_size = 50
    empty_icon = "chart"
    empty_title = _("Nothing in this period")
    empty_text = _("Choose another period, or fewer filters.")

    def defaults(self) -> dict[str, str]:
        """Return what the filters hold before anybody has chosen."""
        raise NotImplementedError

    @cached_property
    def at(self) -> datetime:
        return timezone.now()

    @cached_property
    def today(self) -> date:
        return timezone.localdate(self.at)

    @cached_property
    def chosen(self) -> ReportFilters:
        data = self.request.GET.copy()
        for name, value in self.defaults().items():
            data.setdefault(name, value)
        return self.filters_class(data, queryset=self.get_queryset(), request=self.request)

    def get_filters(self) -> ReportFilters:
        return self.chosen

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the filters were given, as far as it can be right."""
        form = self.chosen.form
        form.is_valid()
        return dict(form.cleaned_data)

    @cached_property
    def found(self) -> QuerySet[Any]:
        return self.search(self.chosen.qs, self.query)

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return reports.of_customers(queryset, Customer.objects.search(text)) if text else queryset

    @property
    def step(self) -> str:
        return self.values.get("step") or Step.DAY.value


UNIT_KEY = ("account__kind", "account__program_id", "account__plan_id", "account__stored_value__type_id")


def unit_of(row: dict[str, Any]) -> str:
    """Return what a row is called: its unit, or the `title` of a sum."""
    if "title" in row:
        return str(row["title"])
    name = row["account__program__name"] or row["account__plan__name"]
    return unit_name(name or row["account__stored_value__type__name"], row["account__kind"])


def unit_key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in UNIT_KEY)


def slot_text(slot: date, step: str) -> str:
    if step == Step.WEEK:
        return f"{formats.short_day(slot)} – {formats.day(slot + timedelta(days=6))}"
    return formats.month(slot) if step == Step.MONTH else formats.day(slot)


def slot_label(slot: date, step: str) -> str:
    """Return a slot as short as an axis needs it."""
    return formats.month(slot) if step == Step.MONTH else formats.short_day(slot)


def unit_columns(label: Any, **options: Any) -> tuple[Column, Column]:
    """Return the columns that name a row's unit and say in what it is counted: one on the page, two in a file."""
    return (
        Column(name="unit", label=label, value=unit_of, secondary=measure_of, **options),
        Column(name="measure", label=_("Counted in"), value=measure_of, on_page=False),
    )


def measure_of(row: dict[str, Any]) -> str:
    return measure_text(row["account__kind"])


def total_of_money(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row with the sums of those that are money, or none where a single row says as much."""
    of_money = [row for row in rows if row["account__kind"] in MONEY_KINDS]
    if len(of_money) < 2:
        return []
    names = [name for name, value in of_money[0].items() if isinstance(value, Decimal)]
    sums = {name: sum((row[name] for row in of_money), Decimal(0)) for name in names}
    return [sums | {"title": _now("All money"), "account__kind": AccountKind.CASHBACK}]


def amount_column(name: str, label: Any, **options: Any) -> Column:
    return Column(
        name=name,
        label=label,
        kind="number",
        value=lambda row: row[name],
        write=lambda row, raw: amount_text(row["account__kind"], raw) if raw else "",
        **options,
    )


class ByUnit(ValueReport):
    """A report whose rows are a slot of time and a unit of value."""

    default_order = "slot"
    amounts: ClassVar[tuple[Column, ...]]
    chart_title: ClassVar[Any] = _("%(account)s by period")

    def shown_amounts(self) -> tuple[Column, ...]:
        """Return the columns of amounts that this request needs."""
        return self.amounts

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        step = self.step
        return (
            # In a file, too, a month is no first day.
            Column(name="slot", label=_("Period"), kind="day" if step == Step.DAY else "text", value=lambda row: row["slot"], write=lambda _row, raw: slot_text(raw, step), order_by="slot"),
            *unit_columns(_("Account")),
            *self.shown_amounts(),
        )  # fmt: skip

    def grouped(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def totals(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def order(self, queryset: QuerySet[Any], order: str) -> QuerySet[Any]:
        rows = self.grouped(queryset)
        return rows.order_by(OrderBy(F("slot"), descending=order.startswith("-")), *reports.UNIT)

    def charted(self, row: dict[str, Any]) -> list[Decimal]:
        """Return the bars of a row, in the order of `series`."""
        raise NotImplementedError

    series: ClassVar[tuple[Any, ...]]

    def chart(self, totals: list[dict[str, Any]]) -> Chart | None:
        """Draw the one unit that is listed, or the first of several: sums of different units mean nothing."""
        if not totals:
            return None
        unit, kind = unit_key_of(totals[0]), totals[0]["account__kind"]
        wanted = dict(zip(UNIT_KEY, unit, strict=True))
        rows = {row["slot"]: row for row in self.grouped(self.found.filter(**wanted)).order_by("slot")}
        slots = slots_between(min(rows), max(rows), self.step)
        bars = [
            self.charted(rows[slot]) if slot in rows else [Decimal(0)] * len(self.series) for slot in slots
        ]
        return bar_chart(
            title=str(self.chart_title) % {"account": unit_of(totals[0])},
            slot_heading=_now("Period"),
            slots=[slot_label(slot, self.step) for slot in slots],
            slot_names=[slot_text(slot, self.step) for slot in slots],
            series=[
                Series(str(name), [bar[place] for bar in bars]) for place, name in enumerate(self.series)
            ],
            write=lambda value: amount_text(kind, Decimal(value)),
            write_axis=formats.compact,
        )

    def extra_context(self) -> dict[str, Any]:
        totals = self.totals()
        columns = [column for column in (*unit_columns(_("Total")), *self.shown_amounts()) if column.on_page]
        return {
            "chart": self.chart(totals),
            "total_headings": build_headings(columns, ""),
            "total_rows": build_rows(columns, [*totals, *total_of_money(totals)]),
        }


class MovementFilters(ReportFilters):
    since = DayFilter(label=_("From"), field_name="occurred_at", edge="first")
    until = DayFilter(label=_("Until"), field_name="occurred_at", edge="last")
    step = django_filters.ChoiceFilter(
        label=_("Grouped by"), choices=STEPS, empty_label=None, method="grouped"
    )
    unit = django_filters.ChoiceFilter(label=_("Account"), empty_label=_("Every account"), method="of_unit")
    store = store_filter(_("Store"), "sale__store")
    campaign = django_filters.CharFilter(
        label=_("Campaign"), field_name="lot__campaign", lookup_expr="iexact"
    )

    class Meta:
        model = Entry
        fields = ["since", "until", "step", "unit", "store", "campaign"]


class MovementReport(ByUnit):
    """What was issued, used, expired and taken back, to the cent and the point: the entries of the ledger, summed."""

    model = Entry
    permission_required = "loyalty.view_entry"
    title = _("Value issued and used")
    subtitle = _("Every entry of the ledger by period: what was issued, used, expired and taken back.")
    filters_class = MovementFilters
    default_order = "-slot"
    export_name = "value-movements"
    series = (_("Issued"), _("Redeemed"), _("Expired"))
    amounts = (
        amount_column("issued", _("Issued")),
        amount_column("redeemed", _("Redeemed")),
        amount_column("restored", _("Given back")),
        amount_column("expired", _("Expired")),
        amount_column("forfeited", _("Forfeited")),
        amount_column("taken_back", _("Taken back")),
        amount_column("adjusted", _("Adjusted")),
        amount_column("paid_debts", _("Paid debts")),
        amount_column("transferred", _("Transferred")),
        amount_column("change", _("Change of balance")),
    )

    def defaults(self) -> dict[str, str]:
        since = self.today - timedelta(days=DAYS_BACK)
        return {"since": since.isoformat(), "until": self.today.isoformat(), "step": Step.DAY.value}

    def grouped(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return reports.movements(queryset, step=self.step)

    def totals(self) -> list[dict[str, Any]]:
        return reports.movement_totals(self.found)

    def charted(self, row: dict[str, Any]) -> list[Decimal]:
        used = -(row["redeemed"] + row["restored"])
        return [row["issued"], max(used, Decimal(0)), -(row["expired"] + row["forfeited"])]
