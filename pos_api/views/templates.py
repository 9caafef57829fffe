"""Message templates: written, tried out, handed in for approval and inserted by managers' programs."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from customers.models import Customer
from messaging.channels.twilio_content import ApprovalUnavailable
from messaging.models import AppliesTo, Template
from messaging.rendering import TemplateRefused
from messaging.services.template_previews import customer_context, preview_template
from messaging.services.templates import (
    TemplateActionRefused,
    TemplateInvalid,
    save_template,
)
from messaging.template_problems import problem_text, provider_text, refusal_text
from pos_api import template_documents as documents
from pos_api.openapi import PAGE_PARAMETERS, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import Conflict, FieldProblem, Invalid, Problem
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import SINCE, Listing, by, by_flag, find_or_404, read_flag, user_of

TAG = "Messages"
INVALID = {
    422: "A text cannot be used; `errors` name each wrong field: `unknown_variable`, `text_too_long`, `forbidden_url`, `unknown_tag` and the like."
}
REFUSED = {
    409: "Not as it stands; `code` says why, such as `in_use`, `already_submitted` or `template_changed`."
}


def as_problems(refusal: TemplateInvalid) -> Invalid:
    """Return the refusal of a template as a problem that names each wrong field."""
    return Invalid(
        errors=[
            FieldProblem(field, problem.code, problem_text(problem))
            for field, problem in refusal.problems.items()
        ]
    )


def attempt(act: Callable[[], Template]) -> Template:
    """Do something with a template. Raises Invalid, Conflict, or a problem of status 503 when the provider said no."""
    try:
        return act()
    except TemplateInvalid as refusal:
        raise as_problems(refusal) from refusal
    except TemplateActionRefused as refusal:
        raise Conflict(refusal_text(refusal.code, refusal.params), code=refusal.code) from refusal
    except ApprovalUnavailable as error:
        raise Problem(provider_text(error), status=503, code="provider_refused", retry_after=60) from error


def _search(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    return queryset.filter(name__icontains=text.strip())


def _archived(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    return queryset.filter(archived_at__isnull=not read_flag("archived", text))


LISTING = Listing(
    filters={
        "q": ("A part of the name.", _search),
        "channel": ("`email`, `sms` or `whatsapp`.", by("channel")),
        "language": ("`pt-br` or `en`.", by("language")),
        "applies_to": ("`occasion`, `customers` or `sales`.", by("applies_to")),
        "occasion": ("The automation's code.", by("occasion")),
        "approval": ("WhatsApp's answer, such as `approved`.", by("approval")),
        "in_use": ("`true`: those that automations are filled from.", by_flag("in_use")),
        "archived": ("`true` or `false`.", _archived),
        "updated_since": SINCE,
    },
    orders={
        "name": ("name", "language", "pk"),
        "-updated_at": ("-updated_at", "-pk"),
        "updated_at": ("updated_at", "pk"),
    },
    order="name",
)


class TemplateListView(ManagerView):
    permissions = {"GET": ("messaging.view_template",), "POST": ("messaging.add_template",)}
    body: ClassVar[Body[documents.NewTemplateDocument]] = Body(documents.NEW)

    @operation(
        id="templates_list",
        tag=TAG,
        summary="List message templates",
        description="What a composer of mailings inserts: `applies_to=customers&archived=false` on its channel.",
        responses={200: page_of(documents.SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Template.objects.all(), documents.represent)

    @operation(
        id="templates_create",
        tag=TAG,
        summary="Save a text as a template",
        description=(
            "Named templates are for mailings to `customers` or `sales`, or for one automation (`applies_to` `occasion`), which uses "
            "one only after `use`. Variables stand in double braces; `variables` of the answer lists those that there are."
        ),
        request=documents.NewTemplateDocument,
        responses={201: documents.SHOWN},
        examples={"A text message for mailings": documents.EXAMPLE},
        answer=documents.ANSWER,
        problems=INVALID,
    )
    def post(self, request: Request) -> HttpResponse:
        given = self.body.read(request)
        template = Template(
            applies_to=given.applies_to,
            occasion=(given.occasion or "") if given.applies_to == AppliesTo.OCCASION else "",
            channel=given.channel,
            language=given.language,
            **documents.texts_of(given),
        )
        saved = attempt(lambda: save_template(template=template, by=user_of(request), at=timezone.now()))
        return answer(documents.represent(saved), status=201)


class TemplateView(ManagerView):
    permissions = {"GET": ("messaging.view_template",), "PATCH": ("messaging.change_template",)}
    body: ClassVar[Body[documents.TemplateChangeDocument]] = Body(documents.CHANGE)

    @operation(
        id="templates_get",
        tag=TAG,
        summary="Read a message template",
        responses={200: documents.SHOWN},
        answer=documents.ANSWER,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(documents.represent(find_or_404(Template.objects.all(), pk=pk)))

    @operation(
        id="templates_change",
        tag=TAG,
        summary="Change the texts of a template",
        description="Each change is a new version. Another text of a WhatsApp template is a draft again, whatever was approved before.",
        request=documents.TemplateChangeDocument,
        responses={200: documents.SHOWN},
        examples={
            "Another text": {
                "text": "{{ company.name }}: {{ customer.first_name }}, venha ver a novidade.",
                "version": 1,
            }
        },
        answer=documents.ANSWER | {"version": 2},
        problems=INVALID | REFUSED,
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        template = find_or_404(Template.objects.all(), pk=pk)
        given = self.body.read(request)
        for name, value in documents.texts_of(given).items():
            setattr(template, name, value)
        saved = attempt(
            lambda: save_template(
                template=template, version=given.version, by=user_of(request), at=timezone.now()
            )
        )
        return answer(documents.represent(saved))


class TemplateRevisionListView(ManagerView):
    permissions = {"GET": ("messaging.view_template",)}

    @operation(
        id="templates_versions",
        tag=TAG,
        summary="List the versions of a template, newest first",
        responses={200: page_of(documents.REVISION)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        template = find_or_404(Template.objects.all(), pk=pk)
        revisions = template.revisions.select_related("saved_by")
        return paginated(request, revisions, documents.represent_revision, ordering=("-number", "-pk"))


class TemplatePreviewView(ManagerView):
    permissions = {"POST": ("messaging.view_template", "customers.view_customer")}
    body: ClassVar[Body[documents.PreviewDocument]] = Body(documents.PREVIEW)

    @operation(
        id="templates_preview",
        tag=TAG,
        summary="Fill a template as a customer would get it",
        description="Nothing is stored or sent. Without a customer: somebody with a long name.",
        request=documents.PreviewDocument,
        responses={200: documents.FILLED},
        examples={"For a customer": {"customer": 17}, "For nobody in particular": {}},
        answer={
            "subject": "",
            "text": "Lojas Aurora: Ana, seu vale espera por voce na Paulista.",
            "html": "",
            "sms": {
                "encoding": "GSM-7",
                "characters": 56,
                "segments": 1,
                "limit": 150,
                "expensive": [],
                "cost": "0.0850",
            },
        },
        problems=INVALID,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        template = find_or_404(Template.objects.all(), pk=pk)
        given = self.body.read(request)
        customers = Customer.objects.select_related("home_store")
        customer = None if given.customer is None else find_or_404(customers, pk=given.customer)
        try:
            preview = preview_template(template, customer_context(template, customer))
        except TemplateInvalid as refusal:
            raise as_problems(refusal) from refusal
        except TemplateRefused as refusal:
            raise Invalid(errors=[FieldProblem("text", refusal.code, problem_text(refusal))]) from refusal
        return answer(documents.represent_preview(preview))
