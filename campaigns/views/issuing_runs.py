"""Issuing runs: the list, the form, one run with its preview, its issue and its file.

They stand here because what takes long is a background job; what is issued belongs to `loyalty`.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.services import issuing_jobs
from campaigns.tasks import wake_jobs
from campaigns.views.jobs import show_jobs
from loyalty import issuing_sentences as sentences
from loyalty.days import last_day
from loyalty.forms.issuing_run import RunForm
from loyalty.models import IssuingRun, RunState
from loyalty.selectors.issuing import grants, issued, overlapping_runs
from loyalty.services import issuing_runs as services
from loyalty.services.issuing_refusals import RunChanged, RunNeedsSecondPerson
from loyalty.services.issuing_terms import IssuingError, IssuingInvalid
from loyalty.views.issuing_rules import GIVEN, VALIDITY
from retail import formats
from retail.selectors.company import company_zone
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.files import csv_response, xlsx_response
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage
from retail.views.timeline import TimelineEvent, event_at

PAGE = 25
TONES = {
    RunState.DRAFT: "",
    RunState.PREVIEWED: "info",
    RunState.ISSUING: "warning",
    RunState.DONE: "success",
    RunState.CANCELLED: "danger",
}


def find_run(pk: int) -> IssuingRun:
    """Return a run with what its pages show. Raises Http404."""
    run = (
        IssuingRun.objects.select_related("type", "customer", "grouping", "created_by", "changed_by")
        .filter(pk=pk)
        .first()
    )
    if run is None:
        raise Http404
    return run


def run_url(run: IssuingRun) -> str:
    return reverse("campaigns:issuing_run_detail", args=[run.pk])


def _trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(_("Issuing runs"), reverse("campaigns:issuing_run_list")), *more]


class RunList(ListPage):
    permission_required = "loyalty.view_issuingrun"
    model = IssuingRun
    title = _("Issuing runs")
    subtitle = _("Vouchers for customers by what they bought in a period.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=sentences.worth),
        Column(
            name="state",
            label=_("State"),
            kind="badge",
            labels=dict(RunState.choices),
            tones=TONES,
            order_by="state",
        ),
        Column(name="customer_count", label=_("Customers"), kind="number", order_by="customer_count"),
        Column(name="total_amount", label=_("Total cost"), kind="money", order_by="total_amount"),
        Column(name="issued_count", label=_("Issued"), kind="number", order_by="issued_count"),
        Column(name="created_at", label=_("Created"), kind="moment", order_by="created_at", on_phone=False),
    )
    search_fields = ("name__unaccent__icontains",)
    search_placeholder = _("Name")
    default_order = "-created_at"
    export_name = "issuing-runs"
    create_url_name, create_permission = "campaigns:issuing_run_create", "loyalty.add_issuingrun"
    create_label = _("New run")
    empty_icon = "gift"
    empty_title = _("No vouchers issued yet")
    empty_text = _("Choose a period and what customers are given; look at who gets what, then confirm.")

    def get_queryset(self) -> QuerySet[Any]:
        return IssuingRun.objects.select_related("type")

    def row_url(self, instance: IssuingRun) -> str:
        return run_url(instance)


class RunCreate(FormPage):
    permission_required: Any = "loyalty.add_issuingrun"
    form_class = RunForm
    template_name = "loyalty/issuing_form.html"
    sections = (
        FormSection(_("Run"), ("name:4", "type:2")),
        FormSection(
            _("Whose purchases"),
            (
                "period_from_day:3",
                "period_until_day:3",
                "stores",
                "minimum_visits:3",
                "minimum_turnover:3",
                "customer:3",
                "grouping:3",
                "country:3",
                "language:3",
            ),
            _("What is left empty narrows nothing."),
        ),
        GIVEN,
        VALIDITY,
    )
    title = _("New issuing run")
    submit_label = _("Save and look at the preview")
    success_message = ""

    def get_form(self, **data: Any) -> Any:
        data.pop("files", None)
        return RunForm(instance=self.instance, zone=company_zone(), **data)

    def extra_context(self) -> dict[str, Any]:
        sent = self.request.POST.get("_version", "")
        return {"version": sent or (self.instance.version if self.instance else "")}

    def save(self, form: Any) -> str | None:
        at = timezone.now()
        sent = self.request.POST.get("_version", "")
        try:
            with transaction.atomic():
                run = services.save_run(
                    run=self.instance,
                    values=form.values(),
                    user=acting_user(self.request),
                    at=at,
                    version=typed_number(sent),
                )
                issuing_jobs.request_preview(run=run, user=acting_user(self.request), at=at)
        except IssuingInvalid as refusal:
            form.add_refusals(refusal.errors)
            return None
        except IssuingError as refusal:
            form.add_error(None, str(refusal))
            return None
        wake_jobs()
        return run_url(run)

    def back_url(self) -> str:
        return run_url(self.instance) if self.instance else reverse("campaigns:issuing_run_list")

    def trail(self) -> list[tuple[Any, str]]:
        return _trail(*([(self.instance.name, run_url(self.instance))] if self.instance else []))


class RunEdit(RunCreate):
    permission_required = "loyalty.change_issuingrun"
    title = _("Change the run")

    def get_instance(self) -> IssuingRun:
        return find_run(self.kwargs["pk"])


class RunDetail(PageMixin, View):
    """One run: who gets what, the highest first; what may be done with it; what was done."""

    permission_required = "loyalty.view_issuingrun"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run, zone = find_run(pk), company_zone()
        page = Paginator(grants(run), PAGE).get_page(request.GET.get("page"))
        shown = show_jobs(issuing_jobs.jobs_of(run), request.user)
        working = [one for one in shown if one.job.is_active]
        previewed = run.state == RunState.PREVIEWED and not working
        # Above the company's limit, whoever prepared it does not confirm it.
        most = services.limit_of(run) if previewed else None
        is_own = most is not None and request.user == run.prepared_by
        context = {
            "run": run,
            "state_tone": TONES[RunState(run.state)],
            "jobs": working or [one for one in shown[:1] if one.job.error],
            "is_working": bool(working),
            "has_stopped": run.state == RunState.ISSUING and not working,
            "overlaps": overlapping_runs(run) if run.state == RunState.PREVIEWED else [],
            "may_confirm": previewed and bool(run.customer_count) and not is_own,
            "above_limit": "" if most is None else str(RunNeedsSecondPerson(run, most)),
            "is_own": is_own,
            "may_issue": request.user.has_perm("loyalty.issue_storedvalue"),
            "sees_customers": request.user.has_perm("customers.view_customer"),
            "facts": _facts(run, zone),
            "page": page,
            "page_numbers": list(
                page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
            ),
            "events": _events(run),
            "trail": _trail(),
        }
        return render(request, "loyalty/issuing_run_detail.html", context)


def _facts(run: IssuingRun, zone: Any) -> list[tuple[Any, str]]:
    start = formats.day(run.period_starts_at.astimezone(zone).date()) if run.period_starts_at else ""
    last = last_day(run.period_ends_at, zone)
    who = [
        str(run.customer) if run.customer else "",
        run.grouping.name if run.grouping else "",
        run.country,
        run.language,
    ]
    only = ", ".join(part for part in who if part)
    return [
        (_("What is given"), sentences.worth(run)),
        (_("Type of voucher"), run.type.name),
        (_("Asked for"), sentences.conditions(run)),
        (_("Purchases from"), start),
        (_("Purchases until"), formats.day(last) if last else ""),
        (_("Stores whose purchases count"), sentences.stores(run.store_codes)),
        (_("Whom it looks at"), only or _now("all customers")),
        (_("Valid for"), sentences.validity(run, zone)),
        (_("Stores where it can be used"), sentences.stores(run.usable_store_codes)),
        (_("Prepared by"), run.prepared_by.get_username() if run.prepared_by else ""),
    ]


def _events(run: IssuingRun) -> list[TimelineEvent]:
    titles = {
        "confirmed": _now("Confirmed"),
        "cancelled": _now("Cancelled"),
        "exported": _now("Codes taken away in a file"),
        "printed": _now("Codes printed"),
        "codes_closed": _now("Codes closed"),
        "joined": _now("Merged customers were given one voucher for all their records"),
    }
    return [
        event_at(
            event.at,
            titles.get(event.action, event.action),
            text=event.user.get_username() if event.user else "",
        )
        for event in run.events.select_related("user").order_by("-at", "-pk")[:20]
    ]


class RunStep(PageMixin, View):
    """One thing that is done with a run by a button."""

    permission_required: Any = "loyalty.change_issuingrun"
    done: Any = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = find_run(pk)
        try:
            self.act(run)
        except IssuingError as refusal:
            messages.error(request, str(refusal))
        else:
            if self.done:
                messages.success(request, str(self.done))
            wake_jobs()
        return HttpResponseRedirect(run_url(run))

    def act(self, run: IssuingRun) -> None:
        """Call one service. Raises IssuingError."""
        raise NotImplementedError

    @property
    def who_and_when(self) -> dict[str, Any]:
        return {"user": self.request.user, "at": timezone.now()}


class RunPreview(RunStep):
    def act(self, run: IssuingRun) -> None:
        issuing_jobs.request_preview(run=run, **self.who_and_when)


class RunConfirm(RunStep):
    permission_required = ("loyalty.change_issuingrun", "loyalty.issue_storedvalue")

    def act(self, run: IssuingRun) -> None:
        version = typed_number(self.request.POST.get("version", ""))
        if version is None:
            raise RunChanged
        # Sent twice, it is confirmed once.
        with suppress(issuing_jobs.RunConfirmedBefore):
            issuing_jobs.request_issue(
                run=run,
                version=version,
                accepts_overlap=self.request.POST.get("accepts_overlap") == "1",
                **self.who_and_when,
            )


class RunResume(RunStep):
    permission_required = ("loyalty.change_issuingrun", "loyalty.issue_storedvalue")

    def act(self, run: IssuingRun) -> None:
        issuing_jobs.request_rest(run=run, **self.who_and_when)


class RunCancel(RunStep):
    done = _("Cancelled. What was issued stays.")

    def act(self, run: IssuingRun) -> None:
        issuing_jobs.cancel_run(run=run, **self.who_and_when)


class RunCloseCodes(RunStep):
    permission_required = ("loyalty.change_issuingrun", "loyalty.issue_storedvalue")
    done = _("Nobody can read the codes of this run any more.")

    def act(self, run: IssuingRun) -> None:
        services.close_codes(run, **self.who_and_when)


class RunExport(PageMixin, View):
    """What was issued, as a file. With codes it is asked for by POST, and noted."""

    permission_required = "loyalty.view_issuingrun"

    def get(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        return self.file(find_run(pk), form, with_codes=False)

    def post(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        if not request.user.has_perm("loyalty.issue_storedvalue"):
            raise PermissionDenied
        run = find_run(pk)
        services.record_event(run, "exported", user=acting_user(request), at=timezone.now(), form=form)
        return self.file(run, form, with_codes=True)

    def file(self, run: IssuingRun, form: str, *, with_codes: bool) -> HttpResponseBase:
        headings = [
            _now("Customer"),
            _now("CPF or CNPJ"),
            _now("E-mail"),
            _now("Phone"),
            _now("Turnover"),
            _now("Visits"),
            _now("Amount"),
            _now("Percentage"),
            _now("Voucher"),
            _now("Code"),
        ]
        respond = xlsx_response if form == "xlsx" else csv_response
        return respond(f"issuing-run-{run.pk}", headings, self.rows(run, with_codes))

    def rows(self, run: IssuingRun, with_codes: bool) -> Iterator[list[Any]]:
        sees = self.request.user.has_perm("customers.view_customer")
        for grant, code in issued(run, with_codes=with_codes):
            customer = grant.customer
            yield [
                customer.name if sees else str(customer.pk),
                (customer.document or "") if sees else "",
                customer.email if sees else "",
                customer.phone if sees else "",
                grant.turnover,
                grant.visits,
                grant.amount,
                grant.percent,
                grant.stored_value_id,
                code,
            ]
