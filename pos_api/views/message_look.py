"""The look of the company's e-mails, and how long and dear text messages may be."""

import base64
import binascii
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from messaging.models.letterhead import LARGEST_LOGO
from messaging.selectors.letterhead import letterhead_look
from messaging.services.letterhead import (
    SMS_SENDER,
    LogoRefused,
    MessageSettings,
    save_message_settings,
)
from pos_api.decoding import Decoder
from pos_api.fields import LINE_BREAKS
from pos_api.openapi import Json, operation
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import user_of
from retail.models import Company

TAG = "Messages"
LONGEST_SMS = 1530
_LARGEST_TEXT = LARGEST_LOGO * 4 // 3 + 4


class LookDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What stands around every e-mail, and the limits of text messages."""

    color: Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$", description="Of the head and the buttons.")]
    footer: Annotated[str, Meta(max_length=2_000, extra={LINE_BREAKS: True})]
    logo_width: Annotated[int, Meta(ge=40, le=400, description="In pixels.")]
    sms_limit: Annotated[int, Meta(ge=1, le=LONGEST_SMS, description="Characters of a text message.")]
    sms_segment_price: (
        Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})?$", description="Null: no costs are shown.")]
        | None
    )
    sms_sender: Annotated[
        str,
        Meta(
            pattern=f"^$|{SMS_SENDER}",
            description="The name that text messages come from, up to 11 letters and digits; empty: the provider's choice.",
        ),
    ] = ""
    whatsapp_price: (
        Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})?$", description="Null: no costs are shown.")]
        | None
    ) = None
    logo: (
        Annotated[
            str,
            Meta(
                max_length=_LARGEST_TEXT,
                description="A PNG, JPEG or GIF of at most 200 kB in base64; empty takes the logo away, absent keeps it.",
            ),
        ]
        | None
    ) = None


SHOWN: Json = {
    "type": "object",
    "properties": {
        "color": {"type": "string"},
        "footer": {"type": "string"},
        "logo_url": {"type": ["string", "null"], "format": "uri"},
        "logo_width": {"type": "integer"},
        "sms_limit": {"type": "integer"},
        "sms_segment_price": {"type": ["string", "null"]},
        "sms_sender": {"type": "string"},
        "whatsapp_price": {"type": ["string", "null"]},
    },
}
EXAMPLE: Json = {
    "color": "#1f2a44",
    "footer": "Lojas Aurora Ltda.\nRua das Flores, 10, São Paulo",
    "logo_width": 160,
    "sms_limit": 150,
    "sms_segment_price": "0.0850",
    "sms_sender": "AURORA",
    "whatsapp_price": "0.3500",
}


def represent() -> dict[str, Any]:
    """Return the look as it stands."""
    look, company = letterhead_look(), Company.objects.get(pk=1)
    return {
        "color": look.color,
        "footer": look.footer,
        "logo_url": look.logo_url or None,
        "logo_width": look.logo_width,
        "sms_limit": company.sms_limit,
        "sms_segment_price": _price_text(company.sms_segment_price),
        "sms_sender": company.sms_sender,
        "whatsapp_price": _price_text(company.whatsapp_price),
    }


def _price_text(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:.4f}"


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class MessageLookView(ManagerView):
    permissions = {
        "GET": ("messaging.view_letterhead",),
        "PUT": ("messaging.change_letterhead", "retail.change_company"),
    }
    body: ClassVar[Body[LookDocument]] = Body(Decoder(LookDocument))

    @operation(
        id="message_look_get",
        tag=TAG,
        summary="Read the look of e-mails and the limits of text messages",
        responses={200: SHOWN},
        answer=EXAMPLE | {"logo_url": "https://fiel.example.com/messages/logo/9f2c/"},
    )
    def get(self, request: Request) -> HttpResponse:
        return answer(represent())

    @operation(
        id="message_look_replace",
        tag=TAG,
        summary="Replace the look of e-mails and the limits of text messages",
        request=LookDocument,
        responses={200: SHOWN},
        examples={"Colour, footer and limits": EXAMPLE},
        answer=EXAMPLE | {"logo_url": None},
    )
    def put(self, request: Request) -> HttpResponse:
        given = self.body.read(request)
        values = MessageSettings(
            color=given.color,
            footer=given.footer,
            logo_width=given.logo_width,
            sms_limit=given.sms_limit,
            sms_segment_price=_price(given.sms_segment_price),
            sms_sender=given.sms_sender,
            whatsapp_price=_price(given.whatsapp_price),
            logo=_logo(given.logo),
        )
        try:
            save_message_settings(values=values, user=user_of(request))
        except LogoRefused as refusal:
            raise _refused(refusal.code) from refusal
        return answer(represent())


def _logo(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused("logo_type") from error


def _refused(code: str) -> Invalid:
    message = {
        "logo_type": _("This must be a PNG, JPEG or GIF, in base64."),
        "logo_too_large": _("The picture may have at most 200 kB."),
    }[code]
    return Invalid(errors=[FieldProblem("logo", code, message)])
