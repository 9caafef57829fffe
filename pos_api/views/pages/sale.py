"""Pages of sales: the list, and one sale with everything that explains its total."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.models import Activation, LineAdjustment
from customers import documents
from customers.phones import readable as readable_phone
from messaging.selectors.sale_contacts import contacts_of
from pos_api.problems import Conflict, NotFound
from pos_api.services.cancel import cancel_in_back_office
from retail import formats
from retail.forms.fields import DayField
from retail.models import Sale, SaleLine, SaleReturn, SaleReturnLine, SaleState, Store
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage, Selection

STATE_TONES = {
    SaleState.COMMITTED: "success",
    SaleState.PARTIALLY_RETURNED: "warning",
    SaleState.RETURNED: "warning",
    SaleState.CANCELLED: "danger",
}
FLAGS = {
    "test": _("Test: counts for nothing"),
    "clock_skew": _("The till's clock was wrong"),
    "offline": _("Made while the till was offline"),
    "totals_mismatch": _("The till charged another total"),
    "cancelled_before_arrival": _("Cancelled before it arrived"),
    "cancelled_by_manager": _("Cancelled in the back-office"),
    "customer_unclear": _("Without a customer"),
}


_MONEY = re.compile(r"[0-9]+\.[0-9]{2}", re.ASCII)


class _DayFilter(django_filters.DateFilter):
    field_class = DayField


class SaleFilters(django_filters.FilterSet):
    store = django_filters.ModelChoiceFilter(
        label=_("Store"), queryset=Store.objects.order_by("name", "pk"), empty_label=_("Every store")
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=SaleState.choices, empty_label=_("Every state")
    )
    discounted = django_filters.ChoiceFilter(
        label=_("Discount"),
        choices=[("yes", _("With a discount")), ("no", _("Without a discount"))],
        method="with_discount",
        empty_label=_("All"),
    )
    is_test = django_filters.ChoiceFilter(
        label=_("Kind"),
        choices=[("yes", _("Tests"))],
        method="kept",
        empty_label=_("Real sales"),
    )
    since = _DayFilter(label=_("From"), field_name="business_date", lookup_expr="gte")
    until = _DayFilter(label=_("Until"), field_name="business_date", lookup_expr="lte")

    class Meta:
        model = Sale
        fields = ["store", "state", "discounted", "is_test", "since", "until"]

    def kept(self, queryset: QuerySet[Sale], _name: str, _value: str) -> QuerySet[Sale]:
        """Leave the list as it is: the page has chosen between tests and real sales already."""
        return queryset

    def with_discount(self, queryset: QuerySet[Sale], _name: str, value: str) -> QuerySet[Sale]:
        return queryset.filter(discount__gt=0) if value == "yes" else queryset.filter(discount=0)


class SaleList(ListPage):
    """All recorded sales, newest first."""

    model = Sale
    permission_required = "retail.view_sale"
    title = _("Sales")
    subtitle = _("What points of sale recorded, to the cent, with the campaigns that made each total.")
    columns = (
        Column(name="ticket", label=_("Ticket"), secondary=lambda sale: _now("Terminal %(code)s") % {"code": sale.terminal.code}, order_by="ticket"),
        Column(name="store.name", label=_("Store")),
        Column(name="occurred_at", label=_("When"), kind="moment", zone=lambda sale: sale.store.zone, order_by="occurred_at"),
        Column(
            name="customer", label=_("Customer"), value=lambda sale: str(sale.customer) if sale.customer_id else "",
            url=lambda sale: reverse("customers:customer_detail", args=[sale.customer_id]) if sale.customer_id else None,
        ),
        Column(name="gross", on_phone=False, label=_("Gross"), kind="money", order_by="gross"),
        Column(name="discount", label=_("Discount"), kind="money", value=lambda sale: sale.discount or "", order_by="discount"),
        Column(name="net", label=_("Net"), kind="money", order_by="net"),
        Column(name="state", label=_("State"), kind="badge", labels=dict(SaleState.choices), tones=STATE_TONES),
        Column(name="uuid", label=_("Identifier"), on_page=False),
        Column(name="terminal.code", label=_("Terminal"), on_page=False),
        Column(name="business_date", label=_("Business date"), kind="day", on_page=False),
    )  # fmt: skip
    filterset_class = SaleFilters
    search_placeholder = _("Ticket, fiscal key or identifier")
    default_order = "-occurred_at"
    page_size = 50
    export_name = "sales"
    empty_icon = "sale"
    empty_title = _("No sales yet")
    empty_text = _("Sales appear here as soon as a point of sale, or the till in the browser, records one.")

    def get_queryset(self) -> QuerySet[Sale]:
        # The stored documents are large, and no list shows them.
        tests = self.request.GET.get("is_test") == "yes"
        return (
            Sale.objects.filter(is_test=tests)
            .select_related("store", "terminal", "customer")
            .defer("request", "response")
        )

    def search(self, queryset: QuerySet[Sale], text: str) -> QuerySet[Sale]:
        if not text:
            return queryset
        wanted = Q(ticket=text) | Q(fiscal_key=text)
        with suppress(ValueError):
            wanted |= Q(uuid=UUID(text))
        return queryset.filter(wanted)

    def row_url(self, instance: Sale) -> str:
        return reverse("pos_api:sale_detail", args=[instance.pk])

    def get_selection(self) -> Selection | None:
        allowed = self.request.user.has_perms(["messaging.add_mailing", "customers.view_customer"])
        if not allowed or self.request.GET.get("is_test") == "yes":
            return None
        url = reverse("messaging:mailing_create")
        return Selection(_("Write to the customers of the chosen sales"), url, "sales", "mail")


@dataclass(frozen=True, slots=True)
class NotActivated:
    """A campaign that was looked at and did not come in, with why."""

    campaign: str
    text: str
    missing: Decimal | None


class SaleDetail(PageMixin, View):
    """One sale: lines with each campaign's part, totals, payments, why others did not come in, the documents."""

    permission_required = "retail.view_sale"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        sale = get_object_or_404(Sale.objects.select_related("store", "terminal", "customer"), pk=pk)
        adjustments = LineAdjustment.objects.select_related("activation__campaign").order_by(
            "activation_id", "pk"
        )
        lines = (
            SaleLine.objects.filter(sale=sale)
            .select_related("product")
            .prefetch_related(Prefetch("adjustments", queryset=adjustments))
            .order_by("line")
        )
        activations = (
            Activation.objects.filter(sale=sale)
            .select_related("campaign", "revision", "promo_code", "vip_card")
            .order_by("-discount", "pk")
        )
        # Who may see customers sees what the till sent of them; others see that it did.
        readable = _as_it_is if request.user.has_perm("customers.view_customer") else without_personal_data
        context = {
            "sale": sale,
            "store": sale.store,
            "lines": list(lines),
            "activations": list(activations),
            "payments": list(sale.payments.order_by("pk")),
            "exchanged": list(sale.exchanged_items.order_by("pk")),
            "returns": [_shown(row) for row in _returns(sale)],
            "not_activated": _not_activated(sale.response),
            "flags": [FLAGS.get(flag, flag) for flag in sale.flags],
            "may_cancel": request.user.has_perm("retail.change_sale")
            and sale.state in (SaleState.COMMITTED, SaleState.PARTIALLY_RETURNED),
            "may_send_receipt": request.user.has_perms(("retail.change_sale", "customers.view_customer"))
            and sale.state != SaleState.CANCELLED
            and not sale.is_test,
            "state_tone": STATE_TONES.get(SaleState(sale.state), ""),
            "request_text": _document(readable(sale.request)),
            "response_text": _document(readable(sale.response)),
            "facts": [
                (_("Store"), sale.store.name),
                (_("Terminal"), sale.terminal.code),
                (_("Business date"), formats.day(sale.business_date)),
                (_("Fiscal key"), sale.fiscal_key),
                (_("Plan version"), sale.plan_version),
                (_("Identifier"), sale.uuid),
                *(_contact(sale) if request.user.has_perm("customers.view_customer") else []),
            ],
        }
        return render(request, "pos_api/sale_detail.html", context)


