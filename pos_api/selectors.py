"""What an evaluation needs to know of the world: one query however large the basket is, or two.

The first query answers with one row: the plan's version, the catalogue's rows of the basket, the promotional codes,
and the customer with consents and purchases. The second runs only when candidate campaigns have limits or gifts: how
far those limits are used, what those gifts are called and cost.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine import basket as engine
from campaigns.engine.plan import Compiled, Plan
from campaigns.services.settlement import EVER, window_starts_on
from pos_api.baskets import BasketDocument, CatalogueRow
from pos_api.problems import invalid_field

PERIODS = ("campaign", "day", "week", "month", "year")
METRIC_DAYS = 365


class CustomerRow(Struct, array_like=True, gc=False):
    """A customer as evaluating sees it; purchases count sales that stand, the metrics those of twelve months."""

    id: int
    document: str | None
    birth_date: date | None
    sex: str
    level: int | None
    loyalty_category: str
    groupings: tuple[str, ...]
    consents: tuple[str, ...]
    purchases: int
    turnover: int
    visits: int
    last_purchase_at: datetime | None


class CodeRow(Struct, array_like=True, gc=False):
    """A promotional code that exists, with what decides whether it can be used."""

    id: int
    code: str
    pool: str
    campaign: str | None
    customer: int | None
    open: bool


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the first query found."""

    plan_version: int
    catalogue: dict[str, CatalogueRow]
    category_paths: dict[str, tuple[str, ...]]
    codes: dict[str, CodeRow]
    customer: CustomerRow | None
    locked_until: datetime | None


_SNAPSHOT = "SELECT * FROM pos_snapshot(%s::text[], %s::text[], %s::text[], %s, %s, %s, %s, %s, %s)"


def read_snapshot(
    document: BasketDocument,
    *,
    terminal_id: int,
    at: datetime,
    now: datetime,
    customer_id: int | None = None,
) -> Snapshot:
    """Read what a basket's evaluation needs, in one query. Raises a 422 problem for an ambiguous customer.

    ``at`` is the sale's moment, ``now`` is when it is asked. ``customer_id`` names a customer that the caller has
    found (and locked) already.
    """
    reference = ("id", str(customer_id)) if customer_id is not None else _reference(document)
    with connection.cursor() as cursor:
        cursor.execute(
            _SNAPSHOT,
            [
                list({line.sku for line in document.lines}),
                list({line.category for line in document.lines if line.category is not None}),
                [str(code) for code in document.promo_codes],
                terminal_id,
                *(reference or ("", "")),
                at,
                at - timedelta(days=METRIC_DAYS),
                now,
            ],
        )
        version, products, paths, codes, locked_until, customers = cursor.fetchone()
    found = msgspec.json.decode(customers, type=list[CustomerRow])
    if len(found) > 1:
        message = _("Several customers have this; give the document or the card.")
        raise invalid_field(f"customer.{_name(document)}", "ambiguous", message)
    return Snapshot(
        plan_version=version,
        catalogue={row.sku: row for row in msgspec.json.decode(products, type=list[CatalogueRow])},
        category_paths=msgspec.json.decode(paths, type=dict[str, tuple[str, ...]]),
        codes={row.code: row for row in msgspec.json.decode(codes, type=list[CodeRow])},
        customer=found[0] if found else None,
        locked_until=locked_until,
    )


def _reference(document: BasketDocument) -> tuple[str, str] | None:
    return None if document.customer is None else document.customer.key()


def _name(document: BasketDocument) -> str:
    reference = _reference(document)
    return reference[0] if reference else ""


def promo_codes(document: BasketDocument, snapshot: Snapshot) -> tuple[engine.PromoCode, ...]:
    """Return the entered codes, each once, as the engine wants them: usable or not, and what they open."""
    customer_id = None if snapshot.customer is None else snapshot.customer.id
    entered = []
    for code in dict.fromkeys(map(str, document.promo_codes)):
        row = snapshot.codes.get(code)
        if row is None:
            entered.append(engine.PromoCode(code=code, usable=False))
        else:
            usable = row.open and row.customer in (None, customer_id)
            entered.append(
                engine.PromoCode(code=code, campaign=row.campaign or "", pool=row.pool, usable=usable)
            )
    return tuple(entered)


def shopper(
    document: BasketDocument, snapshot: Snapshot, *, at: datetime, zone: Any
) -> engine.Shopper | None:
    """Return the engine's shopper; None is anonymous. Somebody new is known to have bought nothing so far."""
    if document.customer is None:
        return None
    row = snapshot.customer
    if row is None:
        return engine.Shopper(
            document=document.customer.document or "",
            previous_purchases=0,
            first_purchase=True,
            turnover=0,
            visits=0,
        )
    last_days = None
    if row.last_purchase_at is not None:
        last_days = (at.astimezone(zone).date() - row.last_purchase_at.astimezone(zone).date()).days
    return engine.Shopper(
        document=row.document or "",
        sex=row.sex,
        birth_date=row.birth_date,
        groupings=frozenset(row.groupings),
        level=row.level,
        loyalty_category=row.loyalty_category,
        first_purchase=row.purchases == 0,
        previous_purchases=row.purchases,
        consents=frozenset(row.consents),
        turnover=row.turnover,
        visits=row.visits,
        last_purchase_days=last_days,
    )


