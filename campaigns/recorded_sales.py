"""Recorded sales as their evaluation saw them: read back in batches, with few queries and compact columns.

A line keeps what it was sold as (code, NCM, category, prices). What no sale keeps is read as it stands today: the
groupings, floor price and cost of a product, whether it may be discounted, the path of its category, and the rate of a
VIP card.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Q
from msgspec import Struct

from campaigns.engine import basket as engine
from retail.models import Sale, SaleState, Store

# Cancelled before it arrived: it was evaluated without campaigns and counted nothing.
NEVER_STOOD = "cancelled_before_arrival"


class KnownStore(Struct, frozen=True, kw_only=True):
    pk: int
    name: str
    engine: engine.Store


class RecordedSale(Struct, frozen=True, kw_only=True, gc=False):
    """One sale: what was evaluated, and what came of it. Money is cents.

    `nets` and `costs` go with the basket's lines, which are in the order of their numbers; a cost is None where the product has none. `given` is the discount of
    each campaign that activated, by code. `moment` is when it was evaluated at.
    """

    pk: int
    store: int
    customer: int | None
    moment: datetime
    received_at: datetime
    cancelled_at: datetime | None
    plan_version: int
    gross: int
    reduction: int
    basket: engine.Basket
    nets: tuple[int, ...]
    costs: tuple[int | None, ...]
    given: Mapping[str, int]


class _Payment(Struct, gc=False):
    method: str
    amount: int | None = None


class _Exchanged(Struct, gc=False):
    sku: str
    quantity: str
    unit_price: int


class _Gift(Struct, gc=False):
    campaign: str
    sku: str
    quantity: str = "1"


class _Request(Struct):
    """What a stored request says beside its lines (pos_api.baskets.SaleDocument)."""

    captured: dict[str, str] = {}
    exchange: list[_Exchanged] = []
    delivery_fee: int = 0
    promo_codes: list[str] = []
    payments: list[_Payment] = []
    accepted: list[str] = []
    gifts: list[_Gift] = []


class _CodeStatus(Struct, gc=False):
    code: str
    status: str
    campaign: str = ""


class _Product(Struct, frozen=True, gc=False):
    groupings: tuple[str, ...] = ()
    floor_price: int | None = None
    discountable: bool = True
    cost: int | None = None


_Known = tuple[str, str, int | None]  # of a code: its campaign, its pool, the rate of a VIP card
_UNKNOWN = _Product()
_decode_request = msgspec.json.Decoder(_Request).decode
_decode_statuses = msgspec.json.Decoder(list[_CodeStatus]).decode
_quantity = lru_cache(maxsize=65_536)(Decimal)


def store_ids(stores: Sequence[str]) -> list[int] | None:
    """Return the ids of stores named by code or as grouping:code; None, meaning all, when none is named."""
    if not stores:
        return None
    prefix = "grouping:"
    codes = [name for name in stores if not name.startswith(prefix)]
    groupings = [name.removeprefix(prefix) for name in stores if name.startswith(prefix)]
    found = Store.objects.filter(Q(code__in=codes) | Q(groupings__code__in=groupings))
    return sorted(set(found.values_list("pk", flat=True)))


def recorded_stores() -> dict[int, KnownStore]:
    """Return every store by id, as the engine knows it."""
    return {
        store.pk: KnownStore(
            pk=store.pk,
            name=store.name,
            engine=engine.Store(
                code=store.code,
                groupings=frozenset(grouping.code for grouping in store.groupings.all()),
                timezone=store.zone,
            ),
        )
        for store in Store.objects.prefetch_related("groupings")
    }


class RecordedSales:
    """The sales of a period, in the order in which they arrived: that of the limits and codes that they used up.

    Cancelled ones are among them, since what they had used was gone until then. Sales after `last` are left out, so
    that a back-test that is started again sees the same ones. `names` are those of the campaigns that activated in the
    sales read so far, by code.
    """

    def __init__(self, *, begins: datetime, ends: datetime, stores: Sequence[int] | None, last: int) -> None:
        evaluated = Q(response__isnull=False) & ~Q(flags__contains=[NEVER_STOOD])
        standing = Q(state__in=(SaleState.COMMITTED, SaleState.PARTIALLY_RETURNED))
        found = Sale.objects.real().filter(occurred_at__gte=begins, occurred_at__lt=ends, pk__lte=last)
        found = found.filter(standing | Q(state=SaleState.CANCELLED) & evaluated)
        if stores is not None:
            found = found.filter(store__in=stores)
        keys = found.order_by("pk").values_list("pk", flat=True)
        self.keys = array("q", keys.iterator(chunk_size=50_000))
        self.names: dict[str, str] = {}
        self._products: dict[str, _Product] = {}
        self._paths: dict[str, tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def batches(self, size: int) -> Iterator[list[RecordedSale]]:
        """Yield the sales, so many at a time."""
        for start in range(0, len(self.keys), size):
            yield self._read(self.keys[start : start + size].tolist())

    def _read(self, keys: list[int]) -> list[RecordedSale]:
        with connection.cursor() as cursor:
            cursor.execute(_SALES, [keys])
            sales = cursor.fetchall()
            cursor.execute(_LINES, [keys])
            rows = cursor.fetchall()
            cursor.execute(_ACTIVATIONS, [keys])
            activations = cursor.fetchall()
        self.names.update((row[1], row[3]) for row in activations)
        given = {key: {row[1]: row[2] for row in group} for key, group in groupby(activations, itemgetter(0))}
        self._learn({row[2] for row in rows})
        lines = {key: list(group) for key, group in groupby(rows, itemgetter(0))}
        requests = [_decode_request(row[9]) for row in sales]
        codes = _promo_codes({code for request in requests for code in request.promo_codes})
        return [
            self._sale(row, request, lines.get(row[0], []), given.get(row[0], {}), codes)
            for row, request in zip(sales, requests, strict=True)
        ]

    def _sale(
        self,
        row: Sequence[Any],
        request: _Request,
        lines: list[Any],
        given: Mapping[str, int],
        codes: Mapping[str, _Known],
    ) -> RecordedSale:
        products = self._products
        return RecordedSale(
            pk=row[0],
            store=row[1],
            customer=row[2],
            moment=row[4],
            received_at=row[5],
            cancelled_at=row[6],
            plan_version=row[7],
            gross=row[8],
            reduction=row[11],
            basket=engine.Basket(
                lines=tuple([self._line(line) for line in lines]),
                operation=row[3],
                promo_codes=_entered(request.promo_codes, row[10], codes) if request.promo_codes else (),
                **_others(request),
            ),
            nets=tuple([line[10] for line in lines]),
            costs=tuple([products[line[2]].cost for line in lines]),
            given=given,
        )

    def _line(self, row: Sequence[Any]) -> engine.Line:
        _sale, number, sku, code, ncm, category, quantity, unit_price, original_price, seller, _net = row
        known = self._products[sku]
        return engine.Line(
            line=number,
            sku=sku,
            code=code,
            ncm=ncm,
            categories=self._path(category) if category else (),
            groupings=known.groupings,
            quantity=_quantity(quantity),
            unit_price=unit_price,
            original_price=original_price,
            floor_price=known.floor_price,
            discountable=known.discountable,
            seller=seller,
        )

    def _path(self, category: str) -> tuple[str, ...]:
        if self._paths is None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT code, path FROM retail_category")
                self._paths = {code: tuple(path) for code, path in cursor.fetchall()}
        return self._paths.get(category) or (category,)

    def _learn(self, skus: set[str]) -> None:
        """Read what the catalogue knows of products that were not met before."""
        new = [sku for sku in skus if sku not in self._products]
        if not new:
            return
        with connection.cursor() as cursor:
            cursor.execute(_PRODUCTS, [new])
            found = {row[0]: _Product(tuple(row[1] or ()), *row[2:]) for row in cursor.fetchall()}
        self._products.update((sku, found.get(sku, _UNKNOWN)) for sku in new)


def _others(request: _Request) -> dict[str, Any]:
    """Return what a basket holds beside lines and codes; mostly that is no more than how it was paid."""
    values: dict[str, Any] = {"delivery_fee": request.delivery_fee, "captured": request.captured}
    if request.payments:
        values["payments"] = tuple(
            [engine.Payment(method=part.method, amount=part.amount) for part in request.payments]
        )
    if request.accepted:
        values["accepted"] = frozenset(request.accepted)
    if request.exchange:
        values["exchange"] = tuple(
            engine.ExchangedItem(sku=item.sku, quantity=_quantity(item.quantity), unit_price=item.unit_price)
            for item in request.exchange
        )
    if request.gifts:
        values["gifts"] = tuple(
            engine.GiftChoice(campaign=pick.campaign, sku=pick.sku, quantity=_quantity(pick.quantity))
            for pick in request.gifts
        )
    return values


def _entered(
    entered: list[str], answered: str | None, known: Mapping[str, _Known]
) -> tuple[engine.PromoCode, ...]:
    """Return the codes that were entered. Whether each could be used then is what the sale's answer says."""
    answers = {answer.code: answer for answer in _decode_statuses(answered or "[]")}
    codes = []
    for code in dict.fromkeys(entered):
        answer = answers.get(code)
        campaign, pool, percent = known.get(code, ("" if answer is None else answer.campaign, "", None))
        usable = answer is not None and answer.status != "not_usable"
        codes.append(
            engine.PromoCode(code=code, campaign=campaign, pool=pool, usable=usable, percent=percent)
        )
    return tuple(codes)