class SaleCancel(PageMixin, View):
    """Cancel a sale: what campaigns counted and gave is taken back."""

    permission_required = ("retail.view_sale", "retail.change_sale")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            cancelled = cancel_in_back_office(sale_id=pk, now=timezone.now())
        except NotFound as error:
            raise Http404 from error
        except Conflict:
            messages.error(request, _now("A sale that was returned cannot be cancelled."))
        else:
            text = (
                _now("The sale had been cancelled before.")
                if cancelled.replayed
                else _now("The sale was cancelled.")
            )
            messages.success(request, text)
        return HttpResponseRedirect(reverse("pos_api:sale_detail", args=[pk]))


@dataclass(frozen=True, slots=True)
class ReturnShown:
    """One return with what came back, and what the customer keeps."""

    row: SaleReturn
    by: str
    units: list[tuple[Decimal, str]]
    kept: list[str]


def _contact(sale: Sale) -> list[tuple[Any, str]]:
    """Return how whoever bought can be written to: by the customer's record, else by what the sale and its receipts tell."""
    if sale.customer is not None:
        told = {"email": sale.customer.email, "phone": sale.customer.phone}
    else:
        told = contacts_of([sale])[sale.pk]
    labels = (("email", _("E-mail")), ("phone", _("Phone")))
    shown = {"email": told.get("email", ""), "phone": readable_phone(told.get("phone", ""))}
    return [(label, shown[name]) for name, label in labels if shown[name]]


