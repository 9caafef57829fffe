"""What Twilio calls: reports on messages, and answers of customers."""

from typing import Any
from uuid import UUID

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

from messaging.models import Channel, SuppressionReason
from messaging.schedule import State
from messaging.services.opt_outs import receive_reply
from messaging.services.reports import Report, record_report

LARGEST_BODY = 256 * 1024

_STATES = {
    "accepted": State.SENT,
    "queued": State.SENT,
    "sending": State.SENT,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
_OPTED_OUT = {"21610", "63032"}


@method_decorator(csrf_exempt, name="dispatch")
class TwilioWebhook(View):
    """Lets in only what Twilio signed with our token, over the address that Twilio knows."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _is_genuine(request):
            return HttpResponseForbidden()
        return super().dispatch(request, *args, **kwargs)


class TwilioStatusView(TwilioWebhook):
    """A report on the message whose id is in the address. Always 200: repeating it would not help."""

    def post(self, request: HttpRequest, message_uuid: UUID) -> HttpResponse:
        status = request.POST.get("MessageStatus", "")
        error_code = request.POST.get("ErrorCode", "")
        sid = request.POST.get("MessageSid", "")
        record_report(
            message_uuid=message_uuid,
            report=Report(
                provider="twilio",
                event_key=f"{sid}:{status}:{error_code}",
                kind=status or "unknown",
                occurred_at=timezone.now(),
                state=_STATES.get(status),
                detail=" ".join(filter(None, [error_code, request.POST.get("ErrorMessage", "")])),
                provider_id=sid,
                suppress=SuppressionReason.PROVIDER if error_code in _OPTED_OUT else None,
            ),
        )
        return HttpResponse(status=200)


class TwilioReplyView(TwilioWebhook):
    """An answer of a customer by SMS or WhatsApp."""

    def post(self, request: HttpRequest) -> HttpResponse:
        scheme, _separator, number = request.POST.get("From", "").rpartition(":")
        receive_reply(
            channel=Channel.WHATSAPP if scheme == "whatsapp" else Channel.SMS,
            address=number,
            text=request.POST.get("Body", ""),
            at=timezone.now(),
        )
        return HttpResponse("<Response/>", content_type="application/xml")


def _is_genuine(request: HttpRequest) -> bool:
    if not settings.TWILIO_AUTH_TOKEN or request.content_type != "application/x-www-form-urlencoded":
        return False
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY:
        return False
    # The public address from the settings, never the Host header, which the caller chooses.
    url = settings.PUBLIC_URL + request.get_full_path()
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
    signature = request.headers.get(SIGNATURE_HEADER, "")
    return bool(
        RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, request.POST, signature, algorithm)
    )
