"""Stamp plans: the list, one plan, and its form, step by step with a summary before it is created."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from loyalty import sentences
from loyalty.forms.stamp_plan import StampPlanForm
from loyalty.forms.terms import NEW
from loyalty.models import Account, StampPlan
from loyalty.selectors.programs import extras, listed_plans
from loyalty.services.stamp_plans import upsert_stamp_plans
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES, add_row_errors
from retail.services.deletion import InUse, delete_unused
from retail.typed import typed_number
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage

# Step, title, picture, fields with their widths.
STEPS: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
    ("plan", _("Plan"), "edit", ("name:4", "code:2", "orders:2", "is_active")),
    ("category", _("Category"), "category", ("category", "pending_days:3", "valid_days:3")),
    ("reward", _("Reward"), "gift", ("reward", "reward_product:4", "reward_percent:2")),
    ("returns", _("Returns"), "undo", ("clawback", "expired_restore:4", "grace_days:2")),
    ("summary", _("Summary"), "check-circle", ("shows_extras",)),
)


def plan_tabs(request: HttpRequest, current: str) -> list[tuple[Any, str, bool]]:
    """Return plans and performance as tabs; the second appears once a plan exists."""
    tabs = [(_("Plans"), reverse("loyalty:stamp_plan_list"), current == "plans")]
    if request.user.has_perm("customers.view_customer") and StampPlan.objects.exists():
        tabs.append((_("Performance"), reverse("loyalty:stamp_list"), current == "performance"))
    return tabs


class StampPlanList(ListPage):
    model = StampPlan
    permission_required = "loyalty.view_stampplan"
    title = _("Stamp plans")
    subtitle = _("So many orders, one reward.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=lambda plan: plan.code),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="rule", label=_("Rule"), value=sentences.stamp_rule),
        Column(name="orders", label=_("Orders"), kind="number", order_by="orders"),
        Column(name="member_count", label=_("Customers"), kind="number", order_by="member_count"),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at", on_phone=False),
        Column(name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains")
    search_placeholder = _("Name or code")
    default_order = "name"
    export_name = "stamp-plans"
    create_url_name, create_permission = "loyalty:stamp_plan_create", "loyalty.add_stampplan"
    create_label = _("New stamp plan")
    empty_icon = "check-circle"
    empty_title = _("No stamp plan yet")
    empty_text = _("Ten orders, the next one is on the house: say which orders count and what they give.")

    def get_queryset(self) -> QuerySet[StampPlan]:
        return listed_plans()

    def row_url(self, instance: StampPlan) -> str:
        return plan_url(instance)

    def extra_context(self) -> dict[str, Any]:
        tabs = plan_tabs(self.request, "plans")
        return {"tabs": tabs if len(tabs) > 1 else []}


def plan_url(plan: StampPlan) -> str:
    return reverse("loyalty:stamp_plan_detail", args=[plan.code])


def find_plan(code: str) -> StampPlan:
    """Return a plan with its category and product. Raises Http404."""
    return get_object_or_404(StampPlan.objects.select_related("category", "reward_product"), code=code)


def trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(_("Stamp plans"), reverse("loyalty:stamp_plan_list")), *more]


class StampPlanDetail(PageMixin, View):
    """One plan: what it says, and how many customers take part."""

    permission_required = "loyalty.view_stampplan"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        plan = find_plan(code)
        context = {
            "plan": plan,
            "rule": sentences.stamp_rule(plan),
            "summary": sentences.plan_summary(plan, extras(plan) if plan.shows_extras else ()),
            "members": Account.objects.filter(plan=plan).count(),
            "facts": [
                (_("Code"), plan.code),
                (_("When it was spent before a return"), plan.get_clawback_display()),
                (_("When it had expired before a return"), plan.get_expired_restore_display()),
            ],
            "trail": trail(),
        }
        return render(request, "loyalty/stamp_plan_detail.html", context)


class StampPlanFormPage(PageMixin, View):
    """Create or change a plan, step by step; without script it is one long form."""

    def get_permission_required(self) -> Any:
        return (f"loyalty.{'change' if 'code' in self.kwargs else 'add'}_stampplan",)

    def get(self, request: HttpRequest, code: str = "") -> HttpResponse:
        plan = find_plan(code) if code else None
        return self.draw(StampPlanForm(instance=plan), plan)

    def post(self, request: HttpRequest, code: str = "") -> HttpResponse:
        plan = find_plan(code) if code else None
        form = StampPlanForm(request.POST, instance=plan)
        overtaken = False
        if form.is_valid():
            version = typed_number(request.POST.get("_version", ""))
            seen = NEW if plan is None or version is None else version
            result = upsert_stamp_plans(rows=[form.row()], version=seen)[0]
            if result.instance is not None and not result.errors:
                messages.success(request, _now("The plan was saved. Tills follow it from now on."))
                return HttpResponseRedirect(plan_url(result.instance))
            add_row_errors(form, result.errors)
            overtaken = any(error.code == "version_conflict" for error in result.errors)
        return self.draw(form, plan, overtaken, status=422)

    def draw(
        self, form: StampPlanForm, plan: StampPlan | None, overtaken: bool = False, status: int = 200
    ) -> HttpResponse:
        steps = [
            {
                "code": code,
                "title": title,
                "icon": icon,
                "fields": [_bound(form, item) for item in items],
                "wrong": sum(bool(_bound(form, item)[0].errors) for item in items) if form.is_bound else 0,
            }
            for code, title, icon, items in STEPS
        ]
        sent = self.request.POST.get("_step", "")
        wrong = next((step["code"] for step in steps if step["wrong"]), None)
        context = {
            "form": form,
            "plan": plan,
            "steps": steps,
            "step": wrong or (sent if sent in {step["code"] for step in steps} else "plan"),
            "version": self.request.POST.get("_version") or (plan.version if plan else ""),
            "overtaken": overtaken,
            "summary": _summary(form.draft() if form.is_bound else plan),
            "back_url": plan_url(plan) if plan else reverse("loyalty:stamp_plan_list"),
            "trail": trail(*([(plan.name, plan_url(plan))] if plan else [])),
        }
        return render(self.request, "loyalty/stamp_plan_form.html", context, status=status)


def _bound(form: StampPlanForm, item: str) -> tuple[Any, int]:
    name, _colon, span = item.partition(":")
    return form[name], int(span or 6)


def _summary(plan: StampPlan | None) -> list[sentences.Part]:
    if plan is None:
        return []
    return sentences.plan_summary(plan, extras(plan) if plan.shows_extras else ())


class StampPlanSummary(PageMixin, View):
    """What the plan would do, as far as it is typed."""

    permission_required = "loyalty.view_stampplan"

    def post(self, request: HttpRequest) -> HttpResponse:
        summary = _summary(StampPlanForm(request.POST).draft())
        return render(request, "loyalty/parts/summary.html", {"summary": summary})


class StampPlanDelete(PageMixin, View):
    permission_required = "loyalty.delete_stampplan"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        plan = find_plan(code)
        try:
            delete_unused(instance=plan)
        except InUse:
            messages.error(
                request,
                _now("Customers have stamps in it. Switch it off instead: nothing is earned any more."),
            )
            return HttpResponseRedirect(plan_url(plan))
        messages.success(request, _now("Deleted."))
        return HttpResponseRedirect(reverse("loyalty:stamp_plan_list"))
