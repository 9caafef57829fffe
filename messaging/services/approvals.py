"""WhatsApp's approval of templates: handing in, asking, and whether a mailing may use one.

draft -> submitted -> approved | rejected; WhatsApp pauses what people complain about. Saving another text makes it a draft
again (messaging.services.templates). Only what is approved has a `content_sid`, so nothing else can be sent as a template.
"""

import re
import unicodedata
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from messaging.channels.twilio_content import (
    Answer,
    ApprovalUnavailable,
    create_content,
    fetch_approval,
    request_approval,
)
from messaging.models import AppliesTo, Approval, Channel, Template
from messaging.numbered import numbered
from messaging.rendering import TemplateRefused, render, single_line
from messaging.services.templates import TemplateActionRefused, TemplateInvalid, check_template
from messaging.vocabulary import label_of, target_of, vocabulary_of

# What WhatsApp still thinks about is asked each time; what it decided changes seldom.
_DECIDED_EVERY = timedelta(hours=1)
_AT_ONCE = 50
_NO_REASON = "-"
_STATES = {
    "received": Approval.SUBMITTED,
    "pending": Approval.SUBMITTED,
    "in_review": Approval.SUBMITTED,
    "under_review": Approval.SUBMITTED,
    "approved": Approval.APPROVED,
    "rejected": Approval.REJECTED,
    "paused": Approval.PAUSED,
    "disabled": Approval.PAUSED,
}


class TemplateNotUsable(Exception):
    """A mailing cannot use a WhatsApp template as it stands. `code` says why, `template` is where to mend it.

    Codes: `not_whatsapp`, `archived`, `wrong_target`, `not_approved` (approval), `several_not_allowed`.
    """

    def __init__(self, code: str, template: Template) -> None:
        super().__init__(code, template.pk)
        self.code = code
        self.template = template

    @property
    def params(self) -> dict[str, object]:
        shown = self.template
        return {
            "name": str(label_of(shown)),
            "approval": str(shown.get_approval_display()),
            "target": str(target_of(shown)),
        }


def submit_template(*, template: Template, at: datetime) -> Template:
    """Hand a WhatsApp template in for approval, in two calls to the provider; return it as it stands then.

    Raises TemplateActionRefused (`not_whatsapp`, `archived`, `already_submitted`, `changed_meanwhile`), TemplateInvalid
    naming the field that WhatsApp would not take, and ApprovalUnavailable.
    """
    if template.channel != Channel.WHATSAPP:
        raise TemplateActionRefused("not_whatsapp")
    if template.archived_at is not None:
        raise TemplateActionRefused("archived")
    if template.approval not in (Approval.DRAFT, Approval.REJECTED):
        raise TemplateActionRefused("already_submitted", approval=str(template.get_approval_display()))
    body, names, samples = handed_in(template)
    sid = create_content(name=str(template), language=template.language, body=body, samples=samples)
    answer = request_approval(sid=sid, name=approval_name(template, sid), category=template.category)
    # Whoever saved another text while the provider was asked has a draft; this answer is not about it.
    same = Template.objects.filter(pk=template.pk, number=template.number, archived_at__isnull=True)
    changed = same.filter(approval__in=[Approval.DRAFT, Approval.REJECTED]).update(
        approval=Approval.SUBMITTED,
        submitted_sid=sid,
        content_sid="",
        numbered_variables=names,
        rejection_reason="",
        submitted_at=at,
        approval_checked_at=at,
        updated_at=at,
    )
    if not changed:
        raise TemplateActionRefused("changed_meanwhile")
    template.refresh_from_db()
    return record_answer(template=template, answer=answer, at=at)


def handed_in(template: Template) -> tuple[str, list[str], dict[str, str]]:
    """Return what WhatsApp gets to see: the numbered text, the names behind the numbers, and a sample for each.

    Raises TemplateInvalid naming `text`.
    """
    check_template(template)
    try:
        body, names = numbered(template.text)
    except TemplateRefused as refusal:
        raise TemplateInvalid({"text": refusal}) from refusal
    sample = vocabulary_of(template).sample
    values = {
        str(place): single_line(render("{{ " + name + " }}", sample)) for place, name in enumerate(names, 1)
    }
    return body, names, values


