"""The editor of a text: variables, a live preview with real people, what an SMS costs, and a test to oneself."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.views import View

from messaging.defaults import DEFAULTS
from messaging.forms.template import TemplateForm, TestAddressForm, sentence
from messaging.models import Channel, Template
from messaging.occasions import AUTOMATIC
from messaging.presentation import TimelineEvent
from messaging.rendering import TemplateRefused, measure_sms
from messaging.services.composition import compose_with
from messaging.services.previews import preview_context, preview_people
from messaging.services.templates import TemplateInvalid, check_template, save_template
from messaging.services.test_sends import queue_test
from messaging.views.automation import acting_user, find_automation
from messaging.views.message import SHOWS_EMAIL
from retail import formats
from retail.models import Company
from retail.views.access import PageMixin


class TemplateView(PageMixin, View):
    """What the pages of one text share."""

    permission_required: Any = "messaging.change_template"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.occasion, self.channel, self.language = (
            kwargs[name] for name in ("occasion", "channel", "language")
        )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if (self.occasion, self.channel, self.language) not in DEFAULTS:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def template(self) -> Template:
        """Return the stored text, or a new one with the proposed words."""
        key = {"occasion": self.occasion, "channel": self.channel, "language": self.language}
        found = Template.objects.filter(**key).first()
        if found is not None:
            return found
        proposal = DEFAULTS[self.occasion, self.channel, self.language]
        return Template(**key, subject=proposal.subject, text=proposal.text, html=proposal.html)

    def url(self, name: str) -> str:
        return reverse(f"messaging:{name}", args=[self.occasion, self.channel, self.language])

    def context(self, key: str) -> dict[str, Any]:
        """Return the variables of the chosen person."""
        automation = find_automation(self.occasion)
        return preview_context(automation, key, language=self.language, at=timezone.now())


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class TemplateEdit(TemplateView):
    def get(self, request: HttpRequest, **_kwargs: str) -> HttpResponse:
        template = self.template()
        initial = {name: getattr(template, name) for name in ("subject", "text", "html", "content_sid")}
        return self.page(request, TemplateForm(channel=self.channel, initial=initial), template)

    def post(self, request: HttpRequest, **_kwargs: str) -> HttpResponse:
        find_automation(self.occasion)
        template = self.template()
        form = TemplateForm(request.POST, channel=self.channel)
        if form.is_valid():
            try:
                save_template(template=form.apply(template), by=acting_user(request), at=timezone.now())
            except TemplateInvalid as refusal:
                form.add_problems(refusal.problems)
            else:
                messages.success(request, _now("Saved."))
                return HttpResponseRedirect(self.url("template_edit"))
        return self.page(request, form, template, status=422)

    def page(
        self, request: HttpRequest, form: TemplateForm, template: Template, status: int = 200
    ) -> HttpResponse:
        automation = find_automation(self.occasion)
        context = {
            "automation": automation,
            "channel": Channel(self.channel),
            "tabs": _tabs(self.occasion, self.channel, self.language),
            "form": form,
            "is_new": template.pk is None,
            "variables": AUTOMATIC[self.occasion].variables,
            "people": preview_people(self.occasion, at=timezone.now()),
            "test_form": TestAddressForm(
                channel=self.channel,
                initial={"to": request.user.email if self.channel == Channel.EMAIL else ""},  # type: ignore[union-attr]
            ),
            "urls": {name: self.url(name) for name in ("template_preview", "template_test")},
            "events": _history(template),
            **preview(template, self.context("")),
        }
        return render(request, "messaging/template_form.html", context, status=status)


class TemplatePreview(TemplateView):
    """The preview of what is being typed, for one person. Stores nothing."""

    def post(self, request: HttpRequest, **_kwargs: str) -> HttpResponse:
        template = self.template()
        form = TemplateForm(request.POST, channel=self.channel)
        if not form.is_valid():
            return render(request, "messaging/template_preview.html", {"problems": _form_problems(form)})
        context = preview(form.apply(template), self.context(request.POST.get("person", "")))
        return render(request, "messaging/template_preview.html", context)


class TemplateTest(TemplateView):
    """Send what is being typed to an address of one's own, through the outbox like everything else."""

    def post(self, request: HttpRequest, **_kwargs: str) -> HttpResponse:
        template = self.template()
        form = TemplateForm(request.POST, channel=self.channel)
        address = TestAddressForm(request.POST, channel=self.channel)
        if not form.is_valid() or not address.is_valid():
            problems = _form_problems(form) + _form_problems(address)
            return render(request, "messaging/template_tested.html", {"problems": problems})
        context = self.context(request.POST.get("person", ""))
        try:
            message = queue_test(
                template=form.apply(template),
                context=context,
                to=address.cleaned_data["to"],
                at=timezone.now(),
            )
        except (TemplateInvalid, TemplateRefused) as refusal:
            return render(request, "messaging/template_tested.html", {"problems": _sentences(refusal)})
        wake_sender()
        return render(request, "messaging/template_tested.html", {"message": message})


def preview(template: Template, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the preview draws: the texts, or what is wrong with them."""
    company = Company.objects.get()
    drawn: dict[str, Any] = {"channel": Channel(template.channel), "limit": company.sms_limit, "problems": []}
    try:
        check_template(template)
        composed = compose_with(template, context, company=company)
    except (TemplateInvalid, TemplateRefused) as refusal:
        return drawn | {"problems": _sentences(refusal)}
    drawn["composed"] = composed
    if template.channel == Channel.SMS:
        drawn["size"] = measure_sms(composed.text)
    return drawn


def wake_sender() -> None:
    """Ask a worker to look now; without a broker the next minute does."""
    from kombu.exceptions import OperationalError

    from messaging.tasks import deliver_due

    try:
        deliver_due.apply_async(retry=False)
    except OperationalError:
        return


def _sentences(refusal: TemplateInvalid | TemplateRefused) -> list[str]:
    problems = list(refusal.problems.values()) if isinstance(refusal, TemplateInvalid) else [refusal]
    return [text for problem in problems for text in sentence(problem).messages]


def _form_problems(form: TemplateForm | TestAddressForm) -> list[str]:
    return [str(text) for texts in form.errors.values() for text in texts]


def _tabs(occasion: str, channel: str, language: str) -> list[tuple[str, str, bool, None]]:
    tabs = []
    for code, label in settings.LANGUAGES:
        url = reverse("messaging:template_edit", args=[occasion, channel, code])
        tabs.append((str(label), url, code == language, None))
    return tabs


def _history(template: Template) -> list[TimelineEvent]:
    if template.pk is None:
        return []
    return [
        TimelineEvent(
            title=(revision.saved_by.get_full_name() or revision.saved_by.username)
            if revision.saved_by
            else _now("Installation"),
            at=formats.moment(revision.saved_at),
            datetime=revision.saved_at.isoformat(),
            icon="history",
            text=revision.text[:200],
        )
        for revision in template.revisions.select_related("saved_by").order_by("-number")[:10]
    ]
