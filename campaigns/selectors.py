"""Reads of campaigns for pages, the API and the till."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    Field,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from campaigns.changes import FieldChange, document_changes
from campaigns.engine.campaign import leaves
from campaigns.engine.conditions.promo_code import PromoCode as PromoCodeRule
from campaigns.engine.document import decode_campaign
from campaigns.models import (
    Activation,
    Association,
    Campaign,
    CampaignCategory,
    CampaignCounter,
    CampaignRevision,
    CampaignStatus,
    CodeState,
    Markdown,
    PlanChange,
    PlanHead,
    PlanKind,
    PromoCode,
    PromoCodePool,
    Review,
    ReviewState,
)
from campaigns.querysets import STATUSES, CampaignQuerySet, PromoCodeQuerySet
from retail.models import StoreGrouping


def current_plan_version() -> int:
    """Return the newest plan version that is visible to this transaction."""
    return PlanHead.objects.values_list("version", flat=True).get(pk=1)


def plan_version_was_current(version: int, *, at: datetime, grace: timedelta) -> bool:
    """Say whether a plan version was the current one at some moment within `grace` before `at`."""
    head = current_plan_version()
    if version == head:
        return True
    if not 0 <= version < head:
        return False
    replaced_at = PlanChange.objects.values_list("changed_at", flat=True).get(version=version + 1)
    return replaced_at > at - grace


def plan_version_at(moment: datetime) -> int:
    """Return the plan version that was the current one at a moment: 0 before anything was published."""
    changes = PlanChange.objects.filter(changed_at__lte=moment).order_by("-version")
    return changes.values_list("version", flat=True).first() or 0


# --- Lists ---------------------------------------------------------------------------------------

ORDERS = {
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "priority": ("priority", "code", "pk"),
    "-priority": ("-priority", "code", "pk"),
    "starts_at": ("starts_at", "pk"),
    "-starts_at": ("-starts_at", "-pk"),
    "ends_at": ("ends_at", "pk"),
    "-ends_at": ("-ends_at", "-pk"),
    "created_at": ("created_at", "pk"),
    "-created_at": ("-created_at", "-pk"),
    "updated_at": ("updated_at", "pk"),
    "-updated_at": ("-updated_at", "-pk"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFilter:
    """What a list of campaigns is narrowed by; an empty value narrows nothing."""

    q: str = ""
    status: str = ""
    category: str = ""
    benefit: str = ""
    store: str = ""
    created_from: date | None = None
    created_until: date | None = None
    order: str = "-updated_at"


def campaigns(wanted: CampaignFilter, *, at: datetime) -> CampaignQuerySet:
    """Campaigns that the filter lets through, annotated with `shown_status` and `has_changes`, in order."""
    found: CampaignQuerySet = Campaign.objects.with_status(at=at).with_changes_flag()
    if wanted.q:
        found = found.search(wanted.q)
    if wanted.status:
        found = found.filter(shown_status=wanted.status)  # type: ignore[misc]
    if wanted.category:
        found = found.filter(category=wanted.category)
    if wanted.benefit:
        found = found.filter(benefit_kinds__contains=[wanted.benefit])
    if wanted.store:
        groupings = StoreGrouping.objects.filter(stores__code=wanted.store).values_list("code", flat=True)
        found = found.in_store(wanted.store, list(groupings))
    if wanted.created_from:
        found = found.filter(created_at__date__gte=wanted.created_from)
    if wanted.created_until:
        found = found.filter(created_at__date__lte=wanted.created_until)
    return found.order_by(*ORDERS.get(wanted.order, ORDERS["-updated_at"]))


def free_campaign_code(code: str) -> str:
    """Return the code itself, or the first of CODE-2, CODE-3, ... that no campaign has."""
    base = code[:58]
    taken = set(Campaign.objects.filter(code__startswith=base).values_list("code", flat=True))
    if code not in taken:
        return code
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def campaign_counts(*, at: datetime) -> dict[str, int]:
    """Return how many campaigns are in each shown status, every status named."""
    counted = dict.fromkeys(STATUSES, 0)
    rows = Campaign.objects.with_status(at=at).values_list("shown_status").annotate(Count("pk"))  # type: ignore[misc]
    counted.update(rows.order_by())
    return counted


def live_documents() -> Iterator[Mapping[str, Any]]:
    """Yield the document of every campaign that is live now, in the order of their codes."""
    rows = CampaignRevision.objects.filter(
        pk__in=Campaign.objects.filter(status=CampaignStatus.PUBLISHED).values("live_revision")
    )
    yield from rows.order_by("campaign__code").values_list("document", flat=True)


# --- One campaign --------------------------------------------------------------------------------


def current_review(document: Campaign | Association | Markdown) -> Review | None:
    """Return the last review of the working copy as it is now; a version that changed since has none."""
    reviews = (
        Review.objects.of(document).filter(version=document.version).exclude(state=ReviewState.SUPERSEDED)
    )
    return reviews.select_related("requested_by", "decided_by").order_by("-pk").first()


_REVIEWED: dict[PlanKind, type[Campaign | Association | Markdown]] = {
    PlanKind.CAMPAIGN: Campaign,
    PlanKind.ASSOCIATION: Association,
    PlanKind.MARKDOWN: Markdown,
}


def reviews_waiting_for(user: Any) -> list[Review]:
    """Return what waits for this person's decision, with the document's `name`, the oldest first; their own does not.

    Only the kinds that they may approve, and only versions that are still the working copy.
    """
    waiting, names = Q(), []
    for kind, model in _REVIEWED.items():
        if user.has_perm(f"campaigns.approve_{kind}"):
            same = model._default_manager.filter(code=OuterRef("code"), version=OuterRef("version"))
            waiting |= Q(Exists(same), kind=kind)
            names.append(When(kind=kind, then=Subquery(same.values("name")[:1])))
    if not names:
        return []
    found = Review.objects.filter(waiting, state=ReviewState.REQUESTED).exclude(requested_by=user)
    named = found.annotate(name=Case(*names, output_field=CharField()))
    return list(named.select_related("requested_by").order_by("requested_at", "pk"))


@dataclass(frozen=True, slots=True)
class RevisionStep:
    """One revision and what it changed against the one before it."""

    revision: CampaignRevision
    changes: list[FieldChange]


def revision_history(campaign: Campaign) -> list[RevisionStep]:
    """Return a campaign's revisions, the newest first, each with its changes; the first has none."""
    revisions = list(
        campaign.revisions.select_related("published_by", "submitted_by", "approved_by").order_by("number")
    )
    steps = []
    before: Mapping[str, Any] | None = None
    for revision in revisions:
        changes = [] if before is None else document_changes(before, revision.document)
        steps.append(RevisionStep(revision, changes))
        before = revision.document
    return steps[::-1]


