"""Customers as a sale of the past found them: what they had bought by then, and what they had agreed to.

Purchases and consents are put together as they stood when the sale arrived. Document, birth date, sex, level, category
and groupings are today's: no history of them is kept.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from msgspec import Struct

from campaigns.engine import basket as engine
from campaigns.engine.campaign import Campaign, leaves
from campaigns.engine.plan import Plan
from campaigns.recorded_sales import RecordedSale
from customers.models import window_start

_METRICS = frozenset({"turnover", "visits", "last_purchase_days"})
_PURCHASE_KINDS = frozenset({"first_purchase", "purchase_number"})


class Needs(Struct, frozen=True, kw_only=True):
    """What the campaigns of a plan ask of customers beside what their records say."""

    purchases: bool = False
    consents: bool = False
    agenda: bool = False


def needs_of(plan: Plan) -> Needs:
    """Say whether any campaign of a plan looks at earlier purchases, at consents or at the agenda."""
    campaigns = [compiled.campaign for compiled in plan.campaigns.values()]
    agenda = any(leaf.kind == "agenda" for campaign in campaigns for leaf in leaves(campaign.conditions))
    return Needs(
        purchases=agenda or any(_looks_at_purchases(campaign) for campaign in campaigns),
        consents=any(campaign.requires_consent is not None for campaign in campaigns),
        agenda=agenda,
    )


def _looks_at_purchases(campaign: Campaign) -> bool:
    return any(
        leaf.kind in _PURCHASE_KINDS or getattr(leaf, "attribute", None) in _METRICS
        for leaf in leaves(campaign.conditions)
    ) or any(getattr(benefit, "base", None) == "period_turnover" for benefit in campaign.benefits)


class _Facts(Struct, frozen=True, gc=False):
    document: str
    birth_date: date | None
    sex: str
    level: int | None
    loyalty_category: str
    groupings: frozenset[str]


class _Purchase(Struct, frozen=True, gc=False):
    sale: int
    occurred_at: datetime
    net: int
    cancelled_at: datetime | None


class _Appointment(Struct, frozen=True, gc=False):
    booked_at: datetime
    # The beginning of its day, where it is.
    day_begins_at: datetime


class _History:
    """One customer's purchases, walked through in the order in which they arrived."""

    __slots__ = ("_leaving", "_nets", "_next", "_rows", "_times")

    def __init__(self, rows: list[_Purchase]) -> None:
        self._rows = rows
        self._next = 0
        self._times: list[datetime] = []
        self._nets: list[int] = []
        self._leaving: list[tuple[datetime, datetime, int]] = []

    def go_to(self, sale: int, at: datetime) -> None:
        """Count what arrived before a sale, without what had been cancelled by then."""
        rows = self._rows
        while self._next < len(rows) and rows[self._next].sale < sale:
            row = rows[self._next]
            self._next += 1
            if row.cancelled_at is not None:
                if row.cancelled_at <= at:
                    continue
                insort(self._leaving, (row.cancelled_at, row.occurred_at, row.net))
            place = bisect_right(self._times, row.occurred_at)
            self._times.insert(place, row.occurred_at)
            self._nets.insert(place, row.net)
        while self._leaving and self._leaving[0][0] <= at:
            _cancelled_at, occurred_at, net = self._leaving.pop(0)
            place = self._nets.index(net, bisect_left(self._times, occurred_at))
            del self._times[place], self._nets[place]

    def last_purchase_at(self) -> datetime | None:
        """Return when the customer last bought."""
        return self._times[-1] if self._times else None

    def metrics(self, moment: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """Return the metrics of a shopper, as an evaluation at this moment computes them."""
        times = self._times
        first = bisect_right(times, window_start(moment))
        last_days = None
        if times:
            last_days = (moment.astimezone(zone).date() - times[-1].astimezone(zone).date()).days
        return {
            "first_purchase": not times,
            "previous_purchases": len(times),
            "turnover": sum(self._nets[first:]),
            "visits": len(times) - first,
            "last_purchase_days": last_days,
        }


class PastCustomers:
    """Customers of recorded sales. `prepare` reads, for a batch at a time; `shopper` only computes."""

    def __init__(self, *, last: int) -> None:
        self._last = last
        self._facts: dict[int, _Facts] = {}
        self._histories: dict[int, _History] = {}
        self._consents: dict[int, list[tuple[str, datetime, bool]]] = {}
        self._appointments: dict[int, list[_Appointment]] = {}

    def prepare(self, sales: Iterable[RecordedSale], needs: Needs) -> None:
        """Read what evaluating these sales needs to know of customers that were not met before."""
        met = {sale.customer for sale in sales if sale.customer is not None}
        self._read_facts([pk for pk in met if pk not in self._facts])
        if needs.purchases:
            self._read_histories([pk for pk in met if pk not in self._histories])
        if needs.consents:
            self._read_consents([pk for pk in met if pk not in self._consents])
        if needs.agenda:
            self._read_appointments([pk for pk in met if pk not in self._appointments])

    def key(self, customer: int | None) -> str:
        """Return whom customer limits count, as recording a sale does."""
        return "" if customer is None else f"c:{customer}"

    def shopper(self, sale: RecordedSale, zone: ZoneInfo) -> engine.Shopper | None:
        """Return the shopper of a sale, as at that sale; None for an anonymous one."""
        if sale.customer is None:
            return None
        facts = self._facts[sale.customer]
        history = self._histories.get(sale.customer)
        metrics: Mapping[str, Any] = {}
        if history is not None:
            history.go_to(sale.pk, sale.received_at)
            metrics = history.metrics(sale.moment, zone)
        return engine.Shopper(
            document=facts.document,
            sex=facts.sex,
            birth_date=facts.birth_date,
            groupings=facts.groupings,
            level=facts.level,
            loyalty_category=facts.loyalty_category,
            consents=self._standing_consents(sale),
            agenda=self._has_appointment(sale),
            **metrics,
        )

    def _standing_consents(self, sale: RecordedSale) -> frozenset[str]:
        given = self._consents.get(sale.customer) if sale.customer is not None else None
        if not given:
            return frozenset()
        standing = {purpose: granted for purpose, at, granted in given if at <= sale.received_at}
        return frozenset(purpose for purpose, granted in standing.items() if granted)

    def _has_appointment(self, sale: RecordedSale) -> bool:
        """Say whether an appointment stands, as `pos_snapshot` does (docs/algorithms/evaluation.md, the agenda)."""
        booked = self._appointments.get(sale.customer) if sale.customer is not None else None
        if not booked or sale.customer is None:
            return False
        last_at = self._histories[sale.customer].last_purchase_at()
        return any(
            one.booked_at <= sale.moment
            and (last_at is None or one.booked_at > last_at or last_at <= one.day_begins_at <= sale.moment)
            for one in booked
        )

    def _read_facts(self, new: list[int]) -> None:
        for pk, document, birth_date, sex, level, category, groupings in _rows(_FACTS, new):
            known = frozenset(groupings or ())
            self._facts[pk] = _Facts(document, birth_date, sex, level, category, known)

    def _read_histories(self, new: list[int]) -> None:
        rows: dict[int, list[_Purchase]] = {pk: [] for pk in new}
        for customer, *values in _rows(_PURCHASES, new, self._last):
            rows[customer].append(_Purchase(*values))
        self._histories.update((pk, _History(purchases)) for pk, purchases in rows.items())

    def _read_consents(self, new: list[int]) -> None:
        self._consents.update((pk, []) for pk in new)
        for customer, *values in _rows(_CONSENTS, new):
            self._consents[customer].append(tuple(values))

    def _read_appointments(self, new: list[int]) -> None:
        self._appointments.update((pk, []) for pk in new)
        for customer, *values in _rows(_APPOINTMENTS, new):
            self._appointments[customer].append(_Appointment(*values))


def _rows(query: str, new: list[int], *others: Any) -> list[Any]:
    if not new:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, [new, *others])
        return list(cursor.fetchall())


_FACTS = """
SELECT u.id, coalesce(u.document, ''), u.birth_date, u.sex, u.level, u.loyalty_category,
    (SELECT array_agg(g.code) FROM customers_customer_groupings m
     JOIN customers_customergrouping g ON g.id = m.customergrouping_id WHERE m.customer_id = u.id)
FROM customers_customer u WHERE u.id = ANY(%s)
"""

_PURCHASES = """
SELECT customer_id, id, occurred_at, (net * 100)::bigint, cancelled_at
FROM retail_sale WHERE customer_id = ANY(%s) AND id <= %s AND NOT is_test AND state <> 'returned' ORDER BY id
"""

_CONSENTS = """
SELECT customer_id, purpose, given_at, granted
FROM customers_consent WHERE customer_id = ANY(%s) AND channel = '' ORDER BY customer_id, given_at, id
"""

_APPOINTMENTS = """
SELECT b.customer_id, b.booked_at, date_trunc('day', b.starts_at AT TIME ZONE h.time_zone) AT TIME ZONE h.time_zone
FROM customers_appointment b JOIN retail_store h ON h.id = b.store_id
WHERE b.customer_id = ANY(%s) AND b.status <> 'cancelled'
"""