def customer_key(document: BasketDocument, customer: CustomerRow | None) -> str:
    """Return whom customer limits count: the document, so that a second card or e-mail does not start anew."""
    if customer is not None:
        return customer.document or f"c:{customer.id}"
    return "" if document.customer is None else str(document.customer.document or "")


# --- The second query --------------------------------------------------------------------------


class Usage(Struct, frozen=True, kw_only=True):
    """What candidate campaigns have used of their limits, and what their gifts are called and cost."""

    campaigns: dict[str, engine.CampaignUsage] = {}
    products: dict[str, engine.CatalogueItem] = {}


NO_USAGE = Usage()

_USAGE = "SELECT * FROM pos_usage(%s::text[], %s::text[], %s::date[], %s::text[])"


class _CounterRow(Struct, array_like=True, gc=False):
    campaign: str
    scope: str
    scope_key: str
    counts: str
    per: str
    window_starts_on: date
    used: int


class _Needs(Struct, frozen=True):
    """Which campaigns of a plan are limited, and what each gives away."""

    limited: frozenset[str]
    gifts: Mapping[str, tuple[str, ...]]


_needs: dict[int, tuple[Plan, _Needs]] = {}


def _needs_of(plan: Plan) -> _Needs:
    known = _needs.get(plan.version)
    if known is not None and known[0] is plan:
        return known[1]
    limited, gifts = set(), {}
    for code, compiled in plan.campaigns.items():
        campaign = compiled.campaign
        if campaign.limits or campaign.budget is not None:
            limited.add(code)
        skus = tuple(
            product.sku for benefit in campaign.benefits for product in getattr(benefit, "products", ())
        )
        if skus:
            gifts[code] = skus
    needs = _Needs(frozenset(limited), gifts)
    for version in [version for version in _needs if version < plan.version - 8]:
        _needs.pop(version, None)
    _needs[plan.version] = (plan, needs)
    return needs


def read_usage(plan: Plan, basket: engine.Basket, store: engine.Store, *, whose: str, at: datetime) -> Usage:
    """Read the counters and gifts of the candidates of a basket: one query, or none when there is nothing to read."""
    needs = _needs_of(plan)
    if not needs.limited and not needs.gifts:
        return NO_USAGE
    candidates = plan.candidates(basket, store)
    limited = [compiled for compiled in candidates if compiled.code in needs.limited]
    skus = {sku for compiled in candidates for sku in needs.gifts.get(compiled.code, ())}
    if not limited and not skus:
        return NO_USAGE
    windows = _windows(at.astimezone(store.timezone).date())
    keys = {"", store.code, *(code.code for code in basket.promo_codes), *([whose] if whose else [])}
    with connection.cursor() as cursor:
        cursor.execute(
            _USAGE,
            [[c.code for c in limited], list(keys), list(set(windows.values())), list(skus)],
        )
        counters, gifts = cursor.fetchone()
    rows = msgspec.json.decode(counters, type=list[_CounterRow])
    return Usage(
        campaigns=_usage(limited, rows, windows, whose, store.code),
        products={
            sku: engine.CatalogueItem(name=name, price=price)
            for sku, name, price in msgspec.json.decode(gifts, type=list[tuple[str, str, int]])
        },
    )


def _windows(day: date) -> dict[str, date]:
    return {per: window_starts_on(per, day) for per in PERIODS}


def _usage(
    limited: list[Compiled], rows: list[_CounterRow], windows: Mapping[str, date], whose: str, store: str
) -> dict[str, engine.CampaignUsage]:
    uses: dict[str, dict[tuple[str, str, str], int]] = {compiled.code: {} for compiled in limited}
    spent: dict[str, int] = {}
    expected = {"total": "", "customer": whose, "store": store}
    for row in rows:
        if row.counts == "money" and row.window_starts_on == EVER:
            spent[row.campaign] = row.used
        elif (
            windows.get(row.per) == row.window_starts_on
            and expected.get(row.scope, row.scope_key) == row.scope_key
        ):
            key = (row.scope, row.counts, row.per)
            uses[row.campaign][key] = max(row.used, uses[row.campaign].get(key, 0))
    return {
        code: engine.CampaignUsage(
            by_limit={key: engine.LimitUse(used) for key, used in by_limit.items()},
            budget_spent=spent.get(code, 0),
        )
        for code, by_limit in uses.items()
    }
