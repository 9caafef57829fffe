"""The composer of mailings: texts, inserting and keeping templates."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.segments.tree import TreeInvalid
from messaging.forms.mailing import KeepTextForm, MailingForm, initial_of, text_values
from messaging.forms.template import TestAddressForm
from messaging.models import Audience, Channel, Mailing, Template
from messaging.selectors.audience import audience_of
from messaging.services.mailings import MailingInvalid, MailingRefused, change_mailing, create_mailing
from messaging.services.template_previews import save_as_template
from messaging.services.templates import TemplateActionRefused, TemplateInvalid
from messaging.template_problems import problem_text
from messaging.views.mailing_composer import ComposerView, audience_words
from messaging.views.message import SHOWS_EMAIL
from messaging.vocabulary import vocabulary_of
from retail.typed import typed_key, typed_number
from retail.views.access import acting_user


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class MailingEditor(ComposerView):
    """Writes a new mailing, or a draft anew."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        mailing = self.mailing
        initial = initial_of(mailing) if mailing.pk else _first_values(mailing)
        return self.page(self.form(initial=initial))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        action = request.POST.get("action", "save")
        if action.startswith("insert_"):
            return self.insert(request, action.removeprefix("insert_"))
        if action.startswith("keep_"):
            return self.keep(request, action.removeprefix("keep_"))
        form = self.form(data=request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        draft = form.draft(self.mailing, sale_ids=self.sale_ids)
        by, at = acting_user(request), timezone.now()
        try:
            if self.mailing.pk:
                version = typed_number(request.POST.get("version", ""))
                saved = change_mailing(mailing=self.mailing, draft=draft, version=version, by=by, at=at)
            else:
                saved = create_mailing(draft=draft, by=by, at=at)
        except MailingInvalid as invalid:
            form.add_problems(invalid.errors)
            return self.page(form, status=422)
        except MailingRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("messaging:mailing_detail", args=[self.mailing.pk]))
        messages.success(request, _now("Saved. Look at it, count, and confirm it."))
        return HttpResponseRedirect(reverse("messaging:mailing_detail", args=[saved.pk]))

    def insert(self, request: HttpRequest, channel: str) -> HttpResponse:
        """Show the form with a template's text in the place of what stood there. Stores nothing."""
        if channel not in (Channel.EMAIL, Channel.SMS):
            raise Http404
        offered = Template.objects.insertable(channel=channel, applies_to=self.mailing.applies_to)
        key = typed_key(request.POST.get(f"{channel}_template", ""))
        template = None if key is None else offered.filter(pk=key).first()
        if template is None:
            messages.error(request, _now("Choose a template to insert."))
        values = {name: request.POST.get(name) for name in self.form().fields}
        return self.page(self.form(initial=values | (text_values(channel, template) if template else {})))

    def keep(self, request: HttpRequest, channel: str) -> HttpResponse:
        """Keep a text as a named template, and go on writing."""
        name = request.POST.get(f"{channel}_name", "")
        form, kept = self.form(data=request.POST), KeepTextForm({"channel": channel, "name": name})
        if not form.is_valid() or not kept.is_valid():
            for text in [*kept.errors.get("name", []), *kept.errors.get("channel", [])]:
                messages.error(request, text)
            return self.page(form, status=422)
        if not request.user.has_perm("messaging.add_template"):
            messages.error(request, _now("You may not write templates."))
            return self.page(form, status=403)
        draft = form.draft(self.mailing)
        text = draft.texts.get(channel)
        if text is None:
            messages.error(request, _now("Choose this channel first."))
            return self.page(form, status=422)
        texts = {"text": text.text}
        if channel == Channel.EMAIL:
            texts |= {"subject": text.subject, "html": text.html, "html_format": text.html_format}
        try:
            save_as_template(
                name=kept.cleaned_data["name"],
                applies_to=self.mailing.applies_to,
                channel=channel,
                language=draft.language,
                texts=texts,
                by=acting_user(request),
                at=timezone.now(),
            )
        except TemplateInvalid as refusal:
            for problem in refusal.problems.values():
                messages.error(request, str(problem_text(problem)))
            return self.page(form, status=422)
        except TemplateActionRefused as refusal:
            messages.error(request, str(refusal.code))
            return self.page(form, status=422)
        messages.success(request, _now("Kept as a template."))
        return self.page(form)

    def page(self, form: MailingForm, status: int = 200) -> HttpResponse:
        mailing = self.mailing
        # For its variables only; the channel plays no part.
        sample = Template(applies_to=mailing.applies_to, occasion=mailing.occasion, channel=Channel.EMAIL)
        query = self.query()
        context = {
            "title": mailing.name if mailing.pk else _("New mailing"),
            "mailing": mailing,
            "form": form,
            "audience": audience_words(mailing, len(self.sale_ids)),
            "variables": vocabulary_of(sample).variables,
            "people": [(f"c{customer.pk}", customer.name) for customer in self.people()],
            "channels": Channel.choices,
            "test_form": TestAddressForm(channel=Channel.EMAIL, initial={"to": self.request.user.email}),  # type: ignore[union-attr]
            "urls": {
                name: f"{reverse(f'messaging:mailing_{name}')}?{query}"
                for name in ("preview", "count", "test")
            },
            "templates_url": reverse("messaging:named_template_list") + "?channel=whatsapp",
            "trail": [(_("Mailings"), reverse("messaging:mailing_list"))],
            "back_url": reverse("messaging:mailing_detail", args=[mailing.pk])
            if mailing.pk
            else reverse("messaging:mailing_list"),
        }
        return render(self.request, "messaging/mailing_form.html", context, status=status)

    def people(self) -> list[Customer]:
        if self.mailing.audience == Audience.SALES and not self.mailing.pk:
            return list(Customer.objects.filter(sales__in=self.sale_ids).distinct().order_by("-pk")[:20])
        try:
            return audience_of(self.mailing, at=timezone.now())
        except TreeInvalid:
            return []


def _first_values(mailing: Mailing) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": mailing.name,
        "language": mailing.language,
        "first_channel": Channel.EMAIL,
    }
    if mailing.segment is not None:
        values |= {"segment": mailing.segment.code, "name": mailing.segment.name}
    return values
