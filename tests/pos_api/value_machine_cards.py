"""The steps of the machine of value that are about stored values: made, loaded, blocked, replaced, taken back, refused.

Paying with them is a part of selling (value_machine.py, value_machine_paying.py).
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from loyalty.models import Lot
from loyalty.selectors.stored_values import find_by_code
from loyalty.services.refusals import AboveCeiling, StoredValueBlocked, StoredValueUsed, StoredValueVoided
from loyalty.services.stored_value_states import block, replace_code, unblock
from loyalty.services.stored_values import Making, make
from pos_api.baskets import SALE_DECODER
from pos_api.models import LookupGuard
from pos_api.problems import NotFound, Problem
from pos_api.services.commit import record_sale
from pos_api.services.stored_values import load_value, sell, take_back
from pos_api.stored_value_documents import LOAD_DECODER, SELL_DECODER
from retail import money
from tests.pos_api.value_invariants import Body
from tests.pos_api.value_machine_paying import ONE_USE, Paying
from tests.pos_api.value_model import CEILING, Account, Stored, end_of_day
from tests.pos_api.value_model import Lot as ModelLot
from tests.pos_api.value_shop import TYPES

SOLD = ("gift_card", "e_purse")


class CardRules(Paying):
    """What becomes of stored values beside sales."""

    def __init__(self) -> None:
        super().__init__()
        self.bought: list[tuple[Any, Any]] = []
        self.loads: list[tuple[str, Any, Any]] = []

    # --- Made ----------------------------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(["presente", "bolsa", "calcas"]),
        amount=st.sampled_from([3_00, 17_77, 60_00]),
        customer=st.none() | st.integers(0, 1),
    )
    def buy(self, kind: str, amount: int, customer: int | None) -> None:
        document: Body = {
            "type": kind,
            "amount": money.text(amount),
            "reference": f"B{len(self.bought)}",
        }
        if customer is not None:
            document["customer"] = {"document": self.shop.customers[customer].document}
        decoded = SELL_DECODER.decode(json.dumps(document).encode())

        sold = sell(decoded, self.shop.caller, key="", now=self.now)

        assert not sold.replayed
        assert (sold.body["balance"], sold.body["price"]) == (money.text(amount),) * 2
        self.bought.append((decoded, sold.body))
        self._remember(kind, sold.body["code"], amount)

    @precondition(lambda self: self.bought)
    @rule(data=st.data())
    def buy_again(self, data: st.DataObject) -> None:
        decoded, body = data.draw(st.sampled_from(self.bought))

        sold = sell(decoded, self.shop.caller, key="", now=self.now)

        # The code comes back as long as it is the one that was told.
        assert sold.replayed
        assert sold.body["code"] in (body["code"], "")
        assert sold.body | {"code": None} == body | {"code": None}

    @rule(worth=st.sampled_from([("vale", 20), ("vale", 50), ("vale", 4_00), ("nota", 9_99)]))
    def issue(self, worth: tuple[str, int]) -> None:
        kind, amount = worth
        percent = amount if amount < 100 else 0
        making = Making(
            type=self.shop.types[kind],
            origin="run",
            operation=f"{len(self.model.values)}",
            amount=0 if percent else amount,
            percent=Decimal(percent) if percent else None,
        )

        [made] = make([making], at=self.now)

        self._remember(kind, made.code, ONE_USE if percent else amount, percent=percent)

    def _remember(self, type_code: str, code: str, amount: int, *, percent: int = 0) -> None:
        kind, _days = TYPES[type_code]
        stored = find_by_code(code)
        assert stored is not None
        account = Account(kind, "charge_back", self.model.grace_days)
        value = Stored(
            kind=kind,
            number=len(self.model.values),
            code=code,
            account=account,
            account_id=stored.account_id,
            percent=percent,
            only="CALCA" if type_code == "calcas" else "",
            is_sold=kind in SOLD,
        )
        self.model.values.append(value)
        self._put_in(value, type_code, amount)

    def _put_in(self, value: Stored, type_code: str, amount: int) -> None:
        row = Lot.objects.filter(account=value.account_id).latest("pk")
        assert row.expires_at == end_of_day(self.now, TYPES[type_code][1])
        value.account.add(
            ModelLot(
                number=len(value.account.lots),
                earned=amount,
                available_from=self.now,
                expires_at=row.expires_at,
            )
        )

    # --- What happens to one ---------------------------------------------------------------------------

    def _one(self, data: st.DataObject, *kinds: str) -> Stored:
        wanted = [value for value in self.model.values if not kinds or value.kind in kinds]
        return data.draw(st.sampled_from(wanted))

    def _forgive(self) -> None:
        """Here a failed look-up is one of many within a minute of this machine's time."""
        LookupGuard.objects.all().delete()

    @precondition(lambda self: any(value.kind == "e_purse" for value in self.model.values))
    @rule(data=st.data(), amount=st.sampled_from([5_00, 90_00]))
    def load(self, data: st.DataObject, amount: int) -> None:
        value = self._one(data, "e_purse")
        document = {"amount": money.text(amount), "reference": f"L{len(self.loads)}"}
        decoded = LOAD_DECODER.decode(json.dumps(document).encode())

        def send() -> Any:
            return load_value(value.code, decoded, self.shop.caller, key="", now=self.now)

        if value.is_blocked:
            with pytest.raises(NotFound):
                send()
            self._forgive()
            return
        alive = sum(lot.remaining for lot in value.account.lots if lot.is_alive(self.now))
        if alive + amount > CEILING:
            with pytest.raises(AboveCeiling):
                send()
            return
        body = send().body
        assert body["balance"] == money.text(alive + amount)
        self._put_in(value, "calcas" if value.only else "bolsa", amount)
        self.loads.append((value.code, decoded, body))
        again = send()
        assert (again.replayed, again.body) == (True, body)

    @precondition(lambda self: self.model.values)
    @rule(data=st.data())
    def block_or_unblock(self, data: st.DataObject) -> None:
        value = self._one(data)
        stored = find_by_code(value.code)
        assert stored is not None
        if not value.is_blocked:
            block(stored, reason="Perdido", at=self.now)
            value.is_blocked = True
        elif value.is_over:
            with pytest.raises(StoredValueVoided):
                unblock(stored, reason="Achado", at=self.now)
        else:
            unblock(stored, reason="Achado", at=self.now)
            value.is_blocked = False

    @precondition(lambda self: self.model.values)
    @rule(data=st.data())
    def replace_card(self, data: st.DataObject) -> None:
        value = self._one(data)
        stored = find_by_code(value.code)
        assert stored is not None
        if value.is_blocked:
            with pytest.raises(StoredValueBlocked):
                replace_code(stored, reason="Perdido", at=self.now)
            return
        value.old_codes.append(value.code)
        value.code = replace_code(stored, reason="Perdido", at=self.now)

    @precondition(lambda self: self.model.values)
    @rule(data=st.data())
    def take_back_card(self, data: st.DataObject) -> None:
        value = self._one(data)
        lots = value.account.lots

        def send() -> Body:
            return take_back(value.code, reason="Engano", caller=self.shop.caller, now=self.now).body

        if not value.is_sold:
            with pytest.raises(NotFound):
                send()
            self._forgive()
        elif value.is_over:
            assert send()["state"] == "voided"
        elif any(lot.remaining != lot.earned or not lot.is_alive(self.now) for lot in lots):
            with pytest.raises(StoredValueUsed):
                send()
        else:
            assert send()["refund"]["amount"] == money.text(sum(lot.earned for lot in lots))
            for lot in lots:
                lot.remaining = 0
            value.is_over = value.is_blocked = True

    # --- Paid with ---------------------------------------------------------------------------------------

    @precondition(lambda self: any(self._is_refused(value) for value in self.model.values))
    @rule(data=st.data())
    def pay_with_what_cannot_be_used(self, data: st.DataObject) -> None:
        value = data.draw(st.sampled_from([one for one in self.model.values if self._is_refused(one)]))
        code = value.old_codes[-1] if value.is_usable(self.now) else value.code
        document: Body = {
            "ticket": "REFUSED",
            "occurred_at": self.now.isoformat(),
            "lines": [{"line": 1, "sku": "CALCA", "quantity": "1", "unit_price": "13.00"}],
            "redeem": {"stored_values": [{"code": code}]},
            "total": "0.00",
        }
        decoded = SALE_DECODER.decode(json.dumps(document).encode())

        with pytest.raises(Problem) as refused:
            record_sale(decoded, self.shop.caller, now=self.now)

        assert refused.value.code == "benefit_unavailable"
        [row] = refused.value.extra["unavailable"]
        assert (row["kind"], row["reason"]) == ("stored_value", "not_usable")
        self._forgive()

    def _is_refused(self, value: Stored) -> bool:
        return not value.is_usable(self.now) or bool(value.old_codes)
