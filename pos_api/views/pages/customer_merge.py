"""Two records of one customer: finding the other one, seeing what merging would do, merging, and undoing it."""

from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers import documents
from customers.duplicates import MOST, Duplicate, alike, likely_duplicates, mergeable
from customers.models import ConsentChannel, Customer, CustomerGrouping, Purpose
from customers.services.merged_records import FieldOutcome, MergeRefused, plain
from customers.views.customer import customer_tabs
from loyalty.amounts import account_name, hundredths_text
from loyalty.models import CustomerMerge
from pos_api.problems import Busy
from pos_api.services.customer_merges import merge_customers, undo_merge
from pos_api.services.merge_previews import MergePreview, UndoPreview, preview_merge, preview_undo
from retail import formats
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.lists import ListPage

PERMISSIONS = ("customers.view_customer", "customers.merge_customer")
MAX_REASON = 240
ALIKE = {
    "phone": _("same phone"),
    "email": _("same e-mail"),
    "birth_date": _("same birth date"),
    "name": _("same name"),
}
ROWS = {
    "sales": _("Sales"),
    "stored_values": _("Stored values"),
    "vip_cards": _("VIP cards"),
    "promo_codes": _("Promotional codes"),
    "promo_codes_in_imports": _("Lines of imports of codes"),
    "issuing_runs": _("Issuing runs for this customer"),
    "issuing_grants": _("Vouchers in issuing runs"),
    "appointments": _("Appointments"),
    "carts": _("Carts"),
    "messages": _("Messages"),
    "mailings": _("Mailings to this customer alone"),
    "mailing_members": _("Places in mailings"),
    "tiers": _("Tiers"),
    "visits": _("Visits at the counter"),
}
STAYS = {
    "kept": _("the kept record’s"),
    "absorbed": _("taken from the other"),
    "equal": _("the same in both"),
}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        help_text=_("Why they are the same person, for whoever asks later."),
    )


class CustomerMergeSearch(PageMixin, View):
    """The records that may be of the same person, by likeness or by a search, and the merges of this one."""

    permission_required = PERMISSIONS

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer.objects.select_related("merged_into"), pk=pk)
        text = request.GET.get("q", "").strip()[:254]
        merges = _all().filter(kept=customer) | _all().filter(absorbed=customer)
        context = {
            "customer": customer,
            "tabs": customer_tabs(request, customer, "pos_api:customer_merge"),
            "q": text,
            "found": []
            if customer.merged_into
            else [_candidate(customer, one) for one in _found(customer, text)],
            "merges": [_line(merge) for merge in merges.order_by("-pk")],
        }
        return render(request, "pos_api/customer_merge.html", context)


def _found(customer: Customer, text: str) -> list[Duplicate]:
    if not text:
        return likely_duplicates(customer)
    found = mergeable(Customer.objects.search(text), customer)
    return [alike(customer, other) for other in found.order_by("name", "pk")[:MOST]]


def _candidate(customer: Customer, found: Duplicate) -> dict[str, Any]:
    other = found.customer
    known = [documents.mask(other.document) if other.document else "", other.card, other.phone, other.email]
    return {
        "name": str(other),
        "known": " · ".join(part for part in known if part),
        "alike": ", ".join(str(ALIKE[name]) for name in found.alike),
        "since": other.created_at,
        "url": reverse("pos_api:customer_merge_preview", args=[customer.pk, other.pk]),
        "record_url": reverse("customers:customer_detail", args=[other.pk]),
    }


def _all() -> QuerySet[CustomerMerge]:
    return CustomerMerge.objects.select_related("kept", "absorbed", "actor", "undone_by")


def _line(merge: CustomerMerge) -> dict[str, Any]:
    return {
        "merge": merge,
        "url": reverse("pos_api:customer_merge_detail", args=[merge.pk]),
        "is_undone": merge.undone_at is not None,
    }


class CustomerMergePreview(PageMixin, View):
    """What merging one record into another would do; the same page does it, with a reason."""

    permission_required = PERMISSIONS

    def get(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        return self._render(request, ReasonForm())

    def post(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        for record in (pk, other):
            get_object_or_404(Customer, pk=record)
        form = ReasonForm(data=request.POST)
        if form.is_valid():
            try:
                outcome = merge_customers(
                    kept_id=pk,
                    absorbed_id=other,
                    reason=form.cleaned_data["reason"],
                    actor=acting_user(request),
                    at=timezone.now(),
                )
            except (MergeRefused, Busy) as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _now("The records are one now."))
                return HttpResponseRedirect(reverse("pos_api:customer_merge_detail", args=[outcome.merge.pk]))
        return self._render(request, form, status=422)

    def _render(self, request: HttpRequest, form: ReasonForm, status: int = 200) -> HttpResponse:
        records = Customer.objects.select_related("home_store")
        kept = get_object_or_404(records, pk=self.kwargs["pk"])
        absorbed = get_object_or_404(records, pk=self.kwargs["other"])
        found = preview_merge(kept=kept, absorbed=absorbed, at=timezone.now())
        context = {
            "kept": kept,
            "absorbed": absorbed,
            "trail": [
                (_("Customers"), reverse("customers:customer_list")),
                (str(kept), reverse("pos_api:customer_merge", args=[kept.pk])),
            ],
            "swap_url": reverse("pos_api:customer_merge_preview", args=[absorbed.pk, kept.pk]),
            "refusal": "" if found.refusal is None else str(found.refusal),
            "fields": [_field(one) for one in found.fields],
            "moves": _moves(found),
            "value": [
                (
                    one.name or one.account.get_kind_display(),
                    *_amounts(one.kind, one.available, one.pending, one.owed),
                )
                for one in found.value
            ],
            "form": form,
        }
        return render(request, "pos_api/customer_merge_preview.html", context, status=status)


def _amounts(kind: str, *amounts: int) -> list[str]:
    return [hundredths_text(kind, amount) if amount else "" for amount in amounts]


def _field(one: FieldOutcome) -> dict[str, Any]:
    return {
        "label": _label(one.name),
        "kept": plain(one.kept) or "",
        "absorbed": plain(one.absorbed) or "",
        "stays": STAYS[one.source],
        "changes": one.source == "absorbed",
    }


def _moves(found: MergePreview) -> list[tuple[Any, str]]:
    """Return what else moves: how many rows of what, groupings and answers."""
    facts: list[tuple[Any, str]] = [(ROWS[name], formats.number(count)) for name, count in found.rows.items()]
    if found.groupings:
        names = CustomerGrouping.objects.filter(code__in=found.groupings).order_by("name", "pk")
        facts.append((_("Groupings"), ", ".join(names.values_list("name", flat=True))))
    for purpose, channel, granted in found.consents:
        said = _now("yes") if granted else _now("no")
        facts.append((Purpose(purpose).label, f"{ConsentChannel(channel).label}: {said}"))
    return facts


class MergeFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("stands", _("Merged")), ("undone", _("Undone"))],
        method="in_state",
        empty_label=_("Every state"),
    )

    class Meta:
        model = CustomerMerge
        fields = ["state"]

    def in_state(self, queryset: QuerySet[CustomerMerge], _name: str, value: str) -> QuerySet[CustomerMerge]:
        return queryset.filter(undone_at__isnull=value == "stands")


