"""Saving the texts of messages: each part is checked before anybody gets it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from messaging.models import Channel, Template, TemplateRevision
from messaging.occasions import KINDS
from messaging.rendering import TemplateRefused, check
from messaging.services.composition import Composed, compose_with
from retail.models import Company


class TemplateInvalid(Exception):
    """A template cannot be saved. `problems` holds a refusal for each wrong field."""

    code = "template_invalid"

    def __init__(self, problems: dict[str, TemplateRefused]) -> None:
        super().__init__({field: problem.code for field, problem in problems.items()})
        self.problems = problems


def check_template(template: Template) -> Composed:
    """Check a template against its occasion's variables; return it filled with the sample. Raises TemplateInvalid."""
    declared = KINDS[template.occasion]
    problems: dict[str, TemplateRefused] = {}
    for field in _parts(template):
        source = getattr(template, field)
        if not source.strip():
            if field != "html":
                problems[field] = TemplateRefused("empty")
            continue
        try:
            check(source, variables=declared.names, sample=declared.sample, html=field == "html")
        except TemplateRefused as refusal:
            problems[field] = refusal
    if problems:
        raise TemplateInvalid(problems)
    try:
        return compose_with(template, declared.sample, company=Company.objects.get())
    except TemplateRefused as refusal:
        raise TemplateInvalid({"text": refusal}) from refusal


@transaction.atomic
def save_template(*, template: Template, by: User | None, at: datetime) -> Template:
    """Save a new or changed template and keep the revision. Raises TemplateInvalid."""
    check_template(template)
    if template.channel != Channel.EMAIL:
        template.subject = template.html = ""
    if template.channel != Channel.WHATSAPP:
        template.content_sid = ""
    stored = Template.objects.select_for_update().filter(pk=template.pk).first() if template.pk else None
    template.number = stored.number + 1 if stored else 1
    template.updated_at = at
    template.save()
    TemplateRevision.objects.create(
        template=template,
        number=template.number,
        subject=template.subject,
        text=template.text,
        html=template.html,
        saved_by=by,
        saved_at=at,
    )
    return template


def _parts(template: Template) -> tuple[str, ...]:
    return ("subject", "text", "html") if template.channel == Channel.EMAIL else ("text",)
