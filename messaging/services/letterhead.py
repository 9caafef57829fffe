"""The look of e-mails, and what text messages may cost: the company's settings of messages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from messaging.models import Letterhead
from messaging.models.letterhead import LARGEST_LOGO
from retail.models import Company

# What operators show as a sender: letters without accents, digits and spaces, and not digits alone.
SMS_SENDER = r"^(?=.*[A-Za-z])[0-9A-Za-z ]{1,11}$"
# The first bytes by which each kind of picture that mail programs show is known.
_SIGNATURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


class LogoRefused(Exception):
    """A file cannot be the logo. `code` is `logo_type` or `logo_too_large`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettings:
    """What a manager decides. `logo` None keeps the one that there is, empty bytes take it away. Prices are in reais.

    `sms_sender` matches SMS_SENDER, or is empty: the provider chooses.
    """

    color: str
    footer: str
    logo_width: int
    sms_limit: int
    sms_segment_price: Decimal | None
    sms_sender: str = ""
    whatsapp_price: Decimal | None = None
    logo: bytes | None = None


@transaction.atomic
def save_message_settings(*, values: MessageSettings, user: User) -> Letterhead:
    """Save the look of e-mails and the company's limits of text messages. Raises LogoRefused."""
    letterhead = Letterhead.objects.select_for_update().filter(pk=1).first() or Letterhead(pk=1)
    letterhead.color, letterhead.footer = values.color.lower(), values.footer.strip()
    letterhead.logo_width = values.logo_width
    if values.logo is not None:
        _put_logo(letterhead, values.logo)
    letterhead.save()
    company = Company.objects.select_for_update().get(pk=1)
    company.sms_limit, company.sms_segment_price = values.sms_limit, values.sms_segment_price
    company.sms_sender, company.whatsapp_price = values.sms_sender.strip(), values.whatsapp_price
    company.save(update_fields=["sms_limit", "sms_segment_price", "sms_sender", "whatsapp_price"])
    LogEntry.objects.log_actions(user.pk, [letterhead], CHANGE, "messages", single_object=True)
    return letterhead


def _put_logo(letterhead: Letterhead, content: bytes) -> None:
    if not content:
        letterhead.logo, letterhead.logo_type, letterhead.logo_digest = None, "", ""
        return
    if len(content) > LARGEST_LOGO:
        raise LogoRefused("logo_too_large")
    kind = next((kind for begins, kind in _SIGNATURES.items() if content.startswith(begins)), "")
    if not kind:
        raise LogoRefused("logo_type")
    letterhead.logo, letterhead.logo_type = content, kind
    letterhead.logo_digest = hashlib.sha256(content).hexdigest()
