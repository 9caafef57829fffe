"""The steps of the machine of value (test_value_machine.py); what must hold after them is in value_invariants.py."""

import copy
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from loyalty.models import AnswerSource, Lot, PointsProgram, Receivable, StampPlan, StoredValueType
from loyalty.services.adjustments import adjust, write_off
from loyalty.services.expiry import post_expired
from loyalty.services.refusals import AlreadyPosted, InsufficientValue
from loyalty.services.surveys import answer_survey
from pos_api.baskets import SALE_DECODER
from pos_api.problems import Problem
from pos_api.returned_units import RETURN_DECODER
from pos_api.services.cancel import cancel_sale
from pos_api.services.commit import record_sale
from pos_api.services.returns import return_sale
from retail import money
from retail.models import Company, ExpiredRestore, SaleLine
from retail.models import Sale as StoredSale
from tests.pos_api.value_invariants import Body, Model
from tests.pos_api.value_machine_cards import CardRules
from tests.pos_api.value_machine_paying import LINES, WANTED
from tests.pos_api.value_model import ZONE, Account, Earned, Sale, end_of_day
from tests.pos_api.value_model import Lot as ModelLot
from tests.pos_api.value_shop import CODE_USES, DAYS, EVER_LIMIT, KINDS, PRICES, TYPES

Lines = dict[str, int]


