"""The local imitation of Twilio: its HTTP interface. Exists only while DEMO is on."""

import base64
import binascii
import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from messaging.local.twilio import accept


@method_decorator(csrf_exempt, name="dispatch")
class LocalTwilioMessagesView(View):
    """POST /2010-04-01/Accounts/{sid}/Messages.json, as https://api.twilio.com has it."""

    def post(self, request: HttpRequest, account_sid: str) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        if account_sid != settings.TWILIO_ACCOUNT_SID or not _is_authentic(request):
            return JsonResponse({"status": 401, "code": 20003, "message": "Authenticate"}, status=401)
        answer = accept(account_sid=account_sid, fields=request.POST.dict(), at=timezone.now())
        return JsonResponse(answer.document, status=answer.status)


def _is_authentic(request: HttpRequest) -> bool:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    expected = f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}".encode()
    return scheme.lower() == "basic" and hmac.compare_digest(given, expected)
