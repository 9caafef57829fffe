"""Gift cards, e-purses, vouchers and credit notes at the till: sold, loaded, checked, used, given back."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any, ClassVar

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from loyalty.models import (
    Account,
    AccountKind,
    Entry,
    Lot,
    StoredValue,
    StoredValueCode,
    StoredValueLoad,
    StoredValueType,
)
from loyalty.selectors.liability import cohorts, liability
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.stored_value_by_hand import adjust_stored_value
from loyalty.services.stored_value_states import block, replace_code, void
from loyalty.services.stored_values import Making, code_again, make
from pos_api.models import StoredValueOperation
from pos_api.services.credentials import issue_terminal_key
from pos_api.services.retention import purge
from retail.models import Sale
from tests import builders
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, line, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
MARIA = {"document": "390.533.447-05"}


def issue(kind: AccountKind = AccountKind.GIFT_CARD, amount: int = 50_00, **values: Any) -> str:
    """Make a stored value, worth 50.00 unless told otherwise, and return its code."""
    making = Making(
        type=values.pop("type", None) or usual_type(kind),
        origin="test",
        operation=f"{StoredValue.objects.count()}",
        amount=amount,
        **values,
    )
    [made] = make([making], at=timezone.now() - timedelta(hours=1))
    return made.code


def left(code: str) -> Decimal:
    found = find_by_code(code)
    assert found is not None
    return Account.objects.get(pk=found.account_id).balance


def presenting(*codes: str, amount: str = "max") -> dict[str, Any]:
    return {"stored_values": [{"code": code, "amount": amount} for code in codes]}


class TestSelling:
    def test_a_gift_card_with_a_generated_code(self, till: Till) -> None:
        answer = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"})

        body = answer.json()
        assert answer.status_code == 201, body
        assert (body["kind"], body["balance"], body["price"]) == ("gift_card", "50.00", "50.00")
        assert till.send("GET", f"stored-values/{body['code']}/").json()["balance"] == "50.00"
        assert till.send("GET", f"stored-values/{body['code'].replace('-', '').lower()}/").status_code == 200

    def test_sent_again_it_makes_no_second_one_and_shows_the_code_again(self, till: Till) -> None:
        document = {"kind": "gift_card", "amount": "50.00", "reference": "GC-1"}
        first = till.send("POST", "stored-values/", document)

        second = till.send("POST", "stored-values/", document)

        assert second.status_code == 200
        assert second["Idempotency-Replayed"] == "true"
        assert second.content == first.content
        assert StoredValue.objects.count() == 1

    def test_another_content_under_the_same_reference_is_refused(self, till: Till) -> None:
        document = {"kind": "gift_card", "amount": "50.00", "reference": "GC-1"}
        till.send("POST", "stored-values/", document)

        answer = till.send("POST", "stored-values/", document | {"amount": "60.00"})

        assert answer.status_code == 422
        assert answer.json()["code"] == "operation_conflict"
        assert [error["path"] for error in answer.json()["errors"]] == ["reference"]

    def test_one_for_its_customer_only_needs_one(self, till: Till) -> None:
        StoredValueType.objects.create(code="p", name="P", kind="e_purse", is_personal=True)
        document = {"type": "p", "amount": "50.00"}

        refused = till.send("POST", "stored-values/", document)
        sold = till.send("POST", "stored-values/", document | {"customer": MARIA})

        assert [(error["path"], error["code"]) for error in refused.json()["errors"]] == [
            ("customer", "required")
        ]
        assert sold.status_code == 201, sold.json()

    @pytest.mark.parametrize("name", ["card", "code"])
    def test_one_for_a_card_that_is_nobodys_makes_no_customer(self, till: Till, name: str) -> None:
        document = {"kind": "e_purse", "amount": "50.00", "customer": {name: "NINGUEM"}}
        builders.build_customer(**{name: "ALGUEM"})

        refused = till.send("POST", "stored-values/", document)
        sold = till.send("POST", "stored-values/", document | {"customer": {name: "ALGUEM"}})

        assert refused.status_code == 422
        assert [(error["path"], error["code"]) for error in refused.json()["errors"]] == [
            (f"customer.{name}", "unknown_customer")
        ]
        assert sold.status_code == 201
        assert StoredValue.objects.get().customer == Customer.objects.get()

    def test_an_own_code_is_given_out_once(self, till: Till) -> None:
        document = {"kind": "e_purse", "amount": "50.00", "code": "7891000123457"}
        assert till.send("POST", "stored-values/", document).status_code == 201

        answer = till.send("POST", "stored-values/", document)

        assert (answer.status_code, answer.json()["code"]) == (422, "taken")
        assert answer.json()["errors"][0]["path"] == "code"

    def test_several_in_one_visit_are_several_cards(self, till: Till) -> None:
        made = [
            till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()
            for _ in "123"
        ]

        assert len({body["code"] for body in made}) == 3

    def test_an_e_purse_holds_at_most_its_ceiling(self, till: Till) -> None:
        refused = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "150.01"})
        sold = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "150.00"})

        assert (refused.status_code, refused.json()["code"]) == (422, "above_ceiling")
        assert sold.status_code == 201

    def test_a_type_of_a_fixed_value_and_price(self, till: Till) -> None:
        StoredValueType.objects.create(
            code="kdo", name="KDO", kind="e_purse", fixed_load=Decimal(60), fixed_price=Decimal(50)
        )

        answer = till.send("POST", "stored-values/", {"type": "kdo"})
        other = till.send("POST", "stored-values/", {"type": "kdo", "amount": "70.00"})

        assert (answer.json()["balance"], answer.json()["price"]) == ("60.00", "50.00")
        assert (other.status_code, other.json()["errors"][0]["path"]) == (422, "amount")

    def test_it_is_found_again_from_the_customer(self, till: Till) -> None:
        till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "50.00", "customer": MARIA})

        assert StoredValue.objects.get().customer.document == "39053344705"

    def test_no_code_stands_in_the_database(self, till: Till) -> None:
        body = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()
        till.sell(sale(total="50.00", redeem=presenting(body["code"])))

        row = StoredValueCode.objects.get()
        recorded = Sale.objects.get()
        assert row.last4 == body["code"][-4:]
        assert body["code"] not in f"{recorded.request}{recorded.response}{recorded.shares}"
        assert f"····{row.last4}" in f"{recorded.response}"

    def test_after_a_day_nobody_can_read_its_code_any_more(self, till: Till) -> None:
        document = {"kind": "gift_card", "amount": "50.00", "reference": "GC-1"}
        code = till.send("POST", "stored-values/", document).json()["code"]
        issued = find_by_code(issue())

        assert purge(at=timezone.now() + timedelta(hours=25))["codes"] == 1

        assert till.send("POST", "stored-values/", document).json()["code"] == ""
        assert till.send("GET", f"stored-values/{code}/").json()["balance"] == "50.00"
        assert code_again(issued) != ""

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({"amount": "50.00"}, "kind"),
            ({"kind": "gift_card"}, "amount"),
            ({"kind": "gift_card", "amount": "0.00"}, "amount"),
            ({"kind": "gift_card", "amount": "-1"}, "amount"),
            ({"kind": "voucher", "amount": "5.00"}, "kind"),
            ({"type": "none", "amount": "5.00"}, "type"),
            ({"kind": "gift_card", "amount": "5.00", "code": "AB"}, "code"),
        ],
    )
    def test_what_is_wrong_is_named(self, till: Till, document: Any, path: str) -> None:
        answer = till.send("POST", "stored-values/", document)

        assert answer.status_code == 422, answer.json()
        assert [error["path"] for error in answer.json()["errors"]] == [path]


class TestTypes:
    def sold(self, till: Till) -> list[dict[str, Any]]:
        answer = till.send("GET", "stored-value-types/sold/")
        assert answer.status_code == 200
        return list(answer.json()["results"])

    def test_the_usual_ones_until_there_are_others(self, till: Till) -> None:
        usual = self.sold(till)

        assert [(one["type"], one["kind"], one["ceiling"]) for one in usual] == [
            (None, "gift_card", None),
            (None, "e_purse", "150.00"),
        ]
        assert not StoredValueType.objects.exists()
        for one in usual:
            sold = till.send("POST", "stored-values/", {"kind": one["kind"], "amount": "10.00"})
            assert sold.json()["name"] == one["name"]
        assert {one["type"] for one in self.sold(till)} == {"gift-card", "e-purse"}

    def test_those_that_are_sold_with_what_is_fixed(self, till: Till) -> None:
        kdo = {"kind": "e_purse", "fixed_load": Decimal(60), "fixed_price": Decimal(50)}
        StoredValueType.objects.create(code="kdo", name="KDO", is_reloadable=True, **kdo)
        StoredValueType.objects.create(code="old", name="Antiga", kind="gift_card", is_active=False)
        StoredValueType.objects.create(code="nota", name="Nota", kind="credit_note")

        [one] = self.sold(till)

        assert (one["type"], one["fixed_load"], one["fixed_price"]) == ("kdo", "60.00", "50.00")


class TestLoading:
    def test_an_e_purse_is_loaded_up_to_its_ceiling(self, till: Till) -> None:
        code = issue(AccountKind.E_PURSE)

        answer = till.send("POST", f"stored-values/{code}/load/", {"amount": "100.00", "reference": "L1"})
        again = till.send("POST", f"stored-values/{code}/load/", {"amount": "100.00", "reference": "L1"})
        more = till.send("POST", f"stored-values/{code}/load/", {"amount": "0.01"})

        assert (answer.status_code, answer.json()["balance"]) == (201, "150.00")
        assert (again.status_code, again.json()["balance"]) == (200, "150.00")
        assert (more.status_code, more.json()["code"]) == (422, "above_ceiling")
        assert left(code) == 150

    def test_a_gift_card_is_not(self, till: Till) -> None:
        answer = till.send("POST", f"stored-values/{issue()}/load/", {"amount": "10.00"})

        assert (answer.status_code, answer.json()["code"]) == (422, "not_reloadable")


class TestTakingBack:
    def test_what_nobody_has_used(self, till: Till) -> None:
        code = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()["code"]

        answers = [till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"}) for _ in "12"]

        assert [answer.json()["refund"]["amount"] for answer in answers] == ["50.00", "50.00"]
        assert left(code) == 0
        assert till.send("GET", f"stored-values/{code}/").json()["code"] == "code_not_usable"
        assert_world()

    def test_not_what_was_used(self, till: Till) -> None:
        body = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "50.00"}).json()
        till.sell(sale(total="90.00", redeem=presenting(body["code"], amount="10.00")))

        answer = till.send("POST", f"stored-values/{body['code']}/take-back/", {"reason": "Engano"})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_used")

    def test_what_was_loaded_again_for_all_that_was_paid(self, till: Till) -> None:
        code = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "50.00"}).json()["code"]
        till.send("POST", f"stored-values/{code}/load/", {"amount": "30.00", "price": "25.00"})

        first, again = (
            till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"}) for _ in "12"
        )

        assert first.json()["refund"]["amount"] == "75.00"
        assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
        assert "Idempotency-Replayed" not in first
        assert left(code) == 0

    @pytest.mark.parametrize("by", ["hand", "another store", "nobody knows"])
    def test_not_what_this_store_was_not_paid_for(self, till: Till, by: str) -> None:
        code = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "50.00"}).json()["code"]
        stored = find_by_code(code)
        assert stored is not None
        if by == "hand":
            user = builders.build_user()
            adjust_stored_value(
                stored, amount=5_00, reason="Presente", actor_id=user.pk, operation="1", at=timezone.now()
            )
        else:
            other = Till.open() if by == "another store" else till
            assert other.send("POST", f"stored-values/{code}/load/", {"amount": "30.00"}).status_code == 201
        if by == "nobody knows":
            # Loaded before prices were kept.
            StoredValueLoad.objects.order_by("pk").last().delete()

        answer = till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"})

        assert (answer.status_code, answer.json()["code"]) == (409, "paid_elsewhere")
        assert left(code) > 50

    def test_not_what_a_manager_has_taken_back(self, till: Till) -> None:
        code = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()["code"]
        void(find_by_code(code), reason="Engano", at=timezone.now(), actor_id=builders.build_user().pk)

        answer = till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"})

        assert (answer.status_code, answer.json()["code"]) == (404, "code_not_usable")


class TestSentAgain:
    """Whatever has become of it since, who sends a request again hears what was answered then."""

    SALE: ClassVar = {
        "kind": "e_purse",
        "amount": "50.00",
        "price": "45.00",
        "reference": "S-1",
        "customer": MARIA,
    }
    LOAD: ClassVar = {"amount": "60.00", "price": "55.00", "reference": "L-1"}

    @pytest.mark.parametrize("since", ["used", "blocked", "renamed", "off", "given"])
    def test_a_sale_and_a_load_are_answered_as_then(self, till: Till, since: str) -> None:
        sold = till.send("POST", "stored-values/", self.SALE)
        code = sold.json()["code"]
        loaded = till.send("POST", f"stored-values/{code}/load/", self.LOAD)
        assert (sold.json()["balance"], loaded.json()["balance"]) == ("50.00", "110.00")
        stored = StoredValue.objects.get()
        match since:
            case "used":
                till.sell(sale(total="0.00", redeem=presenting(code)))
            case "blocked":
                block(stored, reason="Perdido", at=timezone.now())
            case "renamed":
                StoredValueType.objects.update(name="Outra", fixed_load=5, fixed_price=4)
            case "off":
                StoredValueType.objects.update(is_active=False, is_reloadable=False)
            case "given":
                StoredValue.objects.update(customer=builders.build_customer())

        sold_again = till.send("POST", "stored-values/", self.SALE)
        loaded_again = till.send("POST", f"stored-values/{code.lower()}/load/", self.LOAD)

        for first, again in ((sold, sold_again), (loaded, loaded_again)):
            assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
            assert again.content == first.content
        assert Entry.objects.filter(kind="load").count() == 2
        assert_world()

    def test_whoever_has_lost_the_card_is_not_told_the_new_code(self, till: Till) -> None:
        first = till.send("POST", "stored-values/", self.SALE).json()
        new = replace_code(StoredValue.objects.get(), reason="Perdido", at=timezone.now())

        again = till.send("POST", "stored-values/", self.SALE).json()

        assert new not in (first["code"], "")
        assert again == first | {"code": ""}

    def test_an_own_code_comes_back_as_it_was_sent(self, till: Till) -> None:
        document = self.SALE | {"code": "7891000123457"}

        first, again = (till.send("POST", "stored-values/", document) for _ in "12")

        assert (again.content, again.status_code) == (first.content, 200)
        assert "7891000123457" not in "".join(StoredValueOperation.objects.values_list("body", flat=True))

    @pytest.mark.parametrize("change", [{"amount": "61.00"}, {"price": "60.00"}, {"price": None}])
    def test_another_content_is_refused(self, till: Till, change: dict[str, Any]) -> None:
        code = till.send("POST", "stored-values/", self.SALE).json()["code"]
        till.send("POST", f"stored-values/{code}/load/", self.LOAD)

        load = till.send("POST", f"stored-values/{code}/load/", self.LOAD | change)
        sold = till.send("POST", "stored-values/", self.SALE | change)
        other = till.send("POST", f"stored-values/{issue(AccountKind.E_PURSE)}/load/", self.LOAD)

        for answer in (load, sold, other):
            assert (answer.status_code, answer.json()["code"]) == (422, "operation_conflict")

    def test_a_key_of_any_length_does_what_a_reference_does(self, till: Till) -> None:
        document = {"kind": "e_purse", "amount": "50.00"}
        keys = ["k" * 255, "k" * 254 + "x"]

        answers = [
            till.send("POST", "stored-values/", document, idempotency_key=key) for key in (*keys, *keys)
        ]

        assert [answer.status_code for answer in answers] == [201, 201, 200, 200]
        assert [answer.content for answer in answers[:2]] == [answer.content for answer in answers[2:]]

    def test_what_was_sold_before_answers_were_kept_is_told_as_it_stands(self, till: Till) -> None:
        sold = till.send("POST", "stored-values/", self.SALE).json()
        loaded = till.send("POST", f"stored-values/{sold['code']}/load/", self.LOAD).json()
        StoredValueOperation.objects.all().delete()

        sold_again = till.send("POST", "stored-values/", self.SALE)
        loaded_again = till.send("POST", f"stored-values/{sold['code']}/load/", self.LOAD)

        assert (sold_again.status_code, sold_again.json()) == (200, sold | {"balance": "110.00"})
        assert (loaded_again.status_code, loaded_again.json()) == (200, loaded)

    def test_a_test_is_neither_kept_nor_told_what_is_real(self, till: Till) -> None:
        real = till.send("POST", "stored-values/", self.SALE).json()
        _key, credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)
        tester = Till(till.terminal, credential)

        answers = [tester.send("POST", "stored-values/", self.SALE) for _ in "12"]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert all(answer.json()["code"] != real["code"] for answer in answers)
        assert StoredValueOperation.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({}, "stored_value_operation_once_per_reference"),
            ({"kind": "gift", "reference": "S-2"}, "stored_value_operation_kind_known"),
        ],
    )
    def test_the_database_keeps_one_answer(self, till: Till, values: dict[str, str], name: str) -> None:
        till.send("POST", "stored-values/", self.SALE)
        kept = StoredValueOperation.objects.get()

        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            StoredValueOperation.objects.create(
                **{"terminal": till.terminal, "kind": "sale", "reference": "S-1"} | values,
                stored_value=kept.stored_value,
                body="{}",
                created_at=timezone.now(),
            )


class TestPrices:
    """What was paid is kept beside what was put in."""

    def test_of_a_load_stands_in_the_statement_and_in_the_reports(self, till: Till, client: Client) -> None:
        sold = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "20.00"}).json()
        body = till.send(
            "POST", f"stored-values/{sold['code']}/load/", {"amount": "100.00", "price": "90.00"}
        ).json()
        voided = till.send("POST", "stored-values/", {"kind": "e_purse", "amount": "9.00"}).json()
        till.send("POST", f"stored-values/{voided['code']}/take-back/", {"reason": "Engano"})
        manager = Manager.sign_in(is_superuser=True)

        told = manager.send("GET", f"stored-value-records/{sold['stored_value']}/").json()
        client.force_login(User.objects.create_superuser("marina"))
        client.cookies["django_language"] = "en"
        page = client.get(f"/stored-values/{sold['stored_value']}/").content.decode()
        [row] = liability(Lot.objects.all(), at=timezone.now() + timedelta(minutes=1))
        [slot] = cohorts(Lot.objects.all(), step="month", at=timezone.now() + timedelta(minutes=1))

        assert (body["loaded"], body["price"]) == ("100.00", "90.00")
        assert (told["price"], told["paid"]) == ("20.00", "110.00")
        assert [(entry["amount"], entry["price"]) for entry in told["entries"]] == [
            ("100.00", "90.00"),
            ("20.00", "20.00"),
        ]
        assert re.search(r"Paid: R\$\s90\.00", unescape(page))
        assert re.search(r"R\$\s110\.00", unescape(page))
        assert (row["issued"], row["taken_back"], row["paid"]) == (129, 9, 110)
        assert slot["paid"] == 110

    def test_of_what_nobody_paid_is_none(self, till: Till) -> None:
        code = issue()
        manager = Manager.sign_in(is_superuser=True)
        stored = find_by_code(code)
        assert stored is not None

        told = manager.send("GET", f"stored-value-records/{stored.pk}/").json()

        assert (told["price"], told["paid"], told["entries"][0]["price"]) == (None, "0.00", None)
        assert not StoredValueLoad.objects.exists()


class TestPaying:
    def test_a_gift_card_is_used_whole_without_a_customer(self, till: Till) -> None:
        code = issue(amount=130_00)
        document = sale(total="0.00", redeem=presenting(code))

        answer = till.sell(document)

        assert answer.status_code == 201, answer.json()
        assert answer.json()["redeemed"] == [
            {
                "kind": "gift_card",
                "code": code,
                "amount": "100.00",
                "balance_after": "0.00",
                "forfeited": "30.00",
            }
        ]
        assert till.sell(document).content == answer.content
        assert left(code) == 0
        assert_world()

    def test_evaluating_uses_nothing(self, till: Till) -> None:
        code = issue()

        answer = till.evaluate(basket(redeem=presenting(code)))

        assert answer.json()["totals"]["net"] == "50.00"
        assert left(code) == 50

    def test_several_cards_in_one_sale_only_as_far_as_is_due(self, till: Till) -> None:
        first, second, third = issue(amount=60_00), issue(AccountKind.E_PURSE, amount=60_00), issue()

        answer = till.sell(sale(total="0.00", redeem=presenting(first, second, third)))

        assert [row["amount"] for row in answer.json()["redeemed"]] == ["60.00", "40.00"]
        assert (left(first), left(second), left(third)) == (0, 20, 50)

    def test_an_e_purse_for_a_family_pays_its_products_only(self, till: Till) -> None:
        trousers = builders.build_category(code="calcas")
        builders.build_product(sku="CALCA", category=trousers)
        kind = StoredValueType.objects.create(code="kdo", name="KDO", kind="e_purse")
        kind.categories.add(trousers)
        code = issue(type=kind)

        lines = [line(sku="CALCA", unit_price="20.00"), line(2, unit_price="80.00")]
        answer = till.evaluate(basket(*lines, redeem=presenting(code)))
        none = till.evaluate(basket(line(), redeem=presenting(code)))

        assert answer.json()["totals"]["redeemed"] == "20.00"
        assert none.json()["not_redeemed"][0]["reason"] == "not_for_products"

    def test_a_voucher_in_percent_has_one_use(self, till: Till) -> None:
        code = issue(AccountKind.VOUCHER, percent=Decimal(15), amount=0)

        answer = till.sell(sale(total="85.00", redeem=presenting(code)))

        assert answer.json()["redeemed"][0]["amount"] == "15.00"
        assert (
            till.evaluate(basket(redeem=presenting(code))).json()["not_redeemed"][0]["reason"] == "not_usable"
        )
        assert_world()

    @pytest.mark.parametrize(
        "state", ["unknown", "mistyped", "used", "expired", "blocked", "elsewhere", "another's"]
    )
    def test_one_answer_for_every_reason(self, till: Till, state: str) -> None:
        code = {"unknown": "0000-0000-0000-0000", "mistyped": "0000-0000-0000-0001"}.get(state) or issue(
            type=StoredValueType.objects.create(
                code="x", name="X", kind="gift_card", is_personal=state == "another's"
            ),
            store_codes=["OTHER"] if state == "elsewhere" else [],
            expires_at=timezone.now() - timedelta(minutes=1) if state == "expired" else None,
        )
        if state == "used":
            till.sell(sale(total="50.00", redeem=presenting(code)))
        if state == "blocked":
            block(find_by_code(code), reason="Perdido", at=timezone.now())

        answer = till.evaluate(basket(redeem=presenting(code)))

        assert [
            {name: row[name] for name in row if name != "code"} for row in answer.json()["not_redeemed"]
        ] == [
            {
                "kind": "stored_value",
                "path": "redeem.stored_values[0]",
                "reason": "not_usable",
                "text": "This code cannot be used.",
            }
        ]
        assert till.send("GET", f"stored-values/{code}/").status_code == (
            200 if state == "another's" else 404
        )

    def test_guessing_locks_the_terminal(self, till: Till) -> None:
        for number in range(10):
            till.evaluate(basket(redeem=presenting(f"GUESS-{number:04d}")))

        answer = till.evaluate(basket(redeem=presenting(issue())))

        assert (answer.status_code, answer.json()["code"]) == (429, "lookups_locked")
        assert till.evaluate(basket()).status_code == 200

    def test_a_locked_terminal_is_told_for_how_long(self, till: Till) -> None:
        start = timezone.now()
        with time_machine.travel(start, tick=False):
            for number in range(10):
                till.evaluate(basket(redeem=presenting(f"GUESS-{number:04d}")))
            locked = till.evaluate(basket(redeem=presenting("GUESS-0001")))
        with time_machine.travel(start + timedelta(minutes=14, seconds=1), tick=False):
            later = till.send("GET", "stored-values/GUESS-0001/")
        with time_machine.travel(start + timedelta(minutes=15), tick=False):
            over = till.send("GET", "stored-values/GUESS-0001/")

        assert (locked["Retry-After"], locked.json()["retry_after"]) == ("900", 900)
        assert locked.json()["detail"].endswith("This terminal can look none up for 15 minutes.")
        assert later.json()["retry_after"] == 59
        assert later.json()["detail"].endswith("This terminal can look none up for 1 minute.")
        assert over.status_code == 404

    def test_a_lost_cards_money_is_at_the_new_code(self, till: Till) -> None:
        code = issue(AccountKind.E_PURSE)
        sold = till.sell(sale(total="90.00", redeem=presenting(code, amount="10.00"))).json()["sale"]

        new = replace_code(find_by_code(code), reason="Perdido", at=timezone.now())
        till.cancel(sold)

        assert till.send("GET", f"stored-values/{code}/").status_code == 404
        assert till.send("GET", f"stored-values/{new}/").json()["balance"] == "50.00"


class TestGivingBack:
    @pytest.mark.parametrize("split", [["2"], ["1", "1"]])
    def test_returns_restore_every_kind_of_value(self, till: Till, split: list[str]) -> None:
        card, purse = issue(amount=30_00), issue(AccountKind.E_PURSE, amount=40_00)
        sold = till.sell(sale(line(quantity="2"), total="130.00", redeem=presenting(card, purse)))
        assert sold.status_code == 201, sold.json()

        answers = [till.give_back(sold.json()["sale"], {1: quantity}) for quantity in split]

        assert all(answer.status_code == 201 for answer in answers)
        assert sum(Decimal(answer.json()["refund"]["amount"]) for answer in answers) == 130
        assert (left(card), left(purse)) == (30, 40)
        assert_world()

    def test_a_cancellation_gives_back_what_was_lost_too(self, till: Till) -> None:
        card, voucher = issue(amount=130_00), issue(AccountKind.VOUCHER, percent=Decimal(10), amount=0)
        sold = till.sell(sale(total="0.00", redeem=presenting(voucher, card))).json()["sale"]

        answer = till.cancel(sold)

        assert answer.json()["refund"]["amount"] == "0.00"
        assert {row["kind"] for row in answer.json()["restored"]} == {"gift_card", "voucher"}
        assert (left(card), left(voucher)) == (130, 1)
        assert_world()

    def test_a_voucher_in_percent_comes_back_with_the_last_unit(self, till: Till) -> None:
        voucher = issue(AccountKind.VOUCHER, percent=Decimal(10), amount=0)
        sold = till.sell(sale(line(quantity="2"), total="180.00", redeem=presenting(voucher))).json()["sale"]

        first = till.give_back(sold, {1: "1"}).json()
        assert (first["refund"]["amount"], first["restored"], left(voucher)) == ("90.00", [], 0)
        second = till.give_back(sold, {1: "1"}).json()

        assert second["refund"]["amount"] == "90.00"
        assert left(voucher) == 1
        assert_world()
