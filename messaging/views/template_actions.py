"""What is done with a template by one button: each is a service, a sentence, and the way back."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.channels.twilio_content import ApprovalUnavailable
from messaging.forms.template import DuplicateForm
from messaging.models import Template
from messaging.services.approvals import allow_several, refresh_approval, submit_template
from messaging.services.templates import (
    TemplateActionRefused,
    TemplateInvalid,
    archive_template,
    duplicate_template,
    restore_revision,
    unarchive_template,
    use_template,
)
from messaging.template_problems import problem_text, provider_text, refusal_text
from messaging.views.template import editor_url
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user


class TemplateAction(PageMixin, View):
    """A button: one service, a sentence, and back to the editor."""

    permission_required: Any = "messaging.change_template"
    done: ClassVar[Promise | str] = _("Saved.")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        template = get_object_or_404(Template, pk=pk)
        try:
            shown = self.act(template)
        except TemplateActionRefused as refusal:
            messages.error(request, refusal_text(refusal.code, refusal.params))
            shown = template
        except TemplateInvalid as refusal:
            for problem in refusal.problems.values():
                messages.error(request, problem_text(problem))
            shown = template
        except ApprovalUnavailable as error:
            messages.error(request, provider_text(error))
            shown = template
        else:
            messages.success(request, str(self.done))
        return HttpResponseRedirect(editor_url(shown))

    def act(self, template: Template) -> Template:
        """Do it and return the template to show. Raises the refusals of the services."""
        raise NotImplementedError


class TemplateRestore(TemplateAction):
    done = _("Restored as a new version.")

    def act(self, template: Template) -> Template:
        number = typed_number(self.request.POST.get("number", ""))
        if number is None:
            raise Http404
        return restore_revision(
            template=template, number=number, by=acting_user(self.request), at=timezone.now()
        )


class TemplateDuplicate(TemplateAction):
    permission_required = ("messaging.change_template", "messaging.add_template")
    done = _("This is the copy.")

    def act(self, template: Template) -> Template:
        form = DuplicateForm(self.request.POST)
        name = form.cleaned_data["name"] if form.is_valid() else ""
        return duplicate_template(
            template=template, name=name, by=acting_user(self.request), at=timezone.now()
        )


class TemplateArchive(TemplateAction):
    done = _("It is in the archive now.")

    def act(self, template: Template) -> Template:
        return archive_template(template=template, at=timezone.now())


class TemplateUnarchive(TemplateAction):
    done = _("It is back from the archive.")

    def act(self, template: Template) -> Template:
        return unarchive_template(template=template, at=timezone.now())


class TemplateUse(TemplateAction):
    permission_required = ("messaging.change_template", "messaging.change_automation")
    done = _("The automation uses this text from now on.")

    def act(self, template: Template) -> Template:
        return use_template(template=template, at=timezone.now())


class TemplateSubmit(TemplateAction):
    done = _("Handed in. WhatsApp's answer appears here.")

    def act(self, template: Template) -> Template:
        return submit_template(template=template, at=timezone.now())


class TemplateRefresh(TemplateAction):
    done = _("This is what WhatsApp says now.")

    def act(self, template: Template) -> Template:
        return refresh_approval(template=template, at=timezone.now())


class TemplateSeveral(TemplateAction):
    def act(self, template: Template) -> Template:
        return allow_several(
            template=template, allowed=self.request.POST.get("allowed") == "1", at=timezone.now()
        )
