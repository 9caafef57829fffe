"""Compiled plans of this process, by version: read from the plan's log, shared by all threads, never changed.

A version's campaigns are, for each campaign, its last change up to that version. The next version is made from the one
before by compiling only what changed; any other is put together from the log. Old versions stay for a while, because
a till commits with the version that it evaluated with.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

from campaigns.engine.document import Campaign, decode_campaign
from campaigns.engine.plan import Plan, compile_plan
from campaigns.engine.policy import CalculationPolicy, build_policy
from campaigns.models import PlanChange, PlanHead
from retail.models import Company

# Compiled campaigns are shared between versions; what a version costs is its index.
MOST_VERSIONS = 8
# Farther apart, reading everything is cheaper than reading each change.
MOST_STEPS = 2_000
# A campaign that ended leaves the plan only when no sale of its time is accepted any more: the API takes
# sales that arrive up to 400 days late, and judges them by the moment when they occurred.
KEEP_ENDED = timedelta(days=401)


class PlanUnknown(LookupError):
    """There is no plan of this version."""

    code = "plan_unknown"

    def __init__(self, version: int) -> None:
        super().__init__(f"There is no plan version {version}.")
        self.version = version


_plans: dict[int, Plan] = {}
_building = Lock()


def plan_for(version: int) -> Plan:
    """Return the plan of a version, compiling it when this process has not got it. Raises PlanUnknown.

    Any version that was ever current can be asked for. Call it outside of a transaction that publishes.
    """
    plan = _plans.get(version)
    if plan is None:
        with _building:
            plan = _plans.get(version)
            if plan is None:
                plan = _build(version)
                _keep(plan)
    return plan


def forget_plans() -> None:
    """Drop every compiled plan of this process, for tests that take the database back in time."""
    global _plans
    with _building:
        _plans = {}


def _keep(plan: Plan) -> None:
    """Swap in a mapping that has the plan; readers see the one before or this one, never one between."""
    global _plans
    kept = {**_plans, plan.version: plan}
    while len(kept) > MOST_VERSIONS:
        newest = max(kept)
        # The newest serves nearly every request; of the others, the one built first goes.
        del kept[next(version for version in kept if version not in (newest, plan.version))]
    _plans = kept


def _build(version: int) -> Plan:
    last = PlanChange.objects.filter(version=version).values_list("policy", "changed_at").first()
    if last is None:
        if version != 0 or not PlanHead.objects.exists():
            raise PlanUnknown(version)
        return Plan(version=0, policy=_policy(Company.objects.values_list("policy", flat=True).first()))
    policy, changed_at = _policy(last[0]), last[1]
    base = max((known for known in _plans if known < version), default=None)
    if base is None or version - base > MOST_STEPS:
        return _compile_whole(version, policy, changed_at)
    return _compile_steps(_plans[base], version, policy, changed_at)


def _policy(answers: dict[str, str] | None) -> CalculationPolicy:
    return build_policy(**(answers or {}))


def _compile_whole(version: int, policy: CalculationPolicy, changed_at: datetime) -> Plan:
    last_changes = (
        PlanChange.objects.filter(version__lte=version, campaign__isnull=False)
        .order_by("campaign_id", "-version")
        .distinct("campaign_id")
    )
    rows = PlanChange.objects.filter(pk__in=last_changes.values("pk"), revision__isnull=False).order_by(
        "version"
    )
    with _collector_paused():
        campaigns = _read(rows.values_list("revision_id", "revision__document"))
        return compile_plan(_without_ended(campaigns, changed_at), policy=policy, version=version)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking again and again over thousands of campaigns that are here to stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compile_steps(base: Plan, version: int, policy: CalculationPolicy, changed_at: datetime) -> Plan:
    rows = PlanChange.objects.filter(
        version__gt=base.version, version__lte=version, campaign__isnull=False
    ).order_by("version")
    last = {
        code: (revision, document)
        for code, revision, document in rows.values_list(
            "campaign__code", "revision_id", "revision__document"
        )
    }
    changed = _without_ended(_read(entry for entry in last.values() if entry[0] is not None), changed_at)
    arrived = {campaign.code for campaign in changed}
    removed = set(last) - arrived
    removed |= {
        code
        for code, compiled in base.campaigns.items()
        if code not in arrived and _is_over(compiled.campaign, changed_at)
    }
    return base.with_changes(changed, sorted(removed), version=version, policy=policy)


def _read(rows: Iterable[tuple[int, object]]) -> list[Campaign]:
    return [decode_campaign(document, revision=revision) for revision, document in rows]


def _without_ended(campaigns: list[Campaign], changed_at: datetime) -> list[Campaign]:
    return [campaign for campaign in campaigns if not _is_over(campaign, changed_at)]


def _is_over(campaign: Campaign, changed_at: datetime) -> bool:
    return campaign.ends_at is not None and campaign.ends_at < changed_at - KEEP_ENDED
