"""Texts of consent as versions, and the proof of what a customer answered."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta, Struct
from rest_framework.request import Request

from customers.models import ConsentChannel, ConsentText, Customer, Purpose
from customers.services.consent_proofs import proof_of
from customers.services.consent_texts import LONGEST, ConsentTextRefused, write_consent_text
from pos_api.decoding import Decoder
from pos_api.fields import LINE_BREAKS
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import find_or_404, user_of

TAG = "Customers"


class ConsentTextDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What people are shown when they are asked."""

    purpose: Annotated[str, Meta(max_length=20, description=", ".join(Purpose.values))]
    language: Annotated[
        str, Meta(max_length=8, description=", ".join(code for code, _name in settings.LANGUAGES))
    ]
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST, extra={LINE_BREAKS: True})]
    channel: Annotated[
        str,
        Meta(
            max_length=10,
            description=f"{', '.join(filter(None, ConsentChannel.values))}; empty: every channel.",
        ),
    ] = ""


SHOWN: Json = {
    "type": "object",
    "properties": {
        "version": {"type": "string", "description": "What answers name as `text_version`"},
        "purpose": {"type": "string"},
        "channel": {"type": "string"},
        "language": {"type": "string"},
        "text": {"type": "string"},
        "digest": {"type": "string", "description": "SHA-256 of the text, in hexadecimal"},
        "written_by": {"type": ["string", "null"]},
        "written_at": {"type": "string", "format": "date-time"},
    },
}
EXAMPLE: Json = {
    "purpose": "marketing",
    "channel": "whatsapp",
    "language": "pt-br",
    "text": "Aceito receber ofertas da Lojas Aurora por WhatsApp. Posso sair quando quiser.",
}
PROOF: Json = {
    "type": "object",
    "properties": {
        "customer": {"type": "object"},
        "made_at": {"type": "string", "format": "date-time"},
        "answers": {"type": "array", "items": {"type": "object"}},
    },
}


def represent(text: ConsentText) -> dict[str, Any]:
    """Return one version of a text."""
    return {
        "version": text.version,
        "purpose": text.purpose,
        "channel": text.channel,
        "language": text.language,
        "text": text.text,
        "digest": text.digest,
        "written_by": text.written_by.get_username() if text.written_by else None,
        "written_at": text.written_at,
    }


class ConsentTextListView(ManagerView):
    permissions = {"GET": ("customers.view_consenttext",), "POST": ("customers.add_consenttext",)}
    body: Body[ConsentTextDocument] = Body(Decoder(ConsentTextDocument))

    @operation(
        id="consent_texts_list",
        tag=TAG,
        summary="List the versions of consent texts, newest first",
        responses={200: page_of(SHOWN)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponse:
        texts = ConsentText.objects.select_related("written_by")
        return paginated(request, texts, represent, ordering=("-pk",))

    @operation(
        id="consent_texts_write",
        tag=TAG,
        summary="Write the next version of a consent text",
        description="Versions are never changed. The text that is shown already is answered as it stands, without a new version.",
        request=ConsentTextDocument,
        responses={201: SHOWN},
        examples={"For WhatsApp": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        document = self.body.read(request)
        try:
            text = write_consent_text(
                purpose=document.purpose,
                channel=document.channel,
                language=document.language,
                text=document.text,
                by=user_of(request),
                at=timezone.now(),
            )
        except ConsentTextRefused as refusal:
            raise Invalid(
                errors=[FieldProblem(error.path, error.code, error.message) for error in refusal.errors]
            ) from refusal
        return answer(represent(text), status=201)


class ConsentProofView(ManagerView):
    permissions = {"GET": ("customers.view_customer", "customers.view_consent")}

    @operation(
        id="consents_proof",
        tag=TAG,
        summary="Export the proof of all answers of a customer",
        description="Each answer with its text, the digest that was taken when it was recorded, and whether they still match.",
        responses={200: PROOF},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(proof_of(find_or_404(Customer.objects.all(), pk=pk), at=timezone.now()))
