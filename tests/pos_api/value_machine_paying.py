"""How the machine of value pays: everything comes off a sale in the documented order (docs/algorithms/redemption.md)."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from retail import money
from tests.pos_api.value_invariants import Body, ValueInvariants
from tests.pos_api.value_model import Account, Sale, Spent, Stored
from tests.pos_api.value_shop import ORDERS, PRICES

ONE_USE = 100
# What a till may ask of a value, and the lines that a sale may have.
WANTED = st.sampled_from(["max", "max", 5_00])
LINES = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 3), min_size=1, max_size=2)


class Paying(ValueInvariants):
    """What of the ledger in memory a sale uses."""

    def pay(
        self,
        sale: Sale,
        due: int,
        pinned: dict[str, int],
        uses: frozenset[str],
        chosen: Sequence[tuple[Stored, Any]],
    ) -> tuple[Body, int]:
        """Take everything off what is due, in the documented order; return what the till asks for, and what is left."""
        redeem: Body = {"stored_values": presented(chosen)} if chosen else {}
        left = due
        accounts = {} if sale.customer is None else self.model.accounts[sale.customer]
        if "stamps" in uses and accounts and accounts["stamps"].available(self.now) >= ORDERS * 100:
            redeem["rewards"] = [{"program": "selos"}]
            self._take(sale, "stamps", 4_00, ORDERS * 100)
        for value, wanted in chosen:
            if value.kind == "voucher":
                left -= self.use(sale, value, wanted, due=due, left=left, pinned=pinned)
        if "points" in uses and accounts:
            points = min(accounts["points"].available(self.now) // 100, left // 10)
            redeem["points"] = {"pontos": "max"}
            self._take(sale, "points", points * 10, points * 100)
            left -= points * 10
        if "cashback" in uses and accounts:
            redeem["cashback"] = "max"
            left -= self._take_cashback(sale, due, left)
        for value, wanted in chosen:
            if value.kind != "voucher":
                left -= self.use(sale, value, wanted, due=due, left=left, pinned=pinned)
        return redeem, left

    def chosen(self, places: list[int], wanted: list[Any]) -> list[tuple[Stored, Any]]:
        """Return the values at these places that can be used, and what is asked of each; vouchers first."""
        values = self.model.values
        found = [
            (values[place], amount)
            for place, amount in zip(places, wanted, strict=True)
            if place < len(values) and values[place].is_usable(self.now)
        ]
        return sorted(found, key=lambda one: one[0].kind != "voucher")

    def use(
        self, sale: Sale, value: Stored, wanted: Any, *, due: int, left: int, pinned: dict[str, int]
    ) -> int:
        """Pay with a stored value; return the cents. `pinned` is what is left of the lines of one product."""
        account, at = value.account, self.now
        payable = min(left, pinned[value.only]) if value.only else left
        if value.percent:
            # 20 and 50 percent, rounded half up.
            amount = min((due * value.percent * 2 + 100) // 200, payable)
            units, lost = (ONE_USE if amount else 0), 0
        else:
            balance = account.available(at)
            asked = balance if wanted == "max" or value.kind == "gift_card" else int(wanted)
            amount = units = min(asked, balance, payable)
            lost = balance - amount if value.kind == "gift_card" and amount else 0
        if not units:
            return 0
        if value.only:
            pinned[value.only] -= amount
        takes = account.take(units, account.usable(at))
        forfeits = account.take(lost, account.usable(at))
        sale.spent.append(
            Spent(
                account,
                takes,
                amount,
                {},
                in_units=bool(value.percent),
                kind=value.kind,
                forfeits=forfeits,
                only=value.only,
                whole=bool(value.percent),
            )
        )
        return amount

    def _take(self, sale: Sale, kind: str, amount: int, units: int) -> None:
        account = self.account_of(sale, kind)
        if units:
            takes = account.take(units, account.usable(self.now))
            assert sum(given for _lot, given in takes) == units
            row_kind = "reward" if kind == "stamps" else kind
            sale.spent.append(Spent(account, takes, amount, {}, in_units=True, kind=row_kind))

    def account_of(self, sale: Sale, kind: str) -> Account:
        assert sale.customer is not None
        return self.model.accounts[sale.customer][kind]

    def _take_cashback(self, sale: Sale, due: int, left: int) -> int:
        """Take as much as is allowed: of VOLTE's credits together half of what is due. Returns the cents."""
        account = self.account_of(sale, "cashback")
        takes, half = [], due // 2
        for lot in account.usable(self.now):
            room = min(left, half) if lot.terms == "VOLTE" else left
            taken = account.take(room, [lot])
            amount = sum(given for _lot, given in taken)
            left -= amount
            half -= amount if lot.terms == "VOLTE" else 0
            takes += taken
        if takes:
            amount = sum(given for _lot, given in takes)
            sale.spent.append(Spent(account, takes, amount, {}, in_units=False, kind="cashback"))
        return sum(given for _lot, given in takes)


def presented(chosen: Sequence[tuple[Stored, Any]]) -> list[Body]:
    return [
        {"code": value.code, "amount": wanted if wanted == "max" else money.text(wanted)}
        for value, wanted in chosen
    ]
