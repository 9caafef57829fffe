"""What the resources of published documents have in common: what a request asks for beside a document, saving one or
a list of them, their states and revisions."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.cautions import Caution
from campaigns.changes import document_changes
from campaigns.engine.fields import DocumentError
from campaigns.services import publication
from pos_api.bulk import check_rows, upsert_answer
from pos_api.decoding import MAX_BULK_BODY, refuse_unclean
from pos_api.errors import as_problem
from pos_api.fields import UNCLEAN
from pos_api.openapi import Json
from pos_api.problems import FieldProblem, Invalid, invalid_field
from pos_api.views.base import answer, no_content, read_json
from pos_api.views.campaign_warnings import caution_body
from pos_api.views.resources import find_or_404, user_of
from pos_api.views.reviews import APPROVAL_SCHEMA, read_asked, represent_approval
from retail.rows import FieldError, RowResult

# Beside the document: what a request may ask for, and what only answers say (accepted and ignored in requests, so
# that the body of a GET can be changed and sent back).
ASKED = ("publish", "version", "comment")
ANSWERED = (
    "status",
    "state",
    "revision",
    "has_changes",
    "created_at",
    "updated_at",
    "item_count",
    "warnings",
)
ASKED_SCHEMA: Json = {
    "publish": {"type": "boolean", "default": False, "description": "Make it live at once."},
    "version": {"type": "integer", "description": "Refused with 409 when another was stored meanwhile."},
    "comment": {"type": "string", "maxLength": 240, "description": "Kept with the revision."},
}
INSTANT: Json = {"type": "string", "format": "date-time"}
MOST_ROWS = 1_000


def answered_schema(statuses: Collection[str]) -> Json:
    """Return the schema of what answers say beside the document."""
    return {
        "version": {"type": "integer", "description": "Goes up with every change; stops lost updates."},
        "status": {"enum": list(statuses), "description": "As of now."},
        "state": {"enum": list(publication.PublishedStatus.values)},
        "revision": {"type": ["integer", "null"], "description": "The number of the live revision."},
        "has_changes": {"type": "boolean", "description": "What is kept differs from the live revision."},
        "created_at": INSTANT,
        "updated_at": INSTANT,
    }


def split_document(body: Any, answered: Collection[str] = ANSWERED) -> tuple[Any, Json]:
    """Return the document of a body and what the body asks for beside it. Raises Invalid."""
    asked: Json = {"publish": False, "version": None, "comment": ""}
    if not isinstance(body, dict):
        return body, asked
    asked |= {name: body[name] for name in ASKED if name in body}
    problems = []
    if not isinstance(asked["publish"], bool):
        problems.append(FieldProblem("publish", "type", _("Must be true or false.")))
    if asked["version"] is not None and (
        isinstance(asked["version"], bool) or not isinstance(asked["version"], int)
    ):
        problems.append(FieldProblem("version", "type", _("Must be a whole number.")))
    if not isinstance(asked["comment"], str) or len(asked["comment"]) > 240:
        problems.append(FieldProblem("comment", "too_long", _("Must be a text of at most 240 characters.")))
    if problems:
        raise Invalid(errors=problems)
    refuse_unclean({"comment": asked["comment"]})
    return {name: value for name, value in body.items() if name not in (*ASKED, *answered)}, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of document as its views need it: where it is found, and the use cases that change it."""

    model: Any
    found: Callable[[], QuerySet[Any]]
    represent: Callable[[Any], Json]
    cautions: Callable[..., list[Caution]]
    create: Callable[..., Model]
    save: Callable[..., Model]
    publish: Callable[..., Model]
    roll_back: Callable[..., Model]

    @property
    def permission(self) -> str:
        """The permission to make what is kept the one that is live."""
        return f"campaigns.publish_{self.model._meta.model_name}"

    def find(self, code: str) -> Any:
        """Return the document of the address, as answers show it. Raises NotFound."""
        return find_or_404(self.found(), code=code)

    def shown(self, code: str) -> HttpResponse:
        return answer(self.represent(self.find(code)))

    def looked_at(self, code: str, at: datetime, status: int = 200) -> HttpResponse:
        """Answer a document that was saved or published, with what to look at twice."""
        document = self.find(code)
        warnings = [caution_body(caution) for caution in self.cautions(document, at=at)]
        return answer({**self.represent(document), "warnings": warnings}, status)

    # --- Saving ---

    def post(self, request: Request) -> HttpResponse:
        """Save one document, answering it, or a list of up to 1,000, answering one result per row."""
        may_publish = request.user.has_perm(self.permission)
        user = user_of(request)

        raw = read_json(request, MAX_BULK_BODY)
        if isinstance(raw, dict):
            return self._save_one(raw, user, may_publish)
        rows = check_rows(raw)
        if len(rows) > MOST_ROWS:
            raise invalid_field("", "too_long", _("Must have at most %(n)d rows.") % {"n": MOST_ROWS})
        at = timezone.now()
        results = [self._save_row(place, row, user, may_publish, at) for place, row in enumerate(rows)]
        return upsert_answer(results, lambda saved: {"code": saved.code, "version": saved.version})

    def put(self, request: Request, code: str) -> HttpResponse:
        """Replace the working copy of the address."""
        document, asked = split_document(read_json(request, MAX_BULK_BODY))
        self.find(code)
        self._require(asked, request.user.has_perm(self.permission))
        at = timezone.now()
        self.save(code=code, document=document, user=user_of(request), at=at, **asked)
        return self.looked_at(code, at)

    def _save_one(self, raw: Json, user: User, may_publish: bool) -> HttpResponse:
        document, asked = split_document(raw)
        self._require(asked, may_publish)
        at = timezone.now()
        status, saved = self._upsert(document, asked, user, at)
        return self.looked_at(saved.code, at, 201 if status == "created" else 200)

    def _save_row(self, place: int, row: Any, user: User, may_publish: bool, at: datetime) -> RowResult:
        try:
            document, asked = split_document(row)
            self._require(asked, may_publish)
            with transaction.atomic():
                status, saved = self._upsert(document, asked, user, at)
        except (DocumentError, Invalid, publication.PublicationError, PermissionDenied) as error:
            return RowResult(place, "error", None, _row_errors(error))
        return RowResult(place, status, saved, ())

    def _upsert(self, document: Any, asked: Json, user: User, at: datetime) -> tuple[str, Any]:
        code = document.get("code") if isinstance(document, Mapping) else None
        # Other codes are refused with the document; the database would not even look for some of them.
        can_be_known = isinstance(code, str) and not UNCLEAN.search(code)
        known = self.model._default_manager.filter(code=code).values_list("version", flat=True)
        before = known.first() if can_be_known else None
        if before is None:
            created = {name: value for name, value in asked.items() if name != "version"}
            return "created", self.create(document=document, user=user, at=at, **created)
        saved: Any = self.save(code=code, document=document, user=user, at=at, **asked)
        return ("unchanged" if saved.version == before else "updated"), saved

    def _require(self, asked: Json, may_publish: bool) -> None:
        if asked["publish"] and not may_publish:
            raise PermissionDenied

    # --- States ---

    def delete(self, code: str) -> HttpResponse:
        self.find(code)
        publication.delete(self.model, code=code)
        return no_content()

    def make_live(self, request: Request, code: str) -> HttpResponse:
        asked = read_asked(request)
        self.find(code)
        at = timezone.now()
        self.publish(code=code, user=user_of(request), at=at, **asked)
        return self.looked_at(code, at)

    def pause(self, request: Request, code: str) -> HttpResponse:
        self.find(code)
        publication.pause(self.model, code=code, user=user_of(request), at=timezone.now())
        return self.shown(code)

    def resume(self, request: Request, code: str) -> HttpResponse:
        self.find(code)
        publication.resume(self.model, code=code, user=user_of(request), at=timezone.now())
        return self.shown(code)

    # --- Revisions ---

    def revisions(self, code: str, beside: Callable[[Any, Any], Json] | None = None) -> HttpResponse:
        """Answer what was published, newest first, each with what it changed."""
        steps = []
        before = None
        found = self.find(code).revisions.select_related("published_by", "submitted_by", "approved_by")
        for revision in found.order_by("number"):
            changes = document_changes(before.document if before else revision.document, revision.document)
            by = revision.published_by
            steps.append(
                {
                    "number": revision.number,
                    "comment": revision.comment,
                    "published_by": by.get_username() if by else None,
                    "published_at": revision.published_at,
                    **represent_approval(revision),
                    "changes": [{"path": c.path, "old": c.old, "new": c.new} for c in changes],
                    "document": revision.document,
                    **(beside(before, revision) if beside else {}),
                }
            )
            before = revision
        return answer({"results": steps[::-1]})

    def roll_back_to(self, request: Request, code: str) -> HttpResponse:
        """Publish the revision that the body names again."""
        body = read_json(request)
        number = body.get("revision") if isinstance(body, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or set(body) != {"revision"}:
            raise Invalid(errors=[FieldProblem("revision", "type", _("Must be the number of a revision."))])
        self.find(code)
        self.roll_back(code=code, number=number, user=user_of(request), at=timezone.now())
        return answer(self.represent(self.find(code)), 201)


def envelope(document: Any) -> Json:
    """Return what answers say beside a document that was found with its status and its changes flag."""
    live = document.live_revision
    return {
        "version": document.version,
        "status": document.shown_status,
        "state": document.status,
        "revision": live.number if live else None,
        "has_changes": document.has_changes,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }


def revisions_schema(document: Json, **beside: Json) -> Json:
    """Return the schema of a list of revisions."""
    change = {
        "type": "object",
        "properties": {"path": {"type": "string"}, "old": {}, "new": {}},
    }
    revision = {
        "type": "object",
        "properties": {
            "number": {"type": "integer"},
            "comment": {"type": "string"},
            "published_by": {"type": ["string", "null"]},
            "published_at": INSTANT,
            **APPROVAL_SCHEMA,
            "changes": {"type": "array", "items": change, "description": "Against the revision before."},
            "document": document,
            **beside,
        },
    }
    return {"type": "object", "properties": {"results": {"type": "array", "items": revision}}}


ROLL_BACK_SCHEMA: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["revision"],
    "properties": {"revision": {"type": "integer", "minimum": 1}},
}


def _row_errors(error: Exception) -> tuple[FieldError, ...]:
    problem = as_problem(error)
    if problem is None:
        raise error
    if problem.errors:
        return tuple(FieldError(one.path, one.code, one.message) for one in problem.errors)
    return (FieldError("", problem.code, problem.detail or _("You may not do this.")),)
