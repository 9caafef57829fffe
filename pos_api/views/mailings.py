"""Mailings: written, counted, confirmed, approved, paused, resumed, cancelled, and what came of them."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.tasks import wake_jobs
from messaging.models import Mailing
from messaging.selectors.audience import count_reach
from messaging.selectors.mailings import may_return, progress_of, results_of
from messaging.services.mailing_course import (
    approve_mailing,
    cancel_mailing,
    confirm_mailing,
    pause_mailing,
    resume_mailing,
    return_to_draft,
)
from messaging.services.mailings import (
    MailingInvalid,
    MailingRefused,
    change_mailing,
    create_mailing,
    delete_mailing,
)
from pos_api import mailing_documents as documents
from pos_api import mailing_result_documents as results
from pos_api.errors import field_problems
from pos_api.openapi import operation, page_of
from pos_api.problems import Conflict, Invalid
from pos_api.views.base import Body, ManagerView, answer, no_content
from pos_api.views.resources import SINCE, Listing, by, find_or_404, user_of

TAG = "Mailings"
_DONE = TypeVar("_DONE")
REFUSED = {
    409: "It does not stand where this can be done; `code` says why, such as `not_a_draft` or `mailing_changed`."
}
LISTING = Listing(
    filters={
        "state": ("Such as `sending`.", by("state")),
        "audience": ("`person`, `sales` or `segment`.", by("audience")),
        "updated_since": SINCE,
    },
    orders={"-created_at": ("-created_at", "-pk"), "name": ("name", "pk")},
    order="-created_at",
)


def _attempt(act: Callable[[], _DONE]) -> _DONE:
    try:
        return act()
    except MailingInvalid as invalid:
        raise Invalid(errors=field_problems(invalid.errors)) from invalid
    except MailingRefused as refusal:
        raise Conflict(str(refusal), code=refusal.code) from refusal


def _find(pk: int) -> Mailing:
    return find_or_404(Mailing.objects.select_related("segment", "sale").prefetch_related("texts"), pk=pk)


def _represent(mailing: Mailing) -> dict[str, Any]:
    return documents.represent(mailing, progress_of(mailing))


class MailingListView(ManagerView):
    permissions = {
        "GET": ("messaging.view_mailing",),
        "POST": ("messaging.add_mailing", "customers.view_customer"),
    }
    body: ClassVar[Body[documents.MailingDocument]] = Body(documents.MAILING)

    @operation(
        id="mailings_list",
        tag=TAG,
        summary="List mailings",
        responses={200: page_of(documents.SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        found = Mailing.objects.select_related("segment").prefetch_related("texts")
        return LISTING.page(request, found, lambda mailing: documents.represent(mailing, None))

    @operation(
        id="mailings_create",
        tag=TAG,
        summary="Write a mailing",
        description=(
            "It is a draft until `confirm`. Variables stand in double braces, as in templates that apply to `customers`, or to `sales` "
            "where the audience are sales. Of those who are held out nobody gets anything; the results compare."
        ),
        request=documents.MailingDocument,
        responses={201: documents.SHOWN},
        examples={"A text message to a segment": documents.EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        draft = documents.draft_of(self.body.read(request))
        saved = _attempt(lambda: create_mailing(draft=draft, by=user_of(request), at=timezone.now()))
        return answer(_represent(_find(saved.pk)), 201, {"Location": f"/api/v1/mailings/{saved.pk}/"})


class MailingView(ManagerView):
    permissions = {
        "GET": ("messaging.view_mailing",),
        "PUT": ("messaging.change_mailing", "customers.view_customer"),
        "DELETE": ("messaging.delete_mailing",),
    }
    body: ClassVar[Body[documents.MailingReplacementDocument]] = Body(documents.REPLACEMENT)

    @operation(
        id="mailings_get",
        tag=TAG,
        summary="Read a mailing with its progress",
        responses={200: documents.SHOWN},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(_represent(_find(pk)))

    @operation(
        id="mailings_replace",
        tag=TAG,
        summary="Write a draft anew",
        request=documents.MailingReplacementDocument,
        responses={200: documents.SHOWN},
        examples={"A text message to a segment": documents.EXAMPLE | {"version": 1}},
        problems=REFUSED,
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        mailing = _find(pk)
        given, by_user = self.body.read(request), user_of(request)
        draft = documents.draft_of(given)
        _attempt(
            lambda: change_mailing(
                mailing=mailing, draft=draft, version=given.version, by=by_user, at=timezone.now()
            )
        )
        return answer(_represent(_find(pk)))

    @operation(
        id="mailings_delete", tag=TAG, summary="Remove a draft", responses={204: None}, problems=REFUSED
    )
    def delete(self, request: Request, pk: int) -> HttpResponse:
        mailing = _find(pk)
        _attempt(lambda: delete_mailing(mailing=mailing))
        return no_content()


class MailingCountView(ManagerView):
    permissions = {"GET": ("messaging.view_mailing", "customers.view_customer")}

    @operation(
        id="mailings_count",
        tag=TAG,
        summary="Count whom a mailing is for, and how they can be reached now",
        responses={200: results.REACH},
        problems={409: "The segment asks for something that is gone (`segment_invalid`)."},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(results.represent_reach(count_reach(_find(pk), at=timezone.now())))


class MailingResultsView(ManagerView):
    permissions = {"GET": ("messaging.view_mailing",)}

    @operation(
        id="mailings_results",
        tag=TAG,
        summary="Read what came of a mailing",
        responses={200: results.RESULTS},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(results.represent_results(results_of(_find(pk))))


class _ActionView(ManagerView):
    permissions = {"POST": ("messaging.send_mailing",)}

    def done(self, pk: int, act: Callable[[Mailing], Mailing]) -> HttpResponse:
        mailing = _find(pk)
        _attempt(lambda: act(mailing))
        wake_jobs()
        return answer(_represent(_find(pk)))


class MailingConfirmView(_ActionView):
    body: ClassVar[Body[documents.VersionDocument]] = Body(documents.VERSION)

    @operation(
        id="mailings_confirm",
        tag=TAG,
        summary="Send a draft: at once, at its moment, or to a second person where the company asks for one",
        request=documents.VersionDocument,
        responses={200: documents.SHOWN},
        examples={"As it was looked at": {"version": 1}},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        version, by_user = self.body.read(request).version, user_of(request)
        return self.done(
            pk, lambda one: confirm_mailing(mailing=one, version=version, by=by_user, at=timezone.now())
        )


class MailingApproveView(_ActionView):
    permissions = {"POST": ("messaging.approve_mailing",)}
    body: ClassVar[Body[documents.VersionDocument]] = Body(documents.VERSION)

    @operation(
        id="mailings_approve",
        tag=TAG,
        summary="Approve a mailing that somebody else handed in",
        request=documents.VersionDocument,
        responses={200: documents.SHOWN},
        examples={"As it was looked at": {"version": 1}},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        version, by_user = self.body.read(request).version, user_of(request)
        return self.done(
            pk, lambda one: approve_mailing(mailing=one, version=version, by=by_user, at=timezone.now())
        )


class MailingReturnView(_ActionView):
    # Who may write it, or approve what waits for that: asked below.
    permissions = {}
    body: ClassVar[Body[documents.ReturnDocument]] = Body(documents.RETURN)

    @operation(
        id="mailings_return",
        tag=TAG,
        summary="Take a mailing that has not begun back to the drafts",
        request=documents.ReturnDocument,
        responses={200: documents.SHOWN},
        examples={"With a comment": {"comment": "Outro texto, por favor."}},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        by_user = user_of(request)
        if not any(by_user.has_perm(f"messaging.{action}_mailing") for action in ("change", "approve")):
            raise PermissionDenied
        comment = self.body.read(request).comment

        def act(mailing: Mailing) -> Mailing:
            if not may_return(mailing, by_user):
                raise PermissionDenied
            return return_to_draft(mailing=mailing, comment=comment, by=by_user, at=timezone.now())

        return self.done(pk, act)


class MailingPauseView(_ActionView):
    @operation(
        id="mailings_pause",
        tag=TAG,
        summary="Stop a mailing where it is",
        responses={200: documents.SHOWN},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        by_user = user_of(request)
        return self.done(pk, lambda one: pause_mailing(mailing=one, by=by_user, at=timezone.now()))


class MailingResumeView(_ActionView):
    @operation(
        id="mailings_resume",
        tag=TAG,
        summary="Go on where a mailing was paused",
        responses={200: documents.SHOWN},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        by_user = user_of(request)
        return self.done(pk, lambda one: resume_mailing(mailing=one, by=by_user, at=timezone.now()))


class MailingCancelView(_ActionView):
    @operation(
        id="mailings_cancel",
        tag=TAG,
        summary="End a mailing for good; what waits is not sent",
        responses={200: documents.SHOWN},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        by_user = user_of(request)
        return self.done(pk, lambda one: cancel_mailing(mailing=one, by=by_user, at=timezone.now()))
