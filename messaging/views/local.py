"""The local imitation of Twilio: its HTTP interface. Exists only while DEMO is on, and beside no real account."""

import base64
import binascii
import hmac
import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from messaging.local.answers import Answer
from messaging.local.content import create_content, fetch_approval, request_approval
from messaging.local.switch import speaks_twilio
from messaging.local.twilio import accept

LARGEST_BODY = 64 * 1024


@method_decorator(csrf_exempt, name="dispatch")
class LocalTwilioView(View):
    """Lets in who has the password of the imitated account."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not speaks_twilio():
            raise Http404
        account_sid = kwargs.get("account_sid", settings.TWILIO_ACCOUNT_SID)
        if account_sid != settings.TWILIO_ACCOUNT_SID or not _is_authentic(request):
            return JsonResponse({"status": 401, "code": 20003, "message": "Authenticate"}, status=401)
        return super().dispatch(request, *args, **kwargs)

    def answer(self, answer: Answer) -> HttpResponse:
        return JsonResponse(answer.document, status=answer.status)

    def read(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body as an object; an empty one for anything else, which is then refused for what it lacks."""
        try:
            found = json.loads(request.body[:LARGEST_BODY])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class LocalTwilioMessagesView(LocalTwilioView):
    """POST /2010-04-01/Accounts/{sid}/Messages.json, as https://api.twilio.com has it."""

    def post(self, request: HttpRequest, account_sid: str) -> HttpResponse:
        return self.answer(accept(account_sid=account_sid, fields=request.POST.dict(), at=timezone.now()))


class LocalTwilioContentsView(LocalTwilioView):
    """POST /v1/Content, as https://content.twilio.com has it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.answer(
            create_content(account_sid=settings.TWILIO_ACCOUNT_SID, document=self.read(request))
        )


class LocalTwilioApprovalsView(LocalTwilioView):
    """GET /v1/Content/{sid}/ApprovalRequests."""

    def get(self, request: HttpRequest, sid: str) -> HttpResponse:
        return self.answer(
            fetch_approval(account_sid=settings.TWILIO_ACCOUNT_SID, sid=sid, at=timezone.now())
        )


class LocalTwilioApprovalView(LocalTwilioView):
    """POST /v1/Content/{sid}/ApprovalRequests/whatsapp."""

    def post(self, request: HttpRequest, sid: str) -> HttpResponse:
        return self.answer(request_approval(sid=sid, document=self.read(request), at=timezone.now()))


def _is_authentic(request: HttpRequest) -> bool:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    expected = f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}".encode()
    return scheme.lower() == "basic" and hmac.compare_digest(given, expected)
