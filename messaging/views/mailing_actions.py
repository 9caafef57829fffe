"""What is done with a mailing: confirm, approve, return, pause, resume, cancel, remove; and who may."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.tasks import wake_jobs
from messaging.models import Mailing, MailingState
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
from messaging.views.automation import acting_user
from retail.views.access import PageMixin


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
        version = request.POST.get("version", "")
        if action in ("confirm", "approve") and version.isascii() and version.isdigit() and len(version) < 10:
            values["version"] = int(version)
        try:
            done(mailing=mailing, **values)
        except MailingInvalid as invalid:
            for error in invalid.errors:
                messages.error(request, error.message)
        except MailingRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(sentence))
            wake_jobs()
            wake_senders()
            if action == "delete":
                return HttpResponseRedirect(reverse("messaging:mailing_list"))
        return HttpResponseRedirect(reverse("messaging:mailing_detail", args=[pk]))


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
    may_send, may_write = user.has_perm("messaging.send_mailing"), user.has_perm("messaging.change_mailing")
    waits = mailing.paused_from == MailingState.SCHEDULED
    return {
        "edit": state == MailingState.DRAFT and may_write,
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
