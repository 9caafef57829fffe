"""A customer's statement: what each account holds, what is owed, and every entry with its reason."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from customers.models import Customer
from customers.views.customer import customer_tabs
from loyalty.amounts import account_name, amount_text, worth_text
from loyalty.forms.units import of_unit, unit_choices
from loyalty.models import Entry, EntryKind
from loyalty.selectors.balances import balances
from loyalty.selectors.statement import (
    StatementRow,
    debts_of,
    entries_of,
    first_to_end,
    waiting_for_review,
    with_balances,
)
from loyalty.selectors.stored_value_records import kept_by
from loyalty.surveys import survey_path
from loyalty.views.filters import DayFilter, last_day, last_day_of
from retail.selectors.company import company_zone
from retail.views.columns import Column
from retail.views.lists import Action, ListPage

_MOST_STORED = 20
KIND_TONES = {
    EntryKind.EARN: "success",
    EntryKind.LOAD: "success",
    EntryKind.RESTORE: "success",
    EntryKind.REDEEM: "info",
    EntryKind.SETTLE: "info",
    EntryKind.EXPIRE: "warning",
    EntryKind.FORFEIT: "warning",
    EntryKind.REVERSE: "danger",
    EntryKind.VOID: "danger",
    EntryKind.ADJUST: "accent",
    EntryKind.TRANSFER: "accent",
}


class EntryFilters(django_filters.FilterSet):
    unit = django_filters.ChoiceFilter(label=_("Account"), empty_label=_("Every account"), method="of_unit")
    kind = django_filters.ChoiceFilter(
        label=_("What"), choices=EntryKind.choices, empty_label=_("Everything")
    )
    since = DayFilter(label=_("From"), field_name="occurred_at", edge="first")
    until = DayFilter(label=_("Until"), field_name="occurred_at", edge="last")

    class Meta:
        model = Entry
        fields = ["unit", "kind", "since", "until"]

    def __init__(self, *args: Any, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["unit"].extra["choices"] = unit_choices(only_active=False)
        for name in ("since", "until"):
            self.filters[name].zone = zone

    def of_unit(self, queryset: QuerySet[Entry], _name: str, value: str) -> QuerySet[Entry]:
        return queryset.filter(**of_unit(value))


def why(entry: Entry) -> str:
    """Say in a few words what caused an entry."""
    if entry.reason:
        return entry.reason
    if entry.kind == EntryKind.SETTLE and entry.settlement.receivable.sale:
        return _now("Debt of sale %(ticket)s") % {"ticket": entry.settlement.receivable.sale.ticket}
    if entry.kind == EntryKind.TRANSFER:
        return _now("Records of one customer were merged")
    if entry.sale:
        return _now("Sale %(ticket)s") % {"ticket": entry.sale.ticket}
    return _now("End of validity") if entry.kind == EntryKind.EXPIRE else ""


def where(entry: Entry) -> str:
    """Name the store, the campaign that gave it and the person who decided it, as far as there are any."""
    parts = [entry.sale.store.name if entry.sale else "", entry.lot.campaign]
    parts.append(_now("by %(name)s") % {"name": entry.actor.get_username()} if entry.actor else "")
    if entry.kind == EntryKind.EARN and entry.lot.awaits_review and entry.lot.reviewed_at is None:
        parts.append(_now("waits for the survey"))
    return " · ".join(part for part in parts if part)


def _amount(row: StatementRow, raw: Any) -> str:
    text = amount_text(row.entry.account.kind, raw)
    return f"+{text}" if raw > 0 else text


class Statement(ListPage):
    """Every entry of one customer, the newest first, with what it left in its account."""

    model = Entry
    permission_required = ("customers.view_customer", "loyalty.view_account")
    template_name = "loyalty/statement.html"
    filterset_class = EntryFilters
    default_order = "-entry.occurred_at"
    page_size = 50
    export_name = "statement"
    empty_icon = "list"
    empty_title = _("No value yet")
    empty_text = _("Points, stamps and cashback appear here as soon as a sale earns them.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.customer = get_object_or_404(Customer, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.customer)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The company's, where no store is meant."""
        return company_zone()

    def get_filters(self) -> FilterSet:
        return EntryFilters(
            self.request.GET, queryset=self.get_queryset(), request=self.request, zone=self.zone
        )

    def get_queryset(self) -> QuerySet[Entry]:
        return entries_of(self.customer.pk)

    def order(self, queryset: QuerySet[Entry], order: str) -> QuerySet[Entry]:
        # The order in which the balance moved, which a sale that arrives late does not change.
        return queryset.order_by("-pk")

    def complete(self, instances: list[Entry]) -> list[StatementRow]:
        return with_balances(instances)

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        may_open_sales = self.request.user.has_perm("retail.view_sale")

        def sale_url(row: StatementRow) -> str | None:
            if not may_open_sales or row.entry.sale_id is None:
                return None
            return reverse("pos_api:sale_detail", args=[row.entry.sale_id])

        return (
            Column(name="entry.occurred_at", label=_("When"), kind="moment", zone=lambda row: row.entry.sale.store.zone if row.entry.sale else self.zone),
            Column(name="account", label=_("Account"), value=lambda row: account_name(row.entry.account)),
            Column(name="entry.kind", label=_("What"), kind="badge", labels=dict(EntryKind.choices), tones=KIND_TONES),
            Column(name="why", label=_("Why"), value=lambda row: why(row.entry), secondary=lambda row: where(row.entry), url=sale_url),
            Column(name="entry.lot.campaign", label=_("Campaign"), on_page=False),
            Column(name="entry.sale.store.name", label=_("Store"), on_page=False),
            Column(name="entry.actor.username", label=_("By"), on_page=False),
            Column(name="until", label=_("Until"), kind="day", value=lambda row: last_day_of(row.entry.lot, self.zone) if row.entry.amount > 0 else None),
            Column(name="entry.amount", label=_("Amount"), kind="number", write=_amount),
            Column(name="balance", label=_("Balance"), kind="number", write=lambda row, raw: amount_text(row.entry.account.kind, raw)),
            Column(name="entry.recorded_at", label=_("Recorded at"), kind="moment", zone=lambda _row: self.zone, on_page=False),
            Column(name="entry.cause", label=_("Cause"), on_page=False),
        )  # fmt: skip

    def get_actions(self) -> list[Action]:
        if not self.request.user.has_perm("loyalty.adjust_account"):
            return []
        url = reverse("loyalty:adjustment", args=[self.customer.pk])
        return [Action(_("Add or take"), url, "plus", "primary")]

    def extra_context(self) -> dict[str, Any]:
        at = timezone.now()
        held = balances(self.customer.pk, at=at)
        first = first_to_end(held)
        return {
            "customer": self.customer,
            "zone": self.zone,
            "trail": [(_("Customers"), reverse("customers:customer_list"))],
            "tabs": customer_tabs(self.request, self.customer, "loyalty:statement"),
            "accounts": [
                {
                    "balance": balance,
                    "name": account_name(balance.account),
                    "usable_until": last_day_of(first[balance.account.pk], self.zone)
                    if balance.account.pk in first
                    else None,
                }
                for balance in held
            ],
            "stored": self._stored(at),
            "debts": list(debts_of(self.customer.pk)),
            "waiting": [
                (lot, self.request.build_absolute_uri(survey_path(lot.sale)))
                for lot in waiting_for_review(self.customer.pk)
                if lot.sale is not None and (lot.ends_at is None or lot.ends_at > at)
            ],
        }

    def _stored(self, at: datetime) -> list[dict[str, Any]]:
        """Return the customer's stored values that hold something: a lost card is found again here."""
        if not self.request.user.has_perm("loyalty.view_storedvalue"):
            return []
        return [
            {
                "one": one,
                "worth": worth_text(one),
                "until": last_day(one.balance.next_expiry, self.zone),
                "is_blocked": one.stored.blocked_at is not None,
            }
            for one in kept_by(self.customer.pk, at=at, most=_MOST_STORED)
        ]
