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
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.defaults import DEFAULTS
from messaging.forms.template import TemplateForm, TestAddressForm
from messaging.models import Approval, Channel, HtmlFormat, Template
from messaging.presentation import APPROVAL_TONES
from messaging.services.previews import preview_context, preview_people
from messaging.services.template_previews import customer_context, find_customers
from messaging.services.templates import (
    TemplateActionRefused,
    TemplateInvalid,
    save_template,
)
from messaging.template_problems import refusal_text
from messaging.views.automation import find_automation
from messaging.views.message import SHOWS_EMAIL
from messaging.views.trials import form_problems, person_of, preview, sent_test
from messaging.vocabulary import label_of, target_of, vocabulary_of
from retail import formats
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user
from retail.views.timeline import TimelineEvent, event_at, person_name

_FIELDS = ("name", "subject", "text", "html_format", "html", "category", "phone_field")
MAY_CHANGE = "messaging.change_template"


class TemplateView(PageMixin, View):
    """What the pages of one text share. Subclasses find the text, and say where its pages are."""

    permission_required: Any = MAY_CHANGE

    def template(self) -> Template:
        """Return the text, stored or proposed. Raises Http404."""
        raise NotImplementedError

    def url(self, action: str) -> str:
        """Return the address of a page of this text: edit, preview or test."""
        raise NotImplementedError

    @property
    def sees_customers(self) -> bool:
        """Whether texts may be looked at with real people; who may only write texts gets the sample."""
        return self.request.user.has_perm("customers.view_customer")

    def people(self, template: Template) -> list[tuple[str, str]]:
        """Return whom a preview can be for: (key, name)."""
        if not self.sees_customers:
            return []
        return [(f"c{customer.pk}", customer.name) for customer in find_customers("")]

    def context(self, template: Template, key: str) -> dict[str, Any]:
        """Return the variables of the chosen person: a customer that was searched for, or the sample."""
        return customer_context(template, person_of(key if self.sees_customers else ""))

    def form(self, template: Template, **options: Any) -> TemplateForm:
        return TemplateForm(channel=template.channel, named=bool(template.name), **options)

    def typed(self, request: HttpRequest) -> tuple[Template, TemplateForm]:
        """Return the text and the form of what was typed; a valid one is put into the text, unsaved."""
        template = self.template()
        form = self.form(template, data=request.POST)
        if form.is_valid():
            form.apply(template)
        return template, form


class EditorView(TemplateView):
    """The page with the form. Subclasses add what stands around it. Who may only read gets the text without it."""

    def get_permission_required(self) -> Any:
        return ("messaging.view_template",) if self.request.method in ("GET", "HEAD") else (MAY_CHANGE,)

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        template = self.template()
        if not request.user.has_perm(MAY_CHANGE):
            return self.read(request, template)
        standard = DEFAULTS.get((template.occasion, template.channel, template.language))
        if standard is not None and request.GET.get("text") == "standard":
            # Shown in the form, over what was saved; only saving changes anything.
            template.subject, template.text, template.html = standard.subject, standard.text, standard.html
            template.html_format = HtmlFormat.RICH
        initial = {name: getattr(template, name) for name in _FIELDS}
        return self.page(request, self.form(template, initial=initial), template)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        template, form = self.typed(request)
        looked_at = typed_number(request.POST.get("version", ""))
        if form.is_valid():
            try:
                save_template(
                    template=template, version=looked_at, by=acting_user(request), at=timezone.now()
                )
            except TemplateInvalid as refusal:
                form.add_problems(refusal.problems)
            except TemplateActionRefused as refusal:
                text = refusal_text(refusal.code, refusal.params)
                if refusal.code == "template_changed":
                    # What was typed stays on the page.
                    form.add_error(None, text)
                    return self.page(request, form, template, status=409)
                messages.error(request, text)
                return HttpResponseRedirect(self.url("edit"))
            else:
                messages.success(request, _now("Saved."))
                return HttpResponseRedirect(self.url("edit"))
        return self.page(request, form, template, status=422)

    def page(
        self, request: HttpRequest, form: TemplateForm, template: Template, status: int = 200
    ) -> HttpResponse:
        context = {
            "template": template,
            "title": label_of(template),
            "target": target_of(template),
            "channel": Channel(template.channel),
            "form": form,
            "is_new": template.pk is None,
            "has_standard": template.pk is not None
            and (template.occasion, template.channel, template.language) in DEFAULTS,
            "shows_standard": request.method == "GET" and request.GET.get("text") == "standard",
            "version": request.POST.get("version", template.number if template.pk else 0),
            "variables": vocabulary_of(template).variables,
            "people": self.people(template),
            "test_form": TestAddressForm(
                channel=template.channel,
                initial={"to": request.user.email if template.channel == Channel.EMAIL else ""},  # type: ignore[union-attr]
            ),
            "urls": {f"template_{action}": self.url(action) for action in ("preview", "test")},
            "events": _history(template),
            "approval": approval_of(template),
            **self.surroundings(template),
            **preview(template, self.context(template, "")),
        }
        return render(request, "messaging/template_form.html", context, status=status)

    def read(self, request: HttpRequest, template: Template) -> HttpResponse:
        """Show the text, filled with sample values."""
        context = {
            "template": template,
            "title": label_of(template),
            "target": target_of(template),
            "channel": Channel(template.channel),
            "approval": approval_of(template),
            "trail": self.surroundings(template)["trail"],
            **preview(template, self.context(template, "")),
        }
        return render(request, "messaging/template_read.html", context)

    def surroundings(self, template: Template) -> dict[str, Any]:
        """Return the way here and what may be done with the text."""
        raise NotImplementedError


