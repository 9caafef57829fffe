"""The library of templates: list, new, versions, approval by WhatsApp, and what else is done with one."""

from typing import Any, ClassVar

import django_filters
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views import View

from messaging.forms.template import DuplicateForm, NewTemplateForm, sentence
from messaging.models import AppliesTo, Approval, Channel, Template
from messaging.presentation import APPROVAL_TONES
from messaging.services.standard_templates import install_standard_templates, missing_templates
from messaging.services.template_previews import find_customers
from messaging.services.templates import (
    TemplateInvalid,
    save_template,
)
from messaging.starters import begin
from messaging.views.message import SHOWS_EMAIL
from messaging.views.template import EditorView, PreviewView, TemplateView, TestSendView, editor_url
from messaging.vocabulary import label_of, target_of
from retail import formats
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage


class TemplateFilters(django_filters.FilterSet):
    channel = django_filters.ChoiceFilter(
        label=_("Channel"), choices=Channel.choices, empty_label=_("Every channel")
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=settings.LANGUAGES, empty_label=_("Every language")
    )
    applies_to = django_filters.ChoiceFilter(
        label=_("Applies to"), choices=AppliesTo.choices, empty_label=_("Everything")
    )
    approval = django_filters.ChoiceFilter(
        label=_("WhatsApp approval"),
        choices=Approval.choices,
        method="of_whatsapp",
        empty_label=_("Any approval"),
    )
    archived = django_filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Archive"),
        choices=[("1", _("In the archive"))],
        method="in_archive",
        empty_label=_("Not archived"),
    )

    class Meta:
        model = Template
        fields = ["channel", "language", "applies_to", "approval", "archived"]

    @property
    def qs(self) -> QuerySet[Template]:
        found: QuerySet[Template] = super().qs
        if self.form.is_valid() and self.form.cleaned_data.get("archived"):
            return found
        return found.filter(archived_at__isnull=True)

    def of_whatsapp(self, queryset: QuerySet[Template], _name: str, value: str) -> QuerySet[Template]:
        return queryset.filter(channel=Channel.WHATSAPP, approval=value)

    def in_archive(self, queryset: QuerySet[Template], _name: str, _value: str) -> QuerySet[Template]:
        return queryset.filter(archived_at__isnull=False)


class NamedTemplateList(ListPage):
    model = Template
    template_name = "messaging/template_list.html"
    permission_required: Any = "messaging.view_template"
    title = _("Templates")
    subtitle: ClassVar[Promise | str] = _("Every text of messages: for automations and for mailings.")
    columns = (
        Column(name="name", label=_("Name"), value=lambda template: str(label_of(template)), order_by="name"),
        Column(name="target", label=_("Applies to"), value=lambda template: str(target_of(template))),
        Column(name="channel", label=_("Channel"), labels=dict(Channel.choices), order_by="channel"),
        Column(name="language", label=_("Language"), labels=dict(settings.LANGUAGES)),
        Column(
            name="in_use",
            label=_("In use"),
            kind="badge",
            value=lambda template: "1" if template.in_use else "",
            labels={"1": _("In use")},
            tones={"1": "success"},
        ),
        Column(
            name="approval",
            label=_("WhatsApp"),
            kind="badge",
            value=lambda template: template.approval if template.channel == Channel.WHATSAPP else "",
            labels=dict(Approval.choices),
            tones=APPROVAL_TONES,
        ),
        Column(name="number", label=_("Version"), kind="number", on_phone=False),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at"),
        Column(name="text", label=_("Text"), on_page=False),
    )
    filterset_class = TemplateFilters
    search_fields = ("name__unaccent__icontains", "text__unaccent__icontains", "subject__unaccent__icontains")
    search_placeholder = _("Name or a word of the text")
    default_order = "-updated_at"
    export_name = "templates"
    create_url_name = "messaging:named_template_create"
    create_label = _("New template")
    create_permission = "messaging.add_template"
    empty_icon = "template"
    empty_title = _("No templates yet")
    empty_text: ClassVar[Promise | str] = _("Write one for a mailing, or another text for an automation.")

    def row_url(self, instance: Template) -> str:
        return editor_url(instance)

    def get_actions(self) -> list[Action]:
        actions: list[Action] = list(super().get_actions())
        if self.request.user.has_perms(("messaging.change_letterhead", "retail.change_company")):
            actions.insert(0, Action(_("Look of messages"), reverse("messaging:letterhead"), "settings"))
        return actions

    def extra_context(self) -> dict[str, Any]:
        may_add = self.request.user.has_perm("messaging.add_template")
        return {"missing": len(missing_templates()) if may_add else 0}


