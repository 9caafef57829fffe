"""Pages of VIP cards: the list with what each gave, one card with its sales, the forms, blocking."""

from datetime import datetime
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.models import Activation
from campaigns.vip_card_uses import with_uses
from customers.documents import mask
from customers.models import Customer
from loyalty.forms.vip_card import VipCardForm, VipTermsForm, find_holder
from loyalty.models import VipCard
from loyalty.selectors.vip_cards import last_day
from loyalty.services.vip_cards import VipCardRefused, change_vip_card, create_vip_card
from retail import formats
from retail.forms.rows import add_row_errors
from retail.selectors.company import company_zone
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

MAY_VIEW = ("loyalty.view_vipcard", "customers.view_customer")
STATES = {"usable": _("Active"), "expired": _("Expired"), "blocked": _("Blocked")}
TONES = {"usable": "success", "expired": "warning", "blocked": "danger"}
MOST_SALES = 20


def state_of(card: VipCard, at: datetime) -> str:
    """Return whether a card is blocked, expired or usable."""
    if not card.is_active:
        return "blocked"
    return "usable" if card.expires_at > at else "expired"


def _in_state(state: str, at: datetime) -> Q:
    if state == "blocked":
        return Q(is_active=False)
    return Q(is_active=True, **{"expires_at__gt" if state == "usable" else "expires_at__lte": at})


class VipCardFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=list(STATES.items()), method="of_state", empty_label=_("Every state")
    )

    class Meta:
        model = VipCard
        fields = ["state"]

    def of_state(self, queryset: QuerySet[VipCard], _name: str, value: str) -> QuerySet[VipCard]:
        return queryset.filter(_in_state(value, timezone.now()))


class VipCardList(ListPage):
    """Every card with its uses and what it gave."""

    model = VipCard
    permission_required = MAY_VIEW
    title = _("VIP cards")
    subtitle = _("A rate of discount for one customer until a date, taken off after all campaigns.")
    filterset_class = VipCardFilters
    search_placeholder = _("Card number, or the customer's name, CPF, phone or card")
    default_order = "code"
    export_name = "vip-cards"
    create_url_name, create_permission = "campaigns:vip_card_create", "loyalty.add_vipcard"
    create_label = _("New VIP card")
    empty_icon = "card"
    empty_title = _("No VIP card yet")
    empty_text = _("Give a customer a card, or its number; the till scans it like a promotional code.")

    @property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        at, zone = timezone.now(), self.zone
        return (
            Column(name="code", label=_("Card"), kind="code", order_by="code"),
            Column(name="customer", label=_("Customer"), value=lambda card: str(card.customer), order_by="customer__name"),
            Column(name="percent", label=_("Rate"), kind="percent", order_by="percent"),
            Column(name="valid_until", label=_("Valid until"), kind="day", value=lambda card: last_day(card, zone), order_by="expires_at"),
            Column(name="uses", label=_("Uses"), kind="number", order_by="uses"),
            Column(name="given", label=_("Discount given"), kind="money", order_by="given"),
            Column(name="last_used_at", label=_("Last used"), kind="moment", order_by="last_used_at", on_phone=False),
            Column(name="notify", label=_("People to notify"), value=lambda card: ", ".join(card.notify), on_page=False),
            Column(name="state", label=_("State"), kind="badge", value=lambda card: state_of(card, at), labels=STATES, tones=TONES),
        )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.zone = company_zone()
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[VipCard]:
        return with_uses(VipCard.objects.select_related("customer"))

    def row_url(self, instance: VipCard) -> str:
        return card_url(instance)


def card_url(card: VipCard) -> str:
    return reverse("campaigns:vip_card_detail", args=[card.pk])


def trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(_("VIP cards"), reverse("campaigns:vip_card_list")), *more]


class VipCardDetail(PageMixin, View):
    """One card: whose it is, what it gives, and the last sales with it."""

    permission_required = MAY_VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        card: Any = get_object_or_404(
            with_uses(VipCard.objects.select_related("customer", "created_by")), pk=pk
        )
        zone = company_zone()
        state = state_of(card, timezone.now())
        sales = Activation.objects.filter(vip_card=card).select_related("sale__store")
        context = {
            "card": card,
            "state": STATES[state],
            "tone": TONES[state],
            "activations": list(sales.order_by("-activated_at", "-pk")[:MOST_SALES]),
            "facts": [
                (_("Discount rate"), formats.percent(card.percent.normalize())),
                (_("Valid until"), formats.day(last_day(card, zone))),
                (_("People to notify"), ", ".join(card.notify)),
                (_("Created"), formats.moment(card.created_at, zone)),
                (_("Created by"), str(card.created_by or "")),
            ],
            "trail": trail(),
        }
        return render(request, "campaigns/vip_card_detail.html", context)