class ValueMachine(CardRules):
    """Every step that value can take, done to the database and to the ledger in memory."""

    @initialize(
        clawback=st.sampled_from(["block", "charge_back", "debt"]), grace_days=st.sampled_from([0, 2])
    )
    def choose_policies(self, clawback: str, grace_days: int) -> None:
        restored = ExpiredRestore.GRACE if grace_days else ExpiredRestore.KEEP_EXPIRED
        policy = {"clawback": clawback, "expired_restore": restored, "grace_days": grace_days}
        PointsProgram.objects.update(**policy)
        StampPlan.objects.update(**policy)
        StoredValueType.objects.filter(code__in=TYPES).update(expired_restore=restored, grace_days=grace_days)
        Company.objects.update(**{f"cashback_{name}": value for name, value in policy.items()})
        self.model = Model(clawback, grace_days)

    # --- Sales -------------------------------------------------------------------------------------

    @rule(
        customer=st.integers(0, 1),
        lines=LINES,
        uses=st.frozensets(st.sampled_from(["points", "cashback", "stamps", "code"])),
        places=st.lists(st.integers(0, 7), max_size=4, unique=True),
        wanted=st.tuples(WANTED, WANTED, WANTED, WANTED),
    )
    def sell(
        self,
        customer: int | None,
        lines: Lines,
        uses: frozenset[str],
        places: Sequence[int] = (),
        wanted: Sequence[Any] = (),
    ) -> None:
        at, place = self.now, len(self.model.sales)
        worth = {sku: PRICES[sku] * quantity for sku, quantity in lines.items()}
        if "CALCA" in lines and self._discount_is_left(customer):
            worth["CALCA"] -= worth["CALCA"] // 10
            self.model.discounted[place] = (customer, at.astimezone(ZONE).date())
        due = sum(worth.values())
        document = self._document(place, customer, lines)
        if "code" in uses and len(self.model.with_code) < CODE_USES:
            due -= 5_00
            self.model.with_code.add(place)
            document["promo_codes"] = ["BEMVINDO"]
        chosen = self.chosen(list(places), list(wanted)[: len(places)])
        if "promo_codes" in document:
            # How an order's discount is shared by its lines is not this model's business.
            chosen = [one for one in chosen if not one[0].only]
        sale = Sale(customer, dict(enumerate(lines.values(), start=1)), {}, 0)
        room = {"CALCA": worth.get("CALCA", 0)}
        redeem, left = self.pay(sale, due, room, uses, chosen)
        if redeem.get("rewards"):
            document["delivery_fee"] = "8.00"
        if redeem:
            document["redeem"] = redeem
        sale.charged = left
        decoded = SALE_DECODER.decode(json.dumps(document | {"total": money.text(left)}).encode())

        recorded = record_sale(decoded, self.shop.caller, now=at)

        assert not recorded.replayed
        self.sent.append((decoded, recorded.body))
        self.stored.append(StoredSale.objects.get(uuid=recorded.body["sale"]))
        self.model.sales.append(sale)
        self._read_shares(sale, self.stored[-1], due)

    @rule(
        lines=LINES,
        places=st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True),
        wanted=st.tuples(WANTED, WANTED, WANTED, WANTED),
        with_code=st.booleans(),
    )
    def sell_to_nobody(
        self, lines: Lines, places: Sequence[int], wanted: Sequence[Any], with_code: bool
    ) -> None:
        """Whoever presents a code has its value; who they are, nobody needs to know."""
        self.sell(None, lines, frozenset(["code"] if with_code else []), places, wanted)

    def _document(self, place: int, customer: int | None, lines: Lines) -> Body:
        document: Body = {
            "ticket": f"T{place}",
            "occurred_at": self.now.isoformat(),
            "lines": [
                {"line": number, "sku": sku, "quantity": str(q), "unit_price": money.text(PRICES[sku])}
                for number, (sku, q) in enumerate(lines.items(), start=1)
            ],
        }
        if customer is not None:
            document["customer"] = {"document": self.shop.customers[customer].document}
        return document

    def _discount_is_left(self, customer: int | None) -> bool:
        if customer is None:
            return False  # one for each customer a day
        standing = list(self.model.discounted.values())
        return len(standing) < EVER_LIMIT and (customer, self.now.astimezone(ZONE).date()) not in standing

    def _read_shares(self, sale: Sale, stored: StoredSale, due: int) -> None:
        """Note how the lines share what the sale spent and earned, once their sums are what they must be."""
        sale.came = dict.fromkeys(sale.sold, 0)
        rows = SaleLine.objects.filter(sale=stored).values_list("line", "refundable")
        sale.worth = {line: money.from_decimal(worth) for line, worth in rows}
        assert sum(sale.worth.values()) == due
        value = (stored.shares or {}).get("value", {"spent": [], "earned": []})
        skus = {entry["line"]: entry["sku"] for entry in self._lines_of(-1)}
        for one, row in zip(sale.spent, value["spent"], strict=True):
            one.lines = {int(line): (share[0], share[1]) for line, share in row["lines"].items()}
            assert (row["kind"], row["amount"]) == (one.kind, one.amount)
            assert [amount for _lot, amount in row["takes"]] == [given for _lot, given in one.takes]
            assert [amount for _lot, amount in row["forfeits"]] == [given for _lot, given in one.forfeits]
            if one.kind != "reward":
                assert sum(share[0] for share in one.lines.values()) == one.amount
            assert not one.only or {skus[line] for line in one.lines} == {one.only}
        assert all(sale.cash(line, sold) >= 0 for line, sold in sale.sold.items())
        self._read_earned(sale, value["earned"], due)

    def _read_earned(self, sale: Sale, earned: list[Body], due: int) -> None:
        has_book = any(entry["sku"] == "LIVRO" for entry in self._lines_of(-1))
        wanted = {"pontos": due // 100 * 100, "VOLTE": due // 10, "selos": 100}
        wanted |= {"OPINE": 2_00} if has_book else {}
        if sale.customer is None:
            wanted = {}
        assert {one["code"]: one["amount"] for one in earned} == {n: a for n, a in wanted.items() if a}
        lots = Lot.objects.in_bulk([one["lot"] for one in earned])
        for one in sorted(earned, key=lambda one: one["lot"]):
            row, account = lots[one["lot"]], self.account_of(sale, one["kind"])
            lot = self._lot(row, account, sale)
            account.add(lot)
            self._check_days(one["code"], lot)
            lines = {int(line): part for line, part in one["lines"].items()}
            if not one["whole"]:
                assert sum(lines.values()) == lot.earned
            sale.earned.append(Earned(account, lot, lines, whole=one["whole"]))

    def _check_days(self, code: str, lot: ModelLot) -> None:
        """Whatever is earned begins and ends with local days, whoever gives it."""
        pending, valid = DAYS[code]
        assert lot.available_from == (end_of_day(self.now, pending - 1) if pending else self.now)
        assert lot.expires_at == end_of_day(self.now, valid)

    def _lines_of(self, place: int) -> list[Body]:
        return [{"line": line.line, "sku": line.sku} for line in self.sent[place][0].lines]

    def _lot(self, row: Lot, account: Account, sale: Sale | None) -> ModelLot:
        return ModelLot(
            number=len(account.lots), earned=money.from_decimal(row.earned), available_from=row.available_from,
            expires_at=row.expires_at, sale=sale, waits=row.awaits_review, terms=row.campaign,
        )  # fmt: skip

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), is_altered=st.booleans())
    def send_again(self, data: st.DataObject, is_altered: bool) -> None:
        place = data.draw(st.integers(0, len(self.sent) - 1))
        document, body = self.sent[place]
        if not is_altered:
            again = record_sale(document, self.shop.caller, now=self.now)
            assert again.replayed
            assert again.body | {"state": None} == json.loads(json.dumps(body)) | {"state": None}
            return
        other = copy.copy(document)
        other.operation = "clearance"
        with pytest.raises(Problem) as refused:
            record_sale(other, self.shop.caller, now=self.now)
        assert refused.value.code == "sale_conflict"

    # --- Returns -----------------------------------------------------------------------------------

    @precondition(lambda self: any(not sale.is_over for sale in self.model.sales))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([n for n, sale in enumerate(self.model.sales) if not sale.is_over]))
        sale = self.model.sales[place]
        left = {line: sold - sale.came[line] for line, sold in sale.sold.items() if sold > sale.came[line]}
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        quantities = {line: data.draw(st.integers(1, left[line])) for line in sorted(chosen)}
        self.take_back(place, quantities)

    def take_back(self, place: int, quantities: dict[int, int]) -> None:
        """Return so many units of each line of a sale."""
        sale = self.model.sales[place]
        came = {line: sale.came[line] + quantities.get(line, 0) for line in sale.sold}
        entries = [{"line": line, "quantity": str(q)} for line, q in quantities.items()]
        document = RETURN_DECODER.decode(
            json.dumps({"return": f"R{len(self.returned)}", "lines": entries}).encode()
        )

        def send() -> Body:
            body = return_sale(
                sale=self._uuid(place), document=document, caller=self.shop.caller, now=self.now
            ).body
            self.returned.append((place, document, body))
            return body

        self._step(place, came, send, cancel=False)

    @precondition(lambda self: any(not sale.is_over for sale in self.model.sales))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([n for n, sale in enumerate(self.model.sales) if not sale.is_over]))
        came = dict(self.model.sales[place].came)
        self._step(
            place,
            came,
            lambda: cancel_sale(sale=self._uuid(place), caller=self.shop.caller, now=self.now).body,
            cancel=True,
        )

    def _step(self, place: int, came: dict[int, int], send: Any, *, cancel: bool) -> None:
        before = copy.deepcopy(self.model)
        expected = self.model.sales[place].step(came, self.now, cancel=cancel)
        if expected is None:
            self.model = before
            with pytest.raises(Problem) as refused:
                send()
            assert refused.value.code == "value_spent"
            return
        refund = send()["refund"]
        assert (refund["amount"], refund["withheld"]) == tuple(money.text(cents) for cents in expected)
        sale = self.model.sales[place]
        skus = {entry["line"]: entry["sku"] for entry in self._lines_of(place)}
        if sale.is_over or all(came[line] == sale.sold[line] for line in came if skus[line] == "CALCA"):
            self.model.discounted.pop(place, None)
        if sale.is_over:
            self.model.with_code.discard(place)

    def _uuid(self, place: int) -> UUID:
        return self.stored[place].uuid

    @precondition(lambda self: self.returned)
    @rule(data=st.data(), is_altered=st.booleans())
    def give_back_again(self, data: st.DataObject, is_altered: bool) -> None:
        place, document, body = data.draw(st.sampled_from(self.returned))
        if not is_altered:
            again = return_sale(
                sale=self._uuid(place), document=document, caller=self.shop.caller, now=self.now
            )
            assert (again.replayed, again.body) == (True, json.loads(json.dumps(body)))
            return
        other = copy.deepcopy(document)
        other.lines[0].quantity += 1
        with pytest.raises(Problem) as refused:
            return_sale(sale=self._uuid(place), document=other, caller=self.shop.caller, now=self.now)
        assert refused.value.code == "return_conflict"

    @precondition(lambda self: any(sale.is_over for sale in self.model.sales))
    @rule(data=st.data())
    def take_back_what_is_over(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([n for n, sale in enumerate(self.model.sales) if sale.is_over]))
        if self.model.sales[place].cancelled:
            assert cancel_sale(sale=self._uuid(place), caller=self.shop.caller, now=self.now).replayed
            return
        with pytest.raises(Problem) as refused:
            cancel_sale(sale=self._uuid(place), caller=self.shop.caller, now=self.now)
        assert refused.value.code == "sale_returned"

    # --- Time, and what people decide ----------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 11, 24, 50, 120]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        post_expired(at=self.now)
        for account in (one for kinds in self.model.accounts for one in kinds.values()):
            account.expire(self.now)
        for value in self.model.values:
            value.account.expire(self.now)

    @rule(
        customer=st.integers(0, 1),
        kind=st.sampled_from(KINDS),
        amount=st.sampled_from([-40_00, -3_00, -1_00, 1_00, 4_00, 25_00]),
    )
    def adjust(self, customer: int, kind: str, amount: int) -> None:
        account = self.model.accounts[customer][kind]
        unit = {"points": self.shop.program.pk, "stamps": self.shop.plan.pk, "cashback": None}[kind]
        order = {
            "customer_id": self.shop.customers[customer].pk, "key": (kind, unit), "amount": amount, "reason": "Cortesia",
            "actor_id": self.shop.user.pk, "operation": str(len(self.adjusted)),
        }  # fmt: skip
        alive = account.in_order([lot for lot in account.lots if lot.remaining and lot.is_alive(self.now)])
        if amount < 0 and sum(lot.remaining for lot in alive) < -amount:
            with pytest.raises(InsufficientValue):
                adjust(**order, at=self.now)
            return
        done = adjust(**order, at=self.now)
        self.adjusted.append(order)
        if amount > 0:
            account.add(self._lot(Lot.objects.get(pk=done.lots[0]), account, None))
        else:
            account.take(-amount, sorted(alive, key=lambda lot: not lot.is_usable(self.now)), used=False)

    @precondition(lambda self: self.adjusted)
    @rule(data=st.data())
    def adjust_again(self, data: st.DataObject) -> None:
        with pytest.raises(AlreadyPosted), transaction.atomic():
            adjust(**data.draw(st.sampled_from(self.adjusted)), at=self.now)

    @precondition(lambda self: Receivable.objects.filter(left__gt=0).exists())
    @rule()
    def write_off(self) -> None:
        debt = Receivable.objects.filter(left__gt=0).select_related("account").order_by("pk")[0]
        customer = [one.pk for one in self.shop.customers].index(debt.account.customer_id)
        rows = Receivable.objects.filter(account=debt.account).order_by("pk").values_list("pk", flat=True)
        place = list(rows).index(debt.pk)

        write_off(receivable_id=debt.pk, reason="Cortesia", actor_id=self.shop.user.pk, at=self.now)

        self.model.accounts[customer][debt.account.kind].debts[place] = 0

    @precondition(lambda self: any(self._can_answer(n) for n in range(len(self.stored))))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([n for n in range(len(self.stored)) if self._can_answer(n)]))
        sale = self.model.sales[place]
        answer_survey(sale=self.stored[place], score=9, comment="", source=AnswerSource.TILL, at=self.now)
        self.model.answered.add(place)
        for one in sale.earned:
            if one.lot.waits and one.lot.remaining and one.lot.is_alive(self.now):
                one.lot.waits = False
                one.account.pay_debts(one.lot)

    def _can_answer(self, place: int) -> bool:
        sale = self.model.sales[place]
        return sale.customer is not None and not sale.is_over and place not in self.model.answered
