"""The composer of mailings: texts, preview on real people, count, test, inserting and keeping templates."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.models import Customer, Segment
from customers.segments.tree import TreeInvalid
from messaging.forms.mailing import KeepTextForm, MailingForm, initial_of, text_values
from messaging.forms.template import TestAddressForm
from messaging.models import Audience, Channel, Mailing, MailingSale, MailingState, Template
from messaging.rendering import TemplateRefused
from messaging.selectors.audience import Reach, audience_of, count_reach
from messaging.services.mailings import (
    MOST_SALES,
    Draft,
    MailingInvalid,
    MailingRefused,
    TextDraft,
    change_mailing,
    create_mailing,
    described,
    text_of,
)
from messaging.services.template_previews import customer_context, preview_template, save_as_template
from messaging.services.templates import TemplateActionRefused, TemplateInvalid
from messaging.services.test_sends import queue_test
from messaging.template_problems import problem_text
from messaging.views.automation import acting_user
from messaging.views.message import SHOWS_EMAIL
from messaging.views.template import preview, price_text, wake_sender
from messaging.vocabulary import vocabulary_of
from retail.models import Company, Sale
from retail.views.access import PageMixin

_LONGEST_KEY = 18


class ComposerView(PageMixin, View):
    """What the pages of a composer share: the audience, which the address names, and the form."""

    permission_required: Any = ("messaging.change_mailing", "customers.view_customer")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # What PostgreSQL cannot hold names nothing: `dispatch` answers 404 for it.
        if self.has_permission() and not _holds_nul(request):
            self.mailing, self.sale_ids = self.find_audience(request)

    def find_audience(self, request: HttpRequest) -> tuple[Mailing, list[int]]:
        """Return the draft that the address names, or a new one for its segment, sales, sale or customer. Raises Http404."""
        asked = request.GET
        if key := self.kwargs.get("pk") or _key(asked.get("mailing", "")):
            found = Mailing.objects.select_related("segment", "sale", "customer").prefetch_related("texts")
            mailing = get_object_or_404(found, pk=key, state=MailingState.DRAFT)
            return mailing, list(
                MailingSale.objects.filter(mailing=mailing).values_list("sale_id", flat=True)
            )
        draft = Draft(name="", texts={Channel.EMAIL.value: TextDraft()})
        if "customer" in asked:
            customer = get_object_or_404(Customer, pk=_key(asked["customer"]))
            draft = Draft(name=str(customer)[: Mailing.LONGEST_NAME], texts=draft.texts, customer=customer)
        elif "sale" in asked:
            sale = get_object_or_404(Sale.objects.real().select_related("customer"), pk=_key(asked["sale"]))
            draft = Draft(name=sale.ticket, texts=draft.texts, sale=sale, customer=sale.customer)
        elif "sales" in asked:
            sale_ids = [key for text in asked.getlist("sales") if (key := _key(text))][:MOST_SALES]
            known = Sale.objects.real().filter(pk__in=sale_ids).values_list("pk", flat=True)
            return described(draft), list(known)
        else:
            code = asked.get("segment", "")
            segment = Segment.objects.filter(code=code).first() if code else None
            mailing = described(draft)
            mailing.audience, mailing.segment = Audience.SEGMENT, segment
            mailing.tree = segment.tree if segment else {"all": []}
            return mailing, []
        return described(draft), []

    def form(self, **options: Any) -> MailingForm:
        return MailingForm(audience=self.mailing.audience, applies_to=self.mailing.applies_to, **options)

    def typed(self, form: MailingForm) -> tuple[Mailing, Draft]:
        """Return what a valid form describes, unsaved."""
        draft = form.draft(self.mailing, sale_ids=self.sale_ids)
        return described(draft, self.mailing), draft

    def query(self) -> str:
        """Return the part of an address that names this audience again."""
        if self.mailing.pk:
            return f"mailing={self.mailing.pk}"
        return self.request.GET.urlencode()


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class MailingEditor(ComposerView):
    """Writes a new mailing, or a draft anew."""

    permission_required = ("messaging.add_mailing", "messaging.change_mailing", "customers.view_customer")

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
                version = _key(request.POST.get("version", "")) or None
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
        found = Template.objects.insertable(channel=channel, applies_to=self.mailing.applies_to)
        template = found.filter(pk=_key(request.POST.get(f"{channel}_template", ""))).first()
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
        wake_sender()
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


def count_context(mailing: Mailing, draft: Draft | None, reach: Reach) -> dict[str, Any]:
    """Return what the count draws: people by channel, and what the text messages will cost."""
    cost = ""
    by_sms = reach.by_channel.get(Channel.SMS, 0)
    price = Company.objects.values_list("sms_segment_price", flat=True).first()
    if by_sms and price is not None and draft is not None:
        template = text_of(mailing, Channel.SMS, draft.texts[Channel.SMS]).as_template()
        try:
            found = preview_template(template, vocabulary_of(template).sample)
        except (TemplateInvalid, TemplateRefused):
            found = None
        if found is not None and found.size is not None:
            cost = price_text(price * found.size.segments * by_sms)
    return {
        "reach": reach,
        "by_channel": [(Channel(channel).label, count) for channel, count in reach.by_channel.items()],
        "cost": cost,
    }


def audience_words(mailing: Mailing, sales: int = 0) -> Any:
    """Say whom a mailing is for."""
    if mailing.audience == Audience.SEGMENT:
        return mailing.segment_name or _("A segment")
    if mailing.audience == Audience.SALES:
        return _("The customers of %(number)s sales") % {"number": sales}
    if mailing.customer is not None:
        return str(mailing.customer)
    return _("Whoever bought with ticket %(ticket)s") % {
        "ticket": mailing.sale.ticket if mailing.sale else ""
    }


def _first_values(mailing: Mailing) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": mailing.name,
        "language": mailing.language,
        "first_channel": Channel.EMAIL,
    }
    if mailing.segment is not None:
        values |= {"segment": mailing.segment.code, "name": mailing.segment.name}
    return values


def _shown(page: ComposerView, form: MailingForm, channel: str) -> Template | None:
    """Return the text of the channel that is looked at, else of the first one; None where there is none yet."""
    mailing, draft = page.typed(form)
    channel = channel if channel in draft.texts else next(iter(draft.texts))
    text = text_of(mailing, channel, draft.texts[channel])
    if channel == Channel.WHATSAPP and text.template is None:
        return None
    return text.as_template()


def _person(template: Template, key: str) -> dict[str, Any]:
    number = _key(key.removeprefix("c"))
    found = Customer.objects.select_related("home_store").filter(pk=number) if number else None
    return customer_context(template, found.first() if found is not None else None)


def _holds_nul(request: HttpRequest) -> bool:
    return any("\x00" in str(value) for value in request.GET.values())


def _key(text: str) -> int:
    """Return a primary key that was written in an address; 0 for anything else, which nothing has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_KEY else 0


def _form_problems(form: Any) -> list[str]:
    return [str(text) for texts in form.errors.values() for text in texts]
