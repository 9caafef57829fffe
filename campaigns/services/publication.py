"""What documents have in common: how one is locked and refused; how associations and markdowns go live, pause and go.

Each kind's own module reads its documents and calls these steps inside its transaction.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from campaigns.models import (
    Association,
    AssociationRevision,
    Campaign,
    Markdown,
    MarkdownRevision,
    PublishedStatus,
    Review,
)
from campaigns.services.plan import record_plan_change

Kind = TypeVar("Kind", Association, Markdown)
AnyKind = TypeVar("AnyKind", Campaign, Association, Markdown)


class PublicationError(Exception):
    """A refusal. `code` is stable, the message is for people, `extra` says what it is about."""

    code = "publication_error"
    message = gettext_lazy("This could not be changed.")

    def __init__(self, **extra: Any) -> None:
        super().__init__(str(self.message))
        self.extra = extra


class CodeTaken(PublicationError):
    code = "code_taken"
    message = gettext_lazy("Another one has this code.")


class CodeFixed(PublicationError):
    code = "code_fixed"
    message = gettext_lazy("A code never changes.")


class VersionConflict(PublicationError):
    """`extra` holds `version`, the one that is stored now."""

    code = "version_conflict"
    message = gettext_lazy("Somebody else changed this meanwhile.")


class ApprovalRequired(PublicationError):
    code = "approval_required"
    message = gettext_lazy("The company asks for approval by a second person before this is published.")


class NotPublished(PublicationError):
    code = "not_published"
    message = gettext_lazy("Only what is live can be paused.")


class NotPaused(PublicationError):
    code = "not_paused"
    message = gettext_lazy("Only what is paused can be resumed.")


class WasPublished(PublicationError):
    code = "was_published"
    message = gettext_lazy("What was published stays for the sales that used it. Pause it instead.")


class RevisionUnknown(PublicationError):
    code = "revision_unknown"
    message = gettext_lazy("There is no such revision.")


class NothingToPublish(PublicationError):
    code = "nothing_to_publish"
    message = gettext_lazy("It has no products yet.")


def locked(model: type[AnyKind], code: str, version: int | None = None) -> AnyKind:
    """Return a document, locked until the caller's transaction ends. Raises its DoesNotExist, VersionConflict."""
    found = (
        model._default_manager.select_for_update(of=("self",)).select_related("live_revision").get(code=code)
    )
    if version is not None and version != found.version:
        raise VersionConflict(version=found.version)
    return found


def insert(document: Association | Markdown) -> None:
    """Store a new document. Raises CodeTaken."""
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError as error:
        if type(document)._default_manager.filter(code=document.code).exists():
            raise CodeTaken from error
        raise


def touch(document: Campaign | Association | Markdown, *, user: User | None, at: datetime) -> None:
    """Note a change of the working copy, to be saved by the caller."""
    document.version += 1
    sign(document, user=user, at=at)


def sign(document: Campaign | Association | Markdown, *, user: User | None, at: datetime) -> None:
    """Note who changed a document last, to be saved by the caller."""
    document.updated_by = user
    document.updated_at = at


def next_number(document: Association | Markdown) -> int:
    """Return the number of the revision that is published next."""
    last = document.revisions.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def go_live(
    document: Kind,
    revision: AssociationRevision | MarkdownRevision,
    *,
    action: str,
    user: User | None,
    at: datetime,
) -> None:
    """Make a new revision the live one and record the step of the plan."""
    document.live_revision = revision  # type: ignore[assignment]
    document.status = PublishedStatus.PUBLISHED
    touch(document, user=user, at=at)
    document.save()
    record_plan_change(document=document, revision=revision, action=action, user=user, at=at)


@transaction.atomic
def pause(model: type[Kind], *, code: str, user: User | None, at: datetime) -> Kind:
    """Take a document out of the plan, keeping its revision. Raises DoesNotExist, NotPublished."""
    document = locked(model, code)
    if document.status != PublishedStatus.PUBLISHED:
        raise NotPublished
    return _switch(document, PublishedStatus.PAUSED, None, action="paused", user=user, at=at)


@transaction.atomic
def resume(model: type[Kind], *, code: str, user: User | None, at: datetime) -> Kind:
    """Bring back the revision that was live before the pause. Raises DoesNotExist, NotPaused."""
    document = locked(model, code)
    if document.status != PublishedStatus.PAUSED:
        raise NotPaused
    return _switch(
        document, PublishedStatus.PUBLISHED, document.live_revision, action="resumed", user=user, at=at
    )


def _switch(
    document: Kind,
    status: PublishedStatus,
    revision: AssociationRevision | MarkdownRevision | None,
    *,
    action: str,
    user: User | None,
    at: datetime,
) -> Kind:
    document.status = status
    sign(document, user=user, at=at)
    document.save(update_fields=["status", "updated_by", "updated_at"])
    record_plan_change(document=document, revision=revision, action=action, user=user, at=at)
    return document


@transaction.atomic
def delete(model: type[Kind], *, code: str) -> None:
    """Delete a draft that was never published. Raises DoesNotExist, WasPublished."""
    document = locked(model, code)
    if document.live_revision_id is not None:
        raise WasPublished
    Review.objects.of(document).delete()
    document.delete()
