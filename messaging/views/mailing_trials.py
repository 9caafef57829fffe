"""What is being typed, looked at before it is stored: preview on real people, test, count."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _now

from customers.segments.tree import TreeInvalid
from messaging.forms.mailing import MailingForm
from messaging.forms.template import TestAddressForm
from messaging.models import Audience, Channel, Template
from messaging.selectors.audience import count_reach, sales_without_anybody
from messaging.services.mailings import text_of
from messaging.services.template_previews import customer_context
from messaging.views.mailing_composer import ComposerView, count_context
from messaging.views.trials import form_problems, person_of, preview, sent_test


class MailingPreview(ComposerView):
    """One channel of what is being typed, as one of the audience gets it. Stores nothing."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST, is_trial=True)
        if not form.is_valid():
            return render(request, "messaging/template_preview.html", {"problems": form_problems(form)})
        template = _shown(self, form, request.POST.get("shown", ""))
        if template is None:
            text = _now("Choose a channel, and for WhatsApp an approved template.")
            return render(request, "messaging/template_preview.html", {"problems": [text]})
        if not (template.text or template.html):
            return render(request, "messaging/mailing_unwritten.html")
        context = preview(template, customer_context(template, person_of(request.POST.get("person", ""))))
        return render(request, "messaging/template_preview.html", context)


class MailingTest(ComposerView):
    """Send what is being typed to an address of one's own, through the outbox like everything else."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST, is_trial=True)
        template = _shown(self, form, request.POST.get("shown", "")) if form.is_valid() else None
        if template is None:
            problems = form_problems(form) or [
                _now("Choose a channel, and for WhatsApp an approved template.")
            ]
            return render(request, "messaging/template_tested.html", {"problems": problems})
        address = TestAddressForm(request.POST, channel=template.channel)
        if not address.is_valid():
            return render(request, "messaging/template_tested.html", {"problems": form_problems(address)})
        context = customer_context(template, person_of(request.POST.get("person", "")))
        draft = self.mailing if self.mailing.pk else None
        return sent_test(request, template, context, to=address.cleaned_data["to"], mailing=draft)


class MailingCount(ComposerView):
    """How many people what is being typed is for, and through what they can be reached."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST)
        if not form.is_valid():
            return render(request, "messaging/mailing_count.html", {"problems": form_problems(form)})
        mailing, draft = self.typed(form)
        sale_ids = self.sale_ids if mailing.audience == Audience.SALES else None
        try:
            reach = count_reach(mailing, sale_ids=sale_ids, at=timezone.now())
        except TreeInvalid:
            problems = [_now("The segment asks for something that is not there any more.")]
            return render(request, "messaging/mailing_count.html", {"problems": problems})
        nobody = sales_without_anybody(mailing, sale_ids=sale_ids)
        context = count_context(mailing, draft, reach, nobody)
        return render(request, "messaging/mailing_count.html", context)


def _shown(page: ComposerView, form: MailingForm, channel: str) -> Template | None:
    """Return the text of the channel that is looked at, else of the first one; None where there is none yet."""
    mailing, draft = page.typed(form)
    channel = channel if channel in draft.texts else next(iter(draft.texts))
    text = text_of(mailing, channel, draft.texts[channel])
    if channel == Channel.WHATSAPP and text.template is None:
        return None
    return text.as_template()