class PreviewView(TemplateView):
    """The preview of what is being typed, for one person. Stores nothing."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        template, form = self.typed(request)
        if not form.is_valid():
            return render(request, "messaging/template_preview.html", {"problems": form_problems(form)})
        context = preview(template, self.context(template, request.POST.get("person", "")))
        return render(request, "messaging/template_preview.html", context)


class TestSendView(TemplateView):
    """Send what is being typed to an address of one's own, through the outbox like everything else."""

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        template, form = self.typed(request)
        address = TestAddressForm(request.POST, channel=template.channel)
        if not form.is_valid() or not address.is_valid():
            problems = form_problems(form) + form_problems(address)
            return render(request, "messaging/template_tested.html", {"problems": problems})
        context = self.context(template, request.POST.get("person", ""))
        return sent_test(request, template, context, to=address.cleaned_data["to"])


# --- The own texts of an occasion --------------------------------------------------------------


class OwnText(TemplateView):
    """The text of an occasion on a channel in a language, by these three."""

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
        # Without the automation's row nothing would ever be sent with it.
        find_automation(self.occasion)
        key = {"occasion": self.occasion, "channel": self.channel, "language": self.language}
        found = Template.objects.filter(**key, name="").first()
        if found is not None:
            return found
        proposal = DEFAULTS[self.occasion, self.channel, self.language]
        return Template(**key, subject=proposal.subject, text=proposal.text, html=proposal.html)

    def url(self, action: str) -> str:
        return reverse(f"messaging:template_{action}", args=[self.occasion, self.channel, self.language])

    def people(self, template: Template) -> list[tuple[str, str]]:
        return preview_people(self.occasion, at=timezone.now()) if self.sees_customers else []

    def context(self, template: Template, key: str) -> dict[str, Any]:
        if not key.startswith("c"):
            automation = find_automation(self.occasion)
            # No key is nobody's: the sample.
            key = key if self.sees_customers else ""
            return preview_context(automation, key, language=self.language, at=timezone.now())
        return super().context(template, key)


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class TemplateEdit(OwnText, EditorView):
    def surroundings(self, template: Template) -> dict[str, Any]:
        used = Template.objects.in_use(self.occasion).filter(channel=self.channel, language=self.language)
        back_url = reverse("messaging:automation_detail", args=[self.occasion])
        return {
            "trail": [
                (_("Automations"), reverse("messaging:automation_list")),
                (target_of(template), back_url),
            ],
            "back_url": back_url,
            "tabs": _tabs(self.occasion, self.channel, self.language),
            "used_instead": used.exclude(name="").first(),
        }


class TemplatePreview(OwnText, PreviewView):
    pass


class TemplateTest(OwnText, TestSendView):
    pass


# --- What all of them use ----------------------------------------------------------------------


def editor_url(template: Template) -> str:
    """Return the address of a stored text's editor."""
    key = (template.occasion, template.channel, template.language)
    if template.name or key not in DEFAULTS:
        return reverse("messaging:named_template_edit", args=[template.pk])
    return reverse("messaging:template_edit", args=list(key))


def approval_of(template: Template) -> dict[str, Any] | None:
    """Return what the editor says of a stored WhatsApp text's approval; None for any other."""
    if template.pk is None or template.channel != Channel.WHATSAPP:
        return None
    state = Approval(template.approval)
    return {
        "state": state,
        "label": state.label,
        "tone": APPROVAL_TONES[state],
        "reason": template.rejection_reason,
        "can_submit": state in (Approval.DRAFT, Approval.REJECTED),
        "can_refresh": bool(template.submitted_sid),
        "can_allow_several": state == Approval.APPROVED,
        "allows_several": template.allow_several,
        "names": list(enumerate(template.numbered_variables, start=1)),
        "submitted_at": formats.moment(template.submitted_at) if template.submitted_at else "",
        "checked_at": formats.moment(template.approval_checked_at) if template.approval_checked_at else "",
    }


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
        event_at(
            revision.saved_at,
            person_name(revision.saved_by) or _now("Installation"),
            icon="history",
            text=(revision.text or revision.subject)[:200],
        )
        for revision in template.revisions.select_related("saved_by").order_by("-number")[:10]
    ]
