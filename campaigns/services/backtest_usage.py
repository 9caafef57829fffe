"""Limits and budgets within a back-test: used up by its own activations, in the order in which sales arrived.

A campaign that was live starts from what really stood before. Sales that the back-test does not look at (of other stores,
of other days) count what they really counted, each in its place; cancelled ones give back when they were cancelled.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from typing import Any

from django.db import connection
from msgspec import Struct

from campaigns.engine.basket import CampaignUsage, LimitUse
from campaigns.engine.campaign import Campaign
from campaigns.engine.evaluation import Activation
from campaigns.recorded_sales import RecordedSale
from campaigns.services.settlement import EVER, claims_of, strictest, window_starts_on

Counter = tuple[str, str, str, str, date]  # scope, scope key, counts, per, first day of the window
_MONEY: Counter = ("total", "", "money", "campaign", EVER)
_NONE: Mapping[str, CampaignUsage] = {}

_window = lru_cache(maxsize=8_192)(window_starts_on)


class _Outside(Struct, frozen=True, kw_only=True, gc=False):
    """What a sale that is not looked at took from a counter; `returned_at` is when it gave it back."""

    sale: int
    campaign: str
    counter: Counter
    amount: int
    returned_at: datetime | None


class SimulatedUsage:
    """What each limited campaign has used so far, as the back-test goes along."""

    def __init__(self) -> None:
        self._used: dict[str, dict[Counter, int]] = {}
        self._read_up_to: dict[str, int] = {}
        self._outside: deque[_Outside] = deque()
        self._returning: list[tuple[datetime, int, str, Counter, int]] = []
        self._numbers = count()

    def prepare(self, sales: Sequence[RecordedSale], campaigns: Iterable[str]) -> None:
        """Read what sales outside of the back-test took from these campaigns, up to the last of these sales."""
        codes = set(campaigns)
        if not codes or not sales:
            return
        first, last = sales[0], sales[-1]
        looked_at = {sale.pk for sale in sales}
        new = [code for code in codes if code not in self._read_up_to]
        found: list[_Outside] = []
        if new:
            self._read_what_stood(new, first)
            found += _read_outside(new, first.pk - 1, last.pk)
        known: dict[int, list[str]] = {}
        for code in codes:
            if code in self._read_up_to:
                known.setdefault(self._read_up_to[code], []).append(code)
        for after, some in known.items():
            found += _read_outside(some, after, last.pk)
        self._outside.extend(
            sorted((row for row in found if row.sale not in looked_at), key=lambda row: row.sale)
        )
        self._read_up_to.update(dict.fromkeys(codes, last.pk))

    def go_to(self, sale: RecordedSale) -> None:
        """Count what happened before a sale arrived."""
        outside = self._outside
        while outside and outside[0].sale < sale.pk:
            row = outside.popleft()
            self._take(row.campaign, row.counter, row.amount)
            if row.returned_at is not None:
                self._give_back_later(row.returned_at, row.campaign, row.counter, row.amount)
        returning = self._returning
        while returning and returning[0][0] <= sale.received_at:
            _at, _number, campaign, counter, amount = heappop(returning)
            self._take(campaign, counter, -amount)

    def before(
        self, sale: RecordedSale, limited: Mapping[str, Campaign], *, whose: str, store: str, day: date
    ) -> Mapping[str, CampaignUsage]:
        """Return the engine's `usage` for a sale; campaigns are looked up only when it asks for them."""
        return _Before(self._used, sale, limited, whose, store, day) if self._used else _NONE

    def count(
        self,
        sale: RecordedSale,
        activations: Iterable[Activation],
        *,
        whose: str,
        day: date,
        uses_return: bool,
    ) -> None:
        """Count what limited campaigns that activated use, and give it back when the sale was cancelled."""
        for activation in activations:
            for claim in strictest(claims_of(activation, 0, whose, day)):
                counter: Counter = claim.key[1:]
                amount = _whole(claim.counts, claim.amount)
                self._take(activation.campaign, counter, amount)
                if sale.cancelled_at is not None and uses_return:
                    self._give_back_later(sale.cancelled_at, activation.campaign, counter, amount)

    def _take(self, campaign: str, counter: Counter, amount: int) -> None:
        used = self._used.setdefault(campaign, {})
        used[counter] = used.get(counter, 0) + amount

    def _give_back_later(self, at: datetime, campaign: str, counter: Counter, amount: int) -> None:
        heappush(self._returning, (at, next(self._numbers), campaign, counter, amount))

    def _read_what_stood(self, codes: list[str], first: RecordedSale) -> None:
        for campaign, counter, amount, returned_at in _rows(_STOOD, [codes, first.pk, first.received_at]):
            self._take(campaign, counter, amount)
            if returned_at is not None:
                self._give_back_later(returned_at, campaign, counter, amount)


