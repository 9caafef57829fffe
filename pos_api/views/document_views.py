"""The views of one kind of published document: what associations and markdowns answer in the same way, made once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request

from pos_api.openapi import ROW_RESULTS, Json, operation, page_of, rows_of
from pos_api.views.base import ManagerView
from pos_api.views.campaign_warnings import WARNINGS
from pos_api.views.documents import ROLL_BACK_SCHEMA, Kind
from pos_api.views.resources import Listing
from pos_api.views.reviews import ASKED, review_paths

READ_VERSION: Json = {"The version that was read": {"version": 3, "comment": "Like last year"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of document as the API describes and answers it.

    ``texts`` hold by action what its operation says beside what is the same for every kind: summary, description,
    examples, answer. ``beside`` says what a revision has beside its document, given the one before.
    """

    kind: Kind
    tag: str
    listing: Listing
    request: Json
    response: Json
    revisions: Json
    texts: Mapping[str, Json]
    beside: Callable[[Any, Any], Json] | None = None

    @property
    def looked_at(self) -> Json:
        """The schema of a document that was saved or published: with what to look at twice."""
        return {**self.response, "properties": {**self.response["properties"], "warnings": WARNINGS}}

    @property
    def noun(self) -> str:
        return str(self.kind.model._meta.model_name)

    def operation(self, action: str, id: str, **declaration: Any) -> Callable[[Any], Any]:
        """Declare a method: what every kind says, and what this one says of the action."""
        return operation(id=id, tag=self.tag, **declaration | self.texts[action])

    def permissions(self, *actions: str) -> tuple[str, ...]:
        return tuple(f"campaigns.{action}_{self.noun}" for action in actions)


def document_paths(of: Resource) -> tuple[URLPattern, ...]:
    """Return the addresses of one kind of document, approval included."""
    resource = f"{of.noun}s"
    return (
        path(f"{resource}/", _many(of)),
        path(f"{resource}/<str:code>/", _one(of)),
        *(path(f"{resource}/<str:code>/{name}/", view) for name, view in _switches(of).items()),
        path(f"{resource}/<str:code>/revisions/", _revisions(of)),
        *review_paths(resource, of.kind.model, tag=of.tag),
    )


def _many(of: Resource) -> Callable[..., Any]:
    class DocumentsView(ManagerView):
        permissions = {"GET": of.permissions("view"), "POST": of.permissions("add", "change")}

        @of.operation(
            "list",
            f"list_{of.noun}s",
            parameters=of.listing.parameters(),
            responses={200: page_of(of.response)},
        )
        def get(self, request: Request) -> HttpResponse:
            return of.listing.page(request, of.kind.found(), of.kind.represent)

        @of.operation(
            "upsert",
            f"save_{of.noun}s",
            request=rows_of(of.request),
            responses={200: {"anyOf": [of.looked_at, ROW_RESULTS]}, 201: of.looked_at},
            problems={409: "`version_conflict`, or publishing needs another person (`approval_required`)."},
        )
        def post(self, request: Request) -> HttpResponse:
            return of.kind.post(request)

    return DocumentsView.as_view()


def _one(of: Resource) -> Callable[..., Any]:
    class DocumentView(ManagerView):
        permissions = {
            "GET": of.permissions("view"),
            "PUT": of.permissions("change"),
            "DELETE": of.permissions("delete"),
        }

        @of.operation("read", f"read_{of.noun}", responses={200: of.response})
        def get(self, request: Request, code: str) -> HttpResponse:
            return of.kind.shown(code)

        @of.operation(
            "save",
            f"save_{of.noun}",
            request=of.request,
            responses={200: of.looked_at},
            problems={409: "`version_conflict` or `approval_required`."},
        )
        def put(self, request: Request, code: str) -> HttpResponse:
            return of.kind.put(request, code)

        @operation(
            id=f"delete_{of.noun}",
            tag=of.tag,
            summary="Delete a draft that was never published",
            responses={204: None},
            problems={409: "`was_published`: pause it instead."},
        )
        def delete(self, request: Request, code: str) -> HttpResponse:
            return of.kind.delete(code)

    return DocumentView.as_view()


def _switches(of: Resource) -> dict[str, Callable[..., Any]]:
    """Return the views that change what is live, by the last part of their address."""

    class SwitchView(ManagerView):
        permissions = {"POST": of.permissions("publish")}

    class PublishView(SwitchView):
        @of.operation(
            "publish",
            f"publish_{of.noun}",
            request=ASKED,
            responses={200: of.looked_at},
            examples=READ_VERSION,
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return of.kind.make_live(request, code)

    class PauseView(SwitchView):
        @of.operation(
            "pause",
            f"pause_{of.noun}",
            responses={200: of.response},
            problems={409: "`not_published`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return of.kind.pause(request, code)

    class ResumeView(SwitchView):
        @of.operation(
            "resume",
            f"resume_{of.noun}",
            responses={200: of.response},
            problems={409: "`not_paused`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return of.kind.resume(request, code)

    return {"publish": PublishView.as_view(), "pause": PauseView.as_view(), "resume": ResumeView.as_view()}


def _revisions(of: Resource) -> Callable[..., Any]:
    class RevisionsView(ManagerView):
        permissions = {"GET": of.permissions("view"), "POST": of.permissions("publish")}

        @operation(
            id=f"list_{of.noun}_revisions",
            tag=of.tag,
            summary="List what was published, newest first, with what each revision changed",
            responses={200: of.revisions},
        )
        def get(self, request: Request, code: str) -> HttpResponse:
            return of.kind.revisions(code, of.beside)

        @of.operation(
            "roll_back",
            f"roll_back_{of.noun}",
            request=ROLL_BACK_SCHEMA,
            responses={201: of.response},
            examples={"Back to the first": {"revision": 1}},
            problems={404: "`revision_unknown`", 409: "`approval_required`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return of.kind.roll_back_to(request, code)

    return RevisionsView.as_view()
