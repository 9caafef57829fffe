"""What managers' programs send about message templates, and what they get."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from messaging.models import Template, TemplateRevision
from messaging.services.template_previews import Preview
from messaging.vocabulary import target_of, vocabulary_of
from pos_api.decoding import Decoder
from pos_api.fields import LINE_BREAKS, Identifier, SeenVersion

Channel = Literal["email", "sms", "whatsapp"]
Language = Literal["pt-br", "en"]
_Name = Annotated[str, Meta(max_length=Template.LONGEST_NAME)]
_Subject = Annotated[str, Meta(max_length=200)]
_Text = Annotated[str, Meta(max_length=10_000, extra={LINE_BREAKS: True})]
_Html = Annotated[
    str,
    Meta(
        max_length=100_000,
        extra={LINE_BREAKS: True},
        description="The inner part, in HTML or MJML by `html_format`. Logo, frame, footer and the link to stop come around it.",
    ),
]


class TextsDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """The texts of a template. What is left out stays as it is; of a new one it is empty."""

    name: (
        Annotated[_Name, Meta(description="Unique by channel and language. Empty: the occasion's own text.")]
        | None
    ) = None
    subject: Annotated[_Subject, Meta(description="Of an e-mail.")] | None = None
    text: _Text | None = None
    html: _Html | None = None
    html_format: Literal["rich", "mjml"] | None = None
    category: (
        Annotated[Literal["marketing", "utility"], Meta(description="Of a WhatsApp template.")] | None
    ) = None
    phone_field: (
        Annotated[
            Literal["mobile", "customer_phone"],
            Meta(description="Which numbers a WhatsApp template is sent to."),
        ]
        | None
    ) = None


class TemplateChangeDocument(TextsDocument, forbid_unknown_fields=True, kw_only=True):
    """What is to be changed of a template."""

    version: SeenVersion | None = None


class NewTemplateDocument(TextsDocument, forbid_unknown_fields=True, kw_only=True):
    """A new template: what it is for, and its texts."""

    applies_to: Literal["occasion", "customers", "sales"]
    occasion: Annotated[Identifier, Meta(description="The automation, when it applies to one.")] | None = None
    channel: Channel
    language: Language


class PreviewDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """For whom a template is filled: a customer's id, or nobody in particular."""

    customer: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class DuplicateDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=Template.LONGEST_NAME)]


class RestoreDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    number: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class SeveralDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    allowed: bool


class ArchiveDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    archived: bool


CHANGE: Decoder[TemplateChangeDocument] = Decoder(TemplateChangeDocument)
NEW: Decoder[NewTemplateDocument] = Decoder(NewTemplateDocument)
PREVIEW: Decoder[PreviewDocument] = Decoder(PreviewDocument)
DUPLICATE: Decoder[DuplicateDocument] = Decoder(DuplicateDocument)
RESTORE: Decoder[RestoreDocument] = Decoder(RestoreDocument)
SEVERAL: Decoder[SeveralDocument] = Decoder(SeveralDocument)
ARCHIVE: Decoder[ArchiveDocument] = Decoder(ArchiveDocument)