class _Before(Mapping[str, CampaignUsage]):
    """The usage of each limited campaign before one sale, put together on demand."""

    __slots__ = ("_day", "_limited", "_sale", "_store", "_used", "_whose")

    def __init__(
        self,
        used: Mapping[str, Mapping[Counter, int]],
        sale: RecordedSale,
        limited: Mapping[str, Campaign],
        whose: str,
        store: str,
        day: date,
    ) -> None:
        self._used = used
        self._sale = sale
        self._limited = limited
        self._whose = whose
        self._store = store
        self._day = day

    def __getitem__(self, code: str) -> CampaignUsage:
        used = self._used[code]
        by_limit = {}
        for limit in self._limited[code].limits:
            window = _window(limit.per, self._day)
            most = max(
                [
                    used.get((limit.scope, key, limit.counts, limit.per, window), 0)
                    for key in self._keys(limit.scope)
                ],
                default=0,
            )
            if most:
                by_limit[limit.scope, limit.counts, limit.per] = LimitUse(most)
        return CampaignUsage(by_limit=by_limit, budget_spent=used.get(_MONEY, 0))

    def _keys(self, scope: str) -> Sequence[str]:
        if scope == "code":
            # Of several codes the one that was used most decides.
            return [code.code for code in self._sale.basket.promo_codes]
        return ({"customer": self._whose, "store": self._store}.get(scope, ""),)

    def __contains__(self, code: object) -> bool:
        return code in self._used and code in self._limited

    def __iter__(self) -> Iterator[str]:
        return (code for code in self._used if code in self._limited)

    def __len__(self) -> int:
        return sum(1 for _code in self)


def _whole(counts: str, amount: Decimal) -> int:
    return int(amount.scaleb(2)) if counts == "money" else int(amount)


def _read_outside(codes: list[str], after: int, last: int) -> list[_Outside]:
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, [codes, after, last])
        return [
            _Outside(
                sale=row[0],
                campaign=row[1],
                counter=tuple(row[2:7]),
                amount=_whole(row[4], row[7]),
                returned_at=row[8],
            )
            for row in cursor.fetchall()
        ]


def _rows(query: str, parameters: list[Any]) -> list[tuple[str, Counter, int, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [(row[0], tuple(row[1:6]), _whole(row[3], row[6]), row[7]) for row in cursor.fetchall()]


_USES = """
FROM campaigns_activation a
JOIN campaigns_campaign c ON c.id = a.campaign_id
CROSS JOIN LATERAL jsonb_array_elements(a.consumption) u
JOIN campaigns_campaigncounter k ON k.id = (u ->> 'counter')::bigint
CROSS JOIN LATERAL (
    SELECT CASE WHEN (u ->> 'returns')::boolean THEN a.reversed_at END AS returned_at) r
WHERE c.code = ANY(%s)
"""

# What a partial return released counts as never used: when it did is not looked up.
_USED = "(u ->> 'amount')::numeric - CASE WHEN a.reversed_at IS NULL THEN coalesce((u ->> 'released')::numeric, 0) ELSE 0 END"

# Many sales may have come before: they are summed. What was given back before the first sale is left out.
_STOOD = f"""
SELECT c.code, k.scope, k.scope_key, k.counts, k.per, k.window_starts_on, sum({_USED}),
    r.returned_at
{_USES} AND a.sale_id < %s AND (r.returned_at IS NULL OR r.returned_at > %s)
GROUP BY 1, 2, 3, 4, 5, 6, 8
"""

_BETWEEN = f"""
SELECT a.sale_id, c.code, k.scope, k.scope_key, k.counts, k.per, k.window_starts_on, {_USED},
    r.returned_at
{_USES} AND a.sale_id > %s AND a.sale_id <= %s
"""
