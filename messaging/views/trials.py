"""A text that is being typed, before it is stored: drawn for one person, or sent to an address of one's own."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from customers.models import Customer
from messaging.mjml import as_dark
from messaging.models import Channel, Mailing, Template
from messaging.presentation import price_text
from messaging.rendering import TemplateRefused
from messaging.services.mailings import note_change
from messaging.services.template_previews import preview_template
from messaging.services.templates import TemplateInvalid
from messaging.services.test_sends import queue_test
from messaging.services.verifications import masked_address
from messaging.tasks import wake_senders
from messaging.template_problems import problem_text
from retail.typed import typed_key
from retail.views.access import acting_user


def person_of(key: str) -> Customer | None:
    """Return the customer that a preview was asked for, `c` and the number; None for anybody else."""
    number = typed_key(key.removeprefix("c")) if key.startswith("c") else None
    if number is None:
        return None
    return Customer.objects.select_related("home_store").filter(pk=number).first()


def preview(template: Template, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the preview draws: the texts, or what is wrong with them."""
    drawn: dict[str, Any] = {"channel": Channel(template.channel), "problems": []}
    try:
        found = preview_template(template, context)
    except (TemplateInvalid, TemplateRefused) as refusal:
        return drawn | {"problems": _sentences(refusal)}
    return drawn | {
        "composed": found.composed,
        "dark": as_dark(found.composed.html),
        "size": found.size,
        "limit": found.limit,
        "cost": "" if found.cost is None else price_text(found.cost),
    }


def sent_test(
    request: HttpRequest,
    template: Template,
    context: dict[str, Any],
    *,
    to: str,
    mailing: Mailing | None = None,
) -> HttpResponse:
    """Send a text through the outbox like everything else, and draw what became of it. A stored draft keeps who tested it where."""
    by, at = acting_user(request), timezone.now()
    try:
        message = queue_test(template=template, context=context, to=to, by=by, at=at)
    except (TemplateInvalid, TemplateRefused) as refusal:
        return render(request, "messaging/template_tested.html", {"problems": _sentences(refusal)})
    if mailing is not None:
        detail = f"{Channel(message.channel).label}: {masked_address(message.channel, message.to)}"
        note_change(mailing, "tested", detail=detail, by=by, at=at)
    wake_senders()
    return render(request, "messaging/template_tested.html", {"message": message})


def form_problems(form: BaseForm) -> list[str]:
    """Return what a form found, in sentences, each behind the label of its field."""
    labels = {name: f"{field.label}: " for name, field in form.fields.items()}
    return [f"{labels.get(name, '')}{text}" for name, texts in form.errors.items() for text in texts]


def _sentences(refusal: TemplateInvalid | TemplateRefused) -> list[str]:
    problems = list(refusal.problems.values()) if isinstance(refusal, TemplateInvalid) else [refusal]
    return [problem_text(problem) for problem in problems]
