"""When another version was stored while one was typed: who stored it, what differs, and the two ways on.

The page of a form carries the document that it was opened with: only what its author changed is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.http import HttpRequest

from campaigns.changes import document_changes, on_top
from campaigns.models import Association, Campaign, Markdown
from campaigns.views.approval import posted_version
from retail.views.timeline import person_name

Json = dict[str, Any]
_SALT = "campaigns.form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """`person` is empty where nobody is known (the API), `by_reader` for one's own other tab; `version` is the stored one.

    `changes` say field by field what is stored (`old`) and what was typed (`new`). `document` is what is stored with these
    changes, and `by_both` the number of fields that were changed on both sides.
    """

    person: str
    by_reader: bool
    at: datetime
    version: int
    changes: list[dict[str, str]]
    by_both: int
    document: Json
    reload_url: str


def overtaken_by(
    stored: Campaign | Association | Markdown,
    typed: Json,
    *,
    base: Json | None,
    compare: Callable[[Json, Json], list[dict[str, str]]],
    reader: User | AnonymousUser,
    reload_url: str,
) -> Overtaken:
    """Return how what was typed changes a stored document. All are in canonical form; `base` is what the form began with."""
    changed_by = stored.updated_by
    document = changed_document(stored.document, typed, base)
    theirs = {change.path for change in document_changes(base or typed, stored.document)}
    mine = {change.path for change in document_changes(stored.document, document)}
    return Overtaken(
        person=person_name(changed_by),
        by_reader=changed_by is not None and changed_by.pk == reader.pk,
        at=stored.updated_at,
        version=stored.version,
        changes=compare(stored.document, document),
        by_both=len(theirs & mine),
        document=document,
        reload_url=reload_url,
    )


def changed_document(stored: Json, typed: Json, base: Json | None) -> Json:
    """Return what is stored with what was typed; of a form whose beginning is unknown, all of it."""
    return typed if base is None else on_top(stored, base=base, mine=typed)


def begun_with(request: HttpRequest) -> Json | None:
    """Return the document that a posted form began with, None when the page did not say so."""
    try:
        document: Json = signing.loads(request.POST.get("_base", ""), salt=_SALT)
    except signing.BadSignature:
        return None
    return document


def carried(document: Json) -> str:
    """Return a document as the page of its form carries it."""
    return signing.dumps(document, salt=_SALT, compress=True)


def typed_upon(request: HttpRequest) -> int | None:
    """Return the version that a posted form was typed upon, or the one that its author chose to replace."""
    return posted_version(request, "_over" if request.POST.get("_over") else "_version")
