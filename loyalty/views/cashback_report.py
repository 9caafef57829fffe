"""The report of cashback: each credit, where and when it was generated and redeemed, and what is left of it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.documents import mask
from customers.models import Customer
from loyalty.models import Entry, EntryKind, Lot
from loyalty.periods import slot_of, slots_between, step_for
from loyalty.selectors import reports
from loyalty.views.filters import DayFilter, end_of, last_day_of, start_of
from loyalty.views.reports import DAYS_BACK, ReportFilters, ValueReport, slot_label, slot_text, store_filter
from retail import formats
from retail.models import Store
from retail.selectors.company import company_zone
from retail.views.charts import Chart, Series, bar_chart
from retail.views.columns import Column

STATES = {
    "available": _("Available"),
    "pending": _("Pending"),
    "review": _("Waits for the survey"),
    "used": _("Used up"),
    "expired": _("Expired"),
    "moved": _("Moved to another record"),
}
STATE_TONES = {"available": "success", "pending": "info", "review": "info", "expired": "warning"}


class CashbackFilters(ReportFilters):
    since = DayFilter(label=_("From"), edge="first", method="within")
    until = DayFilter(label=_("Until"), edge="last", method="within")
    dates = django_filters.ChoiceFilter(
        label=_("Dates of"),
        choices=[("generated", _("Generation")), ("redeemed", _("Redemption"))],
        empty_label=None,
        method="grouped",
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=list(STATES.items()), empty_label=_("Every state")
    )
    store = store_filter(_("Generated in"), "sale__store")
    redeemed_in = store_filter(_("Redeemed in"), method="with_store")
    campaign = django_filters.CharFilter(label=_("Campaign"), lookup_expr="iexact")

    class Meta:
        model = Lot
        fields = ["since", "until", "dates", "state", "store", "redeemed_in", "campaign"]

    def filter_queryset(self, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        """Apply the period to what was asked: the day of generation, or a day on which some of it was redeemed."""
        found = super().filter_queryset(queryset)
        values = self.form.cleaned_data
        field = "occurred_at" if values.get("dates") == "redeemed" else "earned_at"
        period: dict[str, Any] = {}
        if values.get("since"):
            period[f"{field}__gte"] = start_of(values["since"])
        if values.get("until"):
            period[f"{field}__lt"] = end_of(values["until"])
        if field == "earned_at":
            return found.filter(**period)
        return found.filter(Exists(_redemptions().filter(**period)))

    def within(self, queryset: QuerySet[Lot], _name: str, _value: Any) -> QuerySet[Lot]:
        """Leave it to `filter_queryset`, which knows both ends."""
        return queryset

    def with_store(self, queryset: QuerySet[Lot], _name: str, value: Store) -> QuerySet[Lot]:
        return queryset.filter(Exists(_redemptions().filter(sale__store=value)))


def _redemptions() -> QuerySet[Entry]:
    return Entry.objects.filter(lot=OuterRef("pk"), kind=EntryKind.REDEEM)


class CashbackReport(ValueReport):
    """Each credit of cashback: where and when it was generated and redeemed, what is left, whose it is (F079)."""

    model = Lot
    permission_required = "loyalty.view_lot"
    title = _("Cashback")
    subtitle = _("Where and when each credit was generated and redeemed, and what is left of it.")
    filters_class = CashbackFilters
    default_order = "-earned_at"
    export_name = "cashback"

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        knows_people = self.request.user.has_perm("customers.view_customer")
        zone = company_zone()

        def document(row: reports.CashbackRow) -> str:
            customer = row.lot.account.customer
            number = (customer.document if customer else None) or ""
            return number if knows_people or not number else mask(number)

        return (
            Column(name="customer", label=_("Customer"), value=lambda row: _name(row.lot.account.customer, knows_people), secondary=document),
            Column(name="document", label=_("CPF"), value=document, on_page=False),
            Column(name="lot.campaign", label=_("Campaign"), url=self._campaign_url),
            Column(
                name="earned_at", label=_("Generated"), kind="moment", value=lambda row: row.lot.earned_at, order_by="earned_at",
                zone=lambda row: row.lot.sale.store.zone if row.lot.sale else None,
                secondary=lambda row: row.lot.sale.store.name if row.lot.sale else "",
            ),
            Column(name="lot.sale.store.name", label=_("Generated in"), on_page=False),
            Column(name="redeemed_at", label=_("Redeemed"), kind="moment", secondary=lambda row: ", ".join(row.stores)),
            Column(name="stores", label=_("Redeemed in"), value=lambda row: ", ".join(row.stores), on_page=False),
            Column(name="until", label=_("Until"), kind="day", value=lambda row: last_day_of(row.lot, zone), order_by="expires_at"),
            Column(name="earned", label=_("Amount"), kind="money", value=lambda row: row.lot.earned, order_by="earned"),
            Column(name="redeemed", label=_("Used"), kind="money", value=lambda row: row.redeemed or ""),
            Column(name="remaining", label=_("Balance"), kind="money", value=self._balance, order_by="remaining"),
            Column(name="state", label=_("State"), kind="badge", value=lambda row: row.lot.state, labels=STATES, tones=STATE_TONES),
            Column(name="lot.sale.ticket", label=_("Ticket"), on_page=False),
            Column(name="lot.available_from", label=_("Available from"), kind="moment", on_page=False),
        )  # fmt: skip

    def _balance(self, row: reports.CashbackRow) -> Decimal:
        # What has expired cannot be redeemed, whether its entry was posted or not.
        return reports.ZERO if row.lot.state == "expired" else row.lot.remaining  # type: ignore[attr-defined]

    def _campaign_url(self, row: reports.CashbackRow) -> str | None:
        if not row.lot.campaign or not self.request.user.has_perm("campaigns.view_campaign"):
            return None
        return reverse("campaigns:campaign_detail", args=[row.lot.campaign])

    def defaults(self) -> dict[str, str]:
        since = self.today - timedelta(days=DAYS_BACK)
        return {"since": since.isoformat(), "until": self.today.isoformat(), "dates": "generated"}

    def get_queryset(self) -> QuerySet[Lot]:
        return reports.cashback_lots(at=self.at)

    def complete(self, instances: list[Lot]) -> list[reports.CashbackRow]:
        return reports.with_redemptions(instances)

    def row_url(self, instance: reports.CashbackRow) -> str | None:
        if not self.request.user.has_perms(("customers.view_customer", "loyalty.view_account")):
            return None
        return reverse("loyalty:statement", args=[instance.lot.account.customer_id])

    def extra_context(self) -> dict[str, Any]:
        totals = reports.cashback_totals(self.found)
        waiting = [
            (totals["pending"], _now("%(amount)s pending")),
            (totals["review"], _now("%(amount)s wait for the survey")),
        ]
        return {
            "totals": totals,
            "waiting": " · ".join(text % {"amount": formats.money(left)} for left, text in waiting if left),
            "chart": self._chart() if totals["lots"] else None,
        }

    def _chart(self) -> Chart:
        first = self.values.get("since") or self.today - timedelta(days=365)
        last = min(self.values.get("until") or self.today, self.today)
        step = step_for(first, last)
        amounts = reports.cashback_by_slot(self.found, step=step)
        first = min([slot_of(first, step), *amounts])
        slots = slots_between(first, max([last, *amounts]), step)
        nothing = (Decimal(0), Decimal(0))
        return bar_chart(
            title=_now("Cashback generated and redeemed"),
            slot_heading=_now("Period"),
            slots=[slot_label(slot, step) for slot in slots],
            slot_names=[slot_text(slot, step) for slot in slots],
            series=[
                Series(_now("Generated"), [amounts.get(slot, nothing)[0] for slot in slots]),
                Series(_now("Redeemed"), [amounts.get(slot, nothing)[1] for slot in slots]),
            ],
            write=formats.money,
            write_axis=formats.compact,
        )


def _name(customer: Customer, knows_people: bool) -> str:
    """Return a customer's name, or the initials for who may not see customers."""
    if knows_people:
        return str(customer)
    return " ".join(f"{word[0]}." for word in customer.name.split()) or f"#{customer.pk}"
