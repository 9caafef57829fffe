"""The contact policy: quiet hours, caps, and which message goes first."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from messaging.contact_policy import Policy, PolicyRefused, check_policy, read_policy, write_policy
from messaging.forms.contact_policy import REFUSALS
from messaging.models import ContactPolicyRevision
from messaging.selectors.contact_policy import current_policy, policy_revisions
from messaging.services.contact_policies import save_policy
from pos_api.decoding import Decoder
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import FieldProblem
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import user_of

TAG = "Messages"
EXAMPLE: Json = {
    "quiet": {
        "sms": {"starts": "21:00", "ends": "09:00"},
        "whatsapp": {"starts": "21:00", "ends": "09:00"},
    },
    "quiet_sundays": True,
    "caps": {"all": {"most": 4, "days": 7}, "sms": {"most": 1, "days": 1}},
    "priority": ["recovery", "birthday"],
}
_CLOCK: Json = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
SHOWN: Json = {
    "type": "object",
    "required": ["quiet", "quiet_sundays", "caps", "priority"],
    "properties": {
        "quiet": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"starts": _CLOCK, "ends": _CLOCK}},
            "description": "By channel.",
        },
        "quiet_sundays": {"type": "boolean"},
        "caps": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"most": {"type": "integer"}, "days": {"type": "integer"}},
            },
            "description": "By channel; `all` counts every channel.",
        },
        "priority": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Every occasion, in order.",
        },
    },
}
CHANGE: Json = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "policy": SHOWN,
        "saved_by": {"type": ["string", "null"]},
        "saved_at": {"type": "string", "format": "date-time"},
    },
}


def _problems(policy: Policy) -> list[FieldProblem]:
    try:
        check_policy(policy)
    except PolicyRefused as refusal:
        return [FieldProblem(refusal.field, refusal.code, str(REFUSALS[refusal.code]))]
    return []


def represent(policy: Policy) -> dict[str, Any]:
    """Return a policy with the place of every occasion."""
    return write_policy(policy) | {"priority": policy.order()}


def represent_change(revision: ContactPolicyRevision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "policy": represent(read_policy(revision.document)),
        "saved_by": revision.saved_by.get_username() if revision.saved_by else None,
        "saved_at": revision.saved_at,
    }


class ContactPolicyView(ManagerView):
    permissions = {
        "GET": ("messaging.view_contactpolicy",),
        "PUT": ("messaging.change_contactpolicy",),
    }
    body: Body[Policy] = Body(Decoder(Policy, check=_problems))

    @operation(
        id="contact_policy_get",
        tag=TAG,
        summary="Read the contact policy",
        description="Until somebody decides otherwise, no marketing leaves from 21:00 to 09:00 and on Sundays.",
        responses={200: SHOWN},
        answer=EXAMPLE,
    )
    def get(self, request: Request) -> HttpResponse:
        return answer(represent(current_policy()))

    @operation(
        id="contact_policy_replace",
        tag=TAG,
        summary="Replace the contact policy",
        description=(
            "Quiet hours are in the zone of the person's home store, else the company's. What they, or a cap, hold back leaves later, unless it "
            "is useless by then; its message says so. Messages that their person has just asked for, such as codes, are exempt."
        ),
        request=Policy,
        responses={200: SHOWN},
        examples={"No nights, no Sundays, four a week": EXAMPLE},
        answer=EXAMPLE,
    )
    def put(self, request: Request) -> HttpResponse:
        policy = self.body.read(request)
        stored = save_policy(policy=policy, by=user_of(request), at=timezone.now())
        return answer(represent(read_policy(stored.document)))


class ContactPolicyHistoryView(ManagerView):
    permissions = {"GET": ("messaging.view_contactpolicy",)}

    @operation(
        id="contact_policy_history",
        tag=TAG,
        summary="List the changes of the contact policy, newest first",
        responses={200: page_of(CHANGE)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, policy_revisions(), represent_change, ordering=("-number",))
