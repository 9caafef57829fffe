"""The company's calculation policy: how it rounds, splits, refunds and chooses."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.engine.policy import CAPS, PRESETS, QUESTIONS, PolicyError, read_cap
from campaigns.models import PlanChange
from campaigns.policy_guide import answers_of, preset_answers, stored_form
from campaigns.selectors import current_plan_version, policy_changes
from campaigns.services.plan import PolicyUnchanged, change_policy
from pos_api.openapi import PAGE_PARAMETERS, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import FieldProblem, Invalid, invalid_field
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.resources import user_of
from retail.models import Company

TAG = "Campaigns"
_ANSWERS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{name: {"enum": list(values)} for name, values in QUESTIONS.items()},
        **{name: {"type": "string", "description": "A percentage; absent is no cap."} for name in CAPS},
    },
}
REQUEST: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "preset": {"enum": sorted(PRESETS), "default": "fiel"},
        "answers": {
            **_ANSWERS,
            "description": "Answers that differ from the preset's; the others follow it.",
        },
    },
}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "preset": {"enum": sorted(PRESETS)},
        "answers": {**_ANSWERS, "description": "The answer to every question."},
        "differs": {**_ANSWERS, "description": "The answers that differ from the preset's."},
        "presets": {"type": "object", "additionalProperties": _ANSWERS},
        "plan_version": {"type": "integer"},
        "changed": {"type": "boolean", "description": "Whether this request changed it."},
    },
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "plan_version": {"type": "integer"},
        "preset": {"enum": sorted(PRESETS)},
        "answers": _ANSWERS,
        "changed_by": {"type": ["string", "null"]},
        "changed_at": {"type": "string", "format": "date-time"},
    },
}
ANSWER: dict[str, Any] = {
    "preset": "odoo",
    "answers": answers_of({"preset": "odoo", "points_rounding": "whole_steps"}),
    "differs": {"points_rounding": "whole_steps"},
    "presets": {"fiel": preset_answers("fiel")},
    "plan_version": 43,
    "changed": True,
}


def represent(policy: dict[str, str], *, version: int, changed: bool) -> dict[str, Any]:
    """Return a policy with every answer, and with those of each preset to compare."""
    return {
        "preset": policy.get("preset", "fiel"),
        "answers": answers_of(policy),
        "differs": {name: value for name, value in policy.items() if name != "preset"},
        "presets": {name: preset_answers(name) for name in sorted(PRESETS)},
        "plan_version": version,
        "changed": changed,
    }


def represent_change(change: PlanChange) -> dict[str, Any]:
    return {
        "plan_version": change.version,
        "preset": change.policy.get("preset", "fiel"),
        "answers": answers_of(change.policy),
        "changed_by": change.changed_by.get_username() if change.changed_by else None,
        "changed_at": change.changed_at,
    }


class PolicyView(ManagerView):
    permissions = {
        "GET": ("retail.view_company",),
        "PUT": ("retail.change_company", "campaigns.publish_campaign"),
    }

    @operation(
        id="policy_get", tag=TAG, summary="Read the calculation policy", responses={200: SHOWN}, answer=ANSWER
    )
    def get(self, request: Request) -> HttpResponse:
        policy = Company.objects.values_list("policy", flat=True).get(pk=1)
        return answer(represent(policy, version=current_plan_version(), changed=False))

    @operation(
        id="policy_replace",
        tag=TAG,
        summary="Replace the calculation policy",
        description=(
            "A preset, and the answers that differ from it. Takes effect with a new plan version; sales that were evaluated "
            "before keep theirs. The present policy again changes nothing."
        ),
        request=REQUEST,
        responses={200: SHOWN},
        examples={
            "As Odoo, with whole points": {"preset": "odoo", "answers": {"points_rounding": "whole_steps"}}
        },
        answer=ANSWER,
    )
    def put(self, request: Request) -> HttpResponse:
        policy = _read(read_json(request))
        try:
            version = change_policy(policy=policy, user=user_of(request), at=timezone.now())
        except PolicyUnchanged:
            return answer(represent(policy, version=current_plan_version(), changed=False))
        return answer(represent(policy, version=version, changed=True))


class PolicyHistoryView(ManagerView):
    permissions = {"GET": ("retail.view_company",)}

    @operation(
        id="policy_history",
        tag=TAG,
        summary="List the changes of the calculation policy, newest first",
        responses={200: page_of(CHANGE)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, policy_changes(), represent_change, ordering=("-version",))


def _read(raw: Any) -> dict[str, str]:
    """Return the stored form of the policy that a request gives. Raises 422 naming every fault."""
    if not isinstance(raw, dict):
        raise invalid_field("", "type", _("This must be an object."))
    errors = [
        FieldProblem(name[:64], "unknown_field", _("There is no such field."))
        for name in raw
        if name not in ("preset", "answers")
    ]
    preset, answers = raw.get("preset", "fiel"), raw.get("answers", {})
    if not isinstance(preset, str) or preset not in PRESETS:
        known = ", ".join(sorted(PRESETS))
        errors.append(
            FieldProblem("preset", "choice", _("This must be one of %(choices)s.") % {"choices": known})
        )
    if not isinstance(answers, dict):
        errors.append(FieldProblem("answers", "type", _("This must be an object.")))
        answers = {}
    for name, value in answers.items():
        path = f"answers.{name[:64]}"
        if name in CAPS:
            try:
                read_cap(name, value)
            except PolicyError:
                errors.append(FieldProblem(path, "percentage", _("This must be a percentage.")))
        elif name not in QUESTIONS:
            errors.append(FieldProblem(path, "unknown_field", _("There is no such question.")))
        elif not isinstance(value, str) or value not in QUESTIONS[name]:
            choices = {"choices": ", ".join(QUESTIONS[name])}
            errors.append(FieldProblem(path, "choice", _("This must be one of %(choices)s.") % choices))
    if errors:
        raise Invalid(errors=errors)
    return stored_form(preset, answers)
