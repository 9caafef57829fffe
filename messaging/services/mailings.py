"""Mailings: written, and checked. What becomes of them afterwards is `messaging.services.mailing_course`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer, Segment
from messaging.models import (
    Audience,
    Channel,
    HtmlFormat,
    Mailing,
    MailingChange,
    MailingSale,
    MailingState,
    MailingText,
    Template,
)
from messaging.selectors.audience import sales_without_anybody
from messaging.selectors.sale_contacts import contacts_of
from messaging.services.templates import TemplateInvalid, check_template
from messaging.template_problems import problem_text
from retail.models import Sale
from retail.rows import FieldError

MOST_SALES = 5_000
MOST_RESULT_DAYS = 90
MOST_USEFUL_DAYS = 30
_DRAFT = (MailingState.DRAFT,)


class MailingInvalid(Exception):
    """A mailing cannot be saved, or sent, as it is; `errors` name each field, `texts.<channel>.<part>` those of texts."""

    code = "mailing_invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors))
        self.errors = list(errors)


class MailingRefused(Exception):
    """Something cannot be done with a mailing as it stands. `code` says why, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDraft:
    """What is to be said on one channel: texts, or for WhatsApp the key of an approved template."""

    subject: str = ""
    text: str = ""
    html: str = ""
    html_format: str = HtmlFormat.RICH.value
    template_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mailing as it was typed. `texts` are by channel, in the order in which channels are tried.

    Exactly one of segment, sale_ids, and customer or sale says whom it is for; `holdout_percent` has two places.
    """

    name: str
    texts: Mapping[str, TextDraft]
    language: str = settings.LANGUAGE_CODE
    segment: Segment | None = None
    sale_ids: Sequence[int] = field(default_factory=tuple)
    customer: Customer | None = None
    sale: Sale | None = None
    holdout_percent: Decimal = Decimal(0)
    result_days: int = 14
    useful_days: int = 3
    send_at: datetime | None = None

    @property
    def audience(self) -> str:
        if self.customer is not None or self.sale is not None:
            return Audience.PERSON
        return Audience.SEGMENT if self.segment is not None else Audience.SALES


# --- Writing -----------------------------------------------------------------------------------


@transaction.atomic
def create_mailing(*, draft: Draft, by: User | None, at: datetime) -> Mailing:
    """Save a new draft. Raises MailingInvalid."""
    mailing = Mailing(created_by=by, created_at=at)
    return _save(mailing, draft, by=by, at=at, action="created")


@transaction.atomic
def change_mailing(
    *, mailing: Mailing, draft: Draft, version: int | None = None, by: User | None, at: datetime
) -> Mailing:
    """Save a draft anew. Raises MailingInvalid, MailingRefused(`not_a_draft`, `mailing_changed`)."""
    locked = lock_mailing(mailing, version)
    require_state(
        locked, _DRAFT, "not_a_draft", _("Only drafts can be changed. Take it back to the drafts first.")
    )
    return _save(locked, draft, by=by, at=at, action="changed")


@transaction.atomic
def delete_mailing(*, mailing: Mailing) -> None:
    """Remove a draft. Raises MailingRefused(`not_a_draft`)."""
    locked = lock_mailing(mailing)
    require_state(locked, _DRAFT, "not_a_draft", _("Only drafts can be removed."))
    locked.delete()


def described(draft: Draft, mailing: Mailing | None = None) -> Mailing:
    """Return the mailing that a draft describes, unsaved, for counting and for looking at its texts."""
    mailing = mailing or Mailing()
    mailing.name, mailing.language = " ".join(draft.name.split()), draft.language
    mailing.audience = draft.audience
    mailing.customer, mailing.sale, mailing.segment = draft.customer, draft.sale, draft.segment
    mailing.segment_name = draft.segment.name if draft.segment else ""
    mailing.tree = draft.segment.tree if draft.segment else None
    mailing.channels = list(draft.texts)
    mailing.holdout_percent = Decimal(0) if mailing.is_to_one else draft.holdout_percent
    mailing.result_days, mailing.useful_days = draft.result_days, draft.useful_days
    mailing.send_at = draft.send_at
    return mailing


def text_of(mailing: Mailing, channel: str, text: TextDraft) -> MailingText:
    """Return what is said on one channel, unsaved. WhatsApp's is a copy of the template's text, under its approval's id."""
    if channel != Channel.WHATSAPP:
        is_email = channel == Channel.EMAIL
        return MailingText(
            mailing=mailing,
            channel=channel,
            subject=text.subject if is_email else "",
            text=text.text,
            html=text.html if is_email else "",
            html_format=text.html_format if is_email and text.html else HtmlFormat.RICH,
        )
    template = Template.objects.filter(pk=text.template_id).first() if text.template_id else None
    return MailingText(
        mailing=mailing,
        channel=channel,
        text=template.text if template else "",
        template=template,
        content_sid=template.content_sid if template else "",
    )


