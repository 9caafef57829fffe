"""The list of stored values, and finding one by its code."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views import View

from customers.models import Customer
from loyalty.amounts import percent_text, worth_text
from loyalty.forms.stored_value import FindForm
from loyalty.forms.stored_value_type import KIND_LABEL
from loyalty.models import StoredValue, StoredValueType
from loyalty.selectors.stored_value_records import (
    StoredValueState,
    find_by_any_code,
    in_state,
    records,
    with_last4,
)
from loyalty.selectors.stored_values import Held, held
from loyalty.services.stored_value_types import StoredValueKind
from loyalty.stored_codes import MASK
from loyalty.views.filters import DayFilter, last_day
from retail import money
from retail.models import Store
from retail.selectors.company import company_zone
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import Action, ListPage

STATE_TONES = {
    StoredValueState.USABLE: "success",
    StoredValueState.EXPIRED: "warning",
    StoredValueState.BLOCKED: "danger",
    StoredValueState.VOIDED: "danger",
}


def value_url(stored: StoredValue) -> str:
    return reverse("loyalty:stored_value_detail", args=[stored.pk])


def _worth(one: Held) -> Decimal:
    """Return, for a file, the reais that can be used now: none of a voucher in percent, which has a column of its own."""
    return money.to_decimal(one.balance.available if one.stored.percent is None else 0)


def _percent(one: Held) -> Decimal | None:
    """Return the percentage of a voucher in percent while its use is left."""
    percent = one.stored.percent
    return None if percent is None or not one.balance.available else Decimal(percent_text(percent))


class StoredValueFilters(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        label=KIND_LABEL,
        field_name="type__kind",
        choices=StoredValueKind.choices,
        empty_label=pgettext_lazy("stored value", "Every kind"),
    )
    type = django_filters.ModelChoiceFilter(
        label=_("Type"),
        queryset=StoredValueType.objects.order_by("name", "pk"),
        to_field_name="code",
        empty_label=_("Every type"),
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=StoredValueState.choices,
        empty_label=_("Every state"),
        method=lambda values, _name, state: in_state(values, state),
    )
    store = django_filters.ModelChoiceFilter(
        label=_("Store"), queryset=Store.objects.order_by("name", "pk"), empty_label=_("Every store")
    )
    # The statement of a customer leads here.
    customer = django_filters.NumberFilter(field_name="customer_id", widget=HiddenInput)
    since = DayFilter(label=_("From"), field_name="created_at", edge="first")
    until = DayFilter(label=_("Until"), field_name="created_at", edge="last")

    class Meta:
        model = StoredValue
        fields = ["kind", "type", "state", "store", "customer", "since", "until"]


class StoredValueList(ListPage):
    """All stored values, the newest first. Codes are not shown: nobody has them but their holders."""

    model = StoredValue
    permission_required = "loyalty.view_storedvalue"
    template_name = "loyalty/stored_value_list.html"
    title = _("Stored values")
    subtitle = _("Gift cards, e-purses, vouchers and credit notes that were sold, given or returned.")
    filterset_class = StoredValueFilters
    search_placeholder = _("Last four of the code, or customer")
    default_order = "-stored.created_at"
    export_name = "stored-values"
    create_url_name, create_permission = "loyalty:stored_value_issue", "loyalty.issue_storedvalue"
    create_label = _("Give one to a customer")
    empty_icon = "card"
    empty_title = _("No stored values yet")
    empty_text = _(
        "They appear here as soon as a till sells one, a rule or a return makes one, or you give one."
    )

    @cached_property
    def at(self) -> datetime:
        return timezone.now()

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        zone = company_zone()
        return (
            Column(
                name="last4",
                label=_("Code"),
                value=lambda one: f"{MASK}{one.last4}",
                secondary=lambda one: one.stored.type.name,
            ),
            Column(name="stored.type.name", label=_("Type"), on_page=False),
            Column(
                name="stored.type.kind",
                label=KIND_LABEL,
                labels=dict(StoredValueKind.choices),
                on_phone=False,
            ),
            Column(
                name="stored.customer",
                label=_("Customer"),
                value=lambda one: str(one.stored.customer or ""),
            ),
            Column(
                name="worth",
                label=_("Available"),
                kind="number",
                value=_worth,
                write=lambda one, _raw: worth_text(one),
            ),
            Column(name="percent", label=_("Percentage"), kind="number", value=_percent, on_page=False),
            Column(
                name="until",
                label=_("Until"),
                kind="day",
                value=lambda one: last_day(one.balance.next_expiry, zone),
            ),
            Column(
                name="stored.created_at",
                label=_("Made"),
                kind="moment",
                zone=lambda _one: zone,
                order_by="created_at",
                on_phone=False,
            ),
            Column(name="stored.store.name", label=_("Store"), on_phone=False),
            Column(
                name="stored.state",
                label=_("State"),
                kind="badge",
                labels=dict(StoredValueState.choices),
                tones=STATE_TONES,
            ),
        )

    def get_queryset(self) -> QuerySet[StoredValue]:
        return records(at=self.at)

    def search(self, queryset: QuerySet[StoredValue], text: str) -> QuerySet[StoredValue]:
        if not text:
            return queryset
        every = StoredValue.objects.order_by()
        found = every.filter(customer__in=Customer.objects.search(text)).values("pk")
        last4 = text.removeprefix(MASK)
        # Four letters may be a name, too.
        if len(last4) == 4 and last4.isalnum() and last4.isascii():
            found = found.union(with_last4(every, last4).values("pk"))
        return queryset.filter(pk__in=found)

    def order(self, queryset: QuerySet[StoredValue], order: str) -> QuerySet[StoredValue]:
        # Keys grow with time, and an index keeps their order.
        return queryset.order_by("-pk" if order.startswith("-") else "pk")

    def complete(self, instances: list[StoredValue]) -> list[Held]:
        return held(instances, at=self.at)

    def row_url(self, instance: Held) -> str:
        return value_url(instance.stored)

    def get_actions(self) -> list[Action]:
        return super().get_actions() if StoredValueType.objects.filter(is_active=True).exists() else []

    def extra_context(self) -> dict[str, Any]:
        return {"find": FindForm()}


class FindStoredValue(PageMixin, View):
    """Lead to the stored value of a code. The code is in the body, and nothing of it is kept or repeated."""

    permission_required = "loyalty.view_storedvalue"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FindForm(request.POST)
        found = find_by_any_code(form.cleaned_data["code"]) if form.is_valid() else None
        if found is None:
            messages.error(request, _now("No stored value has this code. Look at each symbol again."))
            return HttpResponseRedirect(reverse("loyalty:stored_value_list"))
        return HttpResponseRedirect(reverse("loyalty:stored_value_detail", args=[found]))
