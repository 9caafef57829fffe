"""What is being typed, looked at before it is stored: preview on real people, test, count."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _now

from customers.models import Customer
from customers.segments.tree import TreeInvalid
from messaging.forms.mailing import MailingForm
from messaging.forms.template import TestAddressForm
from messaging.models import Audience, Channel, Template
from messaging.rendering import TemplateRefused
from messaging.selectors.audience import count_reach
from messaging.services.mailings import text_of
from messaging.services.template_previews import customer_context
from messaging.services.templates import TemplateInvalid
from messaging.services.test_sends import queue_test
from messaging.tasks import wake_senders
from messaging.template_problems import problem_text
from messaging.views.mailing_composer import ComposerView, count_context, number_of
from messaging.views.template import preview


class MailingPreview(ComposerView):
    """One channel of what is being typed, as one of the audience gets it. Stores nothing."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST)
        if not form.is_valid():
            return render(request, "messaging/template_preview.html", {"problems": _form_problems(form)})
        template = _shown(self, form, request.POST.get("shown", ""))
        if template is None:
            text = _now("Choose a channel, and for WhatsApp an approved template.")
            return render(request, "messaging/template_preview.html", {"problems": [text]})
        context = preview(template, _person(template, request.POST.get("person", "")))
        return render(request, "messaging/template_preview.html", context)


class MailingTest(ComposerView):
    """Send what is being typed to an address of one's own, through the outbox like everything else."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST)
        template = _shown(self, form, request.POST.get("shown", "")) if form.is_valid() else None
        if template is None:
            problems = _form_problems(form) or [
                _now("Choose a channel, and for WhatsApp an approved template.")
            ]
            return render(request, "messaging/template_tested.html", {"problems": problems})
        address = TestAddressForm(request.POST, channel=template.channel)
        if not address.is_valid():
            return render(request, "messaging/template_tested.html", {"problems": _form_problems(address)})
        context = _person(template, request.POST.get("person", ""))
        try:
            message = queue_test(
                template=template, context=context, to=address.cleaned_data["to"], at=timezone.now()
            )
        except TemplateInvalid as refusal:
            problems = [str(problem_text(problem)) for problem in refusal.problems.values()]
            return render(request, "messaging/template_tested.html", {"problems": problems})
        except TemplateRefused as refusal:
            return render(request, "messaging/template_tested.html", {"problems": [problem_text(refusal)]})
        wake_senders()
        return render(request, "messaging/template_tested.html", {"message": message})


class MailingCount(ComposerView):
    """How many people what is being typed is for, and through what they can be reached."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST)
        if not form.is_valid():
            return render(request, "messaging/mailing_count.html", {"problems": _form_problems(form)})
        mailing, draft = self.typed(form)
        try:
            reach = count_reach(
                mailing,
                sale_ids=self.sale_ids if mailing.audience == Audience.SALES else None,
                at=timezone.now(),
            )
        except TreeInvalid:
            problems = [_now("The segment asks for something that is not there any more.")]
            return render(request, "messaging/mailing_count.html", {"problems": problems})
        return render(request, "messaging/mailing_count.html", count_context(mailing, draft, reach))


def _shown(page: ComposerView, form: MailingForm, channel: str) -> Template | None:
    """Return the text of the channel that is looked at, else of the first one; None where there is none yet."""
    mailing, draft = page.typed(form)
    channel = channel if channel in draft.texts else next(iter(draft.texts))
    text = text_of(mailing, channel, draft.texts[channel])
    if channel == Channel.WHATSAPP and text.template is None:
        return None
    return text.as_template()


def _person(template: Template, key: str) -> dict[str, Any]:
    number = number_of(key.removeprefix("c"))
    found = Customer.objects.select_related("home_store").filter(pk=number) if number else None
    return customer_context(template, found.first() if found is not None else None)


def _form_problems(form: Any) -> list[str]:
    return [str(text) for texts in form.errors.values() for text in texts]
