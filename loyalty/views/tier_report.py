"""Who stands in which tier, how much counts for it, and until when it is kept."""

from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from customers.models import Customer
from customers.phones import readable
from loyalty import sentences
from loyalty.models import CustomerTier, ProgramTier
from loyalty.views.filters import DayFilter, last_day
from retail.selectors.company import company_zone
from retail.views.columns import Column
from retail.views.lists import ListPage

NO_TIER = "none"


class TierFilters(django_filters.FilterSet):
    tier = django_filters.ChoiceFilter(label=_("Tier"), empty_label=_("Every tier"), method="in_tier")
    until = DayFilter(label=_("Kept until at the latest"), field_name="valid_until", edge="last")

    class Meta:
        model = CustomerTier
        fields = ["tier", "until"]

    def __init__(self, *args: Any, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["until"].zone = zone
        tiers = ProgramTier.objects.select_related("program").order_by("program__name", "program", "number")
        self.filters["tier"].extra["choices"] = [
            *((str(tier.pk), f"{tier.program.name} · {tier.name}") for tier in tiers),
            (NO_TIER, _now("No tier yet")),
        ]

    def in_tier(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(tier=None if value == NO_TIER else value)


class TierReport(ListPage):
    """Every customer who stands in a program with tiers, the highest tier first."""

    model = CustomerTier
    permission_required = ("customers.view_customer", "loyalty.view_customertier")
    title = _("Customers by tier")
    subtitle = _("Who has reached which tier, what counts for it, and until when it is kept.")
    search_placeholder = _("Name, CPF, phone or card")
    default_order = "-tier"
    export_name = "tiers"
    empty_icon = "star"
    empty_title = _("Nobody has a tier yet")
    empty_text = _("Tiers belong to points programs; customers reach them as they buy.")

    @cached_property
    def zone(self) -> ZoneInfo:
        return company_zone()

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        return (
            Column(name="customer", label=_("Customer"), value=lambda row: str(row.customer), order_by="customer__name"),
            Column(name="phone", label=_("Phone"), value=lambda row: readable(row.customer.phone), on_phone=False),
            Column(name="program.name", label=_("Program"), order_by="program__name"),
            Column(name="tier", label=_("Tier"), value=lambda row: row.tier.name if row.tier else "", order_by="tier__number"),
            Column(name="counted", label=_("Counted"), kind="number", order_by="counted", write=lambda row, raw: sentences.basis_text(row.program, raw)),
            Column(name="since", label=_("Since"), kind="moment", zone=lambda _row: self.zone, order_by="since"),
            Column(name="until", label=_("Kept until"), kind="day", value=lambda row: last_day(row.valid_until, self.zone), order_by="valid_until"),
        )  # fmt: skip

    def get_filters(self) -> FilterSet:
        return TierFilters(
            self.request.GET, queryset=self.get_queryset(), request=self.request, zone=self.zone
        )

    def get_queryset(self) -> QuerySet[CustomerTier]:
        return CustomerTier.objects.select_related("customer", "program", "tier")

    def search(self, queryset: QuerySet[CustomerTier], text: str) -> QuerySet[CustomerTier]:
        return queryset.filter(customer__in=Customer.objects.search(text)) if text else queryset

    def row_url(self, instance: CustomerTier) -> str:
        return reverse("loyalty:customer_tiers", args=[instance.customer_id])