def _promo_codes(codes: set[str]) -> dict[str, _Known]:
    """Return the campaign that each code opens, and its pool; of VIP cards the rate."""
    if not codes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CODES, {"codes": list(codes)})
        return {code: (campaign, pool, percent) for code, campaign, pool, percent in cursor.fetchall()}


_SALES = """
SELECT id, store_id, customer_id, operation,
    CASE WHEN flags ? 'clock_skew' THEN received_at ELSE occurred_at END, received_at, cancelled_at, plan_version,
    (gross * 100)::bigint, (request - 'lines')::text,
    CASE WHEN request ? 'promo_codes' THEN (response -> 'promo_codes')::text END,
    ((markdown + discount + delivery_discount) * 100)::bigint
FROM retail_sale WHERE id = ANY(%s) ORDER BY id
"""

_LINES = """
SELECT sale_id, line, sku, code, ncm, category, quantity::text, (unit_price * 100)::bigint,
    (original_price * 100)::bigint, seller, (net * 100)::bigint
FROM retail_saleline WHERE sale_id = ANY(%s) ORDER BY sale_id, line
"""

_ACTIVATIONS = """
SELECT a.sale_id, coalesce(c.code, v.code), (a.discount * 100)::bigint, coalesce(c.name, 'VIP')
FROM campaigns_activation a LEFT JOIN campaigns_campaign c ON c.id = a.campaign_id
LEFT JOIN loyalty_vipcard v ON v.id = a.vip_card_id
WHERE a.sale_id = ANY(%s) AND a.reversed_at IS NULL ORDER BY a.sale_id
"""

_PRODUCTS = """
SELECT p.sku, (SELECT array_agg(g.code) FROM retail_productgrouping_products m
               JOIN retail_productgrouping g ON g.id = m.productgrouping_id WHERE m.product_id = p.id),
    (p.floor_price * 100)::bigint, p.discountable, (p.cost * 100)::bigint
FROM retail_product p WHERE p.sku = ANY(%s)
"""

_CODES = """
SELECT k.code, coalesce(a.code, ''), o.code, NULL
FROM campaigns_promocode k JOIN campaigns_promocodepool o ON o.id = k.pool_id
LEFT JOIN campaigns_campaign a ON a.id = o.campaign_id WHERE k.code = ANY(%(codes)s)
UNION ALL
SELECT v.code, v.code, '', (v.percent * 10000)::bigint FROM loyalty_vipcard v WHERE v.code = ANY(%(codes)s)
"""
