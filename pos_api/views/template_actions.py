"""What managers' programs do with a template: copy, restore, put away, use, hand in for approval."""

from collections.abc import Callable
from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from messaging.models import AppliesTo, Template
from messaging.services.approvals import (
    TemplateNotUsable,
    allow_several,
    check_usable,
    refresh_approval,
    submit_template,
)
from messaging.services.templates import (
    archive_template,
    duplicate_template,
    restore_revision,
    unarchive_template,
    use_template,
)
from messaging.template_problems import not_usable_text
from pos_api import template_documents as documents
from pos_api.openapi import operation, query
from pos_api.problems import BadRequest
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import find_or_404, read_flag, user_of
from pos_api.views.templates import INVALID, REFUSED, TAG, attempt


class _ActionView(ManagerView):
    """Something that is done with one template, by the services of the pages."""

    permissions = {"POST": ("messaging.change_template",)}

    def done(self, pk: int, act: Callable[[Template], Template], status: int = 200) -> HttpResponse:
        template = find_or_404(Template.objects.all(), pk=pk)
        return answer(documents.represent(attempt(lambda: act(template))), status=status)


class TemplateDuplicateView(_ActionView):
    permissions = {"POST": ("messaging.add_template",)}
    body: ClassVar[Body[documents.DuplicateDocument]] = Body(documents.DUPLICATE)

    @operation(
        id="templates_duplicate",
        tag=TAG,
        summary="Copy a template under another name",
        request=documents.DuplicateDocument,
        responses={201: documents.SHOWN},
        examples={"A copy": {"name": "GIFTCARD REMINDER SMS 2"}},
        problems=INVALID,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        name = self.body.read(request).name
        return self.done(
            pk,
            lambda found: duplicate_template(
                template=found, name=name, by=user_of(request), at=timezone.now()
            ),
            status=201,
        )


class TemplateRestoreView(_ActionView):
    body: ClassVar[Body[documents.RestoreDocument]] = Body(documents.RESTORE)

    @operation(
        id="templates_restore",
        tag=TAG,
        summary="Save an earlier version as the newest one",
        request=documents.RestoreDocument,
        responses={200: documents.SHOWN},
        examples={"The first one": {"number": 1}},
        problems=INVALID | REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        number = self.body.read(request).number
        return self.done(
            pk,
            lambda found: restore_revision(
                template=found, number=number, by=user_of(request), at=timezone.now()
            ),
        )


class TemplateArchiveView(_ActionView):
    body: ClassVar[Body[documents.ArchiveDocument]] = Body(documents.ARCHIVE)

    @operation(
        id="templates_archive",
        tag=TAG,
        summary="Put a template into the archive, or bring it back",
        request=documents.ArchiveDocument,
        responses={200: documents.SHOWN},
        examples={"Put it away": {"archived": True}},
        problems=INVALID | REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        move = archive_template if self.body.read(request).archived else unarchive_template
        return self.done(pk, lambda found: move(template=found, at=timezone.now()))


class TemplateUseView(_ActionView):
    permissions = {"POST": ("messaging.change_template", "messaging.change_automation")}

    @operation(
        id="templates_use",
        tag=TAG,
        summary="Let an automation use this template from now on",
        responses={200: documents.SHOWN},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(pk, lambda found: use_template(template=found, at=timezone.now()))


class TemplateSubmitView(_ActionView):
    @operation(
        id="templates_submit",
        tag=TAG,
        summary="Hand a WhatsApp template in for approval",
        description="WhatsApp answers within minutes or a day; the answer is fetched every minute.",
        responses={200: documents.SHOWN},
        problems=INVALID
        | REFUSED
        | {503: "The provider could not be asked, or said no (`provider_refused`)."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(pk, lambda found: submit_template(template=found, at=timezone.now()))


class TemplateRefreshView(_ActionView):
    @operation(
        id="templates_refresh",
        tag=TAG,
        summary="Ask now what WhatsApp says of a template",
        responses={200: documents.SHOWN},
        problems=REFUSED | {503: "The provider could not be asked, or said no (`provider_refused`)."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(pk, lambda found: refresh_approval(template=found, at=timezone.now()))


class TemplateSeveralView(_ActionView):
    body: ClassVar[Body[documents.SeveralDocument]] = Body(documents.SEVERAL)

    @operation(
        id="templates_allow_several",
        tag=TAG,
        summary="Let mailings send a WhatsApp template to many people, or no longer",
        request=documents.SeveralDocument,
        responses={200: documents.SHOWN},
        examples={"Allow it": {"allowed": True}},
        problems=REFUSED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        allowed = self.body.read(request).allowed
        return self.done(pk, lambda found: allow_several(template=found, allowed=allowed, at=timezone.now()))


class TemplateUsableView(ManagerView):
    permissions = {"GET": ("messaging.view_template",)}

    @operation(
        id="templates_usable",
        tag=TAG,
        summary="Say whether a mailing can be sent with a WhatsApp template",
        responses={
            200: {
                "type": "object",
                "properties": {
                    "usable": {"type": "boolean"},
                    "code": {
                        "type": "string",
                        "description": "Why not: `not_approved`, `several_not_allowed`, `wrong_target`, `archived`, `not_whatsapp`.",
                    },
                    "text": {"type": "string"},
                },
            }
        },
        parameters=(
            query(
                "applies_to",
                "What the mailing goes to.",
                {"type": "string", "enum": ["customers", "sales"]},
                required=True,
            ),
            query(
                "several",
                "`true` (default): to more than one person.",
                {"type": "string", "enum": ["true", "false"]},
            ),
        ),
        answer={
            "usable": False,
            "code": "several_not_allowed",
            "text": "The template “VOLTE” may not be sent to several people yet. Switch on “Allow several”.",
        },
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        template = find_or_404(Template.objects.all(), pk=pk)
        applies_to = request.query_params.get("applies_to", "")
        several = read_flag("several", request.query_params.get("several", "true"))
        if applies_to not in (AppliesTo.CUSTOMERS, AppliesTo.SALES):
            raise BadRequest(_("applies_to must be customers or sales."))
        try:
            check_usable(template, applies_to=applies_to, several=several)
        except TemplateNotUsable as refusal:
            text = not_usable_text(refusal.code, refusal.params)
            return answer({"usable": False, "code": refusal.code, "text": text})
        return answer({"usable": True, "code": "", "text": ""})
