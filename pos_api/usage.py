"""What campaigns have used of their limits and budgets, and what their gifts are called and cost.

A process knows the plan that it used last, and asks for the counters of its limited campaigns together with the snapshot.
Only when another plan turns out to be current, or when too many campaigns are limited to ask for all of them, a second
query asks for those of the basket's candidates.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec
from django.db import connection
from msgspec import Struct

from campaigns.engine import basket as engine
from campaigns.engine.campaign import Campaign
from campaigns.engine.plan import Plan, gift_skus_of
from campaigns.services.settlement import EVER, window_starts_on

PERIODS = ("campaign", "day", "week", "month", "year")
# Asking for so many costs less than a second query.
MOST_FORESEEN = 64


class Usage(Struct, frozen=True, kw_only=True):
    """What the engine is given as ``usage`` and ``products``."""

    campaigns: Mapping[str, engine.CampaignUsage] = {}
    products: Mapping[str, engine.CatalogueItem] = {}


class Foreseen(Struct, frozen=True, kw_only=True):
    """What is asked for before the plan's version is known: campaigns with limits and SKUs of gifts, of one plan."""

    version: int = -1
    campaigns: list[str] = []
    gifts: list[str] = []


class _Needs(Struct, frozen=True, kw_only=True):
    """Which campaigns of a plan are limited, and what each gives away."""

    plan: Plan
    limited: frozenset[str]
    gifts: Mapping[str, tuple[str, ...]]
    foreseen: Foreseen


class _CounterRow(Struct, array_like=True, gc=False):
    campaign: str
    scope: str
    scope_key: str
    counts: str
    per: str
    window_starts_on: date
    used: int


NO_USAGE = Usage()
NOTHING = Foreseen()

_needs: dict[int, _Needs] = {}
_latest: tuple[int, Foreseen] = (-1, NOTHING)


def foreseen() -> Foreseen:
    """Return what to ask for on the assumption that the plan has not changed since the last evaluation."""
    return _latest[1]


def windows_at(moment: datetime, store: engine.Store) -> dict[str, date]:
    """Return the first day of the window of each period that a moment falls in, in the store's zone."""
    day = moment.astimezone(store.timezone).date()
    return {per: window_starts_on(per, day) for per in PERIODS}


def usage_for(
    plan: Plan,
    basket: engine.Basket,
    store: engine.Store,
    *,
    judged: Plan,
    whose: str,
    at: datetime,
    asked: Foreseen,
    counters: str,
    gifts: str,
) -> Usage:
    """Return what the campaigns of a basket have used, from what was ``asked`` and answered, or by another query.

    ``judged`` is the plan that the basket is evaluated with: the live one, or one that holds older revisions for the codes
    entered. ``whose`` is whom customer limits count.
    """
    if judged is plan and not plan.campaigns:
        # Also the plan of a sale that was cancelled before it arrived: it has the version of the current one, and what
        # it needs must not be remembered as what that one needs.
        return NO_USAGE
    needs = _needs_of(plan)
    if judged is plan and not needs.limited and not needs.gifts:
        return NO_USAGE
    if judged is not plan or asked.version != plan.version:
        candidates = [compiled.campaign for compiled in judged.candidates(basket, store)]
        limited = [campaign.code for campaign in candidates if _is_limited(campaign)]
        skus = list({sku for campaign in candidates for sku in gift_skus_of(campaign)})
        if not limited and not skus:
            return NO_USAGE
        keys = ["", store.code, whose, *(code.code for code in basket.promo_codes)]
        counters, gifts = _query(limited, keys, set(windows_at(at, store).values()), skus)
    rows = msgspec.json.decode(counters, type=list[_CounterRow])
    return Usage(
        campaigns=_by_campaign(rows, windows_at(at, store), whose, store.code) if rows else {},
        products={
            sku: engine.CatalogueItem(name=name, price=price)
            for sku, name, price in msgspec.json.decode(gifts, type=list[tuple[str, str, int]])
        },
    )


def _needs_of(plan: Plan) -> _Needs:
    global _latest
    needs = _needs.get(plan.version)
    if needs is None or needs.plan is not plan:
        needs = _read_needs(plan)
        for version in [version for version in _needs if version < plan.version - 8]:
            _needs.pop(version, None)
        _needs[plan.version] = needs
    if plan.version >= _latest[0]:
        _latest = (plan.version, needs.foreseen)
    return needs


def _read_needs(plan: Plan) -> _Needs:
    limited: set[str] = set()
    gifts: dict[str, tuple[str, ...]] = {}
    for code, compiled in plan.counted.items():
        campaign = compiled.campaign
        if _is_limited(campaign):
            limited.add(code)
        skus = gift_skus_of(campaign)
        if skus:
            gifts[code] = skus
    wanted = sorted({sku for skus in gifts.values() for sku in skus})
    few = len(limited) <= MOST_FORESEEN and len(wanted) <= MOST_FORESEEN
    return _Needs(
        plan=plan,
        limited=frozenset(limited),
        gifts=gifts,
        foreseen=Foreseen(version=plan.version, campaigns=sorted(limited), gifts=wanted) if few else NOTHING,
    )


def _is_limited(campaign: Campaign) -> bool:
    return bool(campaign.limits) or campaign.budget is not None


def forget() -> None:
    """Drop what this process remembers of plans, for tests that take the database back in time."""
    global _latest
    _needs.clear()
    _latest = (-1, NOTHING)


def _query(
    campaigns: list[str], keys: list[str], windows: Iterable[date], skus: list[str]
) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM pos_usage(%s::text[], %s::text[], %s::date[], %s::text[])",
            [campaigns, keys, list(windows), skus],
        )
        counters, gifts = cursor.fetchone()
    return counters, gifts


def _by_campaign(
    rows: Iterable[_CounterRow], windows: Mapping[str, date], whose: str, store: str
) -> dict[str, engine.CampaignUsage]:
    uses: dict[str, dict[tuple[str, str, str], engine.LimitUse]] = {}
    spent: dict[str, int] = {}
    expected = {"total": "", "customer": whose, "store": store}
    for row in rows:
        known = uses.setdefault(row.campaign, {})
        if row.counts == "money":
            if row.window_starts_on == EVER:
                spent[row.campaign] = row.used
        elif (
            windows[row.per] == row.window_starts_on
            and expected.get(row.scope, row.scope_key) == row.scope_key
        ):
            key = (row.scope, row.counts, row.per)
            # Of several codes the one that was used most decides.
            if key not in known or known[key].used < row.used:
                known[key] = engine.LimitUse(row.used)
    return {
        code: engine.CampaignUsage(by_limit=by_limit, budget_spent=spent.get(code, 0))
        for code, by_limit in uses.items()
    }