@dataclass(frozen=True, slots=True)
class CampaignUse:
    """What a campaign has given, cancelled sales left out."""

    activations: int
    discount: Any
    sales_total: Any


def campaign_use(campaign: Campaign) -> CampaignUse:
    totals = campaign.activations.filter(reversed_at__isnull=True).aggregate(
        activations=Count("pk"), discount=Sum(F("discount") - F("undone")), sales=Sum("sale__net")
    )
    return CampaignUse(totals["activations"], totals["discount"] or 0, totals["sales"] or 0)


def recent_activations(campaign: Campaign, *, limit: int = 10) -> QuerySet[Activation]:
    rows = campaign.activations.select_related("sale__store", "sale__customer", "promo_code")
    return rows.order_by("-activated_at", "-pk")[:limit]


def company_counters(campaign: Campaign) -> QuerySet[CampaignCounter]:
    """The counters that the whole company shares, the newest window of each limit first."""
    rows = campaign.counters.filter(scope="total")
    return rows.order_by("counts", "per", "-window_starts_on", "pk")


# --- Promo codes ---------------------------------------------------------------------------------


def promo_code_pools(*, q: str = "", campaign: str = "") -> QuerySet[PromoCodePool]:
    """Pools with `use_count`, ordered by name. Summed up from the codes that were used, for the rows that are shown."""
    used = PromoCode.objects.filter(pool=OuterRef("pk"), used__gt=0).order_by().values("pool")
    uses = Subquery(used.annotate(times=Sum("used")).values("times"))
    pools = PromoCodePool.objects.select_related("campaign").annotate(use_count=Coalesce(uses, 0))
    if q:
        pools = pools.filter(Q(name__icontains=q) | Q(code__icontains=q))
    if campaign:
        pools = pools.filter(campaign__code=campaign)
    return pools.order_by("name", "pk")


def opens_its_campaign(pool: PromoCodePool) -> bool:
    """Say whether the rules of a pool's campaign ask for its codes: those that are live, or else the draft's."""
    campaign = pool.campaign
    if campaign is None:
        return False
    live = campaign.live_revision
    document = campaign.document if live is None else live.document
    rules = leaves(decode_campaign(document).conditions)
    return any(isinstance(rule, PromoCodeRule) and rule.pool in (None, pool.code) for rule in rules)


def codes_in_state(codes: PromoCodeQuerySet, state: str, *, at: datetime) -> PromoCodeQuerySet:
    """Narrow codes of one pool to a state of a manager's list: usable, used, expired, not_yet or closed."""
    if state == CodeState.USED:
        return codes.filter(used__gt=0, max_uses__lte=F("used"))
    if state == CodeState.EXPIRED:
        return codes.filter(expires_at__lte=at)
    if state == CodeState.NOT_YET:
        return codes.filter(starts_at__gt=at)
    if state == CodeState.CLOSED:
        return codes.filter(is_active=False)
    return codes.usable(at=at) if state == CodeState.USABLE else codes


# --- What campaigns refer to ---------------------------------------------------------------------

_GROUPING_PATHS = {
    "product": '$.** ? (@.by == "grouping" && @.values[*] == $code)',
    "store": "$.stores[*] ? (@ == $store)",
    "customer": '$.** ? (@.attribute == "groupings" && (@.value == $code || @.value[*] == $code))',
}


def campaigns_with_grouping(*, kind: str, code: str) -> QuerySet[Campaign]:
    """Return the campaigns whose working copy or live revision names a grouping.

    `kind` is product, store or customer.
    """
    path = Value(_GROUPING_PATHS[kind])
    names = Value({"code": code, "store": f"grouping:{code}"}, JSONField())

    def mentions(document: str) -> Func:
        return Func(
            F(document),
            Cast(path, _JsonPath()),
            names,
            function="jsonb_path_exists",
            output_field=BooleanField(),
        )

    return Campaign.objects.filter(Q(mentions("document")) | Q(mentions("live_revision__document")))


class _JsonPath(Field):
    def db_type(self, connection: Any) -> str:
        return "jsonpath"


# --- Categories ----------------------------------------------------------------------------------


def campaign_categories() -> QuerySet[CampaignCategory]:
    """Categories with `campaign_count`."""
    filed = Campaign.objects.filter(category=OuterRef("code")).order_by().values("category")
    counted = filed.annotate(number=Count("pk")).values("number")
    return CampaignCategory.objects.annotate(campaign_count=Coalesce(Subquery(counted), 0))


# --- The calculation policy ----------------------------------------------------------------------


def policy_changes() -> QuerySet[PlanChange]:
    """The plan versions in which the company's calculation policy changed, with who changed it."""
    return PlanChange.objects.filter(kind=PlanKind.POLICY).select_related("changed_by")
