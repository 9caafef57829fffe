"""Issuing rules and runs, for managers' programs."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.services import issuing_jobs
from loyalty.models import IssuingGrant, IssuingRule, IssuingRun
from loyalty.services.issuing_rules import save_rule
from loyalty.services.issuing_runs import save_run
from pos_api.decoding import Decoder
from pos_api.issuing_documents import (
    GRANT,
    RULE,
    RULE_EXAMPLE,
    RUN,
    RUN_EXAMPLE,
    ConfirmDocument,
    NewRuleDocument,
    RuleDocument,
    RunDocument,
    percent_text,
    rule_body,
    run_body,
)
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import NotFound
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.jobs import JOB
from pos_api.views.promo_code_pools import accepted
from pos_api.views.resources import user_of

TAG = "Issuing of vouchers"


def find_rule(code: str) -> IssuingRule:
    """Return a rule. Raises NotFound."""
    rule = IssuingRule.objects.select_related("type").filter(code=code).first()
    if rule is None:
        raise NotFound
    return rule


def _runs() -> QuerySet[IssuingRun]:
    return IssuingRun.objects.select_related("type", "grouping", "created_by", "changed_by", "confirmed_by")


def find_run(pk: int) -> IssuingRun:
    """Return a run. Raises NotFound."""
    run = _runs().filter(pk=pk).first()
    if run is None:
        raise NotFound
    return run


class IssuingRulesView(ManagerView):
    permissions = {"GET": ("loyalty.view_issuingrule",), "POST": ("loyalty.add_issuingrule",)}
    body: ClassVar[Body[NewRuleDocument]] = Body(Decoder(NewRuleDocument))

    @operation(
        id="list_issuing_rules",
        tag=TAG,
        summary="List issuing rules",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(RULE)},
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, IssuingRule.objects.select_related("type"), rule_body, ordering=("code",))

    @operation(
        id="create_issuing_rule",
        tag=TAG,
        summary="Make an issuing rule: tills follow it with their next basket",
        request=NewRuleDocument,
        responses={201: RULE},
        examples={"By the amount of the sale": RULE_EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.body.read(request)
        rule = save_rule(rule=None, values=body.values(), user=user_of(request), at=timezone.now())
        return answer(rule_body(rule), 201)


class IssuingRuleView(ManagerView):
    permissions = {"GET": ("loyalty.view_issuingrule",), "PUT": ("loyalty.change_issuingrule",)}
    body: ClassVar[Body[RuleDocument]] = Body(Decoder(RuleDocument))

    @operation(id="read_issuing_rule", tag=TAG, summary="Read an issuing rule", responses={200: RULE})
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(rule_body(find_rule(code)))

    @operation(
        id="change_issuing_rule",
        tag=TAG,
        summary="Change an issuing rule, or switch it off; what is left out goes back to its default",
        request=RuleDocument,
        responses={200: RULE},
        examples={
            "Switched off": {name: value for name, value in RULE_EXAMPLE.items() if name != "code"}
            | {"active": False}
        },
        problems={409: "`version_conflict`"},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        rule = find_rule(code)
        body = self.body.read(request)
        rule = save_rule(
            rule=rule, values=body.values(), user=user_of(request), at=timezone.now(), version=body.version
        )
        return answer(rule_body(rule))


class IssuingRunsView(ManagerView):
    permissions = {"GET": ("loyalty.view_issuingrun",), "POST": ("loyalty.add_issuingrun",)}
    body: ClassVar[Body[RunDocument]] = Body(Decoder(RunDocument))

    @operation(
        id="list_issuing_runs",
        tag=TAG,
        summary="List issuing runs, the newest first",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(RUN)},
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, _runs(), run_body, ordering=("-pk",))

    @operation(
        id="create_issuing_run",
        tag=TAG,
        summary="Make an issuing run; ask for its preview next",
        request=RunDocument,
        responses={201: RUN},
        examples={"Two visits and 100.00 in November": RUN_EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.body.read(request)
        run = save_run(run=None, values=body.values(), user=user_of(request), at=timezone.now())
        return answer(run_body(run), 201)


class IssuingRunView(ManagerView):
    permissions = {"GET": ("loyalty.view_issuingrun",), "PUT": ("loyalty.change_issuingrun",)}
    body: ClassVar[Body[RunDocument]] = Body(Decoder(RunDocument))

    @operation(id="read_issuing_run", tag=TAG, summary="Read an issuing run", responses={200: RUN})
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(run_body(find_run(pk)))

    @operation(
        id="change_issuing_run",
        tag=TAG,
        summary="Change a run that is not confirmed; its preview is gone then",
        request=RunDocument,
        responses={200: RUN},
        examples={"Two visits and 100.00 in November": RUN_EXAMPLE},
        problems={409: "`run_not_open`"},
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        run = find_run(pk)
        body = self.body.read(request)
        run = save_run(run=run, values=body.values(), user=user_of(request), at=timezone.now())
        return answer(run_body(run))


class IssuingRunPreviewView(ManagerView):
    permissions = {"POST": ("loyalty.change_issuingrun",)}

    @operation(
        id="preview_issuing_run",
        tag=TAG,
        summary="Look who is given what",
        description="A job. The run then has `preview`, its grants can be read, and its `version` can be confirmed.",
        responses={202: JOB},
        problems={409: "`run_not_open`"},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        job = issuing_jobs.request_preview(run=find_run(pk), user=user_of(request), at=timezone.now())
        return accepted(job)


class IssuingRunConfirmView(ManagerView):
    permissions = {"POST": ("loyalty.change_issuingrun", "loyalty.issue_storedvalue")}
    body: ClassVar[Body[ConfirmDocument]] = Body(Decoder(ConfirmDocument))

    @operation(
        id="confirm_issuing_run",
        tag=TAG,
        summary="Issue what the preview says",
        description=(
            "A job. `accepts_overlap` lets customers be given again for purchases for which another run gave. Above the company's limit "
            "for what one person gives, and for vouchers in percent where there is one, whoever prepared the run cannot confirm it. "
            "The same version again is answered with the same job and `Idempotency-Replayed: true`, and issues nothing more."
        ),
        request=ConfirmDocument,
        responses={202: JOB},
        examples={"The preview that was looked at": {"version": 2}},
        problems={
            409: "`run_changed`, `run_empty`, `run_not_open`, `run_not_previewed`, `run_outdated`, `run_overlaps`; "
            "`second_person_needed`: it is above the limit, and you prepared it."
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        run = find_run(pk)
        body = self.body.read(request)
        try:
            job = issuing_jobs.request_issue(
                run=run,
                version=body.version,
                accepts_overlap=body.accepts_overlap,
                user=user_of(request),
                at=timezone.now(),
            )
        except issuing_jobs.RunConfirmedBefore as known:
            return accepted(known.job, replayed=True)
        return accepted(job)


class IssuingRunCancelView(ManagerView):
    permissions = {"POST": ("loyalty.change_issuingrun",)}

    @operation(
        id="cancel_issuing_run",
        tag=TAG,
        summary="End a run before its next batch; what was issued stays",
        responses={200: RUN},
        problems={409: "`run_ended`"},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        issuing_jobs.cancel_run(run=find_run(pk), user=user_of(request), at=timezone.now())
        return answer(run_body(find_run(pk)))


def _grant_body(grant: IssuingGrant) -> Json:
    return {
        "customer": grant.customer_id,
        "turnover": str(grant.turnover),
        "visits": grant.visits,
        "amount": str(grant.amount),
        "percent": percent_text(grant.percent),
        "stored_value": grant.stored_value_id,
    }


class IssuingGrantsView(ManagerView):
    permissions = {"GET": ("loyalty.view_issuingrun",)}

    @operation(
        id="list_issuing_grants",
        tag=TAG,
        summary="List what a run gives, as its preview froze it",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(GRANT)},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return paginated(request, find_run(pk).grants.all(), _grant_body, ordering=("pk",))
