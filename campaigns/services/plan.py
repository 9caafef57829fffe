"""The plan's log: every change of what is live takes the next version number, in commit order."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.policy import build_policy
from campaigns.models import (
    Association,
    AssociationRevision,
    Campaign,
    CampaignRevision,
    Markdown,
    MarkdownRevision,
    PlanChange,
    PlanHead,
    PlanKind,
)
from campaigns.models.plan import REVISION_COLUMNS
from retail.models import Company

KINDS = {Campaign: PlanKind.CAMPAIGN, Association: PlanKind.ASSOCIATION, Markdown: PlanKind.MARKDOWN}


class PolicyUnchanged(Exception):
    """The company has this calculation policy already."""

    code = "policy_unchanged"


def record_plan_change(
    *,
    document: Campaign | Association | Markdown | None,
    revision: CampaignRevision | AssociationRevision | MarkdownRevision | None,
    action: str,
    user: User | None,
    at: datetime,
) -> int:
    """Append one step to the plan and return its version. Part of the caller's transaction.

    `revision` is what the document has live from now on, None when it stops; `document` is None when only the
    company's policy changed.
    Locks the head until commit, so that a version is visible only when all before it are; take other locks first.
    """
    head = PlanHead.objects.select_for_update().get(pk=1)
    head.version += 1
    kind = PlanKind.POLICY if document is None else KINDS[type(document)]
    PlanChange.objects.create(
        version=head.version,
        kind=kind,
        code="" if document is None else document.code,
        **({} if revision is None else {REVISION_COLUMNS[kind]: revision}),
        policy=Company.objects.values_list("policy", flat=True).first() or {},
        action=action,
        changed_by=user,
        changed_at=at,
    )
    head.save(update_fields=["version"])
    return head.version


@transaction.atomic
def change_policy(*, policy: Mapping[str, str], user: User | None, at: datetime) -> int:
    """Replace the company's calculation policy and return the plan version that has it.

    Raises PolicyError, and PolicyUnchanged when it is the present one already: no plan version is spent on nothing.
    """
    build_policy(**dict(policy))
    company = Company.objects.select_for_update().get(pk=1)
    if company.policy == dict(policy):
        raise PolicyUnchanged
    company.policy = dict(policy)
    company.save(update_fields=["policy"])
    return record_plan_change(document=None, revision=None, action="policy", user=user, at=at)