class CustomerMergeList(ListPage):
    """Every merge, the newest first."""

    model = CustomerMerge
    permission_required = PERMISSIONS
    title = _("Merged customers")
    subtitle = _("Records of one person that were made one, by whom and why. Each can be undone.")
    columns = (
        Column(name="kept", label=_("Kept"), value=lambda row: str(row.kept)),
        Column(name="absorbed", label=_("Merged into it"), value=lambda row: str(row.absorbed)),
        Column(name="reason", label=_("Reason"), on_phone=False),
        Column(name="actor", label=_("By"), value=lambda row: row.actor.get_username()),
        Column(name="merged_at", label=_("When"), kind="moment", order_by="merged_at"),
        Column(
            name="state",
            label=_("State"),
            kind="badge",
            value=lambda row: "stands" if row.undone_at is None else "undone",
            labels={"stands": _("Merged"), "undone": _("Undone")},
            tones={"stands": "success"},
        ),
        Column(name="undone_at", label=_("Undone at"), kind="moment", on_page=False),
    )
    filterset_class = MergeFilters
    search_fields = ("kept__name__icontains", "absorbed__name__icontains", "reason__icontains")
    search_placeholder = _("Name or reason")
    default_order = "-merged_at"
    export_name = "merged-customers"
    empty_icon = "customer"
    empty_title = _("No records were merged yet")
    empty_text = _("Open a customer and choose “Merge” to make two records of one person one.")

    def get_queryset(self) -> QuerySet[CustomerMerge]:
        return _all()

    def row_url(self, instance: CustomerMerge) -> str:
        return reverse("pos_api:customer_merge_detail", args=[instance.pk])


class CustomerMergeDetail(PageMixin, View):
    """One merge: what it moved, and, while it stands, what undoing it would do; the same page undoes it."""

    permission_required = PERMISSIONS

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._render(request, get_object_or_404(_all(), pk=pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        merge = get_object_or_404(_all(), pk=pk)
        try:
            outcome = undo_merge(merge_id=merge.pk, actor=acting_user(request), at=timezone.now())
        except (MergeRefused, Busy) as refused:
            messages.error(request, str(refused))
            return self._render(request, merge, status=422)
        if outcome.replayed:
            messages.info(request, _now("This merge was undone already."))
        else:
            messages.success(request, _now("They are two records again."))
        return HttpResponseRedirect(reverse("pos_api:customer_merge_detail", args=[merge.pk]))

    def _render(self, request: HttpRequest, merge: CustomerMerge, status: int = 200) -> HttpResponse:
        undone = merge.undone_by
        facts = [
            (_("Reason"), merge.reason),
            (_("Merged"), f"{formats.moment(merge.merged_at)} · {merge.actor.get_username()}"),
            (_("Undone"), f"{formats.moment(merge.undone_at)} · {undone.get_username()}" if undone else ""),
        ]
        moved = {name: len(ids) for name, ids in merge.moved["rows"].items() if ids}
        context = {
            "merge": merge,
            "trail": [(_("Merged customers"), reverse("pos_api:customer_merge_list"))],
            "facts": [fact for fact in facts if fact[1]],
            "moved": [(ROWS[name], formats.number(count)) for name, count in moved.items()],
            "filled": _labels(merge.moved["record"]["fields"]),
            "undo": None if undone else _undo(preview_undo(merge, at=timezone.now())),
        }
        return render(request, "pos_api/customer_merge_detail.html", context, status=status)


def _label(name: str) -> str:
    return str(getattr(Customer._meta.get_field(name), "verbose_name", name))


def _labels(names: Any) -> str:
    return ", ".join(_label(name) for name in names)


def _undo(found: UndoPreview) -> dict[str, Any]:
    return {
        "refusal": "" if found.refusal is None else str(found.refusal),
        "rows": [(ROWS[name], formats.number(count)) for name, count in found.rows.items()],
        "empties": _labels(found.fields),
        "value": [
            (
                account_name(one.account),
                *_amounts(one.account.kind, one.moved, one.left, one.used, one.expired, one.owed),
            )
            for one in found.value
        ],
        "used": any(one.used for one in found.value),
    }
