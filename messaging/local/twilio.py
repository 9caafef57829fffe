"""An imitation of Twilio for machines without an account: the same HTTP, and an inbox that can be looked at.

Numbers that end in a magic suffix behave badly, so that every path can be seen:
0001 refused, not a number (21211) · 0002 accepted, then undelivered (30003) · 0003 refused, opted out (21610) ·
0004 refused for now (429) · 0005 accepted, but the answer is an error 500 · 0006 accepted, then undelivered for want of a template (63016) ·
0007 accepted, then undelivered, nobody has the number (30005).
The inbox page orders the same failures for the next message, whatever its number.
"""

import html
import json
import logging
import re
import secrets
from collections.abc import Mapping
from datetime import datetime

import requests
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from twilio.request_validator import RequestValidator

from messaging.local import content
from messaging.local.answers import Answer
from messaging.local.email import report_email
from messaging.local.faults import take_fault
from messaging.models import Channel, LocalContent, LocalDelivery

logger = logging.getLogger(__name__)

_REFUSALS = {
    "0001": (400, 21211, "The 'To' number is not a valid phone number."),
    "0003": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "0004": (429, 20429, "Too Many Requests"),
}
_UNDELIVERED = "0002"
_ANSWER_LOST = "0005"
_OUTSIDE_WINDOW = "0006"
_UNKNOWN_NUMBER = "0007"
# What was ordered for the next message, as the suffix that does the same.
_ORDERED = {
    "no_number": "0001",
    "undelivered": _UNDELIVERED,
    "opted_out": "0003",
    "too_many": "0004",
    "answer_lost": _ANSWER_LOST,
    "outside_window": _OUTSIDE_WINDOW,
    "unknown_number": _UNKNOWN_NUMBER,
}
_ERRORS = {_UNDELIVERED: "30003", _OUTSIDE_WINDOW: "63016", _UNKNOWN_NUMBER: "30005"}
_REPORT_SECONDS = 10
# In the answer of a webhook: what is to be said to the customer.
_MESSAGE = re.compile(r"<Message[^>/]*>(.*?)</Message>", re.DOTALL)


def accept(*, account_sid: str, fields: Mapping[str, str], at: datetime) -> Answer:
    """Take one request to create a message, keep what the customer would get, and answer as Twilio does."""
    scheme, _separator, number = fields.get("To", "").rpartition(":")
    channel = Channel.WHATSAPP if scheme == "whatsapp" else Channel.SMS
    suffix = _ORDERED.get(take_fault(channel), number[-4:])
    if not number.startswith("+") or not number[1:].isdigit():
        suffix = "0001"
    if suffix in _REFUSALS:
        status, code, message = _REFUSALS[suffix]
        return Answer(status, {"status": status, "code": code, "message": message})
    if _is_unapproved(fields):
        suffix = _OUTSIDE_WINDOW
    if suffix in _ERRORS:
        remaining = ["sent", "undelivered"]
    else:
        remaining = ["sent", "delivered"] + (["read"] if channel == Channel.WHATSAPP else [])
    delivery = LocalDelivery.objects.create(
        provider_id=f"SM{secrets.token_hex(16)}",
        channel=channel,
        sender=fields.get("From") or fields.get("MessagingServiceSid", ""),
        to=number,
        text=_body(fields),
        status="queued",
        callback_url=fields.get("StatusCallback", ""),
        remaining=remaining,
        error_code=_ERRORS.get(suffix, ""),
        accepted_at=at,
    )
    if suffix == _ANSWER_LOST:
        return Answer(500, {"status": 500, "code": 20500, "message": "Internal Server Error"})
    document = {
        "sid": delivery.provider_id,
        "account_sid": account_sid,
        "status": delivery.status,
        "to": fields.get("To"),
        "from": fields.get("From"),
        "messaging_service_sid": fields.get("MessagingServiceSid"),
        "body": delivery.text,
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "error_code": None,
        "error_message": None,
        "uri": f"/2010-04-01/Accounts/{account_sid}/Messages/{delivery.provider_id}.json",
    }
    return Answer(201, document)


