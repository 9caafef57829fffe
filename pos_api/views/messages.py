"""The outbox, for programs that follow what became of messages: neither texts nor addresses leave here."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from messaging.models import Message
from messaging.presentation import reason_text
from pos_api.openapi import Json, operation, page_of
from pos_api.problems import BadRequest
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import Filter, Listing, by, find_or_404, read_moment

TAG = "Messages"
_MAYBE: Json = {"type": ["string", "null"], "format": "date-time"}
SHOWN: Json = {
    "type": "object",
    "description": "One message to one person. Who it is stands under `customers/`; the text, in the back-office.",
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "As webhooks name it."},
        "occasion": {"type": "string"},
        "customer": {"type": ["integer", "null"], "description": "Null for visitors, and for the company's own people."},
        "store": {"type": ["string", "null"]},
        "mailing": {"type": ["integer", "null"]},
        "state": {
            "enum": ["queued", "claimed", "sent", "delivered", "read", "failed", "in_doubt", "suppressed"]
        },
        "reason": {"type": "string", "description": "Why it was not sent, failed, or waits; empty otherwise."},
        "reason_text": {"type": "string", "description": "The same, in the language of the request."},
        "channels": {"type": "array", "items": {"type": "string"}, "description": "In the order in which they are tried."},
        "channel": {"type": "string", "description": "The one that it was handed over on; empty before."},
        "due_at": _MAYBE,
        "planned_at": _MAYBE,
        "sent_at": _MAYBE,
        "delivered_at": _MAYBE,
        "read_at": _MAYBE,
        "closed_at": _MAYBE,
        "segments": {"type": ["integer", "null"]},
        "cost": {"type": ["string", "null"], "description": "In reais with four places."},
    },
}  # fmt: skip
EXAMPLE: Json = {
    "id": "5f1c8c1e-7c57-4b52-9d0a-3f0f3a6b2c11",
    "occasion": "birthday",
    "customer": 4711,
    "store": "loja-007",
    "mailing": None,
    "state": "suppressed",
    "reason": "no_consent",
    "reason_text": "The customer has not agreed to marketing on any of the channels.",
    "channels": ["whatsapp", "sms"],
    "channel": "",
    "due_at": "2026-11-22T12:00:00Z",
    "planned_at": "2026-11-22T12:00:04Z",
    "sent_at": None,
    "delivered_at": None,
    "read_at": None,
    "closed_at": "2026-11-22T12:00:04Z",
    "segments": None,
    "cost": None,
}


def _by_key(name: str) -> Filter:
    def apply(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise BadRequest(_("%(name)s must be a number.") % {"name": name})
        return queryset.filter(**{name: int(text)})

    return apply


LISTING = Listing(
    filters={
        "occasion": ("Such as `birthday` or `mailing`.", by("occasion")),
        "state": ("Such as `failed`.", by("state")),
        "reason": ("Such as `no_consent`.", by("reason")),
        "customer": ("The customer's id.", _by_key("customer")),
        "mailing": ("The mailing's id.", _by_key("mailing")),
        "planned_since": (
            "Only what was planned at or after this moment (RFC 3339).",
            lambda queryset, text: queryset.filter(planned_at__gte=read_moment("planned_since", text)),
        ),
    },
    orders={"-planned_at": ("-planned_at", "-pk"), "planned_at": ("planned_at", "pk")},
    order="-planned_at",
)


def represent(message: Message) -> Json:
    return {
        "id": message.uuid,
        "occasion": message.occasion,
        "customer": message.customer_id,
        "store": message.store.code if message.store else None,
        "mailing": message.mailing_id,
        "state": message.state,
        "reason": message.reason,
        "reason_text": reason_text(message),
        "channels": message.channels,
        "channel": message.channel,
        "due_at": message.due_at,
        "planned_at": message.planned_at,
        "sent_at": message.sent_at,
        "delivered_at": message.delivered_at,
        "read_at": message.read_at,
        "closed_at": message.closed_at,
        "segments": message.segments,
        "cost": None if message.cost is None else f"{message.cost:.4f}",
    }


def _messages() -> QuerySet[Message]:
    return Message.objects.select_related("store").defer("subject", "text", "html")


class MessageListView(ManagerView):
    permissions = {"GET": ("messaging.view_message",)}

    @operation(
        id="messages_list",
        tag=TAG,
        summary="List messages, sent or not, with why not",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, _messages(), represent)


class MessageView(ManagerView):
    permissions = {"GET": ("messaging.view_message",)}

    @operation(id="messages_get", tag=TAG, summary="Read a message", responses={200: SHOWN}, answer=EXAMPLE)
    def get(self, request: Request, message: UUID) -> HttpResponse:
        return answer(represent(find_or_404(_messages(), uuid=message)))