class VipCardCreate(FormPage):
    """Make a card. The customer's name is shown first; the card is made once it was."""

    form_class = VipCardForm
    permission_required = ("loyalty.add_vipcard", "customers.view_customer")
    template_name = "campaigns/vip_card_form.html"
    title = _("New VIP card")
    submit_label = _("Make the card")
    success_message = _("The card was made. Tills know it from now on.")
    sections = (
        FormSection(_("Card"), ("code:3", "customer:3"), _("Whose card it is cannot be changed later.")),
        FormSection(_("Discount"), ("percent:3", "valid_until:3")),
        FormSection(_("Notices"), ("notify",)),
    )
    holder: Customer | None = None
    unknown = ""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        if "check" in request.POST:
            try:
                self.holder = find_holder(request.POST.get("customer", "")[:254].replace("\x00", ""))
            except LookupError as unknown:
                self.unknown = str(unknown)
            # Unbound: what is not typed yet is no mistake yet.
            return self.render(self.form_class(initial=request.POST.dict()))
        form = self.get_form(data=request.POST)
        if form.is_valid():
            self.holder = form.cleaned_data["customer"]
            if request.POST.get("checked") != str(self.holder.pk):
                return self.render(form)
            target = self.save(form)
            if target is not None:
                messages.success(request, str(self.success_message))
                return HttpResponseRedirect(target)
        return self.render(form)

    def save(self, form: VipCardForm) -> str | None:
        try:
            card = create_vip_card(
                customer=form.cleaned_data["customer"],
                values=form.values(),
                at=timezone.now(),
                user=acting_user(self.request),
            )
        except VipCardRefused as refusal:
            add_row_errors(form, refusal.errors)
            return None
        return card_url(card)

    def extra_context(self) -> dict[str, Any]:
        context: dict[str, Any] = {"holder": self.holder, "unknown": self.unknown}
        if self.holder is not None:
            about = [mask(self.holder.document) if self.holder.document else "", self.holder.city]
            context["about"] = " · ".join(part for part in about if part)
        return context

    def back_url(self) -> str:
        return reverse("campaigns:vip_card_list")

    def trail(self) -> list[tuple[Any, str]]:
        return trail()


class VipCardEdit(FormPage):
    """Change the rate, the last day and the people to notify."""

    form_class = VipTermsForm
    permission_required = ("loyalty.change_vipcard", "customers.view_customer")
    template_name = "campaigns/vip_card_edit.html"
    title = _("Change the VIP card")
    sections = (
        FormSection(
            _("Discount"),
            ("percent:3", "valid_until:3"),
            _("Sales that were made keep what they were given."),
        ),
        FormSection(_("Notices"), ("notify",)),
    )

    def get_instance(self) -> VipCard:
        return get_object_or_404(VipCard.objects.select_related("customer"), pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return VipTermsForm.initial_of(self.instance, company_zone())

    def save(self, form: VipTermsForm) -> str | None:
        version = typed_number(self.request.POST.get("_version", ""))
        try:
            change_vip_card(card=self.instance, values=form.values(), at=timezone.now(), version=version)
        except VipCardRefused as refusal:
            add_row_errors(form, refusal.errors)
            return None
        return card_url(self.instance)

    def extra_context(self) -> dict[str, Any]:
        return {"version": self.request.POST.get("_version") or self.instance.version}

    def back_url(self) -> str:
        return card_url(self.instance)

    def trail(self) -> list[tuple[Any, str]]:
        return trail((self.instance.code, card_url(self.instance)))


class VipCardBlock(PageMixin, View):
    """Block a card, or let it be used again."""

    permission_required = ("loyalty.view_vipcard", "customers.view_customer", "loyalty.change_vipcard")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        card = get_object_or_404(VipCard, pk=pk)
        is_active = "again" in request.POST
        change_vip_card(card=card, values={"is_active": is_active}, at=timezone.now())
        messages.success(
            request, _now("The card can be used again.") if is_active else _now("The card is blocked.")
        )
        return HttpResponseRedirect(card_url(card))
