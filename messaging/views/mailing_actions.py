"""What is done with a mailing: confirm, approve, return, pause, resume, cancel, remove; and who may."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.tasks import wake_jobs
from messaging.models import Channel, Mailing, MailingState, Template
from messaging.selectors.mailings import authors_of, may_return
from messaging.services.mailing_course import (
    approve_mailing,
    cancel_mailing,
    confirm_mailing,
    pause_mailing,
    resume_mailing,
    return_to_draft,
)
from messaging.services.mailings import MailingInvalid, MailingRefused, delete_mailing
from messaging.tasks import wake_senders
from messaging.views.mailing_composer import EDITOR_PERMISSIONS
from messaging.views.template import editor_url
from retail.rows import FieldError
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user

# What is wrong with the template, and not with having chosen it.
_MENDED_IN_TEMPLATE = ("template_not_approved", "template_not_for_several")


class MailingActions(PageMixin, View):
    """What the buttons of a mailing's page do."""

    _PERMISSIONS: ClassVar[dict[str, str]] = {
        "approve": "messaging.approve_mailing",
        "return": "messaging.change_mailing",
        "delete": "messaging.delete_mailing",
    }

    def get_permission_required(self) -> Any:
        if self.kwargs["action"] == "return" and self.request.user.has_perm("messaging.approve_mailing"):
            return ("messaging.approve_mailing",)
        return (self._PERMISSIONS.get(self.kwargs["action"], "messaging.send_mailing"),)

    def post(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        mailing = get_object_or_404(Mailing, pk=pk)
        steps = _steps()
        if action not in steps:
            raise Http404
        done, sentence = steps[action]
        values: dict[str, Any] = {}
        if action != "delete":
            values = {"by": acting_user(request), "at": timezone.now()}
        if action == "return":
            if not may_return(mailing, request.user):
                raise PermissionDenied
            values["comment"] = request.POST.get("comment", "").strip()[:500]
        if action in ("confirm", "approve"):
            values["version"] = typed_number(request.POST.get("version", ""))
        try:
            done(mailing=mailing, **values)
        except MailingInvalid as invalid:
            for error in invalid.errors:
                messages.error(request, _with_the_way(mailing, error, request.user))
        except MailingRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(sentence))
            wake_jobs()
            wake_senders()
            if action == "delete":
                return HttpResponseRedirect(reverse("messaging:mailing_list"))
        return HttpResponseRedirect(reverse("messaging:mailing_detail", args=[pk]))


def _with_the_way(mailing: Mailing, error: FieldError, user: Any) -> str:
    """Return what is wrong with a text, and a link to where it is mended, for those who may."""
    part, _dot, rest = error.path.partition(".")
    template: Template | None = None
    if part == "texts" and rest.startswith(Channel.WHATSAPP.value):
        text = mailing.texts.select_related("template").filter(channel=Channel.WHATSAPP).first()
        template = text.template if text is not None else None
    if template is not None and error.code in _MENDED_IN_TEMPLATE:
        if not user.has_perm("messaging.view_template"):
            return error.message
        url, label = editor_url(template), _("Open the template")
    elif mailing.state == MailingState.DRAFT and user.has_perms(EDITOR_PERMISSIONS):
        url, label = reverse("messaging:mailing_edit", args=[mailing.pk]), _("Change the mailing")
    else:
        return error.message
    return format_html('{} <a href="{}">{}</a>', error.message, url, label)


def _steps() -> dict[str, tuple[Callable[..., Any], Any]]:
    return {
        "confirm": (confirm_mailing, _("It is on its way.")),
        "approve": (approve_mailing, _("Approved.")),
        "return": (return_to_draft, _("It is a draft again.")),
        "pause": (pause_mailing, _("Paused: nothing more leaves.")),
        "resume": (resume_mailing, _("It goes on.")),
        "cancel": (cancel_mailing, _("Cancelled: what waited is not sent.")),
        "delete": (delete_mailing, _("Removed.")),
    }


def offered_actions(mailing: Mailing, user: Any) -> dict[str, bool]:
    """Return which buttons there are for somebody."""
    state = mailing.state
    may_send = user.has_perm("messaging.send_mailing")
    waits = mailing.paused_from == MailingState.SCHEDULED
    return {
        "edit": state == MailingState.DRAFT and user.has_perms(EDITOR_PERMISSIONS),
        "delete": state == MailingState.DRAFT and user.has_perm("messaging.delete_mailing"),
        "confirm": state == MailingState.DRAFT and may_send,
        "approve": state == MailingState.AWAITING
        and user.has_perm("messaging.approve_mailing")
        and user.pk not in authors_of(mailing),
        "return": (state in (MailingState.AWAITING, MailingState.SCHEDULED) or waits)
        and may_return(mailing, user),
        "pause": state in (MailingState.SCHEDULED, MailingState.FREEZING, MailingState.SENDING) and may_send,
        "resume": state == MailingState.PAUSED and may_send,
        "cancel": mailing.is_open and state != MailingState.DRAFT and may_send,
    }
