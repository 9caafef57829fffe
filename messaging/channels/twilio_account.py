"""One connection to Twilio per process, and what its refusals mean."""

from functools import lru_cache
from typing import Any

import requests
from django.conf import settings
from django.urls import reverse
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from messaging.channels.base import DeliveryFailed, DeliveryInDoubt, Outgoing, Receipt
from messaging.channels.connections import never_connected
from messaging.models import SuppressionReason

PROVIDER = "twilio"
CONNECT_SECONDS, ANSWER_SECONDS = 5, 15
# Each interface of Twilio has its own host; the imitation has a folder for each.
_REAL = {"https://api.twilio.com": "api", "https://content.twilio.com": "content"}

# https://www.twilio.com/docs/api/errors. What Twilio answers at once and what it reports hours later have the same codes:
# 30005 is an unknown number, 30006 a landline, 63003 and 63024 nobody on WhatsApp. A telephone that is off (30003) may be on tomorrow.
_SUPPRESS = {
    **dict.fromkeys((21610, 63032), SuppressionReason.PROVIDER),
    **dict.fromkeys((21211, 21614, 30005, 30006, 63003, 63024), SuppressionReason.BOUNCED),
}
_CAPPED = {63049}


class _HttpClient(TwilioHttpClient):
    """Twilio's own client, with our timeouts, without retries, and able to talk to an imitation."""

    def __init__(self, base: str) -> None:
        # A retry inside the library could send twice; when and whether to repeat is decided in one place.
        super().__init__(max_retries=0)
        self.timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._base:
            for real, folder in _REAL.items():
                url = url.replace(real, f"{self._base}/{folder}", 1)
        return super().request(method, url, *args, **kwargs)


@lru_cache(maxsize=4)
def client_of(account_sid: str, auth_token: str, base: str) -> Client:
    """Return the client of an account; it keeps its connection."""
    return Client(account_sid, auth_token, http_client=_HttpClient(base))


def client() -> Client:
    """Return the client of the account in the settings."""
    return client_of(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_BASE)


def is_configured() -> bool:
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN)


def status_callback(outgoing: Outgoing) -> str:
    """Where Twilio reports on this message: the address carries our id, so every report finds its row."""
    return settings.PUBLIC_URL + reverse("messaging_webhooks:twilio_status", args=[outgoing.uuid])


def create_message(outgoing: Outgoing, **fields: Any) -> Receipt:
    """Make the one call that sends. Raises DeliveryFailed or DeliveryInDoubt."""
    try:
        created = client().messages.create(status_callback=status_callback(outgoing), **fields)
    except TwilioRestException as error:
        raise _translate(error) from error
    except requests.RequestException as error:
        if never_connected(error):
            raise DeliveryFailed("connection", str(error), permanent=False) from error
        raise DeliveryInDoubt(type(error).__name__, str(error)) from error
    except (TwilioException, ValueError) as error:
        # An answer that is no answer, such as a proxy's page with status 200.
        raise DeliveryInDoubt(type(error).__name__, str(error)) from error
    return Receipt(provider=PROVIDER, provider_id=str(created.sid))


def suppression_of(error_code: str) -> SuppressionReason | None:
    """Return why an address is not written to again after an error of Twilio; None when it may be. "" is no error."""
    return _SUPPRESS.get(int(error_code)) if error_code else None


def _translate(error: TwilioRestException) -> DeliveryFailed | DeliveryInDoubt:
    code = str(error.code or error.status)
    if error.status >= 500:
        return DeliveryInDoubt(code, error.msg)
    suppress = suppression_of(code)
    if suppress is not None:
        return DeliveryFailed(code, error.msg, permanent=True, suppress=suppress)
    if error.code in _CAPPED:
        return DeliveryFailed(code, error.msg, permanent=False, capped=True)
    # 401, 403 and 429 are about our account: somebody repairs it, the message waits.
    return DeliveryFailed(code, error.msg, permanent=error.status not in (401, 403, 408, 429))
