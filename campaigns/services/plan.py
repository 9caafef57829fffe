"""The plan's log: every change of what is live takes the next version number, in commit order."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.policy import build_policy
from campaigns.models import Campaign, CampaignRevision, PlanChange, PlanHead
from retail.models import Company


def record_plan_change(
    *,
    campaign: Campaign | None,
    revision: CampaignRevision | None,
    action: str,
    user: User | None,
    at: datetime,
) -> int:
    """Append one step to the plan and return its version. Part of the caller's transaction.

    Locks the head until commit, so that a version is visible only when all before it are; take other locks first.
    """
    head = PlanHead.objects.select_for_update().get(pk=1)
    head.version += 1
    PlanChange.objects.create(
        version=head.version,
        campaign=campaign,
        revision=revision,
        policy=Company.objects.values_list("policy", flat=True).first() or {},
        action=action,
        changed_by=user,
        changed_at=at,
    )
    head.save(update_fields=["version"])
    return head.version


@transaction.atomic
def change_policy(*, policy: Mapping[str, str], user: User | None, at: datetime) -> int:
    """Replace the company's calculation policy and return the plan version that has it. Raises PolicyError."""
    build_policy(**dict(policy))
    company = Company.objects.select_for_update().get(pk=1)
    company.policy = dict(policy)
    company.save(update_fields=["policy"])
    return record_plan_change(campaign=None, revision=None, action="policy", user=user, at=at)