class StandardTemplates(PageMixin, View):
    """Adds the texts that every installation may begin with."""

    permission_required = "messaging.add_template"

    def post(self, request: HttpRequest) -> HttpResponse:
        found = install_standard_templates(by=acting_user(request), at=timezone.now())
        added = ngettext("%(count)s text was added.", "%(count)s texts were added.", found.added)
        messages.success(request, added % {"count": formats.number(found.added)})
        if found.refused:
            names = ", ".join(f"{label_of(one)} ({one.get_channel_display()})" for one in found.refused)
            messages.error(
                request, _now("Too long for a text message with your names: %(names)s.") % {"names": names}
            )
        return HttpResponseRedirect(reverse("messaging:named_template_list"))


class NamedTemplateCreate(FormPage):
    """What a template is for. It is saved with a text to begin with, and opens in the editor."""

    permission_required = "messaging.add_template"
    form_class = NewTemplateForm
    title = _("New template")
    submit_label = _("Write the text")
    success_message = ""
    sections = (
        FormSection(_("What it is for"), ("name:3", "target:3")),
        FormSection(_("How it is sent"), ("channel:3", "language:3", "starter:6")),
    )

    def get_form(self, **data: Any) -> NewTemplateForm:
        initial = {"language": settings.LANGUAGE_CODE} | {
            name: self.request.GET.get(name, "") for name in ("target", "channel") if name in self.request.GET
        }
        return NewTemplateForm(initial=initial, data=data.get("data"))

    def save(self, form: Any) -> str | None:
        template = begin(form.draft(), starter=form.cleaned_data["starter"])
        try:
            save_template(template=template, by=acting_user(self.request), at=timezone.now())
        except TemplateInvalid as refusal:
            for field, problem in refusal.problems.items():
                form.add_error(field if field in form.fields else None, sentence(problem))
            return None
        return editor_url(template)

    def back_url(self) -> str:
        return reverse("messaging:named_template_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Templates"), self.back_url())]


# --- The editor --------------------------------------------------------------------------------


class NamedTemplate(TemplateView):
    """A stored text, by its key."""

    def template(self) -> Template:
        return get_object_or_404(Template, pk=self.kwargs["pk"])

    def url(self, action: str) -> str:
        return reverse(f"messaging:named_template_{action}", args=[self.kwargs["pk"]])


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class NamedTemplateEdit(NamedTemplate, EditorView):
    def surroundings(self, template: Template) -> dict[str, Any]:
        back_url = reverse("messaging:named_template_list")
        return {
            "trail": [(_("Templates"), back_url)],
            "back_url": back_url,
            "duplicate_form": DuplicateForm(
                # The form of the text has a name, too.
                auto_id="copy_%s",
                initial={"name": _now("%(name)s (copy)") % {"name": label_of(template)}},
            ),
        }


class NamedTemplatePreview(NamedTemplate, PreviewView):
    pass


class NamedTemplateTest(NamedTemplate, TestSendView):
    pass


class TemplatePeople(PageMixin, View):
    """The customers that a search finds, as choices of a preview."""

    permission_required = ("messaging.change_template", "customers.view_customer")

    def get(self, request: HttpRequest) -> HttpResponse:
        people = [
            (f"c{customer.pk}", customer.name) for customer in find_customers(request.GET.get("q", "")[:100])
        ]
        return render(request, "messaging/template_people.html", {"people": people})
