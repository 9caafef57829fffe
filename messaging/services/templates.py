"""Saving the texts of messages: each part is checked before anybody gets it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Length

from messaging.links import links_of, why_forbidden
from messaging.markup import check_markup
from messaging.mjml import blocks_of
from messaging.models import (
    AppliesTo,
    Approval,
    Category,
    Channel,
    HtmlFormat,
    PhoneField,
    Template,
    TemplateRevision,
)
from messaging.occasions import AUTOMATIC, KINDS
from messaging.rendering import TemplateRefused, check, measure_sms, plain_text, render
from messaging.services.composition import Composed, compose_with
from messaging.vocabulary import Vocabulary, overlay, target_of, vocabulary_of
from retail.models import Company, Store

_TEXTS = ("subject", "text", "html", "html_format")


class TemplateInvalid(Exception):
    """A template cannot be saved. `problems` holds a refusal for each wrong field."""

    code = "template_invalid"

    def __init__(self, problems: dict[str, TemplateRefused]) -> None:
        super().__init__({field: problem.code for field, problem in problems.items()})
        self.problems = problems


class TemplateActionRefused(Exception):
    """Something cannot be done with a template as it stands. `code` says why; `params` are for the sentence."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def check_template(template: Template) -> Composed:
    """Check a template against its variables; return it filled with the sample. Raises TemplateInvalid."""
    _refuse_unknown_occasion(template)
    words = vocabulary_of(template)
    problems: dict[str, TemplateRefused] = {}
    for field in _parts(template):
        try:
            _check_part(template, field, words)
        except TemplateRefused as refusal:
            problems[field] = refusal
    if problems:
        raise TemplateInvalid(problems)
    company = Company.objects.get()
    try:
        composed = compose_with(template, words.sample, company=company)
    except TemplateRefused as refusal:
        raise TemplateInvalid({"html" if template.html else "text": refusal}) from refusal
    _refuse_long_at_worst(template, words, company)
    return composed


def _refuse_unknown_occasion(template: Template) -> None:
    if template.applies_to != AppliesTo.OCCASION:
        return
    # Only automations choose among texts; whatever else is said has one of its own.
    known = AUTOMATIC if template.name else KINDS
    if known.get(template.occasion) is None:
        raise TemplateInvalid({"occasion": TemplateRefused("unknown_occasion", name=template.occasion)})


def _check_part(template: Template, field: str, words: Vocabulary) -> None:
    source: str = getattr(template, field)
    if not source.strip():
        # An e-mail's text part can be made of its HTML, and the other way round.
        if field == "subject" or (
            field == "text" and not (template.channel == Channel.EMAIL and template.html.strip())
        ):
            raise TemplateRefused("empty")
        return
    is_html = field == "html"
    check(source, variables=words.names, sample=words.sample, html=is_html)
    if is_html:
        mjml = template.html_format == HtmlFormat.MJML
        filled = render(source, words.sample, html=True)
        check_markup(blocks_of(filled) if mjml else filled, mjml=mjml)
    elif field == "text":
        _refuse_forbidden_links(template, render(source, words.sample))


def _refuse_forbidden_links(template: Template, text: str) -> None:
    for url in links_of(text):
        why = why_forbidden(url, shorteners=template.channel == Channel.EMAIL)
        if why:
            raise TemplateRefused("forbidden_url", url=url[:200], why=why)


def _refuse_long_at_worst(template: Template, words: Vocabulary, company: Company) -> None:
    """Refuse a text message that is too long where the company's and the stores' own names are long."""
    if template.channel != Channel.SMS:
        return
    longest = (
        Store.objects.filter(is_active=True)
        .order_by(Length("name").desc(), "pk")
        .values_list("name", flat=True)
    )
    worst = overlay(
        words.sample, {"company": {"name": company.name}, "store": {"name": longest.first() or company.name}}
    )
    size = measure_sms(plain_text(render(template.text, worst)))
    if size.characters > company.sms_limit:
        raise TemplateInvalid(
            {
                "text": TemplateRefused(
                    "text_too_long_at_worst", limit=company.sms_limit, actual=size.characters
                )
            }
        )


@transaction.atomic
def save_template(
    *, template: Template, version: int | None = None, by: User | None, at: datetime
) -> Template:
    """Save a new or changed template and keep the revision.

    A changed text of WhatsApp is a draft again: nobody approved the new one. `version` is the one that was looked at, 0 when
    none was saved yet. Raises TemplateInvalid (also for a `name` that is taken), TemplateActionRefused(`archived`,
    `template_changed`).
    """
    if template.archived_at is not None:
        raise TemplateActionRefused("archived")
    template.name = " ".join(template.name.split())
    check_template(template)
    stored = Template.objects.select_for_update().filter(pk=template.pk).first() if template.pk else None
    if version is not None and version != (stored.number if stored else 0):
        raise TemplateActionRefused("template_changed")
    _keep_to_channel(template)
    _refuse_taken_name(template)
    if stored is not None:
        _keep_standing(template, stored)
    else:
        template.in_use = _is_first(template)
    template.number = stored.number + 1 if stored else 1
    template.updated_at = at
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        # Somebody saved the same name, or the same occasion's text, a moment ago.
        raise TemplateInvalid({"name": TemplateRefused("name_taken", name=template.name)}) from error
    _keep_revision(template, by=by, at=at)
    return template


def _keep_to_channel(template: Template) -> None:
    if template.applies_to != AppliesTo.OCCASION:
        template.occasion, template.in_use = "", False
    if template.channel != Channel.EMAIL:
        template.subject = template.html = ""
    if not template.html:
        template.html_format = HtmlFormat.RICH
    if template.channel != Channel.WHATSAPP:
        template.category, template.phone_field = Category.MARKETING, PhoneField.CUSTOMER_PHONE