def _returns(sale: Sale) -> QuerySet[SaleReturn]:
    lines = SaleReturnLine.objects.select_related("sale_line__product").order_by("sale_line__line")
    return (
        sale.returns.select_related("terminal", "actor")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .order_by("returned_at", "pk")
    )


def _shown(row: SaleReturn) -> ReturnShown:
    by = _now("Terminal %(code)s") % {"code": row.terminal.code} if row.terminal else str(row.actor or "")
    units = []
    for one in row.lines.all():
        product = one.sale_line.product
        units.append((one.quantity, product.name if product else one.sale_line.sku))
    not_undone = row.response.get("not_undone", []) if isinstance(row.response, dict) else []
    return ReturnShown(row=row, by=by, units=units, kept=[_kept(entry) for entry in not_undone])


def _kept(entry: dict[str, Any]) -> str:
    """Return a sentence on what could not be undone."""
    match entry.get("kind"):
        case "gift":
            return _now("The gift %(sku)s stays with the customer.") % {"sku": entry.get("sku", "")}
        case "code":
            return _now("The code %(code)s that the sale gave was used.") % {"code": entry.get("code", "")}
        case "delivery":
            return _now("The delivery stays paid: %(amount)s.") % {
                "amount": formats.money(Decimal(entry["amount"]))
            }
    return _now("The reward of %(program)s stays with the customer.") % {"program": entry.get("program", "")}


def _not_activated(response: Any) -> list[NotActivated]:
    """Read the reasons out of the stored answer: they are what the till showed."""
    found = response.get("not_activated", []) if isinstance(response, dict) else []
    return [
        NotActivated(
            campaign=str(entry.get("name") or entry.get("campaign", "")),
            text=str(entry.get("text") or entry.get("reason", "")),
            missing=_amount(entry.get("missing")),
        )
        for entry in found
        if isinstance(entry, dict)
    ]


def _amount(missing: Any) -> Decimal | None:
    """Return what was missing when it is money; units, methods and codes are told in the sentence."""
    return Decimal(missing) if isinstance(missing, str) and _MONEY.fullmatch(missing) else None


def _as_it_is(value: Any) -> Any:
    return value


def without_personal_data(document: Any) -> Any:
    """Return a stored request or answer with what identifies the customer masked; the rest stays."""
    if not isinstance(document, dict):
        return document
    hidden = dict(document)
    for name in ("customer", "captured"):
        given = document.get(name)
        if isinstance(given, dict):
            hidden[name] = {
                key: documents.mask(value) if key == "document" and isinstance(value, str) else "•••"
                for key, value in given.items()
            }
    return hidden


def _document(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
