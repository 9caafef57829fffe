"""Performance of stamp plans: who has how many stamps, and what a manager does to them by hand."""

from typing import Any
from uuid import uuid4

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

from customers.models import Customer
from customers.phones import readable
from loyalty import sentences
from loyalty.forms.customer_choice import ChooseCustomerForm
from loyalty.forms.stamp_plan import StampsForm
from loyalty.models import Account, Entry, StampPlan
from loyalty.selectors.programs import stamp_progress
from loyalty.services.refusals import AlreadyPosted, LedgerError
from loyalty.services.stamps import add_stamps, remove_reward
from loyalty.views.stamp_plans import find_plan, plan_tabs, plan_url, trail
from retail import formats
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage

SHOWN_ENTRIES = 50
MAY_ADJUST = "loyalty.adjust_account"


class StampFilters(django_filters.FilterSet):
    plan = django_filters.ModelChoiceFilter(
        label=_("Plan"),
        queryset=StampPlan.objects.order_by("name", "pk"),
        to_field_name="code",
        empty_label=_("Every plan"),
    )
    reward = django_filters.ChoiceFilter(
        label=_("Reward"),
        choices=[("ready", _("Can be taken")), ("not_yet", _("Not yet"))],
        method="with_reward",
        empty_label=_("All"),
    )

    class Meta:
        model = Account
        fields = ["plan"]

    def with_reward(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(rewards__gte=1) if value == "ready" else queryset.filter(rewards__lt=1)


class ChooseForm(ChooseCustomerForm):
    plan = forms.ModelChoiceField(
        label=_("Plan"),
        queryset=StampPlan.objects.order_by("name", "pk"),
        to_field_name="code",
        empty_label=None,
    )


class StampList(ListPage):
    """Every customer who takes part in a plan, with the progress towards the next reward."""

    model = Account
    permission_required = ("loyalty.view_stampplan", "customers.view_customer")
    template_name = "loyalty/stamp_list.html"
    title = _("Performance")
    subtitle = _("Who has how many stamps. A reward is ready once there are as many as the plan asks for.")
    columns = (
        Column(name="customer", label=_("Customer"), value=lambda account: str(account.customer), order_by="customer__name"),
        Column(name="phone", label=_("Phone"), value=lambda account: readable(account.customer.phone), on_phone=False),
        Column(name="plan.name", label=_("Plan"), order_by="plan__name"),
        Column(name="stamps", label=_("Stamps"), kind="number", order_by="stamps"),
        Column(name="rewards", label=_("Rewards ready"), kind="number", order_by="rewards"),
        Column(name="progress", label=_("Towards the next"), value=lambda account: towards(account.towards, account.plan)),
        Column(name="orders", label=_("Orders"), value=lambda account: account.plan.orders, kind="number", on_page=False),
    )  # fmt: skip
    filterset_class = StampFilters
    search_placeholder = _("Name, CPF, phone or card")
    default_order = "-stamps"
    export_name = "stamps"
    empty_icon = "check-circle"
    empty_title = _("Nobody has stamps yet")
    empty_text = _("They come with purchases; the first ones may be given by hand.")

    def get_queryset(self) -> QuerySet[Account]:
        return stamp_progress(at=timezone.now())

    def search(self, queryset: QuerySet[Account], text: str) -> QuerySet[Account]:
        return queryset.filter(customer__in=Customer.objects.search(text)) if text else queryset

    def row_url(self, instance: Account) -> str:
        return stamps_url(instance.plan, instance.customer_id)  # type: ignore[arg-type]

    def extra_context(self) -> dict[str, Any]:
        return {
            "tabs": plan_tabs(self.request, "performance"),
            "choose": getattr(self, "choose", None) or self.choose_form(),
            "trail": trail(),
        }

    def choose_form(self, data: Any = None) -> ChooseForm | None:
        if not self.request.user.has_perm(MAY_ADJUST) or not StampPlan.objects.exists():
            return None
        return ChooseForm(data, initial={"plan": self.request.GET.get("plan")}, auto_id="choose-%s")

    def post(self, request: HttpRequest) -> Any:
        form = self.choose_form(request.POST)
        if form is not None and form.is_valid():
            chosen = form.cleaned_data
            return HttpResponseRedirect(stamps_url(chosen["plan"], chosen["customer"].pk))
        self.choose = form
        return self.get(request)


def stamps_url(plan: StampPlan, customer_id: int) -> str:
    return reverse("loyalty:stamps", args=[plan.code, customer_id])


def towards(stamps: Any, plan: StampPlan) -> str:
    """Return "3 of 10"."""
    return _now("%(stamps)s of %(orders)s") % {
        "stamps": formats.number(stamps),
        "orders": formats.number(plan.orders),
    }


class CustomerStamps(PageMixin, View):
    """One customer in one plan: the progress, what happened, and what is done by hand."""

    permission_required = ("loyalty.view_stampplan", "customers.view_customer")

    def get(self, request: HttpRequest, code: str, pk: int) -> HttpResponse:
        return self.draw(find_plan(code), get_object_or_404(Customer, pk=pk), self.blank())

    def post(self, request: HttpRequest, code: str, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_ADJUST):
            return self.handle_no_permission()
        plan, customer = find_plan(code), get_object_or_404(Customer, pk=pk)
        form = StampsForm(request.POST)
        if form.is_valid():
            try:
                self.act(plan, customer, form.cleaned_data)
            except AlreadyPosted:
                # The page was sent twice: it was done the first time.
                return HttpResponseRedirect(request.path)
            except LedgerError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _now("Recorded."))
                return HttpResponseRedirect(request.path)
        return self.draw(plan, customer, form, status=422)

    def act(self, plan: StampPlan, customer: Customer, chosen: dict[str, Any]) -> None:
        common: dict[str, Any] = {
            "plan": plan,
            "customer_id": customer.pk,
            "reason": chosen["reason"],
            "actor_id": self.request.user.pk,
            "operation": str(chosen["operation"]),
            "at": timezone.now(),
        }
        if chosen["action"] == "reward":
            remove_reward(**common)
        else:
            add_stamps(stamps=chosen["stamps"] if chosen["action"] == "add" else -chosen["stamps"], **common)

    def blank(self) -> StampsForm | None:
        """Return an empty form with an id of its own, by which sending it twice does it once."""
        may = self.request.user.has_perm(MAY_ADJUST)
        return StampsForm(initial={"operation": uuid4()}) if may else None

    def draw(
        self, plan: StampPlan, customer: Customer, form: StampsForm | None, status: int = 200
    ) -> HttpResponse:
        account = stamp_progress(at=timezone.now()).filter(plan=plan, customer=customer).first()
        entries = (
            Entry.objects.filter(account=account).select_related("actor").order_by("-occurred_at", "-pk")
        )
        context = {
            "customer": customer,
            "plan": plan,
            "rule": sentences.stamp_rule(plan),
            "stamps": account.stamps if account else 0,  # type: ignore[attr-defined]
            "rewards": account.rewards if account else 0,  # type: ignore[attr-defined]
            "towards": towards(account.towards if account else 0, plan),  # type: ignore[attr-defined]
            "form": form,
            "entries": list(entries[:SHOWN_ENTRIES]) if account else [],
            "trail": trail(
                (plan.name, plan_url(plan)),
                (_("Performance"), f"{reverse('loyalty:stamp_list')}?plan={plan.code}"),
            ),
        }
        return render(self.request, "loyalty/stamps.html", context, status=status)
