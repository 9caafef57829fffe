"""Creating, changing, publishing and stopping campaigns. What is live is only ever changed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.engine.document import Campaign as ReadCampaign
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.models import Association, Campaign, CampaignRevision, CampaignStatus, Review
from campaigns.services.approval import approval_kept, approval_of
from campaigns.services.plan import record_plan_change
from campaigns.services.publication import PublicationError, locked, sign, touch

Document = Mapping[str, Any]
RESERVED_CODES = frozenset({"check"})


class CampaignError(PublicationError):
    """A refusal that only campaigns know; `extra` says what it is about."""

    code = "campaign_error"
    message = gettext_lazy("The campaign could not be changed.")


class CampaignCodeTaken(CampaignError):
    code = "code_taken"
    message = gettext_lazy("Another campaign has this code.")


class CampaignCodeReserved(CampaignError):
    """The code is an address of the API beside those of the campaigns, which such a campaign would not be found behind."""

    code = "reserved"
    field = "code"

    def __init__(self, campaign: str) -> None:
        super().__init__()
        text = _("“%(code)s” is an address of the API. Choose another code.")
        self.args = (text % {"code": campaign},)


class CampaignCodeFixed(CampaignError):
    code = "code_fixed"
    message = gettext_lazy("The code of a campaign never changes. Duplicate the campaign instead.")


class NotPublished(CampaignError):
    code = "not_published"
    message = gettext_lazy("Only a published campaign can be paused.")


class NotPaused(CampaignError):
    code = "not_paused"
    message = gettext_lazy("Only a paused campaign can be resumed.")


class WasPublished(CampaignError):
    code = "was_published"
    message = gettext_lazy(
        "A campaign that was published stays for the sales that used it. Pause it instead."
    )


class InAssociation(CampaignError):
    """`extra` holds `associations`, their codes."""

    code = "in_association"
    message = gettext_lazy("Associations have this campaign. Take it out of them first.")


class RevisionUnknown(CampaignError):
    code = "revision_unknown"
    message = gettext_lazy("This campaign has no such revision.")


@dataclass(frozen=True, slots=True)
class Publication:
    """`changed` is false when exactly this was live already; then nothing new was recorded."""

    campaign: Campaign
    revision: CampaignRevision
    changed: bool


@transaction.atomic
def create_campaign(
    *,
    document: Document,
    publish: bool = False,
    comment: str = "",
    user: User | None,
    at: datetime,
) -> Campaign:
    """Store a new campaign, a draft unless it is to be published at once.

    Raises DocumentError for a wrong document, CampaignCodeTaken and CampaignCodeReserved for its code, ApprovalRequired.
    """
    read = decode_campaign(document)
    if read.code in RESERVED_CODES:
        raise CampaignCodeReserved(read.code)
    campaign = Campaign(code=read.code, version=1, created_by=user, created_at=at)
    sign(campaign, user=user, at=at)
    _write_working_copy(campaign, read)
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
    except IntegrityError as error:
        if Campaign.objects.filter(code=read.code).exists():
            raise CampaignCodeTaken(campaign=read.code) from error
        raise
    if publish:
        return publish_campaign(code=read.code, comment=comment, user=user, at=at).campaign
    return campaign


@transaction.atomic
def save_campaign(
    *,
    code: str,
    document: Document,
    version: int | None,
    publish: bool = False,
    comment: str = "",
    user: User | None,
    at: datetime,
) -> Campaign:
    """Replace the working copy; what is live stays live unless it is to be published at once.

    `version` is the one that the change was made on; null skips the comparison. Raises Campaign.DoesNotExist,
    DocumentError, CampaignCodeFixed, VersionConflict, ApprovalRequired.
    """
    read = decode_campaign(document)
    if read.code != code:
        raise CampaignCodeFixed(campaign=code)
    campaign = locked(Campaign, code, version)
    _write_working_copy(campaign, read)
    touch(campaign, user=user, at=at)
    campaign.save()
    if publish:
        return publish_campaign(code=code, comment=comment, user=user, at=at).campaign
    return campaign


@transaction.atomic
def duplicate_campaign(
    *, code: str, new_code: str, new_name: str, user: User | None, at: datetime
) -> Campaign:
    """Make a draft out of another campaign's working copy. Raises like create_campaign."""
    original = Campaign.objects.get(code=code)
    return create_campaign(
        document={**original.document, "code": new_code, "name": new_name}, user=user, at=at
    )


@transaction.atomic
def publish_campaign(
    *,
    code: str,
    version: int | None = None,
    comment: str = "",
    user: User | None,
    at: datetime,
) -> Publication:
    """Make the working copy live for every evaluation that begins after this transaction commits.

    Without a start, the campaign starts now. Raises Campaign.DoesNotExist, VersionConflict, ApprovalRequired.
    """
    campaign = locked(Campaign, code, version)
    document = dict(campaign.document)
    if document.get("starts_at") is None:
        document["starts_at"] = _start_of_minute(campaign, at)
    read = decode_campaign(document)
    live = campaign.live_revision
    if (
        campaign.status == CampaignStatus.PUBLISHED
        and live is not None
        and live.document == encode_campaign(read)
    ):
        return Publication(campaign=campaign, revision=live, changed=False)
    approval = approval_of(campaign)
    _write_working_copy(campaign, read)
    return _publish(campaign, comment=comment, action="published", approval=approval, user=user, at=at)


