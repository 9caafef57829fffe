"""Approval by a second person on the pages of every document: how far it is, and the steps of asking and deciding."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns import selectors
from campaigns.models import Association, Campaign, Markdown, ReviewState
from campaigns.services import approval
from campaigns.services.publication import PublicationError
from retail.views.access import PageMixin, acting_user

Document = Campaign | Association | Markdown


def approval_context(user: User | AnonymousUser, document: Document) -> dict[str, Any]:
    """Say how far the approval is, what the reader may do about it, and at which addresses."""

    def may(action: str) -> bool:
        return user.has_perm(f"campaigns.{action}_{noun}")

    def url(page: str) -> str:
        return reverse(f"campaigns:{noun}_{page}", args=[document.code])

    noun = document._meta.model_name
    review = selectors.current_review(document)
    state = review.state if review is not None else ""
    needed = approval.is_required()
    waits = review is not None and state == ReviewState.REQUESTED
    return {
        "review": review,
        "version": document.version,
        "may_decide": waits and review.requested_by_id != user.pk and may("approve"),  # type: ignore[union-attr]
        "may_submit": needed and state not in (ReviewState.REQUESTED, ReviewState.APPROVED) and may("change"),
        "may_publish": may("publish") and (not needed or state == ReviewState.APPROVED),
        "change_url": url("form") if may("change") else "",
        "detail_url": url("detail"),
        "publish_url": url("publish"),
        "submit_url": url("submit"),
        "approve_url": url("approve"),
        "send_back_url": url("send_back"),
    }


def posted_version(request: HttpRequest, name: str = "version") -> int | None:
    """Return the version that the reader saw, if the page said so."""
    version = request.POST.get(name, "")
    return int(version) if version.isdecimal() and len(version) < 10 else None


def posted_comment(request: HttpRequest) -> str:
    return request.POST.get("comment", "").replace("\x00", "")[:240]


class ReviewStep(PageMixin, View):
    """One step of the approval of one document; then back to its review."""

    model: Any = None
    action: ClassVar[str] = "approve"
    step: ClassVar[Callable[..., Any]]
    done: ClassVar[Promise]

    def get_permission_required(self) -> Any:
        return (f"campaigns.{self.action}_{self.model._meta.model_name}",)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        document = get_object_or_404(self.model, code=code)
        try:
            type(self).step(
                self.model,
                code=document.code,
                version=posted_version(request),
                comment=posted_comment(request),
                user=acting_user(request),
                at=timezone.now(),
            )
        except PublicationError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(self.done))
        noun = self.model._meta.model_name
        return HttpResponseRedirect(reverse(f"campaigns:{noun}_publish", args=[document.code]))


class Submit(ReviewStep):
    action = "change"
    step = approval.submit
    done = _("Submitted. Somebody else has to approve it now.")


class Approve(ReviewStep):
    step = approval.approve
    done = _("Approved. It can be published now.")


class SendBack(ReviewStep):
    step = approval.reject
    done = _("Sent back.")


def review_steps(model: Any) -> dict[str, Callable[..., HttpResponseBase]]:
    """Return the views of the steps for one kind of document, by the name of the address."""
    steps: dict[str, type[ReviewStep]] = {"submit": Submit, "approve": Approve, "send_back": SendBack}
    return {name: view.as_view(model=model) for name, view in steps.items()}