def _refuse_taken_name(template: Template) -> None:
    if template.applies_to != AppliesTo.OCCASION and not template.name:
        raise TemplateInvalid({"name": TemplateRefused("empty")})
    if not template.name:
        return
    same = Template.objects.standing().filter(
        name__iexact=template.name, channel=template.channel, language=template.language
    )
    if same.exclude(pk=template.pk).exists():
        raise TemplateInvalid({"name": TemplateRefused("name_taken", name=template.name)})


def _is_first(template: Template) -> bool:
    """Say whether a new template is an occasion's own text, and nothing is used in its place yet."""
    if template.name or template.applies_to != AppliesTo.OCCASION:
        return False
    used = Template.objects.in_use(template.occasion)
    return not used.filter(channel=template.channel, language=template.language).exists()


def _keep_standing(template: Template, stored: Template) -> None:
    """Take from the stored row what no text decides: where it is used, and what WhatsApp said of it."""
    if stored.archived_at is not None:
        raise TemplateActionRefused("archived")
    if bool(stored.name) != bool(template.name):
        raise TemplateInvalid({"name": TemplateRefused("name_fixed")})
    for field in ("in_use", "archived_at", "applies_to", "occasion", "channel", "language"):
        setattr(template, field, getattr(stored, field))
    changed = (template.text, template.category) != (stored.text, stored.category)
    if changed or template.channel != Channel.WHATSAPP:
        return_to_draft(template)
        return
    for field in _STANDING:
        setattr(template, field, getattr(stored, field))


_STANDING = (
    "approval",
    "rejection_reason",
    "submitted_sid",
    "content_sid",
    "numbered_variables",
    "allow_several",
    "submitted_at",
    "approval_checked_at",
)


def return_to_draft(template: Template) -> None:
    """Forget what WhatsApp said of a template, without saving it."""
    template.approval, template.rejection_reason = Approval.DRAFT, ""
    template.submitted_sid = template.content_sid = ""
    template.numbered_variables, template.allow_several = [], False
    template.submitted_at = template.approval_checked_at = None


def _keep_revision(template: Template, *, by: User | None, at: datetime) -> None:
    TemplateRevision.objects.create(
        template=template,
        number=template.number,
        saved_by=by,
        saved_at=at,
        **{field: getattr(template, field) for field in _TEXTS},
    )


# --- Named templates ---------------------------------------------------------------------------


def restore_revision(*, template: Template, number: int, by: User | None, at: datetime) -> Template:
    """Save the texts of an earlier revision as the newest one.

    Raises TemplateActionRefused(`no_such_revision`), TemplateInvalid when today's rules refuse the old text.
    """
    revision = template.revisions.filter(number=number).first()
    if revision is None:
        raise TemplateActionRefused("no_such_revision", number=number)
    for field in _TEXTS:
        setattr(template, field, getattr(revision, field))
    return save_template(template=template, by=by, at=at)


def duplicate_template(*, template: Template, name: str, by: User | None, at: datetime) -> Template:
    """Save a copy under another name. It is used nowhere and approved by nobody. Raises TemplateInvalid."""
    if not name.strip():
        raise TemplateInvalid({"name": TemplateRefused("empty")})
    fields = ("applies_to", "occasion", "channel", "language", "category", "phone_field", *_TEXTS)
    copy = Template(name=name, in_use=False, **{field: getattr(template, field) for field in fields})
    return save_template(template=copy, by=by, at=at)


@transaction.atomic
def archive_template(*, template: Template, at: datetime) -> Template:
    """Put a template away. Raises TemplateActionRefused: `in_use`, `own_text` (an occasion keeps its own text)."""
    stored = Template.objects.select_for_update().get(pk=template.pk)
    if not stored.name:
        raise TemplateActionRefused("own_text")
    if stored.in_use:
        raise TemplateActionRefused("in_use", occasion=str(target_of(stored)))
    if stored.archived_at is None:
        stored.archived_at = stored.updated_at = at
        stored.save(update_fields=["archived_at", "updated_at"])
    return stored


@transaction.atomic
def unarchive_template(*, template: Template, at: datetime) -> Template:
    """Bring a template back. Raises TemplateInvalid when its name was taken meanwhile."""
    stored = Template.objects.select_for_update().get(pk=template.pk)
    if stored.archived_at is not None:
        _refuse_taken_name(stored)
        stored.archived_at, stored.updated_at = None, at
        stored.save(update_fields=["archived_at", "updated_at"])
    return stored


@transaction.atomic
def use_template(*, template: Template, at: datetime) -> Template:
    """Let the occasion's messages on this channel and in this language be filled from this template from now on.

    Raises TemplateActionRefused: `for_mailings`, `archived`.
    """
    stored = Template.objects.select_for_update().get(pk=template.pk)
    if stored.applies_to != AppliesTo.OCCASION:
        raise TemplateActionRefused("for_mailings")
    if stored.archived_at is not None:
        raise TemplateActionRefused("archived")
    rivals = Template.objects.select_for_update().filter(
        occasion=stored.occasion, channel=stored.channel, language=stored.language, in_use=True
    )
    rivals.exclude(pk=stored.pk).update(in_use=False, updated_at=at)
    if not stored.in_use:
        stored.in_use, stored.updated_at = True, at
        stored.save(update_fields=["in_use", "updated_at"])
    return stored


def _parts(template: Template) -> tuple[str, ...]:
    return ("subject", "text", "html") if template.channel == Channel.EMAIL else ("text",)
