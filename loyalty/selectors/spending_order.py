"""Proof that what expires first was spent first, from the order of the entries.

It holds among the lots of one program or plan, and among cashback of one campaign with the same conditions: other cashback
may be held back by conditions of its own. Lots whose days of grace had begun are not judged.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from django.db import connection, transaction

_ROWS = """
SELECT e.id, e.kind, e.cause, e.amount, e.occurred_at, e.recorded_at, e.sale_id, l.id, l.sale_id, l.available_from, l.expires_at,
       l.awaits_review AND l.reviewed_at IS NULL,
       l.reviewed_at, e.account_id, CASE WHEN a.kind = 'cashback' THEN l.campaign || l.terms::text ELSE '' END
  FROM loyalty_entry e JOIN loyalty_lot l ON l.id = e.lot_id JOIN loyalty_account a ON a.id = l.account_id
 WHERE (a.kind <> 'cashback' OR l.campaign <> '')
   AND EXISTS (SELECT FROM loyalty_entry r WHERE r.account_id = e.account_id AND r.kind = 'redeem')
 ORDER BY e.account_id, 15, e.id
"""
_NEVER = datetime.max.replace(tzinfo=UTC)
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what its lot says. `unanswered`: the lot waits for a review to this day."""

    id: int
    kind: str
    cause: str
    amount: Decimal
    occurred_at: datetime
    recorded_at: datetime
    sale_id: int | None
    lot_id: int
    lot_sale_id: int | None
    available_from: datetime
    expires_at: datetime | None
    unanswered: bool
    reviewed_at: datetime | None
    account_id: int
    terms: str

    @property
    def place(self) -> tuple[datetime, int]:
        """Where its lot stands in the order of spending."""
        return self.expires_at or _NEVER, self.lot_id

    def was_usable_for(self, redemption: "Line") -> bool:
        """Whether the redemption could have used this lot: what a sale earns it cannot spend."""
        at = redemption.occurred_at
        return (
            (self.lot_sale_id is None or self.lot_sale_id != redemption.sale_id)
            and self.available_from <= at
            # A sale that arrives late finds what has expired since gone.
            and (self.expires_at is None or self.expires_at > max(at, redemption.recorded_at))
            and not self.unanswered
            # An answer of the same instant may have come after the sale.
            and (
                self.reviewed_at is None
                or (self.reviewed_at <= at and self.reviewed_at < redemption.recorded_at)
            )
        )


def breaches() -> Iterator[tuple[int, str]]:
    """Yield `(entry id, what is wrong)` of redemptions that passed over a lot. Reads the entries once, in order."""
    for _account, lines in groupby(_lines(), attrgetter("account_id", "terms")):
        yield from passed_over(list(lines))


def passed_over(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Yield the redemptions among the entries of one group of lots, in order, that left an earlier usable lot."""
    last = {line.cause: number for number, line in enumerate(lines) if line.kind in ("redeem", "forfeit")}
    redeemed: dict[str, list[Line]] = {}
    left: dict[int, Decimal] = {}
    # The lots of which something is left, by the order of spending; one of their lines stands for each.
    places: list[tuple[datetime, int]] = []
    lots: dict[int, Line] = {}
    for number, line in enumerate(lines):
        before = left.get(line.lot_id, Decimal(0))
        left[line.lot_id] = after = before + line.amount
        if before <= 0 < after:
            insort(places, line.place)
            lots[line.lot_id] = line
        elif after <= 0 < before:
            del places[bisect_left(places, line.place)]
        if line.kind == "redeem":
            redeemed.setdefault(line.cause, []).append(line)
        # A redemption is judged when all that the same cause takes has been taken.
        if last.get(line.cause) == number:
            for one in redeemed.pop(line.cause, []):
                yield from _judge(one, (lots[lot_id] for _end, lot_id in places))


def _judge(redemption: Line, in_order: Iterable[Line]) -> Iterator[tuple[int, str]]:
    if redemption.expires_at is not None and redemption.expires_at <= redemption.occurred_at:
        return
    for lot in in_order:
        if lot.place >= redemption.place:
            return
        if lot.was_usable_for(redemption):
            yield redemption.id, f"took from lot {redemption.lot_id} while lot {lot.lot_id} was left"
            return


def _lines() -> Iterator[Line]:
    # Inside one transaction, so that a pooler between us and the server keeps the cursor.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS)
        while rows := cursor.fetchmany(_CHUNK):
            yield from (Line(*row) for row in rows)