def texts_of(document: TextsDocument) -> dict[str, Any]:
    """Return the parts of a template that a document gives."""
    names = ("name", "subject", "text", "html", "html_format", "category", "phone_field")
    given = {name: getattr(document, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}


# --- Answers -----------------------------------------------------------------------------------

_MOMENT = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT = {"type": ["string", "null"], "format": "date-time"}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "applies_to": {"type": "string", "enum": ["occasion", "customers", "sales"]},
        "occasion": {"type": ["string", "null"]},
        "target": {"type": "string", "description": "What it is for, in words."},
        "channel": {"type": "string", "enum": ["email", "sms", "whatsapp"]},
        "language": {"type": "string"},
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "html_format": {"type": "string", "enum": ["rich", "mjml"]},
        "in_use": {"type": "boolean", "description": "The automation's messages are filled from it."},
        "archived_at": _MAYBE_MOMENT,
        "variables": {"type": "array", "items": {"type": "string"}, "description": "The names it may use."},
        "whatsapp": {
            "type": ["object", "null"],
            "description": "Of a WhatsApp template: what WhatsApp says of it.",
            "properties": {
                "category": {"type": "string"},
                "phone_field": {"type": "string"},
                "approval": {
                    "type": "string",
                    "enum": ["draft", "submitted", "approved", "rejected", "paused"],
                },
                "rejection_reason": {"type": "string"},
                "numbered_variables": {"type": "array", "items": {"type": "string"}},
                "allow_several": {"type": "boolean"},
                "submitted_at": _MAYBE_MOMENT,
                "approval_checked_at": _MAYBE_MOMENT,
            },
        },
        "version": {"type": "integer"},
        "updated_at": _MOMENT,
    },
}
REVISION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "version": {"type": "integer"},
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "html_format": {"type": "string"},
        "saved_by": {"type": ["string", "null"]},
        "saved_at": _MOMENT,
    },
}
FILLED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "sms": {
            "type": ["object", "null"],
            "description": "What a text message costs: operators bill by the segment.",
            "properties": {
                "encoding": {"type": "string", "enum": ["GSM-7", "UCS-2"]},
                "characters": {"type": "integer"},
                "segments": {"type": "integer"},
                "limit": {"type": "integer"},
                "expensive": {"type": "array", "items": {"type": "string"}},
                "cost": {"type": ["string", "null"], "description": "Of one message; null without a price."},
            },
        },
    },
}
EXAMPLE: dict[str, Any] = {
    "name": "GIFTCARD REMINDER SMS",
    "applies_to": "customers",
    "channel": "sms",
    "language": "pt-br",
    "text": "{{ company.name }}: {{ customer.first_name }}, seu vale espera por você na {{ store.name }}.",
}
ANSWER: dict[str, Any] = {
    "id": 12,
    **EXAMPLE,
    "occasion": None,
    "target": "Mailings to customers",
    "subject": "",
    "html": "",
    "html_format": "rich",
    "in_use": False,
    "archived_at": None,
    "variables": ["customer.first_name", "customer.name", "company.name", "store.name", "unsubscribe_link"],
    "whatsapp": None,
    "version": 1,
    "updated_at": "2026-11-23T12:00:00Z",
}


def represent(template: Template) -> dict[str, Any]:
    """Return a template as managers' programs see it."""
    whatsapp = None
    if template.channel == "whatsapp":
        names = (
            "category",
            "phone_field",
            "approval",
            "rejection_reason",
            "numbered_variables",
            "allow_several",
            "submitted_at",
            "approval_checked_at",
        )
        whatsapp = {name: getattr(template, name) for name in names}
    plain = ("name", "applies_to", "channel", "language", "subject", "text", "html", "html_format", "in_use")
    return {
        "id": template.pk,
        **{name: getattr(template, name) for name in plain},
        "occasion": template.occasion or None,
        "target": str(target_of(template)),
        "archived_at": template.archived_at,
        "variables": vocabulary_of(template).names,
        "whatsapp": whatsapp,
        "version": template.number,
        "updated_at": template.updated_at,
    }


def represent_revision(revision: TemplateRevision) -> dict[str, Any]:
    return {
        "version": revision.number,
        **{name: getattr(revision, name) for name in ("subject", "text", "html", "html_format")},
        "saved_by": revision.saved_by.username if revision.saved_by else None,
        "saved_at": revision.saved_at,
    }


def represent_preview(preview: Preview) -> dict[str, Any]:
    """Return a filled template."""
    composed, size = preview.composed, preview.size
    sms = None
    if size is not None:
        sms = {
            "encoding": size.encoding,
            "characters": size.characters,
            "segments": size.segments,
            "limit": preview.limit,
            "expensive": list(size.expensive),
            "cost": None if preview.cost is None else f"{preview.cost:.4f}",
        }
    return {"subject": composed.subject, "text": composed.text, "html": composed.html, "sms": sms}
