"""What an evaluation needs to know of the world, in one query however large the basket is.

It answers with one row: the plan's version, the catalogue's rows of the basket, the promotional codes, the customer with
consents and purchases, and what limited campaigns have used (`pos_api.usage`).
"""

from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine import basket as engine
from customers.models import window_start
from loyalty.models import VIP_PREFIX
from pos_api import catalogue
from pos_api.baskets import BasketDocument
from pos_api.catalogue import CatalogueRow
from pos_api.prepared import Prepared
from pos_api.problems import invalid_field
from pos_api.stored_values import (
    NOTHING_PRESENTED,
    Presented,
    digests,
    presented_codes,
    read_presented,
)
from pos_api.usage import Foreseen, foreseen, windows_at
from pos_api.value import Value, read_value


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
    agenda: bool


class CodeRow(Struct, array_like=True, gc=False):
    """A promotional code or VIP card that exists, with what decides whether it can be used."""

    id: int
    code: str
    pool: str
    campaign: str | None
    customer: int | None
    open: bool
    # What it opens when it keeps the terms of its issue; else it opens the live campaign.
    revision: int | None = None
    # The rate of a VIP card in millionths; a promotional code has none.
    percent: int | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the query found. The catalogue may hold more than the basket names. ``counters`` and ``gifts`` answer for the plan that was ``foreseen``, still as JSON."""

    plan_version: int
    catalogue: dict[str, CatalogueRow]
    category_paths: dict[str, tuple[str, ...]]
    codes: dict[str, CodeRow]
    customer: CustomerRow | None
    locked_until: datetime | None
    foreseen: Foreseen
    counters: str
    gifts: str
    value: Value
    presented: Presented = NOTHING_PRESENTED
    # Of the issuing rules for sales; empty where there is none.
    issuing_version: str = ""


_TEXTS, _MOMENT = "text[]", "timestamptz"
_SNAPSHOT = Prepared(
    "SELECT catalogue_version(), s.*, CASE WHEN $1 THEN pos_value((s.customers::json -> 0 ->> 0)::bigint, $2, $12, $17) END, "
    "CASE WHEN cardinality($3) > 0 THEN pos_stored_values($3, $7, $2, $12, $17) END, issuing_version() "
    "FROM pos_snapshot($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) AS s",
    (
        *("boolean", _MOMENT, _TEXTS),
        *(_TEXTS, _TEXTS, _TEXTS, "bigint", "text", "text"),
        *(_MOMENT, _MOMENT, _MOMENT, _TEXTS, _TEXTS, "date[]", _TEXTS, "uuid"),
    ),
)

# Most keystrokes of an anonymous customer: products that are remembered, and nothing else to know.
_VERSIONS = Prepared(
    "SELECT catalogue_version(), version, issuing_version() FROM campaigns_planhead WHERE id = 1"
)
_NOTHING_ELSE = ("[]", "{}", "[]", None, "[]", "[]", "[]", None, None)

_PRODUCTS = msgspec.json.Decoder(list[CatalogueRow])
_PATHS = msgspec.json.Decoder(dict[str, tuple[str, ...]])
_CODES = msgspec.json.Decoder(list[CodeRow])
_CUSTOMERS = msgspec.json.Decoder(list[CustomerRow])


def read_snapshot(
    document: BasketDocument,
    *,
    terminal_id: int,
    store: engine.Store,
    at: datetime,
    now: datetime,
    customer_id: int | None = None,
    mine: str | None = None,
) -> Snapshot:
    """Read what a basket's evaluation needs, in one query. Raises a 422 problem for an ambiguous customer.

    ``at`` is the sale's moment, ``now`` is when it is asked. ``customer_id`` names a customer that the caller has
    found (and locked) already, ``mine`` a reservation that keeps nothing from this basket. Only when the catalogue changed since this process last looked, and part of the basket
    was remembered of before, it takes a second query.
    """
    reference = ("id", str(customer_id)) if customer_id is not None else _reference(document)
    codes_entered = [str(code) for code in document.promo_codes]
    expected = foreseen()
    values_presented = presented_codes(document)
    has_others = bool(reference or codes_entered or values_presented or expected.campaigns or expected.gifts)
    # A VIP card tells whose it is where the till does not.
    has_customer = reference is not None or any(code.startswith(VIP_PREFIX) for code in codes_entered)
    whose = [has_customer, at, digests(values_presented)]
    others = [
        codes_entered,
        terminal_id,
        *(reference or ("", "")),
        at,
        window_start(at),
        now,
        expected.campaigns,
        ["", store.code, *codes_entered],
        list(set(windows_at(at, store).values())) if expected.campaigns else [],
        expected.gifts,
        mine,
    ]
    skus = {line.sku for line in document.lines}
    categories = {line.category for line in document.lines if line.category is not None}
    known = catalogue.remembered()
    unknown, unknown_categories = skus - known.rows.keys(), categories - known.paths.keys()
    if unknown or unknown_categories or has_others:
        row = _query(whose, unknown, unknown_categories, others)
    else:
        row = _query_versions()
    if row[0] != known.version and not (
        known.rows.keys().isdisjoint(skus) and known.paths.keys().isdisjoint(categories)
    ):
        row = _query(whose, skus, categories, others)
    (
        changed,
        version,
        products,
        paths,
        codes,
        locked_until,
        customers,
        counters,
        gifts,
        value,
        values,
        issuing,
    ) = row
    presented = read_presented(values)
    known = catalogue.remember(
        known,
        changed,
        [] if products == "[]" else _PRODUCTS.decode(products),
        {} if paths == "{}" else _PATHS.decode(paths),
    )
    found = [] if customers == "[]" else _CUSTOMERS.decode(customers)
    if len(found) > 1:
        message = _("Several customers have this; give the document or the card.")
        raise invalid_field(f"customer.{_name(document)}", "ambiguous", message)
    return Snapshot(
        plan_version=version,
        catalogue=known.rows,
        category_paths=known.paths,
        codes={} if codes == "[]" else {row.code: row for row in _CODES.decode(codes)},
        customer=found[0] if found else None,
        locked_until=locked_until or presented.locked_until,
        foreseen=expected,
        counters=counters,
        gifts=gifts,
        value=read_value(value, now=now),
        presented=presented,
        issuing_version=issuing,
    )


def _query(whose: list[Any], skus: AbstractSet[str], categories: AbstractSet[str], others: list[Any]) -> Any:
    return _SNAPSHOT.row([*whose, list(skus), list(categories), *others])


def _query_versions() -> Any:
    catalogue_version, plan_version, issuing_version = _VERSIONS.row()
    return (catalogue_version, plan_version, *_NOTHING_ELSE, issuing_version)


def _reference(document: BasketDocument) -> tuple[str, str] | None:
    return None if document.customer is None else document.customer.key()


def _name(document: BasketDocument) -> str:
    reference = _reference(document)
    return reference[0] if reference else ""


def promo_codes(document: BasketDocument, snapshot: Snapshot) -> tuple[engine.PromoCode, ...]:
    """Return the entered codes, each once, as the engine wants them: usable or not, and what they open.

    A campaign takes part in a sale in one revision: that of the first usable code entered for it. Usable codes that
    open another one open nothing here, and keep their use.
    """
    revisions = _revisions_opened(document, snapshot)
    entered = []
    for code in dict.fromkeys(map(str, document.promo_codes)):
        row = snapshot.codes.get(code)
        if row is None:
            entered.append(engine.PromoCode(code=code, usable=False))
        elif row.percent is not None:
            usable = _is_usable(row, snapshot)
            entered.append(engine.PromoCode(code=code, campaign=code, usable=usable, percent=row.percent))
        elif not _is_usable(row, snapshot):
            entered.append(
                engine.PromoCode(code=code, campaign=row.campaign or "", pool=row.pool, usable=False)
            )
        elif row.campaign and revisions[row.campaign] != row.revision:
            entered.append(engine.PromoCode(code=code))
        else:
            entered.append(engine.PromoCode(code=code, campaign=row.campaign or "", pool=row.pool))
    return tuple(entered)


def revisions_kept(document: BasketDocument, snapshot: Snapshot) -> dict[str, int]:
    """Return by campaign the revision that an entered code opens because it keeps the terms of its issue."""
    opened = _revisions_opened(document, snapshot)
    return {campaign: revision for campaign, revision in opened.items() if revision is not None}


def _revisions_opened(document: BasketDocument, snapshot: Snapshot) -> dict[str, int | None]:
    """Return by campaign what its first usable code opens: a revision, or None for what is live."""
    opened: dict[str, int | None] = {}
    if snapshot.codes:
        for code in map(str, document.promo_codes):
            row = snapshot.codes.get(code)
            if row is not None and row.campaign and _is_usable(row, snapshot):
                opened.setdefault(row.campaign, row.revision)
    return opened


def _is_usable(row: CodeRow, snapshot: Snapshot) -> bool:
    customer_id = None if snapshot.customer is None else snapshot.customer.id
    return row.open and row.customer in (None, customer_id)


def shopper(
    document: BasketDocument, snapshot: Snapshot, *, at: datetime, zone: Any
) -> engine.Shopper | None:
    """Return the engine's shopper; None is anonymous. Somebody new is known to have bought nothing so far."""
    row = snapshot.customer
    if row is None:
        if document.customer is None:
            return None
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
        agenda=row.agenda,
    )


def customer_key(customer: CustomerRow | None) -> str:
    """Return whom customer limits count: the customer's record, whatever of it was known at which sale.

    So that a document that is added later does not start the limit anew. Who has no record has used nothing.
    """
    return "" if customer is None else f"c:{customer.id}"