def _save(mailing: Mailing, draft: Draft, *, by: User | None, at: datetime, action: str) -> Mailing:
    described(draft, mailing)
    errors = _problems(mailing, draft) + moment_problems(draft.send_at, at=at)
    texts = [text_of(mailing, channel, text) for channel, text in draft.texts.items()]
    errors += [error for text in texts for error in text_problems(text)]
    sales = _real_sales(draft) if mailing.audience == Audience.SALES else []
    if mailing.audience == Audience.SALES and not sales:
        errors.append(FieldError("sales", "empty", _("Choose at least one sale that is no test.")))
    elif sales and len(sales_without_anybody(mailing, sale_ids=sales)) == len(sales):
        message = _("None of these sales has an active customer, or tells an address: nothing would leave.")
        errors.append(FieldError("sales", "nobody", message))
    if errors:
        raise MailingInvalid(errors)
    mailing.number = mailing.number + 1 if mailing.pk else 1
    mailing.updated_at = at
    mailing.save()
    mailing.texts.all().delete()
    for text in texts:
        text.mailing = mailing
    MailingText.objects.bulk_create(texts)
    mailing.sales.all().delete()
    # The newest first: who bought twice is written to about the last time.
    MailingSale.objects.bulk_create(MailingSale(mailing=mailing, sale_id=pk) for pk in sales)
    note_change(mailing, action, by=by, at=at)
    return mailing


def _real_sales(draft: Draft) -> list[int]:
    found = Sale.objects.real().filter(pk__in=list(draft.sale_ids))
    return list(found.order_by("-occurred_at", "-pk").values_list("pk", flat=True))


def _problems(mailing: Mailing, draft: Draft) -> list[FieldError]:
    errors = []
    if not mailing.name:
        errors.append(FieldError("name", "blank", _("This cannot be empty.")))
    elif len(mailing.name) > Mailing.LONGEST_NAME:
        errors.append(FieldError("name", "max_length", _("This is too long.")))
    if mailing.language not in dict(settings.LANGUAGES):
        errors.append(FieldError("language", "choice", _("There is no such language here.")))
    if mailing.audience == Audience.PERSON:
        errors += _person_problems(draft)
    if not draft.texts:
        errors.append(FieldError("texts", "empty", _("Write a text for at least one channel.")))
    errors += [
        FieldError(f"texts.{channel}", "choice", _("There is no such channel."))
        for channel in draft.texts
        if channel not in Channel.values
    ]
    percent = draft.holdout_percent
    if not 0 <= percent < 100 or percent != percent.quantize(Decimal("0.01")):
        message = _("This must be a percentage from 0 to 99.99 with at most two places.")
        errors.append(FieldError("holdout_percent", "range", message))
    if not 1 <= draft.result_days <= MOST_RESULT_DAYS:
        errors.append(FieldError("result_days", "range", _("This must be from 1 to 90 days.")))
    if not 1 <= draft.useful_days <= MOST_USEFUL_DAYS:
        errors.append(FieldError("useful_days", "range", _("This must be from 1 to 30 days.")))
    if len(draft.sale_ids) > MOST_SALES:
        errors.append(FieldError("sales", "too_many", _("A mailing takes up to 5,000 sales.")))
    return errors