def approval_name(template: Template, sid: str) -> str:
    """Return the name under which WhatsApp knows a text: small letters, digits and _, and never one that was used before."""
    plain = (
        unicodedata.normalize("NFKD", template.name or template.occasion).encode("ascii", "ignore").decode()
    )
    word = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "template"
    language = template.language.replace("-", "_")
    return f"{word[:60]}_{language}_v{template.number}_{sid[-8:].lower()}"


def refresh_approval(*, template: Template, at: datetime) -> Template:
    """Ask the provider about a template and record the answer.

    Raises TemplateActionRefused(`not_submitted`), ApprovalUnavailable.
    """
    if not template.submitted_sid:
        raise TemplateActionRefused("not_submitted")
    answer = fetch_approval(sid=template.submitted_sid)
    return record_answer(template=template, answer=answer, at=at)


def refresh_approvals(*, at: datetime) -> dict[str, int]:
    """Ask about all templates whose answer may have changed; return how many changed, and how many could not be asked."""
    due = Q(approval=Approval.SUBMITTED) | Q(approval_checked_at__lt=at - _DECIDED_EVERY)
    waiting = Template.objects.standing().filter(due, approval__in=_ASKED).exclude(submitted_sid="")
    changed = failed = 0
    for template in waiting.order_by(F("approval_checked_at").asc(nulls_first=True), "pk")[:_AT_ONCE]:
        before = template.approval
        try:
            changed += refresh_approval(template=template, at=at).approval != before
        except ApprovalUnavailable:
            # The provider is away, or forgot it: the others wait no longer for that. It is asked again later.
            Template.objects.filter(pk=template.pk).update(approval_checked_at=at)
            failed += 1
    return {"changed": changed, "failed": failed}


_ASKED = (Approval.SUBMITTED, Approval.APPROVED, Approval.PAUSED)


@transaction.atomic
def record_answer(*, template: Template, answer: Answer, at: datetime) -> Template:
    """Record what WhatsApp said of what was handed in; an answer about an older text changes nothing."""
    stored = Template.objects.select_for_update().get(pk=template.pk)
    if stored.submitted_sid != template.submitted_sid:
        return stored
    state = _STATES.get(answer.status.lower())
    stored.approval_checked_at = at
    if state is not None and state != stored.approval:
        stored.approval = state
        stored.updated_at = at
    stored.content_sid = stored.submitted_sid if stored.approval == Approval.APPROVED else ""
    if stored.approval != Approval.APPROVED:
        stored.allow_several = False
    stored.rejection_reason = ""
    if stored.approval in (Approval.REJECTED, Approval.PAUSED):
        stored.rejection_reason = (answer.reason.strip() or _NO_REASON)[:500]
    stored.save()
    return stored


@transaction.atomic
def allow_several(*, template: Template, allowed: bool, at: datetime) -> Template:
    """Let mailings send a template to many people at once, or no longer. Raises TemplateActionRefused(`not_approved`)."""
    stored = Template.objects.select_for_update().get(pk=template.pk)
    if allowed and stored.approval != Approval.APPROVED:
        raise TemplateActionRefused("not_approved", approval=str(stored.get_approval_display()))
    if stored.allow_several != allowed:
        stored.allow_several, stored.updated_at = allowed, at
        stored.save(update_fields=["allow_several", "updated_at"])
    return stored


def check_usable(template: Template, *, applies_to: str, several: bool) -> None:
    """Refuse a WhatsApp template that a mailing to customers or sales cannot be sent with. Raises TemplateNotUsable."""
    if template.channel != Channel.WHATSAPP:
        raise TemplateNotUsable("not_whatsapp", template)
    if template.archived_at is not None:
        raise TemplateNotUsable("archived", template)
    fitting = (
        [AppliesTo.CUSTOMERS] if applies_to == AppliesTo.CUSTOMERS else [AppliesTo.CUSTOMERS, AppliesTo.SALES]
    )
    if template.applies_to not in fitting:
        raise TemplateNotUsable("wrong_target", template)
    if template.approval != Approval.APPROVED or not template.content_sid:
        raise TemplateNotUsable("not_approved", template)
    if several and not template.allow_several:
        raise TemplateNotUsable("several_not_allowed", template)
