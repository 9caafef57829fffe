"""What offline sales gave that could not be granted: the list, and settling one."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pos_api.models import ExceptionKind, Resolution, SaleException
from pos_api.models.sale_exception import SETTLEMENTS
from pos_api.services.sale_exceptions import SettlementRefused, settle_exception
from retail import formats
from retail.models import Store
from retail.views.access import acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

OPEN = _("To settle")
RESOLUTIONS = {"open": OPEN, **dict(Resolution.choices)}
TONES = {"open": "warning", **dict.fromkeys(Resolution.values, "success")}


class SaleExceptionFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("open", OPEN), ("settled", _("Settled"))],
        method="in_state",
        empty_label=_("Every state"),
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=ExceptionKind.choices, empty_label=_("Every kind")
    )
    store = django_filters.ModelChoiceFilter(
        label=_("Store"),
        field_name="sale__store",
        queryset=Store.objects.order_by("name", "pk"),
        empty_label=_("Every store"),
    )

    class Meta:
        model = SaleException
        fields = ["state", "kind", "store"]

    def in_state(self, queryset: QuerySet[SaleException], _name: str, value: str) -> QuerySet[SaleException]:
        return queryset.filter(resolution="") if value == "open" else queryset.exclude(resolution="")


class SaleExceptionList(ListPage):
    """Every exception, the newest first, with what is still to settle."""

    model = SaleException
    permission_required = "pos_api.view_saleexception"
    title = _("Offline exceptions")
    subtitle = _("What tills gave while they were offline and could not be granted when their sales arrived.")
    columns = (
        Column(
            name="kind",
            label=_("What could not be granted"),
            value=lambda row: row.get_kind_display(),
            secondary=lambda row: row.subject,
        ),
        Column(
            name="subject", label=_("Campaign, code or balance"), value=lambda row: row.subject, on_page=False
        ),
        Column(name="ticket", label=_("Ticket"), value=lambda row: row.sale.ticket),
        Column(name="store", label=_("Store"), value=lambda row: row.sale.store.name, on_phone=False),
        Column(name="cost", label=_("Cost"), kind="money", order_by="cost"),
        Column(
            name="created_at",
            label=_("Arrived"),
            kind="moment",
            zone=lambda row: row.sale.store.zone,
            order_by="created_at",
            on_phone=False,
        ),
        Column(
            name="resolution",
            label=_("State"),
            kind="badge",
            value=lambda row: row.resolution or "open",
            labels=RESOLUTIONS,
            tones=TONES,
        ),
        Column(name="note", label=_("Note"), on_page=False),
    )
    filterset_class = SaleExceptionFilters
    search_fields = ("sale__ticket__istartswith", "subject__iexact")
    search_placeholder = _("Ticket, campaign or code")
    default_order = "-created_at"
    export_name = "offline-exceptions"
    empty_icon = "sale"
    empty_title = _("Nothing to settle")
    empty_text = _("Every sale that was made offline was granted what its till gave.")

    def get_queryset(self) -> QuerySet[SaleException]:
        return SaleException.objects.select_related("sale__store")

    def row_url(self, instance: SaleException) -> str:
        return reverse("pos_api:sale_exception", args=[instance.pk])


class SettlementForm(forms.Form):
    resolution = forms.ChoiceField(
        label=_("How it is settled"),
        choices=[(choice.value, choice.label) for choice in SETTLEMENTS],
        help_text=_("A debt can be waived where more value was redeemed than could be used."),
    )
    note = forms.CharField(
        label=_("Note"), max_length=240, help_text=_("Why, for whoever asks later."), widget=forms.Textarea
    )


class SaleExceptionSettle(FormPage):
    """One exception: what happened, and how it is settled."""

    form_class = SettlementForm
    permission_required = "pos_api.settle_saleexception"
    submit_label = _("Settle")
    success_message = _("Settled.")
    sections = (FormSection(_("Settlement"), ("resolution", "note")),)

    def get_instance(self) -> SaleException:
        rows = SaleException.objects.select_related("sale__store", "settled_by")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_title(self) -> Any:
        return self.instance.get_kind_display()

    @property
    def subtitle(self) -> str:  # type: ignore[override]
        sale = self.instance.sale
        parts = [self.instance.subject, formats.money(self.instance.cost), sale.ticket, sale.store.name]
        return " · ".join(part for part in [*parts, self._settled()] if part)

    def _settled(self) -> str:
        """Return how it was settled, by whom and when; nothing while it is open."""
        if not self.instance.resolution:
            return ""
        when = formats.moment(self.instance.settled_at, self.instance.sale.store.zone)
        who = [str(self.instance.settled_by)] if self.instance.settled_by else []
        return f"{self.instance.get_resolution_display()} ({', '.join([*who, when])})"

    def get_form(self, **data: Any) -> SettlementForm:
        form: SettlementForm = super().get_form(**data)
        if self.instance.resolution and not data:
            form.fields["resolution"].choices = Resolution.choices  # type: ignore[attr-defined]
            for field in form.fields.values():
                field.disabled = True
        return form

    def extra_context(self) -> dict[str, Any]:
        # What is settled is only shown.
        return {"submit_label": ""} if self.instance.resolution else {}

    def get_initial(self) -> dict[str, Any]:
        return {"resolution": self.instance.resolution, "note": self.instance.note}

    def trail(self) -> list[tuple[Any, str]]:
        trail: list[tuple[Any, str]] = [(_("Offline exceptions"), self.back_url())]
        if self.request.user.has_perm("retail.view_sale"):
            sale = self.instance.sale
            trail.append((sale.ticket, reverse("pos_api:sale_detail", args=[sale.pk])))
        return trail

    def back_url(self) -> str:
        return reverse("pos_api:sale_exception_list")

    def save(self, form: SettlementForm) -> str | None:
        try:
            settle_exception(
                exception_id=self.instance.pk,
                resolution=form.cleaned_data["resolution"],
                note=form.cleaned_data["note"],
                user=acting_user(self.request),
                at=timezone.now(),
            )
        except SettlementRefused as refusal:
            form.add_error(refusal.field or None, refusal.message)
            return None
        return self.back_url()
