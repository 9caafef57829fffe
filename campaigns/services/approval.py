"""Approval by a second person: asking for it, giving it, sending a campaign back. Publishing looks for it.

What is approved is one version of the working copy; whatever changes it afterwards needs another approval.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy

from campaigns import selectors
from campaigns.models import Campaign, CampaignReview, CampaignStatus, ReviewState
from campaigns.services.campaigns import CampaignError, lock_campaign


class AlreadySubmitted(CampaignError):
    code = "already_submitted"
    message = gettext_lazy("This version is waiting for approval, or has it, already.")


class NothingToApprove(CampaignError):
    code = "nothing_to_approve"
    message = gettext_lazy("Exactly this is live already.")


class NotSubmitted(CampaignError):
    code = "not_submitted"
    message = gettext_lazy("Nobody has asked for approval of this version.")


class SecondPersonNeeded(CampaignError):
    code = "second_person_needed"
    message = gettext_lazy("Somebody else than who asked for it must decide.")


class CommentRequired(CampaignError):
    code = "comment_required"
    message = gettext_lazy("Say what has to change.")
    field = "comment"


@transaction.atomic
def submit_campaign(
    *, code: str, version: int | None = None, comment: str = "", user: User, at: datetime
) -> CampaignReview:
    """Ask for approval of the working copy as it is.

    Raises Campaign.DoesNotExist, VersionConflict, AlreadySubmitted, NothingToApprove.
    """
    campaign = lock_campaign(code, version)
    live = campaign.live_revision
    if (
        campaign.status == CampaignStatus.PUBLISHED
        and live is not None
        and live.document == campaign.document
    ):
        raise NothingToApprove(campaign=code)
    current = selectors.current_review(campaign)
    if current is not None and current.state != ReviewState.REJECTED:
        raise AlreadySubmitted(campaign=code, state=current.state)
    campaign.reviews.filter(state=ReviewState.REQUESTED).update(state=ReviewState.SUPERSEDED)
    return CampaignReview.objects.create(
        campaign=campaign, version=campaign.version, comment=comment, requested_by=user, requested_at=at
    )


@transaction.atomic
def approve_campaign(
    *, code: str, version: int | None = None, comment: str = "", user: User, at: datetime
) -> CampaignReview:
    """Approve what was submitted. Raises Campaign.DoesNotExist, VersionConflict, NotSubmitted, SecondPersonNeeded."""
    return _decide(lock_campaign(code, version), ReviewState.APPROVED, comment, user, at)


@transaction.atomic
def reject_campaign(
    *, code: str, version: int | None = None, comment: str, user: User, at: datetime
) -> CampaignReview:
    """Send what was submitted back with a comment. Raises like approve_campaign, and CommentRequired."""
    campaign = lock_campaign(code, version)
    if not comment.strip():
        raise CommentRequired(campaign=code)
    return _decide(campaign, ReviewState.REJECTED, comment, user, at)


def _decide(campaign: Campaign, state: ReviewState, comment: str, user: User, at: datetime) -> CampaignReview:
    review = selectors.current_review(campaign)
    if review is None or review.state != ReviewState.REQUESTED:
        raise NotSubmitted(campaign=campaign.code)
    if review.requested_by_id == user.pk:
        raise SecondPersonNeeded(campaign=campaign.code)
    review.state = state
    review.decision_comment = comment
    review.decided_by = user
    review.decided_at = at
    review.save(update_fields=["state", "decision_comment", "decided_by", "decided_at"])
    return review
