"""The sale while values come off it: what is left to pay, what is left of each account, what was given and refused."""

from collections.abc import Sequence
from datetime import datetime

from loyalty.redeemed import Redeemed, Refused
from loyalty.value import Balances, SaleLine, StoredValue, UnitLot, by_expiry, usable


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

    def find(self, code: str) -> StoredValue | None:
        """Return the stored value of a code, when it can be used."""
        for stored in self.balances.stored_values:
            if stored.code == code:
                alive = stored.expires_at is None or self.at < stored.expires_at
                return stored if alive and stored.balance > 0 else None
        return None

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
        self.redeemed.append(used)

    def refuse(self, refused: Refused) -> None:
        self.refused.append(refused)


def first_expiring(lots: Sequence[UnitLot], already: int, units: int) -> tuple[tuple[int, int], ...]:
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
