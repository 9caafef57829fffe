"""Approval by a second person: asking for it, giving it, sending a document back. Publishing looks for it.

What is approved is one version of the working copy; whatever changes it afterwards needs another approval. Campaigns,
associations and markdowns follow the same steps.
"""

from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy

from campaigns import selectors
from campaigns.models import (
    Association,
    AssociationRevision,
    Campaign,
    CampaignRevision,
    Markdown,
    MarkdownRevision,
    PublishedStatus,
    Review,
    ReviewState,
)
from campaigns.services.publication import ApprovalRequired, PublicationError, locked
from retail.models import Company

Document = Campaign | Association | Markdown
# What a revision keeps of its approval.
APPROVAL_FIELDS = ("submitted_by", "submitted_at", "approved_by", "approved_at")


class AlreadySubmitted(PublicationError):
    code = "already_submitted"
    message = gettext_lazy("This version is waiting for approval, or has it, already.")


class NothingToApprove(PublicationError):
    code = "nothing_to_approve"
    message = gettext_lazy("Exactly this is live already.")


class NotSubmitted(PublicationError):
    code = "not_submitted"
    message = gettext_lazy("Nobody has asked for approval of this version.")


class SecondPersonNeeded(PublicationError):
    code = "second_person_needed"
    message = gettext_lazy("Somebody else than who asked for it must decide.")


class CommentRequired(PublicationError):
    code = "comment_required"
    message = gettext_lazy("Say what has to change.")
    field = "comment"


def is_required() -> bool:
    """Say whether the company asks for approval before something is published."""
    return Company.objects.filter(approval_required=True).exists()


@transaction.atomic
def require(*, required: bool, user: User) -> bool:
    """Ask for approval from now on, or no longer; return whether that is a change. The company's history keeps who did it."""
    company = Company.objects.select_for_update().get(pk=1)
    if company.approval_required == required:
        return False
    company.approval_required = required
    company.save(update_fields=["approval_required"])
    field = str(Company._meta.get_field("approval_required").verbose_name)
    message = [{"changed": {"fields": [field]}}]
    LogEntry.objects.log_actions(user.pk, [company], CHANGE, message, single_object=True)
    return True


@transaction.atomic
def submit(
    model: type[Document],
    *,
    code: str,
    version: int | None = None,
    comment: str = "",
    user: User,
    at: datetime,
) -> Review:
    """Ask for approval of the working copy as it is.

    Raises the model's DoesNotExist, VersionConflict, AlreadySubmitted, NothingToApprove.
    """
    document = locked(model, code, version)  # type: ignore[type-var]
    if document.status == PublishedStatus.PUBLISHED and not _has_changes(document):
        raise NothingToApprove
    current = selectors.current_review(document)
    if current is not None and current.state != ReviewState.REJECTED:
        raise AlreadySubmitted(state=current.state)
    asked = Review.objects.of(document)
    asked.filter(state=ReviewState.REQUESTED).update(state=ReviewState.SUPERSEDED)
    return Review.objects.create(
        kind=str(document._meta.model_name),
        code=code,
        version=document.version,
        comment=comment,
        requested_by=user,
        requested_at=at,
    )


@transaction.atomic
def approve(
    model: type[Document],
    *,
    code: str,
    version: int | None = None,
    comment: str = "",
    user: User,
    at: datetime,
) -> Review:
    """Approve what was submitted.

    Raises the model's DoesNotExist, VersionConflict, NotSubmitted, SecondPersonNeeded.
    """
    return _decide(locked(model, code, version), ReviewState.APPROVED, comment, user, at)  # type: ignore[type-var]


@transaction.atomic
def reject(
    model: type[Document], *, code: str, version: int | None = None, comment: str, user: User, at: datetime
) -> Review:
    """Send what was submitted back with a comment. Raises like approve, and CommentRequired."""
    document = locked(model, code, version)  # type: ignore[type-var]
    if not comment.strip():
        raise CommentRequired
    return _decide(document, ReviewState.REJECTED, comment, user, at)


def approval_of(document: Document) -> dict[str, Any]:
    """Return who asked for and gave approval of the working copy, as a revision keeps it.

    Raises ApprovalRequired where it lacks and the company asks for it.
    """
    review = selectors.current_review(document)
    if review is None or review.state != ReviewState.APPROVED:
        if is_required():
            raise ApprovalRequired
        return {}
    approval = (review.requested_by, review.requested_at, review.decided_by, review.decided_at)
    return dict(zip(APPROVAL_FIELDS, approval, strict=True))


def approval_kept(revision: CampaignRevision | AssociationRevision | MarkdownRevision) -> dict[str, Any]:
    """Return the approval that a revision had, for publishing it again. Raises ApprovalRequired like approval_of."""
    if revision.approved_by_id is None and is_required():
        raise ApprovalRequired
    return {name: getattr(revision, name) for name in APPROVAL_FIELDS}


def _has_changes(document: Document) -> bool:
    flagged = type(document).objects.with_changes_flag()
    return flagged.filter(pk=document.pk, has_changes=True).exists()  # type: ignore[misc]


def _decide(document: Document, state: ReviewState, comment: str, user: User, at: datetime) -> Review:
    review = selectors.current_review(document)
    if review is None or review.state != ReviewState.REQUESTED:
        raise NotSubmitted
    if review.requested_by_id == user.pk:
        raise SecondPersonNeeded
    review.state = state
    review.decision_comment = comment
    review.decided_by = user
    review.decided_at = at
    review.save(update_fields=["state", "decision_comment", "decided_by", "decided_at"])
    return review
