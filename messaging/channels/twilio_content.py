"""Twilio's Content API: hands WhatsApp templates in, and asks what WhatsApp said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from messaging.channels import twilio_account

Result = TypeVar("Result")
_LANGUAGES = {"pt-br": "pt_BR", "en": "en"}


class ApprovalUnavailable(Exception):
    """The provider could not be asked, or said no. `error_code` and `detail` are its own words."""

    code = "provider_refused"

    def __init__(self, error_code: str, detail: str) -> None:
        super().__init__(error_code, detail)
        self.error_code = error_code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Answer:
    """What WhatsApp says of a template: its status in the provider's words, and why it was rejected."""

    status: str
    reason: str


def create_content(*, name: str, language: str, body: str, samples: Mapping[str, str]) -> str:
    """Store a text at the provider and return its id. `samples` are values by number. Raises ApprovalUnavailable."""
    request = ContentList.ContentCreateRequest(
        {
            "friendly_name": name,
            "language": _LANGUAGES.get(language, language),
            "variables": dict(samples),
            # The key is "twilio/text": spelled as an attribute, the library would drop the text in silence.
            "types": ContentList.Types({"twilio/text": {"body": body}}),
        }
    )
    created = _ask(lambda: twilio_account.client().content.v1.contents.create(request))
    if not created.sid or "twilio/text" not in (created.types or {}):
        raise ApprovalUnavailable("no_content", "The provider stored no text.")
    return str(created.sid)


def request_approval(*, sid: str, name: str, category: str) -> Answer:
    """Ask for WhatsApp's approval of what was stored. Raises ApprovalUnavailable."""
    request = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category.upper()})
    created = _ask(lambda: twilio_account.client().content.v1.contents(sid).approval_create.create(request))
    return Answer(str(created.status or "received"), str(created.rejection_reason or ""))


def fetch_approval(*, sid: str) -> Answer:
    """Ask what WhatsApp says by now. Raises ApprovalUnavailable."""
    fetched = _ask(lambda: twilio_account.client().content.v1.contents(sid).approval_fetch().fetch())
    said: Mapping[str, Any] = fetched.whatsapp or {}
    return Answer(str(said.get("status") or "unsubmitted"), str(said.get("rejection_reason") or ""))


def _ask(call: Callable[[], Result]) -> Result:
    if not twilio_account.is_configured():
        raise ApprovalUnavailable("no_provider", "TWILIO_ACCOUNT_SID")
    try:
        return call()
    except TwilioRestException as error:
        raise ApprovalUnavailable(str(error.code or error.status), error.msg) from error
    except (requests.RequestException, TwilioException, ValueError) as error:
        raise ApprovalUnavailable(type(error).__name__, str(error)) from error
