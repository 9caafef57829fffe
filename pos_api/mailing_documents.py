"""What managers' programs send about mailings, and what they get."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from customers.models import Customer, Segment
from messaging.hold_out import Group, Uplift
from messaging.models import Mailing, MailingText
from messaging.selectors.attribution import WAYS, Attribution, Counted
from messaging.selectors.audience import Reach
from messaging.selectors.mailings import Progress, Results
from messaging.selectors.outcomes import Outcome
from messaging.services.mailings import MOST_SALES, Draft, TextDraft
from pos_api.decoding import Decoder
from pos_api.fields import LINE_BREAKS, Identifier, Moment, SeenVersion
from pos_api.problems import FieldProblem, Invalid
from pos_api.template_documents import Channel, Language
from retail.models import Sale

_Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Percent = Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$", description="0 to 99.99.")]


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
    holdout_percent: _Percent = "0"
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
_MONEY = {"type": "string", "examples": ["1189.90"]}
PROGRESS: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Messages by what became of them; null in lists.",
    "properties": {
        **dict.fromkeys(
            ("people", "held_out", "waiting", "sent", "delivered", "read", "failed", "in_doubt"), _NUMBER
        ),
        "not_sent": {"type": "object", "additionalProperties": _NUMBER, "description": "By reason."},
    },
}
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
REACH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "people": _NUMBER,
        "held_out": _NUMBER,
        "reachable": _NUMBER,
        "unreachable": _NUMBER,
        "by_channel": {"type": "object", "additionalProperties": _NUMBER},
    },
}
GROUP: dict[str, Any] = {
    "type": "object",
    "properties": {"people": _NUMBER, "buyers": _NUMBER, "revenue": _MONEY},
}
_COUNTED: dict[str, Any] = {"type": "object", "properties": {"sales": _NUMBER, "revenue": _MONEY}}
ATTRIBUTED: dict[str, Any] = {
    "type": "object",
    "description": (
        "Sales within `days` times 24 hours after the message that they count for: the last one before, or the one whose code or value was used."
    ),
    "properties": {
        "days": _NUMBER,
        "sales": _NUMBER,
        "revenue": _MONEY,
        **{f"by_{way}": _COUNTED for way in WAYS},
    },
}
UPLIFT: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Buyers in a hundred people more than among those held out, with its 95 % interval.",
    "properties": {
        name: {"type": "string"} for name in ("points", "low", "high", "extra_buyers", "extra_revenue")
    },
}
OUTCOME: dict[str, Any] = {
    **dict.fromkeys(("opened", "clicked", "bounced", "complained", "unsubscribed", "segments"), _NUMBER),
    "cost": {
        "type": ["string", "null"],
        "description": "In reais with four places, by the prices of the moments of sending; null where none was known.",
    },
}
RESULTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "progress": PROGRESS,
        **OUTCOME,
        "sales": _NUMBER,
        "attributed": ATTRIBUTED,
        "written_to": GROUP,
        "held_out": GROUP,
        "uplift": UPLIFT,
        "until": _MAYBE,
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


def represent_progress(progress: Progress) -> dict[str, Any]:
    return {
        "people": progress.people,
        "held_out": progress.held_out,
        "waiting": progress.waiting,
        "sent": progress.sent,
        "delivered": progress.arrived,
        "read": progress.read,
        "failed": progress.failed,
        "in_doubt": progress.in_doubt,
        "not_sent": progress.not_sent,
    }


def represent_reach(reach: Reach) -> dict[str, Any]:
    return {
        "people": reach.people,
        "held_out": reach.held_out,
        "reachable": reach.reachable,
        "unreachable": reach.unreachable,
        "by_channel": reach.by_channel,
    }


def represent_results(results: Results) -> dict[str, Any]:
    return {
        "progress": represent_progress(results.progress),
        **represent_outcome(results.outcome),
        "attributed": represent_attributed(results.attribution),
        "sales": results.sales,
        "written_to": represent_group(results.written_to),
        "held_out": represent_group(results.held_out),
        "uplift": represent_uplift(results.uplift),
        "until": results.until,
    }


def represent_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what people did with messages, and what sending them cost."""
    return {
        "opened": outcome.opened,
        "clicked": outcome.clicked,
        "bounced": outcome.bounced,
        "complained": outcome.complained,
        "unsubscribed": outcome.unsubscribed,
        "segments": outcome.segments,
        "cost": None if outcome.cost is None else f"{outcome.cost:.4f}",
    }


def represent_attributed(found: Attribution) -> dict[str, Any]:
    return {"days": found.days, **_counted(found.total)} | {
        f"by_{way}": _counted(found.by_way[way]) for way in WAYS
    }


def _counted(counted: Counted) -> dict[str, Any]:
    return {"sales": counted.sales, "revenue": f"{counted.revenue:.2f}"}


def represent_group(group: Group) -> dict[str, Any]:
    return {"people": group.people, "buyers": group.buyers, "revenue": f"{group.revenue:.2f}"}


def represent_uplift(found: Uplift | None) -> dict[str, str] | None:
    if found is None:
        return None
    return {
        name: str(getattr(found, name)) for name in ("points", "low", "high", "extra_buyers", "extra_revenue")
    }
