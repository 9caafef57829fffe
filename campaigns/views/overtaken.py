"""When another version was stored while one was typed: who stored it, what differs, and the two ways on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from campaigns.models import Association, Campaign, Markdown
from campaigns.views.approval import posted_version

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """`person` is empty where nobody is known (the API), `by_reader` for one's own other tab; `version` is the stored one.

    `changes` say field by field what is stored (`old`) and what was typed (`new`).
    """

    person: str
    by_reader: bool
    at: datetime
    version: int
    changes: list[dict[str, str]]
    reload_url: str


def overtaken_by(
    stored: Campaign | Association | Markdown,
    typed: Json,
    *,
    compare: Callable[[Json, Json], list[dict[str, str]]],
    reader: User | AnonymousUser,
    reload_url: str,
) -> Overtaken:
    """Return how a stored document differs from what was typed, in canonical form like it."""
    changed_by = stored.updated_by
    return Overtaken(
        person=(changed_by.get_full_name() or changed_by.get_username()) if changed_by else "",
        by_reader=changed_by is not None and changed_by.pk == reader.pk,
        at=stored.updated_at,
        version=stored.version,
        changes=compare(stored.document, typed),
        reload_url=reload_url,
    )


def typed_upon(request: HttpRequest) -> int | None:
    """Return the version that a posted form was typed upon, or the one that its author chose to replace."""
    return posted_version(request, "_over" if request.POST.get("_over") else "_version")
