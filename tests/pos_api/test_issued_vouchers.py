"""Vouchers that sales give: announced by evaluate, made with the sale, taken back with its return."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import Account, AccountKind, IssuingRule, StoredValue
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.issuing_rules import save_rule
from loyalty.services.issuing_terms import IssuingInvalid
from loyalty.services.stored_value_types import upsert_stored_value_types
from pos_api import issuing_rules
from pos_api.services import commit, rule_vouchers
from pos_api.services.credentials import issue_terminal_key
from retail.models import Sale
from tests.builders import build_customer
from tests.pos_api.till import Till, basket, line, publish, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
CPF = "39053344705"
MARIA = {"document": CPF}
N16 = [
    {"from": "50.00", "amount": "5.00"},
    {"from": "100.00", "amount": "10.00"},
    {"from": "150.00", "amount": "15.00"},
]


def make_rule(**values: Any) -> IssuingRule:
    defaults = {
        "code": f"r{IssuingRule.objects.count()}",
        "name": "Vale",
        "type": usual_type(AccountKind.VOUCHER),
        "tiers": N16,
    }
    return save_rule(rule=None, values=defaults | values, user=None, at=timezone.now())


def of(amount: str) -> dict[str, Any]:
    return line(unit_price=amount)


def announced(till: Till, *lines: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return till.evaluate(basket(*lines, **fields)).json()["earned"]["vouchers"]


def sell(till: Till, amount: str, **fields: Any) -> dict[str, Any]:
    answer = till.sell(sale(of(amount), total=amount, **fields))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def balance(code: str) -> Decimal:
    found = find_by_code(code)
    assert found is not None
    return Account.objects.get(pk=found.account_id).balance


class TestAnySale:
    @pytest.mark.parametrize(
        ("total", "amount"), [("49.99", None), ("50.00", "5.00"), ("149.99", "10.00"), ("150.00", "15.00")]
    )
    def test_gives_by_tiers_without_a_customer(self, till: Till, total: str, amount: str | None) -> None:
        make_rule(valid_days=30)

        shown = announced(till, of(total))
        given = sell(till, total)["earned"]["vouchers"]

        if amount is None:
            assert shown == given == []
            return
        assert [(one["rule"], one["amount"]) for one in shown] == [("r0", amount)]
        assert "code" not in shown[0]
        assert shown[0]["valid_until"] == given[0]["valid_until"] is not None
        assert balance(given[0]["code"]) == Decimal(amount)
        assert till.send("GET", f"stored-values/{given[0]['code']}/").json()["balance"] == amount
        assert_world()

    def test_gives_a_voucher_in_percent_that_pays_the_next_purchase(self, till: Till) -> None:
        make_rule(tiers=[{"from": "100.00", "percent": "10"}], percent_means="voucher")

        [given] = sell(till, "100.00")["earned"]["vouchers"]
        answer = till.evaluate(
            basket(of("20.00"), redeem={"stored_values": [{"code": given["code"], "amount": "max"}]})
        ).json()

        assert (given["percent"], "amount" in given) == ("10", False)
        assert answer["redeemed"][0]["amount"] == "2.00"

    def test_a_rule_of_a_type_that_is_switched_off_gives_nothing(self, till: Till) -> None:
        rule = make_rule()
        assert sell(till, "80.00")["earned"]["vouchers"]
        upsert_stored_value_types(rows=[{"code": rule.type.code, "is_active": False}])

        assert not sell(till, "80.00")["earned"]["vouchers"]

    def test_every_rule_that_holds_gives_one_in_their_order(self, till: Till) -> None:
        make_rule(code="segunda", priority=2)
        make_rule(code="primeira", priority=1, tiers=[{"percent": "5"}])

        assert [one["rule"] for one in sell(till, "80.00")["earned"]["vouchers"]] == ["primeira", "segunda"]
        assert_world()

    def test_only_in_its_stores_and_between_its_dates(self, till: Till) -> None:
        now = timezone.now()
        make_rule(code="outra-loja", store_codes=[Till.open().terminal.store.code])
        make_rule(code="passada", ends_at=now - timedelta(seconds=1))
        make_rule(code="futura", starts_at=now + timedelta(days=1))
        make_rule(code="desligada", is_active=False)
        make_rule(code="aqui", store_codes=[till.terminal.store.code])

        assert [one["rule"] for one in announced(till, of("80.00"))] == ["aqui"]

    def test_a_rule_that_is_switched_off_at_that_moment_gives_nothing(
        self, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule = make_rule()
        promised = rule_vouchers.with_rules

        def with_rules(*evaluation: Any, **about: Any) -> Any:
            found = promised(*evaluation, **about)
            # By a request of another thread, which remembers what there is now.
            IssuingRule.objects.filter(pk=rule.pk).update(is_active=False)
            monkeypatch.setattr(issuing_rules, "_remembered", ("", ()))
            return found

        monkeypatch.setattr(commit, "with_rules", with_rules)

        assert sell(till, "100.00")["earned"]["vouchers"] == []

    def test_follows_a_change_at_once(self, till: Till) -> None:
        rule = make_rule()
        assert announced(till, of("80.00"))[0]["amount"] == "5.00"

        save_rule(rule=rule, values={"tiers": [{"amount": "7.00"}]}, user=None, at=timezone.now())
        assert announced(till, of("80.00"))[0]["amount"] == "7.00"
        save_rule(rule=rule, values={"is_active": False}, user=None, at=timezone.now())
        assert announced(till, of("80.00")) == []

    def test_a_test_sale_makes_nothing(self, till: Till) -> None:
        make_rule()
        _key, credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)

        [shown] = sell(Till(till.terminal, credential), "80.00")["earned"]["vouchers"]

        assert (shown["amount"], "code" in shown) == ("5.00", False)
        assert StoredValue.objects.count() == 0

    def test_is_not_of_a_type_that_only_its_customer_may_use(self) -> None:
        kind = usual_type(AccountKind.VOUCHER)
        kind.is_personal = True
        kind.save()

        with pytest.raises(IssuingInvalid) as refusal:
            make_rule(type=kind)

        assert [error.path for error in refusal.value.errors] == ["type"]


class TestKnownCustomer:
    def rule(self, **values: Any) -> IssuingRule:
        return make_rule(
            trigger="customer",
            window_days=90,
            minimum_visits=2,
            minimum_turnover=Decimal("100.00"),
            tiers=[{"percent": "5"}],
            **values,
        )

    def test_two_visits_and_a_hundred_give_five_percent_once(self, till: Till) -> None:
        self.rule()
        build_customer(document=CPF)

        assert sell(till, "60.00", customer=MARIA)["earned"]["vouchers"] == []
        assert announced(till, of("40.00"), customer=MARIA)[0]["amount"] == "5.00"
        [given] = sell(till, "40.00", customer=MARIA)["earned"]["vouchers"]
        assert given["amount"] == "5.00"
        assert StoredValue.objects.get().customer.document == CPF  # type: ignore[union-attr]
        assert announced(till, of("500.00"), customer=MARIA) == []
        assert sell(till, "500.00", customer=MARIA)["earned"]["vouchers"] == []

    def test_needs_a_customer(self, till: Till) -> None:
        self.rule()

        assert announced(till, of("500.00")) == []

    def test_may_give_with_every_sale(self, till: Till) -> None:
        self.rule(once_in_window=False)
        sell(till, "60.00", customer=MARIA)

        amounts = [sell(till, "40.00", customer=MARIA)["earned"]["vouchers"][0]["amount"] for _ in "12"]

        assert amounts == ["5.00", "7.00"]

    def test_forgets_what_is_older_than_its_period(self, till: Till) -> None:
        self.rule()
        sell(till, "60.00", customer=MARIA)
        Sale.objects.update(occurred_at=timezone.now() - timedelta(days=91))

        assert announced(till, of("40.00"), customer=MARIA) == []


class TestAgain:
    def test_a_repeated_sale_makes_no_second_one_and_answers_the_same(self, till: Till) -> None:
        make_rule()
        document = sale(of("80.00"), total="80.00")
        first = till.sell(document)

        second = till.sell(document)

        assert second.status_code == 200
        assert second.json()["earned"] == first.json()["earned"]
        assert StoredValue.objects.count() == 1

    def test_the_code_stands_nowhere(self, till: Till) -> None:
        make_rule()
        code = sell(till, "80.00")["earned"]["vouchers"][0]["code"]

        stored = str(Sale.objects.values_list("response", "request", "shares").get())
        assert code not in stored
        assert code.replace("-", "") not in stored
        assert code[-4:] in stored


class TestReturn:
    def test_takes_the_voucher_back_in_proportion(self, till: Till) -> None:
        make_rule()
        sold = till.sell(sale(line(1), line(2), total="200.00")).json()
        code = sold["earned"]["vouchers"][0]["code"]

        half = till.give_back(sold["sale"], {1: "1"}).json()
        assert (half["taken_back"], balance(code)) == (
            [{"kind": "voucher", "amount": "7.50"}],
            Decimal("7.50"),
        )
        till.give_back(sold["sale"], {2: "1"})
        assert balance(code) == 0
        assert_world()

    def test_withholds_what_was_spent(self, till: Till) -> None:
        make_rule()
        sold = sell(till, "100.00")
        code = sold["earned"]["vouchers"][0]["code"]
        redeem = {"stored_values": [{"code": code, "amount": "max"}]}
        spent = till.sell(sale(of("20.00"), total="10.00", redeem=redeem))
        assert spent.status_code == 201

        body = till.give_back(sold["sale"], {1: "1"}).json()

        assert (body["refund"]["amount"], body["refund"]["withheld"]) == ("90.00", "10.00")
        assert_world()

    def test_a_cancelled_sale_takes_everything_back(self, till: Till) -> None:
        make_rule()
        make_rule(tiers=[{"percent": "10"}], percent_means="voucher")
        sold = sell(till, "100.00")

        assert till.cancel(sold["sale"]).status_code == 200

        assert {balance(one["code"]) for one in sold["earned"]["vouchers"]} == {0}
        assert_world()

    def test_a_voucher_in_percent_goes_with_the_last_unit(self, till: Till) -> None:
        make_rule(tiers=[{"percent": "10"}], percent_means="voucher")
        sold = till.sell(sale(line(1), line(2), total="200.00")).json()
        code = sold["earned"]["vouchers"][0]["code"]

        till.give_back(sold["sale"], {1: "1"})
        assert balance(code) == 1
        till.give_back(sold["sale"], {2: "1"})
        assert balance(code) == 0


class TestCampaign:
    def test_the_voucher_that_a_campaign_promises_is_made(self, till: Till) -> None:
        publish("VALE", benefits=[{"kind": "voucher", "percent": "10.00", "valid_days": 30}])

        [given] = sell(till, "100.00")["earned"]["vouchers"]

        assert (given["campaign"], given["amount"], balance(given["code"])) == ("VALE", "10.00", 10)
        assert_world()

    def test_no_sale_is_refused_because_the_ceiling_of_the_type_is_lower(self, till: Till) -> None:
        publish("VALE", benefits=[{"kind": "voucher", "percent": "10.00"}])
        kind = usual_type(AccountKind.VOUCHER)
        kind.ceiling = Decimal("6.00")
        kind.save()

        [given] = sell(till, "100.00")["earned"]["vouchers"]

        assert (given["amount"], balance(given["code"])) == ("6.00", 6)


class TestStatements:
    def test_nothing_is_asked_where_there_is_no_rule(self, till: Till) -> None:
        till.evaluate(basket())
        with CaptureQueriesContext(connection) as queries:
            till.evaluate(basket())

        assert len(queries) == 1

    @pytest.mark.parametrize("rules", [1, 5])
    def test_any_number_of_rules_costs_the_same(self, till: Till, rules: int) -> None:
        build_customer(document=CPF)
        for _number in range(rules):
            make_rule(trigger="customer", window_days=30, once_in_window=False)
        till.evaluate(basket(customer=MARIA))

        with CaptureQueriesContext(connection) as asked:
            assert len(announced(till, customer=MARIA)) == rules
        with CaptureQueriesContext(connection) as recorded:
            assert len(sell(till, "100.00", customer=MARIA)["earned"]["vouchers"]) == rules

        assert len(asked) == 2
        statements = [
            query["sql"] for query in recorded if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]
        assert len(statements) == 11, "\n".join(sql[:120] for sql in statements)
