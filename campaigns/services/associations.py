"""Associations of campaigns: kept, published, rolled back. Pausing and deleting are those of every document."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.engine.associations import Association as ReadAssociation
from campaigns.engine.associations import decode_association, encode_association
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.models import Association, AssociationRevision, Campaign, PublishedStatus
from campaigns.services import publication
from campaigns.services.approval import approval_kept, approval_of

Document = Mapping[str, Any]
MOST_CAMPAIGNS = 200


@transaction.atomic
def create_association(
    *, document: Document, publish: bool = False, comment: str = "", user: User | None, at: datetime
) -> Association:
    """Store a new association, a draft unless it is to be published at once.

    Raises DocumentError for a wrong document, CodeTaken, ApprovalRequired.
    """
    read = read_association(document)
    association = Association(code=read.code, created_at=at)
    publication.sign(association, user=user, at=at)
    _write(association, read)
    publication.insert(association)
    if publish:
        return publish_association(code=read.code, comment=comment, user=user, at=at)
    return association


@transaction.atomic
def save_association(
    *,
    code: str,
    document: Document,
    version: int | None = None,
    publish: bool = False,
    comment: str = "",
    user: User | None,
    at: datetime,
) -> Association:
    """Replace the working copy; what is live stays live unless it is to be published at once.

    `version` is the one that the change was made on; null skips the comparison. Raises Association.DoesNotExist,
    DocumentError, CodeFixed, VersionConflict, ApprovalRequired.
    """
    read = read_association(document)
    if read.code != code:
        raise publication.CodeFixed
    association = publication.locked(Association, code, version)
    if encode_association(read) != association.document:
        _write(association, read)
        publication.touch(association, user=user, at=at)
        association.save()
    if publish:
        return publish_association(code=code, comment=comment, user=user, at=at)
    return association


@transaction.atomic
def publish_association(
    *, code: str, version: int | None = None, comment: str = "", user: User | None, at: datetime
) -> Association:
    """Make the working copy live for every evaluation that begins after this transaction commits.

    Publishing what is live already changes nothing. Raises Association.DoesNotExist, VersionConflict,
    DocumentError when a campaign is gone, ApprovalRequired.
    """
    association = publication.locked(Association, code, version)
    live = association.live_revision
    if association.status == PublishedStatus.PUBLISHED and live and live.document == association.document:
        return association
    approval = approval_of(association)
    _write(association, read_association(association.document))
    return _publish(association, comment=comment, action="published", approval=approval, user=user, at=at)


@transaction.atomic
def roll_back_association(*, code: str, number: int, user: User | None, at: datetime) -> Association:
    """Publish an earlier revision again, as a new revision; the working copy follows it.

    Raises Association.DoesNotExist, RevisionUnknown, DocumentError when a campaign is gone, ApprovalRequired.
    """
    association = publication.locked(Association, code)
    revision = association.revisions.filter(number=number).first()
    if revision is None:
        raise publication.RevisionUnknown(revision=number)
    approval = approval_kept(revision)
    _write(association, read_association(revision.document))
    comment = _("Back to revision %(number)s") % {"number": number}
    return _publish(association, comment=comment, action="rolled_back", approval=approval, user=user, at=at)


def _publish(
    association: Association,
    *,
    comment: str,
    action: str,
    approval: dict[str, Any],
    user: User | None,
    at: datetime,
) -> Association:
    revision = AssociationRevision.objects.create(
        association=association,
        number=publication.next_number(association),
        document=association.document,
        comment=comment,
        published_by=user,
        published_at=at,
        **approval,
    )
    publication.go_live(association, revision, action=action, user=user, at=at)
    return association


def read_association(document: Document) -> ReadAssociation:
    """Return the document, read, with every campaign known. Raises DocumentError naming every fault."""
    problems: list[Problem] = []
    try:
        read = decode_association(document)
    except DocumentError as error:
        problems += error.problems
        codes = _readable_campaigns(document, problems)
    else:
        codes = read.campaigns
    if codes is not None:
        problems += _faults_of_campaigns(codes)
    if problems:
        raise DocumentError(problems)
    return read


def _readable_campaigns(document: Document, problems: Sequence[Problem]) -> Sequence[str] | None:
    """Return the campaigns of a document with faults, None when they are among these."""
    given = document.get("campaigns") if isinstance(document, Mapping) else None
    wrong = any(problem.path.partition(".")[0] == "campaigns" for problem in problems)
    return given if isinstance(given, list) and not wrong else None


def _faults_of_campaigns(codes: Sequence[str]) -> list[Problem]:
    problems = []
    if len(codes) < 2:
        problems.append(
            Problem(
                "campaigns", "too_few", gettext_noop("Needs at least %(minimum)s entries."), {"minimum": 2}
            )
        )
    if len(codes) > MOST_CAMPAIGNS:
        problems.append(Problem("campaigns", "too_many", gettext_noop("At most 200 campaigns.")))
    known = set(Campaign.objects.filter(code__in=codes).values_list("code", flat=True))
    problems += [
        Problem(f"campaigns.{position}", "unknown", gettext_noop("There is no campaign with this code."))
        for position, code in enumerate(codes)
        if code not in known
    ]
    return problems


def _write(association: Association, read: ReadAssociation) -> None:
    association.document = encode_association(read)
    association.name = read.name or read.code