def _person_problems(draft: Draft) -> list[FieldError]:
    """Return why nothing would leave to one person: nobody is known, they are not active, or they have no address for it."""
    path = "customer" if draft.customer else "sale"
    person = draft.customer or (draft.sale.customer if draft.sale else None)
    told = contacts_of([draft.sale])[draft.sale.pk] if draft.sale else {}
    if person is None and not told:
        message = _("This sale has no customer and tells no address: nothing would leave.")
        return [FieldError(path, "nobody", message)]
    if person is not None and not person.is_active:
        message = _("This customer is not active: nothing would leave.")
        return [FieldError(path, "customer_inactive", message)]
    needed = {"email" if channel == Channel.EMAIL else "phone" for channel in draft.texts}
    if needed and not any(told.get(name) or (person and getattr(person, name)) for name in needed):
        message = _("This customer has no address for these channels: nothing would leave.")
        return [FieldError(path, "no_address", message)]
    return []


def moment_problems(send_at: datetime | None, *, at: datetime) -> list[FieldError]:
    """Return what is wrong with the moment at which a mailing begins: one in the past would begin at once."""
    if send_at is None or send_at > at:
        return []
    message = _("This moment has passed. Choose a later one, or none: then it begins when it is confirmed.")
    return [FieldError("send_at", "past", message)]


def text_problems(text: MailingText) -> list[FieldError]:
    """Return what is wrong with the text of one channel; nothing for one that may be sent."""
    path = f"texts.{text.channel}"
    if text.channel not in Channel.values:
        return []
    if text.channel == Channel.WHATSAPP:
        return _whatsapp_problems(text, f"{path}.template")
    try:
        check_template(text.as_template())
    except TemplateInvalid as refusal:
        return [
            FieldError(f"{path}.{name}", problem.code, str(problem_text(problem)))
            for name, problem in refusal.problems.items()
        ]
    return []


def _whatsapp_problems(text: MailingText, path: str) -> list[FieldError]:
    template = text.template
    fitting = template is not None and (
        Template.objects.insertable(channel=Channel.WHATSAPP, applies_to=text.mailing.applies_to)
        .filter(pk=template.pk)
        .exists()
    )
    if template is None or not fitting:
        return [
            FieldError(
                path, "no_template", _("Choose an approved WhatsApp template that applies to these people.")
            )
        ]
    if not template.content_sid:
        message = _("“%(name)s” is not approved. Hand it in, and wait for WhatsApp's answer.")
        return [FieldError(path, "template_not_approved", message % {"name": template.name})]
    if not text.mailing.is_to_one and not template.allow_several:
        message = _("“%(name)s” may be sent to one person only. Allow several in the template.")
        return [FieldError(path, "template_not_for_several", message % {"name": template.name})]
    if template.content_sid != text.content_sid:
        message = _("“%(name)s” has another text since it was chosen. Look at it and choose it again.")
        return [FieldError(path, "template_changed", message % {"name": template.name})]
    return []


# --- What every change begins and ends with -----------------------------------------------------


def lock_mailing(mailing: Mailing, version: int | None = None) -> Mailing:
    """Lock a mailing's row. Raises MailingRefused(`mailing_changed`) when `version` is not the current one."""
    locked = (
        Mailing.objects.select_for_update(of=("self",)).select_related("segment", "sale").get(pk=mailing.pk)
    )
    if version is not None and version != locked.number:
        raise MailingRefused(
            "mailing_changed", _("Somebody else saved this mailing meanwhile. Look at it again.")
        )
    return locked


def require_state(mailing: Mailing, states: Sequence[str], code: str, message: str) -> None:
    """Raise MailingRefused(`code`) unless the mailing stands in one of these states."""
    if mailing.state not in states:
        raise MailingRefused(code, message)


def note_change(mailing: Mailing, action: str, *, detail: str = "", by: User | None, at: datetime) -> None:
    """Keep in the mailing's history what was done."""
    MailingChange.objects.create(mailing=mailing, action=action, detail=detail[:500], made_by=by, made_at=at)
