"""The sale while values come off it: what is left to pay, what is left of each account, what was given and refused."""

from collections.abc import Sequence
from datetime import datetime

from loyalty.redeemed import Redeemed, Refused
from loyalty.value import Balances, CashbackLot, SaleLine, StoredValue, UnitLot, by_expiry, usable
from retail import money


class Counter:
    """Keeps the account of one redemption; the rules of each kind decide, and report what they decided."""

    def __init__(
        self, balances: Balances, lines: Sequence[SaleLine], delivery_fee: int, at: datetime
    ) -> None:
        self.balances = balances
        self.lines = lines
        self.due = sum([line.due for line in lines])
        self.left = self.due
        self.delivery_left = delivery_fee
        self.at = at
        self.redeemed: list[Redeemed] = []
        self.refused: list[Refused] = []
        self._lots = [
            sorted([lot for lot in account.lots if usable(lot, at)], key=by_expiry)
            for account in balances.accounts
        ]
        self._spent = [0] * len(balances.accounts)
        # What values that pay some lines only have paid of each; the others are taken to pay the other lines first.
        self._pinned = [0] * len(self.lines)

    def find(self, code: str) -> StoredValue | None:
        """Return the stored value of a code, when it can be used."""
        for stored in self.balances.stored_values:
            if stored.code == code:
                alive = stored.expires_at is None or self.at < stored.expires_at
                holds = stored.balance > 0 or (stored.percent is not None and bool(stored.lots))
                return stored if alive and holds else None
        return None

    def payable(self, stored: StoredValue) -> int:
        """Return how many cents of what is left a stored value may pay."""
        return min(self.left, sum(self._rooms(stored)))

    def pin(self, stored: StoredValue, amount: int) -> tuple[tuple[int, int], ...]:
        """Note that an amount pays the lines of a stored value that pays some only; return (line number, cents) of each."""
        if stored.is_for_all_lines:
            return ()
        rooms = self._rooms(stored)
        parts = money.prorate_within(amount, rooms, rooms)
        self._pinned = [held + part for held, part in zip(self._pinned, parts, strict=True)]
        return tuple((line.line, part) for line, part in zip(self.lines, parts, strict=True) if part)

    def _rooms(self, stored: StoredValue) -> list[int]:
        return [
            line.due - pinned if stored.pays(line) else 0
            for line, pinned in zip(self.lines, self._pinned, strict=True)
        ]

    def held(self, position: int) -> int:
        """Return the hundredths that the account at this position still has."""
        return sum([lot.amount for lot in self._lots[position]]) - self._spent[position]

    def spend(self, position: int, units: int) -> tuple[tuple[int, int], ...]:
        """Take units from the account's lots that expire first; return (lot id, hundredths) of each."""
        takes = first_expiring(self._lots[position], self._spent[position], units)
        self._spent[position] += units
        return takes

    def give(self, used: Redeemed) -> None:
        """Take a value off what is left to pay, or off the delivery fee."""
        if used.target == "delivery":
            self.delivery_left -= used.amount
        else:
            self.left -= used.amount
        if used.line is not None:
            place = [line.line for line in self.lines].index(used.line)
            self._pinned[place] += used.amount
        self.redeemed.append(used)

    def refuse(self, refused: Refused) -> None:
        self.refused.append(refused)


def first_expiring(
    lots: Sequence[UnitLot] | Sequence[CashbackLot], already: int, units: int
) -> tuple[tuple[int, int], ...]:
    """Return (lot id, hundredths) of the next `units` after the first `already` of the lots, in their order."""
    takes = []
    for lot in lots:
        skipped = min(already, lot.amount)
        already -= skipped
        taken = min(units, lot.amount - skipped)
        if taken > 0:
            takes.append((lot.id, taken))
            units -= taken
    return tuple(takes)