def _body(fields: Mapping[str, str]) -> str:
    if "ContentSid" not in fields:
        return fields.get("Body", "")
    filled = content.fill(fields["ContentSid"], fields.get("ContentVariables", "{}"))
    if filled is not None:
        return filled
    try:
        values = json.loads(fields.get("ContentVariables", "{}"))
    except ValueError:
        values = {}
    lines = [f"{name}: {value}" for name, value in values.items()] if isinstance(values, dict) else []
    return "\n".join([f"[{fields['ContentSid']}]", *lines])


def _is_unapproved(fields: Mapping[str, str]) -> bool:
    """Say whether a template was handed in here and WhatsApp has not approved it, or no longer does."""
    if "ContentSid" not in fields:
        return False
    stored = LocalContent.objects.filter(sid=fields["ContentSid"])
    return stored.exclude(status="approved").exists()


def advance_deliveries(*, at: datetime, limit: int = 200) -> int:
    """Make the next report of each delivery that has one left; return how many were made."""
    made = 0
    waiting = LocalDelivery.objects.exclude(remaining=[]).order_by("pk").values_list("pk", flat=True)
    for pk in list(waiting[:limit]):
        delivery = _take_step(pk)
        if delivery is not None:
            _report(delivery, at=at)
            made += 1
    return made


@transaction.atomic
def _take_step(pk: int) -> LocalDelivery | None:
    delivery = LocalDelivery.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if delivery is None or not delivery.remaining:
        return None
    delivery.status, *delivery.remaining = delivery.remaining
    delivery.save(update_fields=["status", "remaining"])
    return delivery


def _report(delivery: LocalDelivery, *, at: datetime) -> None:
    if delivery.channel == Channel.EMAIL:
        report_email(delivery, at=at)
    elif delivery.callback_url:
        fields = {
            "AccountSid": settings.TWILIO_ACCOUNT_SID,
            "MessageSid": delivery.provider_id,
            "MessageStatus": delivery.status,
            "To": delivery.to if delivery.channel == Channel.SMS else f"whatsapp:{delivery.to}",
        }
        if delivery.status == "undelivered":
            fields["ErrorCode"] = delivery.error_code or _ERRORS[_UNDELIVERED]
        post_signed(delivery.callback_url, fields)


def post_signed(url: str, fields: dict[str, str]) -> int:
    """Post a report as Twilio signs it; return the status that came back, 0 for none."""
    answer = _post(url, fields)
    return 0 if answer is None else answer.status_code


def _post(url: str, fields: dict[str, str]) -> requests.Response | None:
    signature = RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(url, fields)
    try:
        return requests.post(
            url, data=fields, headers={"X-Twilio-Signature": signature}, timeout=_REPORT_SECONDS
        )
    except requests.RequestException as error:
        logger.warning("the local provider could not report: %s", error)
        return None


def answer_as_customer(delivery: LocalDelivery, text: str, *, at: datetime) -> int:
    """Post an answer of the customer to the real webhook, signed as Twilio signs; return the status, 0 for none.

    What the webhook says in return goes to the customer, as Twilio does it.
    """
    number = delivery.to if delivery.channel == Channel.SMS else f"whatsapp:{delivery.to}"
    url = settings.PUBLIC_URL + reverse("messaging_webhooks:twilio_reply")
    answer = _post(url, {"MessageSid": f"SM{secrets.token_hex(16)}", "From": number, "Body": text})
    if answer is None:
        return 0
    for said in _MESSAGE.findall(answer.text):
        LocalDelivery.objects.create(
            provider_id=f"SM{secrets.token_hex(16)}",
            channel=delivery.channel,
            sender=delivery.sender,
            to=delivery.to,
            text=html.unescape(said),
            status="delivered",
            accepted_at=at,
        )
    return answer.status_code
