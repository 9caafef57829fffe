"""Points, cashback and stamps in the life of a sale: earned, spent, given back and taken back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from loyalty.models import Account, Entry, Lot, PointsProgram, Receivable, StampPlan
from retail.models import Category, Clawback, Company, Sale
from tests.builders import build_product
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

CPF = "39053344705"
BUYER = {"document": CPF}


def program(code: str = "pontos", **fields: Any) -> PointsProgram:
    """Make a program: one point for each 1.00, worth 0.10 each."""
    terms = {"points": "1.00", "per_amount": "1.00", "point_value": "0.10", "redeem_step": "1.00"}
    return PointsProgram.objects.create(code=code, name="Pontos", **terms | fields)


def balance(kind: str = "points") -> str:
    found = Account.objects.filter(kind=kind).aggregate(held=Sum("balance"))["held"]
    return str(found if found is not None else "none")


def state() -> dict[str, Any]:
    """Return what every lot holds and every account owes, and see that entries add up to it."""
    for lot in Lot.objects.annotate(moved=Sum("entries__amount")):
        assert lot.remaining == lot.moved
    return {
        "lots": sorted(Lot.objects.exclude(remaining=0).values_list("cause", "remaining")),
        "accounts": sorted(Account.objects.values_list("kind", "balance", "owed")),
    }


class TestRecording:
    def test_credits_what_the_answer_says(self, till: Till) -> None:
        program(pending_days=2, valid_days=30)
        publish("CB", benefits=[{"kind": "cashback", "percent": "5.00", "valid_days": 30}])

        sold = till.sell(sale(customer=BUYER)).json()

        assert sold["earned"]["points"] == [{"program": "pontos", "points": 100}]
        assert sold["balances"] == [
            {"kind": "cashback", "available": "5.00", "pending": "0.00", "owed": "0.00"},
            {"kind": "points", "program": "pontos", "available": 0, "pending": 100, "owed": 0},
        ]
        points, cashback = Lot.objects.order_by("account__kind").reverse()
        assert (str(points.earned), points.cause) == ("100.00", f"sale:{Sale.objects.get().pk}")
        assert points.available_from > timezone.now() + timedelta(days=1)
        assert points.expires_at is not None
        assert (str(cashback.earned), cashback.campaign) == ("5.00", "CB")

    def test_promises_no_points_of_a_program_that_is_switched_off(self, till: Till) -> None:
        program(is_active=False)
        program("outro")
        publish(benefits=[{"kind": "points", "program": one, "fixed": "10"} for one in ("pontos", "outro")])

        promised = till.evaluate(basket(customer=BUYER)).json()["earned"]["points"]
        sold = till.sell(sale(customer=BUYER)).json()["earned"]["points"]

        assert promised == sold == [{"program": "outro", "points": 110}]

    def test_spends_what_was_redeemed_and_earns_on_what_was_due(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        asked = till.evaluate(basket(customer=BUYER, redeem={"points": {"pontos": "max"}})).json()
        assert asked["totals"]["net"] == "90.00"

        sold = till.sell(sale(customer=BUYER, total="90.00", redeem={"points": {"pontos": "max"}})).json()

        assert sold["redeemed"] == [
            {"kind": "points", "program": "pontos", "amount": "10.00", "points": 100, "balance_after": 0}
        ]
        assert sold["balances"][0]["available"] == 100

    def test_posts_once_however_often_it_is_sent(self, till: Till) -> None:
        program()
        document = sale(customer=BUYER)

        first, again = till.sell(document), till.sell(document)

        assert first.content == again.content
        assert Entry.objects.count() == 1

    def test_posts_nothing_for_nobody_and_for_what_was_cancelled_before(self, till: Till) -> None:
        program()
        till.sell(sale())
        document = sale(customer=BUYER)
        day = timezone.now().astimezone(till.terminal.store.zone).date().isoformat()
        till.cancel_ticket(document["ticket"], day)
        till.sell(document)

        assert not Entry.objects.exists()

    def test_names_the_balance_that_is_short(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))

        answer = till.sell(sale(customer=BUYER, total="80.00", redeem={"points": {"pontos": "200"}}))

        assert (answer.status_code, answer.json()["code"]) == (409, "benefit_unavailable")
        short = answer.json()["unavailable"][0]
        assert (short["path"], short["reason"]) == ("redeem.points.pontos", "insufficient_balance")
        assert balance() == "100.00"

    def test_says_so_also_when_somebody_spent_it_in_between(
        self, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from loyalty.services import ledger
        from pos_api.services import sale_value

        program()
        till.sell(sale(customer=BUYER))
        calls = []

        def rob_first(takes: Any, **options: Any) -> Any:
            calls.append(takes)
            if len(calls) == 1:
                raise ledger.InsufficientValue([1])
            return ledger.spend(takes, **options)

        monkeypatch.setattr(sale_value, "spend", rob_first)

        answer = till.sell(sale(customer=BUYER, total="90.00", redeem={"points": {"pontos": "max"}}))

        assert answer.status_code == 201
        assert len(calls) > 2

    def test_gives_a_stamp_for_each_order_with_a_product_of_the_category(self, till: Till) -> None:
        coffee = Category.objects.create(code="cafe", name="Café", path=["cafe"])
        build_product(sku="EXPRESSO", category=coffee)
        build_product(sku="PAO")
        reward = build_product(sku="BOLO")
        StampPlan.objects.create(
            code="cartela", name="Cartela", category=coffee, orders=10, reward="product",
            reward_product=reward, reward_percent=100,
        )  # fmt: skip

        sold = till.sell(
            sale(line(1, sku="EXPRESSO", quantity="2"), line(2, sku="PAO"), total="300.00", customer=BUYER)
        ).json()
        till.sell(sale(line(sku="PAO"), customer=BUYER))

        assert sold["earned"]["stamps"] == [{"plan": "cartela", "stamps": 1}]
        assert balance("stamps") == "1.00"
        till.give_back(sold["sale"], {1: "1", 2: "1"})
        assert balance("stamps") == "1.00"
        till.give_back(sold["sale"], {1: "1"})
        assert balance("stamps") == "0.00"


class TestReturning:
    def test_c10_buying_and_returning_leaves_no_points(self, till: Till) -> None:
        program()
        for _ in range(3):
            sold = till.sell(
                sale(line(quantity="3", unit_price="33.35"), total="100.05", customer=BUYER)
            ).json()
            first = till.give_back(sold["sale"], {1: "1"}).json()
            assert first["taken_back"] == [{"kind": "points", "program": "pontos", "points": 33}]
            till.give_back(sold["sale"], {1: "2"})

        assert balance() == "0.00"

    def test_c11_points_that_paid_a_sale_come_back_once(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        before = state()
        sold = till.sell(
            sale(line(quantity="2", unit_price="50.00"), total="90.00", customer=BUYER,
                 redeem={"points": {"pontos": "max"}})
        ).json()  # fmt: skip

        first = till.give_back(sold["sale"], {1: "1"}, name="A").json()
        till.give_back(sold["sale"], {1: "1"}, name="A")
        second = till.give_back(sold["sale"], {1: "1"}, name="B").json()

        assert first["restored"] == [{"kind": "points", "amount": "5.00", "program": "pontos", "points": 50}]
        assert first["refund"] == {"value": "50.00", "amount": "45.00", "withheld": "0.00"}
        assert second["refund"]["amount"] == "45.00"
        assert state() == before

    def test_c17_value_that_is_used_up_pays_nothing(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        till.sell(sale(customer=BUYER, total="90.00", redeem={"points": {"pontos": "100"}}))
        Lot.objects.update(reviewed_at=None)

        answer = till.sell(sale(customer=BUYER, total="70.00", redeem={"points": {"pontos": "300"}}))

        assert answer.status_code == 409
        assert balance() == "100.00"

    def test_c35_every_kind_of_operation_takes_the_points(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        till.sell(
            sale(customer=BUYER, total="90.00", operation="invoice", redeem={"points": {"pontos": "max"}})
        )

        assert balance() == "100.00"

    def test_c37_a_gift_of_a_level_is_no_purchase_and_earns_nothing(self, till: Till) -> None:
        made = program()
        mug = build_product(sku="CANECA")
        level = made.levels.create(number=1, points=50)
        level.gifts.create(product=mug)
        till.sell(sale(customer=BUYER))

        sold = till.sell(
            sale(customer=BUYER, redeem={"rewards": [{"program": "pontos", "sku": "CANECA"}]})
        ).json()

        assert [entry["line"] for entry in sold["lines"]] == [1]
        assert sold["earned"]["points"][0]["points"] == 100
        assert balance() == "150.00"
        returned = till.give_back(sold["sale"], {1: "1"}).json()
        assert returned["not_undone"] == [{"kind": "reward", "program": "pontos"}]
        assert balance() == "50.00"

    def test_refuses_a_reward_that_cannot_be_given(self, till: Till) -> None:
        made = program()
        made.levels.create(number=1, points=50).gifts.create(product=build_product(sku="CANECA"))

        answer = till.sell(sale(customer=BUYER, redeem={"rewards": [{"program": "pontos", "sku": "CANECA"}]}))

        assert (answer.status_code, answer.json()["code"]) == (409, "benefit_unavailable")

    def test_follows_the_worked_example(self, till: Till) -> None:
        program()
        publish(
            benefits=[{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100"}],
            conditions={"kind": "product", "by": "sku", "values": ["MEIA"]},
            budget="50.00",
        )
        publish("CB", benefits=[{"kind": "cashback", "amount": "5.00", "valid_days": 30}],
                conditions={"kind": "product", "by": "sku", "values": ["OUTRA"]})  # fmt: skip
        till.sell(sale(line(sku="OUTRA"), customer=BUYER))
        socks = line(sku="MEIA", quantity="3", unit_price="14.00")
        sold = till.sell(sale(socks, total="23.00", customer=BUYER, redeem={"cashback": "max"})).json()

        answers = [till.give_back(sold["sale"], {1: "1"}).json() for _ in range(3)]

        assert [answer["refund"]["amount"] for answer in answers] == ["7.66", "7.67", "7.67"]
        assert [answer["restored"][0]["amount"] for answer in answers] == ["1.66", "1.67", "1.67"]
        assert [answer["taken_back"][0]["points"] for answer in answers] == [9, 9, 10]


class TestQuoting:
    def test_says_what_the_return_then_does_and_records_nothing(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        paying = {"points": {"pontos": "50"}}
        sold = till.sell(sale(line(quantity="2"), total="195.00", customer=BUYER, redeem=paying)).json()
        before = state()

        quoted = till.quote_return(sold["sale"], {1: "1"}, name="R-1")

        assert quoted.status_code == 200
        assert (state(), Sale.objects.last().state) == (before, "committed")
        done = till.give_back(sold["sale"], {1: "1"}, name="R-1")
        assert done.status_code == 201
        assert done.json() | {"returned_at": ""} == quoted.json() | {"returned_at": ""}
        assert state() != before

    def test_refuses_what_the_return_would(self, till: Till) -> None:
        sold = till.sell(sale()).json()

        assert till.quote_return(sold["sale"], {1: "2"}).json()["code"] == "more_than_sold"
        till.cancel(sold["sale"])
        assert till.quote_return(sold["sale"], {1: "1"}).json()["code"] == "sale_cancelled"


class TestSpentAlready:
    def earn_and_spend(self, till: Till, **terms: Any) -> str:
        """Earn 100 points, spend 60 of them, and return the sale that earned them."""
        program(earns_on_discounted=True, **terms)
        earning = till.sell(sale(customer=BUYER)).json()["sale"]
        PointsProgram.objects.update(points=None, per_amount=None)
        till.sell(sale(customer=BUYER, total="94.00", redeem={"points": {"pontos": "60"}}))
        return str(earning)

    def test_is_withheld_from_the_refund(self, till: Till) -> None:
        earning = self.earn_and_spend(till, clawback=Clawback.CHARGE_BACK)

        answer = till.give_back(earning, {1: "1"}).json()

        assert answer["refund"] == {"value": "100.00", "amount": "94.00", "withheld": "6.00"}
        assert answer["taken_back"] == [{"kind": "points", "program": "pontos", "points": 40}]
        assert (balance(), Receivable.objects.count()) == ("0.00", 0)

    def test_is_owed_and_paid_by_the_next_earning(self, till: Till) -> None:
        earning = self.earn_and_spend(till, clawback=Clawback.DEBT)

        answer = till.give_back(earning, {1: "1"}).json()

        assert answer["refund"]["amount"] == "100.00"
        assert answer["owed"] == [{"kind": "points", "program": "pontos", "points": 60}]
        PointsProgram.objects.update(points="1.00", per_amount="1.00")
        sold = till.sell(sale(customer=BUYER)).json()
        assert sold["balances"][0] == {
            "kind": "points", "program": "pontos", "available": 40, "pending": 0, "owed": 0
        }  # fmt: skip

    def test_blocks_the_return_and_the_cancellation(self, till: Till) -> None:
        earning = self.earn_and_spend(till, clawback=Clawback.BLOCK)
        before = state()

        returned, cancelled = till.give_back(earning, {1: "1"}), till.cancel(earning)

        for answer in (returned, cancelled):
            assert (answer.status_code, answer.json()["code"]) == (409, "value_spent")
        assert returned.json()["spent"] == [{"kind": "points", "program": "pontos", "points": 60}]
        assert (state(), Sale.objects.filter(state="committed").count()) == (before, 2)

    def test_owes_what_the_money_does_not_cover(self, till: Till) -> None:
        program(clawback=Clawback.CHARGE_BACK)
        earning = till.sell(sale(customer=BUYER)).json()["sale"]
        PointsProgram.objects.update(points=None, per_amount=None)
        till.sell(sale(customer=BUYER, total="94.00", redeem={"points": {"pontos": "60"}}))
        PointsProgram.objects.update(point_value="2.00")

        answer = till.give_back(earning, {1: "1"}).json()

        # 60 points at 2.00 are 120.00; 100.00 of it is withheld, the rest stays as a debt of 10 points.
        assert answer["refund"] == {"value": "100.00", "amount": "0.00", "withheld": "100.00"}
        assert answer["owed"] == [{"kind": "points", "program": "pontos", "points": 10}]


class TestCancelling:
    def test_undoes_gifts_and_what_was_forfeited_too(self, till: Till) -> None:
        made = program()
        made.levels.create(number=1, points=50).gifts.create(product=build_product(sku="CANECA"))
        publish("CB", benefits=[{"kind": "cashback", "amount": "30.00", "valid_days": 30, "max_percent": "10",
                                 "remainder": "forfeited"}], stores=[])  # fmt: skip
        till.sell(sale(customer=BUYER))
        before = state()
        wanted = {"cashback": "max", "rewards": [{"program": "pontos", "sku": "CANECA"}]}
        sold = till.sell(sale(customer=BUYER, total="90.00", redeem=wanted)).json()
        assert sold["redeemed"][1]["forfeited"] == "20.00"

        answer = till.cancel(sold["sale"])

        assert answer.json()["refund"] == {"amount": "90.00", "withheld": "0.00"}
        assert state() == before
        assert till.cancel(sold["sale"]).content == answer.content

    def test_cancels_what_returns_left(self, till: Till) -> None:
        program()
        till.sell(sale(customer=BUYER))
        before = state()
        bought = line(quantity="3", unit_price="33.35")
        sold = till.sell(
            sale(bought, total="90.05", customer=BUYER, redeem={"points": {"pontos": "max"}})
        ).json()
        first = till.give_back(sold["sale"], {1: "1"}).json()

        rest = till.cancel(sold["sale"]).json()

        assert [first["refund"]["amount"], rest["refund"]["amount"]] == ["30.01", "60.04"]
        assert state() == before


def test_two_values_give_every_cent_back_in_a_return_and_the_cancellation_of_the_rest(till: Till) -> None:
    program()
    till.sell(sale(line(1, sku="A", unit_price="25.00"), total="25.00", customer=BUYER))
    publish(
        "CB",
        benefits=[{"kind": "cashback", "amount": "2.00", "valid_days": 30}],
        conditions={"kind": "promo_code"},
    )
    issue_code("DOIS", campaign="CB")
    till.sell(sale(line(1, sku="A", unit_price="0.50"), total="0.50", customer=BUYER, promo_codes=["DOIS"]))
    # 2.50 in points and 2.00 in cashback: thirds of both have a rest.
    bought = sale(
        line(1, sku="MEIA", quantity="3", unit_price="5.33"), total="11.49", customer=BUYER,
        redeem={"points": {"pontos": "max"}, "cashback": "max"},
    )  # fmt: skip
    sold = till.sell(bought).json()["sale"]

    first = till.give_back(sold, {1: "1"}).json()
    rest = till.cancel(sold).json()

    cents = [Decimal(one["refund"]["amount"]) for one in (first, rest)]
    assert sum(cents) == Decimal("11.49")
    restored = sum(Decimal(one["amount"]) for one in first["restored"])
    assert Decimal(first["refund"]["value"]) == Decimal(first["refund"]["amount"]) + restored


def test_recalculates_points_where_the_policy_says_so(till: Till) -> None:
    Company.objects.update(policy={"refund": "recalculate"})
    program()
    publish(benefits=[{"kind": "order_amount", "amount": "20.00"}], minimum_amount="200.00")
    sold = till.sell(sale(line(1), line(2, sku="CALCA"), total="180.00", customer=BUYER)).json()

    answer = till.give_back(sold["sale"], {2: "1"}).json()

    assert answer["refund"]["amount"] == "80.00"
    assert answer["taken_back"] == [{"kind": "points", "program": "pontos", "points": 80}]
    till.give_back(sold["sale"], {1: "1"})
    assert balance() == "0.00"
