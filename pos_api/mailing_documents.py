"""What managers' programs send about mailings, and what they get."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from customers.models import Customer, Segment
from messaging.models import Mailing, MailingText
from messaging.selectors.mailings import Progress
from messaging.services.mailings import MOST_SALES, Draft, TextDraft
from pos_api.decoding import Decoder
from pos_api.fields import LINE_BREAKS, Identifier, Moment, SeenVersion, Share
from pos_api.mailing_result_documents import PROGRESS, represent_progress
from pos_api.problems import FieldProblem, Invalid
from pos_api.template_documents import Channel, Language
from retail.models import Sale

_Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class TextDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is said on one channel. On WhatsApp: the id of an approved template that allows several."""

    channel: Channel
    subject: Annotated[str, Meta(max_length=200)] = ""
    text: Annotated[str, Meta(max_length=10_000, extra={LINE_BREAKS: True})] = ""
    html: Annotated[str, Meta(max_length=100_000, extra={LINE_BREAKS: True})] = ""
    html_format: Literal["rich", "mjml"] = "rich"
    template: _Key | None = None


class MailingDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A mailing as a whole. Exactly one of `segment`, `sales` and `customer` says whom it is for."""

    name: Annotated[str, Meta(min_length=1, max_length=Mailing.LONGEST_NAME)]
    texts: Annotated[
        list[TextDocument],
        Meta(min_length=1, max_length=3, description="In the order in which channels are tried."),
    ]
    language: Language = "pt-br"
    segment: Annotated[Identifier, Meta(description="The segment's code.")] | None = None
    sales: Annotated[list[UUID], Meta(min_length=1, max_length=MOST_SALES)] | None = None
    customer: Annotated[_Key, Meta(description="The customer's id: a message to one person.")] | None = None
    holdout_percent: Share = "0"
    result_days: Annotated[int, Meta(ge=1, le=90)] = 14
    useful_days: Annotated[int, Meta(ge=1, le=30)] = 3
    send_at: Moment | None = None


class MailingReplacementDocument(MailingDocument, forbid_unknown_fields=True, kw_only=True):
    """A mailing as a whole, in the place of the draft that was looked at."""

    version: SeenVersion | None = None


class VersionDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """The version that was looked at: 409 when there is a newer one."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class ReturnDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    comment: Annotated[str, Meta(max_length=500)] = ""


MAILING: Decoder[MailingDocument] = Decoder(MailingDocument)
REPLACEMENT: Decoder[MailingReplacementDocument] = Decoder(MailingReplacementDocument)
VERSION: Decoder[VersionDocument] = Decoder(VersionDocument)
RETURN: Decoder[ReturnDocument] = Decoder(ReturnDocument)


def draft_of(given: MailingDocument) -> Draft:
    """Return the draft that a document describes. Raises Invalid naming what is not there, or is there twice."""
    named = [name for name in ("segment", "sales", "customer") if getattr(given, name) is not None]
    if len(named) != 1:
        raise _invalid(
            named[1] if named else "segment",
            "audience",
            _("Give exactly one of segment, sales and customer."),
        )
    channels = [text.channel for text in given.texts]
    if len(channels) != len(set(channels)):
        raise _invalid("texts", "repeated", _("Each channel can stand in the chain once."))
    return Draft(
        name=given.name,
        texts={
            text.channel: TextDraft(
                subject=text.subject,
                text=text.text,
                html=text.html,
                html_format=text.html_format,
                template_id=text.template,
            )
            for text in given.texts
        },
        language=given.language,
        segment=_segment(given.segment) if given.segment is not None else None,
        sale_ids=_sales(given.sales) if given.sales is not None else (),
        customer=_customer(given.customer) if given.customer is not None else None,
        holdout_percent=Decimal(given.holdout_percent),
        result_days=given.result_days,
        useful_days=given.useful_days,
        send_at=given.send_at,
    )


def _segment(code: str) -> Segment:
    found = Segment.objects.filter(code=code).first()
    if found is None:
        raise _invalid("segment", "unknown", _("There is no such segment."))
    return found


def _customer(key: int) -> Customer:
    found = Customer.objects.active().filter(pk=key).first()
    if found is None:
        raise _invalid("customer", "unknown", _("There is no such customer."))
    return found


def _sales(identifiers: list[UUID]) -> list[int]:
    found = dict(Sale.objects.real().filter(uuid__in=identifiers).values_list("uuid", "pk"))
    for place, identifier in enumerate(identifiers):
        if identifier not in found:
            raise _invalid(f"sales[{place}]", "unknown", _("There is no such sale."))
    return list(found.values())


def _invalid(field: str, code: str, message: str) -> Invalid:
    return Invalid(errors=[FieldProblem(field, code, message)])


# --- Answers -----------------------------------------------------------------------------------

_MOMENT = {"type": "string", "format": "date-time"}
_MAYBE = {"type": ["string", "null"], "format": "date-time"}
_NUMBER = {"type": "integer"}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": _NUMBER,
        "name": {"type": "string"},
        "state": {
            "enum": [
                "draft",
                "awaiting",
                "scheduled",
                "freezing",
                "sending",
                "paused",
                "finished",
                "cancelled",
            ]
        },
        "audience": {"enum": ["person", "sales", "segment"]},
        "segment": {"type": ["string", "null"]},
        "customer": {"type": ["integer", "null"]},
        "channels": {"type": "array", "items": {"type": "string"}},
        "language": {"type": "string"},
        "texts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **{
                        name: {"type": "string"}
                        for name in ("channel", "subject", "text", "html", "html_format")
                    },
                    "template": {"type": ["integer", "null"]},
                },
            },
        },
        "holdout_percent": {"type": "string"},
        "result_days": _NUMBER,
        "useful_days": _NUMBER,
        "send_at": _MAYBE,
        "started_at": _MAYBE,
        "ended_at": _MAYBE,
        "note": {"type": "string", "description": "Why it stands still, such as `late`."},
        "version": _NUMBER,
        "updated_at": _MOMENT,
        "progress": PROGRESS,
    },
}
EXAMPLE: dict[str, Any] = {
    "name": "Inverno: quem sumiu",
    "segment": "sumidos-de-curitiba",
    "texts": [
        {"channel": "sms", "text": "{{ company.name }}: {{ customer.first_name }}, os casacos chegaram!"}
    ],
    "holdout_percent": "10",
    "send_at": "2026-12-01T12:00:00Z",
}


def represent(mailing: Mailing, progress: Progress | None) -> dict[str, Any]:
    """Return a mailing; lists have no progress."""
    return {
        "id": mailing.pk,
        "name": mailing.name,
        "state": mailing.state,
        "audience": mailing.audience,
        "segment": mailing.segment.code if mailing.segment else None,
        "customer": mailing.customer_id,
        "channels": mailing.channels,
        "language": mailing.language,
        "texts": [represent_text(text) for text in sorted(mailing.texts.all(), key=lambda text: text.pk)],
        "holdout_percent": str(mailing.holdout_percent),
        "result_days": mailing.result_days,
        "useful_days": mailing.useful_days,
        "send_at": mailing.send_at,
        "started_at": mailing.started_at,
        "ended_at": mailing.ended_at,
        "note": mailing.note,
        "version": mailing.number,
        "updated_at": mailing.updated_at,
        "progress": None if progress is None else represent_progress(progress),
    }


def represent_text(text: MailingText) -> dict[str, Any]:
    return {
        "channel": text.channel,
        "subject": text.subject,
        "text": text.text,
        "html": text.html,
        "html_format": text.html_format,
        "template": text.template_id,
    }
