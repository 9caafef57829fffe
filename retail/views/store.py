"""Pages of stores and of the terminals that stand in them. Keys of terminals: pos_api/views/pages/terminal.py."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views import View

from retail import formats
from retail.forms.rows import ACTIVE_TONES, add_row_errors, row_from
from retail.forms.store import StoreForm, TerminalForm, state_choices
from retail.models import Sale, SaleState, Store, StoreGrouping, Terminal, TotalsMode
from retail.models.search import Searchable
from retail.services.stores import STORE_COLUMNS, upsert_stores, upsert_terminals
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

_WEEK = timedelta(days=7)
# A store is feminine in Portuguese.
_ACTIVE = {True: pgettext_lazy("store", "Active"), False: pgettext_lazy("store", "Inactive")}


class StoreFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State (UF)"), choices=lambda: state_choices()[1:], empty_label=_("Every state")
    )
    groupings = django_filters.ModelChoiceFilter(
        label=_("Grouping"), queryset=StoreGrouping.objects.order_by("name"), empty_label=_("Every grouping")
    )
    online_shop = django_filters.ChoiceFilter(
        label=_("Kind"),
        choices=[("True", _("Online shop")), ("False", _("Physical store"))],
        empty_label=_("Every kind"),
    )
    is_active = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("True", _ACTIVE[True]), ("False", _ACTIVE[False])],
        empty_label=_("Every state"),
    )

    class Meta:
        model = Store
        fields = ["state", "groupings", "online_shop", "is_active"]


class StoreList(ListPage):
    """All stores, with how many terminals each has."""

    model = Store
    permission_required = "retail.view_store"
    title = _("Stores")
    subtitle = _("Physical stores and online shops, and the points of sale that work in them.")
    columns = (
        Column(
            name="name", label=_("Name"), secondary=lambda store: store.code, order_by=Searchable("name")
        ),
        Column(name="code", label=_("Code"), kind="code", order_by="code", on_page=False),
        Column(name="brand", label=_("Brand"), order_by="brand"),
        Column(
            name="city",
            label=_("City"),
            value=lambda store: " / ".join(part for part in (store.city, store.state) if part),
            order_by="city",
        ),
        Column(name="terminals", label=_("Terminals"), kind="number", value=lambda store: store.terminal_count),
        Column(
            name="online_shop",
            label=_("Kind"),
            labels={True: _("Online shop"), False: _("Physical store")},
        ),
        Column(name="time_zone", label=_("Time zone"), on_page=False),
        Column(
            name="is_active", label=_("State"), kind="badge", labels=_ACTIVE, tones=ACTIVE_TONES,
            order_by="is_active",
        ),
    )  # fmt: skip
    filterset_class = StoreFilters
    search_placeholder = _("Code or name of a store")
    default_order = "name"
    export_name = "stores"
    create_url_name, create_permission, create_label = (
        "retail:store_create",
        "retail.add_store",
        _("New store"),
    )
    empty_icon = "store"
    empty_title = _("No stores yet")
    empty_text = _("Campaigns run in stores, and each point of sale belongs to one. Start with the first.")

    def get_queryset(self) -> QuerySet[Store]:
        return Store.objects.annotate(
            terminal_count=Count("terminals", filter=Q(terminals__is_active=True), distinct=True)
        )

    def row_url(self, instance: Store) -> str:
        return reverse("retail:store_detail", args=[instance.pk])


class StoreDetail(PageMixin, View):
    """One store: what it is, its week, its terminals and groupings."""

    permission_required = "retail.view_store"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        store = get_object_or_404(Store, pk=pk)
        terminals = (
            Terminal.objects.filter(store=store)
            .annotate(valid_keys=Count("keys", filter=Q(keys__revoked_at__isnull=True)))
            .order_by("code", "pk")
        )
        since = timezone.now() - _WEEK
        week = (
            Sale.objects.real().filter(store=store, occurred_at__gte=since).exclude(state=SaleState.CANCELLED)
        )
        context = {
            "store": store,
            "terminals": list(terminals),
            "groupings": list(store.groupings.order_by("name", "pk")),
            "week": week.aggregate(count=Count("pk"), net=Sum("net"), discount=Sum("discount")),
            "facts": [
                (_("Code"), store.code),
                (_("Brand"), store.brand),
                (_("City"), " / ".join(part for part in (store.city, store.state) if part)),
                (_("Time zone"), store.time_zone),
                (_("When totals differ"), TotalsMode(store.totals_mode).label),
                (_("Redeemed offline, at most"), formats.money(store.offline_redeem_limit)),
            ],
        }
        return render(request, "retail/store_detail.html", context)


_STORE_SECTIONS = (
    FormSection(
        _("Store"), ("code:2", "name:4", "brand:3", "is_active:6"), _("How tills, reports and managers name it.")
    ),
    FormSection(_("Place"), ("city:4", "state:2", "time_zone"), _("Where it is, and by which clock it lives.")),
    FormSection(
        _("Sales"), ("totals_mode", "offline_redeem_limit", "online_shop"), _("How strictly its tills are checked, and whether it has carts.")
    ),
)  # fmt: skip


class StoreCreate(FormPage):
    """A new store."""

    form_class = StoreForm
    permission_required = "retail.add_store"
    title = _("New store")
    submit_label = _("Create the store")
    success_message = _("The store was created. Now add its terminals.")
    sections = _STORE_SECTIONS

    def save(self, form: StoreForm) -> str | None:
        result = upsert_stores(rows=[row_from(form.cleaned_data, STORE_COLUMNS)])[0]
        add_row_errors(form, result.errors)
        return reverse("retail:store_detail", args=[result.instance.pk]) if result.instance else None

    def back_url(self) -> str:
        return reverse("retail:store_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Stores"), reverse("retail:store_list"))]


class StoreEdit(StoreCreate):
    """Change a store."""

    permission_required = "retail.change_store"
    title = _("Edit store")
    submit_label = _("Save")
    success_message = _("The store was saved.")

    def get_instance(self) -> Store:
        return get_object_or_404(Store, pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("retail:store_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [*super().trail(), (self.instance.name, self.back_url())]


class TerminalCreate(FormPage):
    """A new point of sale of a store."""

    form_class = TerminalForm
    permission_required = "retail.add_terminal"
    title = _("New terminal")
    submit_label = _("Create the terminal")
    success_message = _("The terminal was created. It needs a key to call the API.")
    sections = (FormSection(_("Terminal"), ("code:2", "name:4", "is_active")),)
    store: Store

    def get_instance(self) -> Terminal | None:
        self.store = get_object_or_404(Store, pk=self.kwargs["store"])
        return None

    def get_form(self, **data: Any) -> TerminalForm:
        return TerminalForm(store=self.store, instance=self.instance, **data)

    def save(self, form: TerminalForm) -> str | None:
        row = {**form.cleaned_data, "store": self.store.code}
        result = upsert_terminals(rows=[row])[0]
        add_row_errors(form, result.errors)
        return reverse("pos_api:terminal_detail", args=[result.instance.pk]) if result.instance else None

    def back_url(self) -> str:
        return reverse("retail:store_detail", args=[self.store.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Stores"), reverse("retail:store_list")),
            (self.store.name, reverse("retail:store_detail", args=[self.store.pk])),
        ]


class TerminalEdit(TerminalCreate):
    """Change a terminal's name, or switch it off."""

    permission_required = "retail.change_terminal"
    submit_label = _("Save")
    success_message = _("The terminal was saved.")

    def get_instance(self) -> Terminal:
        terminal = get_object_or_404(Terminal.objects.select_related("store"), pk=self.kwargs["pk"])
        self.store = terminal.store
        return terminal

    def get_title(self) -> Any:
        return _("Terminal %(code)s") % {"code": self.instance.code}

    def back_url(self) -> str:
        return reverse("pos_api:terminal_detail", args=[self.instance.pk])
