"""Adjustments above the company's limit: the list of those that wait, the second person's decision, the limit itself."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from loyalty.amounts import account_name, amount_text
from loyalty.forms.adjustment_request import ApproveForm, LimitForm, RefuseForm
from loyalty.models import AdjustmentRequest
from loyalty.selectors.adjustment_requests import adjustment_requests
from loyalty.services.adjustment_decisions import approve, refuse
from loyalty.services.refusals import LedgerError
from loyalty.services.second_person import limit, set_limit
from retail.selectors.company import company_zone
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage

State = AdjustmentRequest.State
STATE_TONES = {State.REQUESTED: "warning", State.APPROVED: "success", State.REFUSED: "danger"}


def whose(request: AdjustmentRequest) -> str:
    """Name whose value it is about: a customer, or a stored value and its customer."""
    account = request.account
    if account.customer is not None:
        return str(account.customer)
    stored = account.stored_value
    return str(stored.customer or _now("Whoever has its code"))


def of_what(request: AdjustmentRequest) -> str:
    """Name the account: "Cashback", a program, a type of stored value."""
    account = request.account
    return account.stored_value.type.name if account.customer is None else account_name(account)


def _amount(request: AdjustmentRequest, raw: Any) -> str:
    text = amount_text(request.account.kind, raw)
    return f"+{text}" if raw > 0 else text


class RequestFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=State.choices, empty_label=_("Every state"))

    class Meta:
        model = AdjustmentRequest
        fields = ["state"]


class AdjustmentRequestList(ListPage):
    """Those that wait, then the others; the newest first."""

    model = AdjustmentRequest
    permission_required = ("loyalty.view_account", "loyalty.adjust_account")
    template_name = "loyalty/adjustment_request_list.html"
    title = _("Adjustments to approve")
    subtitle = _(
        "Value above the limit is added, taken, given or written off by hand only when somebody else agrees."
    )
    filterset_class = RequestFilters
    default_order = "-requested_at"
    export_name = "adjustment-requests"
    empty_icon = "shield"
    empty_title = _("Nothing waits for a second person")
    empty_text = _("Adjustments above the limit appear here before they are posted.")

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        zone = company_zone()
        return (
            Column(name="whose", label=_("Customer"), value=whose, secondary=of_what),
            Column(name="of_what", label=_("Account"), value=of_what, on_page=False),
            Column(name="kind", label=_("What"), labels=dict(AdjustmentRequest.Kind.choices)),
            Column(name="amount", label=_("Amount"), kind="number", write=_amount),
            Column(name="reason", label=_("Why")),
            Column(name="requested_by.username", label=_("Requested by")),
            Column(
                name="requested_at",
                label=_("When"),
                kind="moment",
                zone=lambda _one: zone,
                order_by="requested_at",
            ),
            Column(
                name="state",
                label=_("State"),
                kind="badge",
                labels=dict(State.choices),
                tones=STATE_TONES,
            ),
            Column(
                name="decided_by.username",
                label=_("Decided by"),
                secondary=lambda one: one.comment,
                on_phone=False,
            ),
        )

    def get_queryset(self) -> QuerySet[AdjustmentRequest]:
        return adjustment_requests()

    def row_url(self, instance: AdjustmentRequest) -> str | None:
        if instance.state != State.REQUESTED:
            return None
        return reverse("loyalty:adjustment_approve", args=[instance.pk])

    def extra_context(self) -> dict[str, Any]:
        may_change = self.request.user.has_perm("retail.change_company")
        return {"limit_form": LimitForm(initial={"limit": limit()}) if may_change else None}


class AdjustmentLimit(PageMixin, View):
    """Say above which amount a second person is asked."""

    permission_required = "retail.change_company"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LimitForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(str(error) for error in form.errors["limit"]))
        elif not set_limit(form.cleaned_data["limit"], user=acting_user(request)):
            messages.info(request, _now("Nothing changed."))
        elif form.cleaned_data["limit"] is None:
            messages.success(request, _now("Nobody is asked any more."))
        else:
            messages.success(request, _now("From now on somebody else must approve what is above it."))
        return HttpResponseRedirect(reverse("loyalty:adjustment_request_list"))


class _Decision(FormPage):
    """What a second person decides about one request."""

    permission_required = ("loyalty.view_account", "loyalty.adjust_account")
    template_name = "loyalty/adjustment_request.html"
    success_message = ""
    decide: Callable[..., AdjustmentRequest]
    done_message: Any = ""
    other_label: Any = ""
    other_url_name = ""
    sections = (FormSection(_("Decision"), ("comment",)),)

    def get_instance(self) -> AdjustmentRequest:
        return get_object_or_404(adjustment_requests(), pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("loyalty:adjustment_request_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Adjustments to approve"), self.back_url())]

    def extra_context(self) -> dict[str, Any]:
        one = self.instance
        return {
            "facts": [
                (_("Customer"), whose(one)),
                (_("Account"), of_what(one)),
                (_("What"), one.get_kind_display()),
                (_("Amount"), _amount(one, one.amount)),
                (_("Why"), one.reason),
                (_("Requested by"), one.requested_by.get_username()),
                (_("State"), one.get_state_display()),
            ],
            "other_label": self.other_label,
            "other_url": reverse(self.other_url_name, args=[one.pk]),
            "is_own": one.requested_by_id == acting_user(self.request).pk,
        }

    def save(self, form: Any) -> str | None:
        try:
            type(self).decide(
                self.instance.pk,
                actor_id=acting_user(self.request).pk,
                at=timezone.now(),
                comment=form.cleaned_data["comment"],
            )
        except LedgerError as refused:
            form.add_error(None, str(refused))
            return None
        messages.success(self.request, str(self.done_message))
        return self.back_url()


class ApproveAdjustment(_Decision):
    decide = staticmethod(approve)
    form_class = ApproveForm
    title = _("Approve this adjustment?")
    submit_label = _("Approve")
    done_message = _("Approved.")
    other_label, other_url_name = _("Refuse"), "loyalty:adjustment_refuse"


class RefuseAdjustment(_Decision):
    decide = staticmethod(refuse)
    form_class = RefuseForm
    title = _("Refuse this adjustment?")
    submit_label = _("Refuse")
    done_message = _("Refused: nothing was changed.")
    other_label, other_url_name = _("Approve"), "loyalty:adjustment_approve"
