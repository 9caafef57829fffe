"""Automations: what each does, switching and changing them, what came of their messages, and reminders that somebody asks for."""

from datetime import timedelta
from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.tasks import wake_jobs
from messaging.models import Automation
from messaging.occasions import AUTOMATIC
from messaging.selectors.outcomes import automation_results
from messaging.services.automations import AutomationRefused, install_automations, save_automation
from messaging.services.value_runs import REMINDERS, request_run
from pos_api import automation_documents as documents
from pos_api.openapi import operation
from pos_api.problems import NotFound
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.jobs import EXAMPLE as JOB_EXAMPLE
from pos_api.views.jobs import JOB, represent_job
from pos_api.views.resources import find_or_404, user_of

TAG = "Automations"
_MONTH = timedelta(days=30)
_LIST = {
    "type": "object",
    "properties": {"results": {"type": "array", "items": documents.SHOWN}},
}


def _find(occasion: str) -> Automation:
    if occasion not in AUTOMATIC:
        raise NotFound
    install_automations(at=timezone.now())
    found = Automation.objects.select_related("pool").prefetch_related("stores_off")
    return find_or_404(found, occasion=occasion)


class AutomationListView(ManagerView):
    permissions = {"GET": ("messaging.view_automation",)}

    @operation(
        id="automations_list",
        tag=TAG,
        summary="List every automation, on or off",
        responses={200: _LIST},
    )
    def get(self, request: Request) -> HttpResponse:
        install_automations(at=timezone.now())
        found = Automation.objects.select_related("pool").prefetch_related("stores_off")
        rows = {row.occasion: row for row in found}
        return answer({"results": [documents.represent(rows[occasion]) for occasion in AUTOMATIC]})


class AutomationView(ManagerView):
    permissions = {
        "GET": ("messaging.view_automation",),
        "PUT": ("messaging.change_automation",),
    }
    body: ClassVar[Body[documents.AutomationDocument]] = Body(documents.AUTOMATION)

    @operation(id="automations_get", tag=TAG, summary="Read an automation", responses={200: documents.SHOWN})
    def get(self, request: Request, occasion: str) -> HttpResponse:
        return answer(documents.represent(_find(occasion)))

    @operation(
        id="automations_replace",
        tag=TAG,
        summary="Decide how an automation writes, and switch it on or off",
        description=(
            "What was due while it was off is not made up for. Of those who are held out, always the same customers, nobody gets its "
            "messages; the results compare both parts. The texts are templates of its occasion (`templates/`)."
        ),
        request=documents.AutomationDocument,
        responses={200: documents.SHOWN},
        examples={"Greetings by WhatsApp, else by SMS": documents.EXAMPLE | {"version": 1}},
        problems={409: "Somebody else saved it meanwhile (`automation_changed`)."},
    )
    def put(self, request: Request, occasion: str) -> HttpResponse:
        _find(occasion)
        given = self.body.read(request)
        plan = documents.plan_of(occasion, given)
        try:
            save_automation(
                occasion=occasion, plan=plan, version=given.version, by=user_of(request), at=timezone.now()
            )
        except AutomationRefused as refusal:
            raise documents.problem_of(refusal) from refusal
        return answer(documents.represent(_find(occasion)))


class AutomationResultsView(ManagerView):
    permissions = {"GET": ("messaging.view_automation",)}

    @operation(
        id="automations_results",
        tag=TAG,
        summary="Read what came of the messages that an automation planned in the last thirty days",
        responses={200: documents.RESULTS},
    )
    def get(self, request: Request, occasion: str) -> HttpResponse:
        _find(occasion)
        return answer(
            documents.represent_results(automation_results(occasion, since=timezone.now() - _MONTH))
        )


class AutomationRemindView(ManagerView):
    permissions = {
        "POST": ("messaging.change_automation", "messaging.send_mailing", "customers.view_customer"),
    }
    body: ClassVar[Body[documents.RunDocument]] = Body(documents.RUN)

    @operation(
        id="automations_remind",
        tag=TAG,
        summary="Remind customers now of what ends within some days",
        description=(
            "Of reminders of value only, such as `gift_card_reminder`. A background job queues the messages, with the automation's texts and "
            "sender; consent and the contact policy are looked at when each leaves. Asked for twice on one day, it reminds once."
        ),
        request=documents.RunDocument,
        responses={202: JOB},
        examples={"Gift cards that end in December": documents.RUN_EXAMPLE},
        answer=JOB_EXAMPLE | {"kind": "remind_of_value", "arguments": {"occasion": "gift_card_reminder"}},
        problems={409: "The automation is off (`automation_off`)."},
    )
    def post(self, request: Request, occasion: str) -> HttpResponse:
        if occasion not in REMINDERS:
            raise NotFound
        _find(occasion)
        run = documents.run_of(self.body.read(request))
        try:
            job = request_run(occasion=occasion, run=run, by=user_of(request), at=timezone.now())
        except AutomationRefused as refusal:
            raise documents.problem_of(refusal) from refusal
        wake_jobs()
        return answer(represent_job(job), 202, {"Location": f"/api/v1/jobs/{job.pk}/"})