@transaction.atomic
def roll_back_campaign(
    *, code: str, number: int, version: int | None = None, user: User | None, at: datetime
) -> Publication:
    """Publish the document of an earlier revision again, as a new revision; the working copy follows it.

    With approval asked for, only revisions that had it. Raises Campaign.DoesNotExist, RevisionUnknown,
    VersionConflict, ApprovalRequired.
    """
    campaign = locked(Campaign, code, version)
    revision = campaign.revisions.filter(number=number).first()
    if revision is None:
        raise RevisionUnknown(campaign=code, revision=number)
    approval = approval_kept(revision)
    _write_working_copy(campaign, decode_campaign(revision.document))
    comment = _("Back to revision %(number)s") % {"number": number}
    return _publish(campaign, comment=comment, action="rolled_back", approval=approval, user=user, at=at)


@transaction.atomic
def pause_campaign(*, code: str, user: User | None, at: datetime) -> Campaign:
    """Take the campaign out of the plan, keeping its revision. Raises Campaign.DoesNotExist, NotPublished."""
    campaign = locked(Campaign, code)
    if campaign.status != CampaignStatus.PUBLISHED:
        raise NotPublished(campaign=code)
    campaign.status = CampaignStatus.PAUSED
    sign(campaign, user=user, at=at)
    campaign.save(update_fields=["status", "updated_by", "updated_at"])
    record_plan_change(document=campaign, revision=None, action="paused", user=user, at=at)
    return campaign


@transaction.atomic
def resume_campaign(*, code: str, user: User | None, at: datetime) -> Campaign:
    """Bring back the revision that was live before the pause. Raises Campaign.DoesNotExist, NotPaused."""
    campaign = locked(Campaign, code)
    if campaign.status != CampaignStatus.PAUSED:
        raise NotPaused(campaign=code)
    campaign.status = CampaignStatus.PUBLISHED
    sign(campaign, user=user, at=at)
    campaign.save(update_fields=["status", "updated_by", "updated_at"])
    record_plan_change(document=campaign, revision=campaign.live_revision, action="resumed", user=user, at=at)
    return campaign


@transaction.atomic
def delete_campaign(*, code: str) -> None:
    """Delete a draft that was never published. Raises Campaign.DoesNotExist, WasPublished, InAssociation."""
    campaign = locked(Campaign, code)
    if campaign.live_revision_id is not None:
        raise WasPublished(campaign=code)
    if associations := list(Association.objects.naming(code).order_by("code").values_list("code", flat=True)):
        raise InAssociation(campaign=code, associations=associations)
    campaign.pools.update(campaign=None)
    Review.objects.of(campaign).delete()
    campaign.delete()


def _start_of_minute(campaign: Campaign, at: datetime) -> str:
    # A running campaign that is published again without a start keeps the one it had. Whole minutes forgive
    # the small difference between the clock of this machine and a till's.
    live = campaign.live_revision
    if live is not None and live.document.get("starts_at"):
        return str(live.document["starts_at"])
    return at.replace(second=0, microsecond=0).isoformat()


def _write_working_copy(campaign: Campaign, read: ReadCampaign) -> None:
    campaign.document = encode_campaign(read)
    if campaign.status == CampaignStatus.DRAFT:
        _write_columns(campaign, read)


def _write_columns(campaign: Campaign, read: ReadCampaign) -> None:
    """Repeat what lists filter by: of the live document once there is one, of the working copy before."""
    campaign.name = read.name
    campaign.category = read.category
    campaign.priority = read.priority
    campaign.starts_at = read.starts_at
    campaign.ends_at = read.ends_at
    campaign.benefit_kinds = sorted({benefit["kind"] for benefit in campaign.document["benefits"]})


def _publish(
    campaign: Campaign,
    *,
    comment: str,
    action: str,
    approval: dict[str, Any],
    user: User | None,
    at: datetime,
) -> Publication:
    last = campaign.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    revision = CampaignRevision.objects.create(
        campaign=campaign,
        number=last + 1,
        document=campaign.document,
        comment=comment,
        published_by=user,
        published_at=at,
        **approval,
    )
    campaign.live_revision = revision
    campaign.status = CampaignStatus.PUBLISHED
    _write_columns(campaign, decode_campaign(campaign.document))
    touch(campaign, user=user, at=at)
    campaign.save()
    record_plan_change(document=campaign, revision=revision, action=action, user=user, at=at)
    return Publication(campaign=campaign, revision=revision, changed=True)
