"""Compiled plans of this process, by version: read from the plan's log, shared by all threads, never changed.

What is live in a version is, for each campaign, association and markdown, its last change up to that version. The
next version is made from the one before by compiling only what changed; any other is put together from the log. Old
versions stay for a while, because a till commits with the version that it evaluated with.
"""

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast, Coalesce

from campaigns.engine.associations import Association, decode_association
from campaigns.engine.document import Campaign
from campaigns.engine.markdowns import Markdown, stored_markdown
from campaigns.engine.plan import Compiled, Plan, compile_plan
from campaigns.engine.policy import CalculationPolicy, build_policy
from campaigns.engine.stored import read_stored
from campaigns.models import CampaignRevision, PlanChange, PlanHead, PlanKind
from campaigns.models.plan import REVISION_COLUMNS
from retail.models import Company

# Compiled campaigns are shared between versions; what a version costs is its index.
MOST_VERSIONS = 8
# Single revisions that codes in circulation still open.
MOST_REVISIONS = 256
# Farther apart, reading everything is cheaper than reading each change.
MOST_STEPS = 2_000
# So many campaigns are kept away from the garbage collector.
MANY = 1_000
# A campaign that ended leaves the plan only when no sale of its time is accepted any more: the API takes
# sales that arrive up to 400 days late, and judges them by the moment when they occurred.
KEEP_ENDED = timedelta(days=401)

Dated = TypeVar("Dated", Campaign, Markdown)


class PlanUnknown(LookupError):
    """There is no plan of this version."""

    code = "plan_unknown"

    def __init__(self, version: int) -> None:
        super().__init__(f"There is no plan version {version}.")
        self.version = version


_plans: dict[int, Plan] = {}
_revisions: dict[int, Compiled] = {}
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


def compiled_revisions(revisions: Collection[int]) -> dict[int, Compiled]:
    """Return campaigns as some revisions say, for codes that keep the terms of their issue. At most one query.

    Revisions never change: those met last stay compiled.
    """
    global _revisions
    known = _revisions
    missing = [revision for revision in revisions if revision not in known]
    if missing:
        rows = CampaignRevision.objects.filter(pk__in=missing).values_list("pk", "document")
        read = {pk: Compiled(read_stored(document, revision=pk)) for pk, document in rows}
        kept = {**known, **read}
        _revisions = dict(list(kept.items())[-MOST_REVISIONS:])
        known = kept
    return {revision: known[revision] for revision in revisions}


def forget_plans() -> None:
    """Drop every compiled plan of this process, for tests that take the database back in time."""
    global _plans, _revisions
    with _building:
        _plans = {}
        _revisions = {}


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
    with _collector_paused():
        last = _LastChanges(0, version, changed_at)
        plan = compile_plan(
            last.campaigns,
            associations=last.associations,
            markdowns=last.markdowns,
            policy=policy,
            version=version,
        )
        if len(plan.campaigns) >= MANY:
            # They would be looked at again in every full collection. Nothing of a plan refers to what refers to it, so
            # what is replaced later goes without the collector.
            gc.freeze()
        return plan


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
    last = _LastChanges(base.version, version, changed_at)
    return base.with_changes(
        last.campaigns,
        last.stopped["campaign"] + _over((c.campaign for c in base.campaigns.values()), changed_at),
        version=version,
        policy=policy,
        associations=last.associations,
        removed_associations=last.stopped["association"],
        markdowns=last.markdowns,
        removed_markdowns=last.stopped["markdown"]
        + _over((m.document for m in base.markdowns.values()), changed_at),
    )


class _LastChanges:
    """The last change of each document after one version and up to another: what it has live, or that it stopped."""

    def __init__(self, after: int, until: int, changed_at: datetime) -> None:
        self.campaigns: list[Campaign] = []
        self.associations: list[Association] = []
        self.markdowns: list[Markdown] = []
        self.stopped: dict[str, list[str]] = {kind: [] for kind in REVISION_COLUMNS}
        for kind, code, revision, text, prices in _changes(after, until):
            if text is None:
                self.stopped[kind].append(code)
                continue
            document = _decode(text)
            if kind == PlanKind.ASSOCIATION:
                self.associations.append(decode_association(document))
            elif kind == PlanKind.MARKDOWN:
                self._enter(self.markdowns, stored_markdown(document, _decode(prices or "[]")), changed_at)
            else:
                self._enter(self.campaigns, read_stored(document, revision=revision), changed_at)

    def _enter(self, found: list[Dated], document: Dated, changed_at: datetime) -> None:
        if _is_over(document, changed_at):
            self.stopped["markdown" if isinstance(document, Markdown) else "campaign"].append(document.code)
        else:
            found.append(document)


# As text: our decoder is twice as fast as the standard library's, which the database adapter would ask.
_decode = msgspec.json.Decoder().decode
Row = tuple[str, str, int | None, str | None, str | None]


def _changes(after: int, until: int) -> Iterator[Row]:
    """Yield kind, code, revision, document and, for a markdown, prices (as JSON): for each document its last change."""
    last = (
        PlanChange.objects.filter(version__gt=after, version__lte=until)
        .exclude(kind=PlanKind.POLICY)
        .order_by("kind", "code", "-version")
        .distinct("kind", "code")
    )
    # In any order, since each document occurs once: sorting would carry ten thousand documents to a file and back.
    rows = PlanChange.objects.filter(pk__in=last.values("pk"))
    yield from rows.values_list(
        "kind",
        "code",
        "campaign_revision_id",
        Cast(
            Coalesce(
                "campaign_revision__document",
                "association_revision__document",
                "markdown_revision__document",
            ),
            TextField(),
        ),
        Cast("markdown_revision__prices__items", TextField()),
    )


def _over(documents: Iterable[Campaign | Markdown], changed_at: datetime) -> list[str]:
    # Most have no end, and publishing one campaign asks about all.
    return [
        document.code
        for document in documents
        if document.ends_at is not None and _is_over(document, changed_at)
    ]


def _is_over(document: Campaign | Markdown, changed_at: datetime) -> bool:
    return document.ends_at is not None and document.ends_at < changed_at - KEEP_ENDED
