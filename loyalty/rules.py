"""The arithmetic of the ledger as plain values: integers are hundredths (cents, or hundredths of points and stamps)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def take_in_order(wanted: int, lots: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `(lot, part)` of what `(lot, remaining)` give towards `wanted`, each whole before the next is touched."""
    taken = []
    for lot, remaining in lots:
        if wanted <= 0:
            break
        part = min(wanted, remaining)
        if part > 0:
            taken.append((lot, part))
            wanted -= part
    return taken


def pay_debts(
    earned: Sequence[tuple[int, int]], debts: Sequence[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """Return `(lot, debt, part)`: what each `(lot, amount)` pays of each `(debt, left)`, both in the order given."""
    paid = []
    left = [list(debt) for debt in debts]
    for lot, amount in earned:
        for debt in left:
            part = min(amount, debt[1])
            if part > 0:
                paid.append((lot, debt[0], part))
                debt[1] -= part
                amount -= part
    return paid


def owed_for(earned: int, spent: int, before: int, now: int) -> int:
    """Return how much of a lot the customer has to make good when `now` more of it is taken back.

    `before` was taken back by earlier returns and `spent` is what the customer had the use of. The customer may keep
    `earned` - `before` - `now`; what was spent beyond that is owed, less what earlier returns asked for already. So
    any split of a return owes the same in total, and what expired unused is owed by nobody.
    """

    def liability(taken_back: int) -> int:
        return max(0, spent - max(0, earned - taken_back))

    return liability(before + now) - liability(before)


def end_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the end of the local day that lies `days` after that of `moment`: the first instant of the next one."""
    day = moment.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def start_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the first instant of the local day that lies `days` after that of `moment`; with 0 the moment itself."""
    return end_after(moment, days - 1, zone) if days else moment
