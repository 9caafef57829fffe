"""What providers call: Twilio's reports and customers' answers, and the guard before anymail's own views."""

import logging
import re
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from twilio.twiml.messaging_response import MessagingResponse

from messaging.channels.twilio_account import suppression_of
from messaging.models import Channel
from messaging.schedule import State
from messaging.services.replies import receive_reply, stop_answer
from messaging.services.reports import Report, record_report

logger = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024

_STATES = {
    "accepted": State.SENT,
    "scheduled": None,
    "queued": State.SENT,
    "sending": State.SENT,
    "sent": State.SENT,
    "partially_delivered": None,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
# Twilio signs names and values run together, without a mark between them: cut elsewhere, the same text has the same
# signature. So each field must look as Twilio writes it.
_SID = re.compile(r"(SM|MM)[0-9a-f]{32}", re.ASCII)
_ERROR_CODE = re.compile(r"[0-9]{0,6}", re.ASCII)
# As the providers of e-mail write their reports.
_REPORT_TYPES = frozenset(["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
_SENDER = re.compile(r"(whatsapp:)?\+[1-9][0-9]{6,14}", re.ASCII)


@method_decorator(csrf_exempt, name="dispatch")
class TwilioWebhook(View):
    """Lets in only what Twilio signed with our token, over the address that Twilio knows."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _is_genuine(request):
            return HttpResponseForbidden()
        return super().dispatch(request, *args, **kwargs)


class TwilioStatusView(TwilioWebhook):
    """A report on the message whose id is in the address. 200 whatever it says: repeating it would not help."""

    def post(self, request: HttpRequest, message_uuid: UUID) -> HttpResponse:
        status = request.POST.get("MessageStatus", "")
        error_code = request.POST.get("ErrorCode", "")
        sid = request.POST.get("MessageSid", "")
        if status not in _STATES or not _SID.fullmatch(sid) or not _ERROR_CODE.fullmatch(error_code):
            logger.warning("a report of Twilio on message %s cannot be understood", message_uuid)
            return HttpResponse(status=200)
        record_report(
            message_uuid=message_uuid,
            report=Report(
                provider="twilio",
                event_key=f"{sid}:{status}:{error_code}",
                kind=status,
                occurred_at=timezone.now(),
                state=_STATES[status],
                detail=" ".join(
                    filter(None, [error_code, request.POST.get("ErrorMessage", "").replace("\0", "")])
                ),
                provider_id=sid,
                suppress=suppression_of(error_code),
            ),
        )
        return HttpResponse(status=200)


class TwilioReplyView(TwilioWebhook):
    """An answer of a customer by SMS or WhatsApp, which counts once however often it is delivered."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sender = request.POST.get("From", "")
        sid = request.POST.get("MessageSid", "")
        response = MessagingResponse()
        if _SENDER.fullmatch(sender):
            scheme, _separator, number = sender.rpartition(":")
            asked_to_stop = receive_reply(
                channel=Channel.WHATSAPP if scheme == "whatsapp" else Channel.SMS,
                address=number,
                text=request.POST.get("Body", ""),
                event_key=sid if _SID.fullmatch(sid) else request.headers[SIGNATURE_HEADER],
                at=timezone.now(),
            )
            if asked_to_stop:
                # Whoever asked was not written to by us but wrote: this is the answer, by the same channel.
                response.message(stop_answer(number))
        return HttpResponse(str(response), content_type="application/xml")


def _is_genuine(request: HttpRequest) -> bool:
    if not settings.TWILIO_AUTH_TOKEN or request.content_type != "application/x-www-form-urlencoded":
        return False
    if _is_too_large(request):
        return False
    # The public address from the settings, never the Host header, which the caller chooses.
    url = settings.PUBLIC_URL + request.get_full_path()
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
    signature = request.headers.get(SIGNATURE_HEADER, "")
    return bool(
        RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, request.POST, signature, algorithm)
    )


def _may_report(address: str) -> bool:
    """Whether reports on e-mails are taken from an address: from all where no networks are named."""
    networks = settings.EMAIL_REPORT_NETWORKS
    try:
        return not networks or any(ip_address(address) in network for network in networks)
    except ValueError:
        return False


def _is_too_large(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length") or "0"
    return not (length.isascii() and length.isdigit() and len(length) < 8 and int(length) <= LARGEST_BODY)


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Put before a view of anymail what it leaves out: who may call, a limit of size, and answers to what is no report at all."""

    @csrf_exempt
    @wraps(view)
    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _may_report(request.META.get("REMOTE_ADDR", "")):
            return HttpResponseForbidden()
        if _is_too_large(request):
            return HttpResponse(status=413)
        if request.method == "POST" and request.content_type not in _REPORT_TYPES:
            return HttpResponse(status=415)
        try:
            return view(request, *args, **kwargs)
        except AnymailWebhookValidationFailure:
            return HttpResponseForbidden()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # Sent with our password, and in a form that the library does not know.
            logger.exception("a report at %s cannot be understood", request.path)
            return HttpResponse(status=400)

    return call
