from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from pos_api.models import LookupGuard
from tests.builders import (
    build_category,
    build_consent,
    build_customer,
    build_customer_grouping,
    build_product,
    build_product_grouping,
    build_store,
    build_store_grouping,
)
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

CPF = "39053344705"


def discount(response: Any) -> str:
    assert response.status_code == 200, response.content
    return response.json()["totals"]["discount"]


def product_condition(by: str, *values: str) -> dict[str, Any]:
    return {"conditions": {"kind": "product", "by": by, "values": list(values), "match": "any"}}


class TestCatalogue:
    @pytest.mark.parametrize(
        ("by", "value"),
        [
            ("sku", "CAMISA"),
            ("code", "C-1"),
            ("ncm", "61051000"),
            ("grouping", "inverno"),
            ("category", "roupas"),
        ],
    )
    def test_completes_lines_with_what_it_knows(self, till: Till, by: str, value: str) -> None:
        clothes = build_category(code="roupas")
        shirts = build_category(code="camisas", parent=clothes)
        product = build_product(sku="CAMISA", code="C-1", ncm="61051000", category=shirts)
        build_product_grouping(code="inverno", products=[product])
        publish(**product_condition(by, value))

        assert discount(till.evaluate(basket(line(1), line(2, sku="OUTRA")))) == "10.00"

    def test_believes_the_line_before_the_catalogue(self, till: Till) -> None:
        build_product(sku="CAMISA", code="C-1", category=build_category(code="camisas"))
        build_category(code="luxo", parent=build_category(code="tudo"))
        publish("A", **product_condition("code", "C-9"))
        publish("B", **product_condition("category", "tudo"))

        given = till.evaluate(basket(line(code="C-9", category="luxo")))

        assert {a["campaign"] for a in given.json()["activations"]} == {"A", "B"}

    def test_never_goes_below_the_floor_nor_touches_what_takes_no_discount(self, till: Till) -> None:
        build_product(sku="CAMISA", floor_price=Decimal("95.00"))
        build_product(sku="LIVRO", discountable=False)
        publish()

        assert discount(till.evaluate(basket(line(1), line(2, sku="LIVRO")))) == "5.00"

    def test_knows_the_groupings_of_the_store(self, db: None) -> None:
        store = build_store()
        build_store_grouping(code="sul", stores=[store])
        publish(stores=["grouping:sul"])

        assert discount(Till.open(store=store).evaluate(basket())) == "10.00"
        assert discount(Till.open().evaluate(basket())) == "0.00"


class TestCustomer:
    @pytest.mark.parametrize(
        "reference",
        [
            {"document": "390.533.447-05"},
            {"card": "K-1"},
            {"code": "77"},
            {"phone": "(11) 98765-4321"},
            {"email": "Ana@Example.com"},
        ],
        ids=lambda reference: next(iter(reference)),
    )
    def test_is_found_by_whatever_names_them(self, till: Till, reference: dict[str, str]) -> None:
        customer = build_customer(
            document=CPF, card="K-1", code="77", phone="+5511987654321", email="ana@example.com"
        )
        build_customer_grouping(code="vip", customers=[customer])
        publish(conditions={"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]})

        assert discount(till.evaluate(basket(customer=reference))) == "10.00"

    @pytest.mark.parametrize("reference", [None, {"document": CPF}, {"card": "nobody"}])
    def test_is_no_error_when_unknown(self, till: Till, reference: Any) -> None:
        publish(conditions={"kind": "customer", "attribute": "age", "operator": "gte", "value": 18})

        assert discount(till.evaluate(basket(customer=reference))) == "0.00"

    def test_does_not_learn_whom_a_campaign_is_for(self, till: Till) -> None:
        publish(conditions={"kind": "customer", "attribute": "document", "operator": "in", "value": [CPF]})

        answer = till.evaluate(basket(customer={"card": "nobody"}))

        assert [entry["reason"] for entry in answer.json()["not_activated"]] == ["customer_document"]
        assert CPF.encode() not in answer.content

    def test_counts_what_was_bought_in_twelve_months(self, till: Till) -> None:
        build_customer(document=CPF)
        publish(
            conditions={"kind": "customer", "attribute": "turnover", "operator": "gte", "value": "150.00"}
        )
        buyer = {"document": CPF}
        assert discount(till.evaluate(basket(customer=buyer))) == "0.00"

        till.sell(sale(line(unit_price="150.00"), total="150.00", customer=buyer))

        assert discount(till.evaluate(basket(customer=buyer))) == "10.00"

    def test_needs_the_consent_that_the_campaign_asks_for(self, till: Till) -> None:
        customer = build_customer(document=CPF)
        publish(requires_consent="promotions")
        buyer = {"document": CPF}
        refused = till.evaluate(basket(customer=buyer)).json()["not_activated"]
        build_consent(customer=customer, given_at=timezone.now() - timedelta(days=2))
        granted = discount(till.evaluate(basket(customer=buyer)))
        build_consent(customer=customer, given_at=timezone.now() - timedelta(days=1), granted=False)

        assert [entry["campaign"] for entry in refused] == ["DEZ"]
        assert granted == "10.00"
        assert discount(till.evaluate(basket(customer=buyer))) == "0.00"

    def test_has_a_birthday_in_the_zone_of_the_store(self, till: Till) -> None:
        today = timezone.now().astimezone(till.terminal.store.zone).date()
        build_customer(document=CPF, birth_date=date(1992, today.month, today.day))
        publish(conditions={"kind": "birthday", "unit": "day", "which": "current"})

        assert discount(till.evaluate(basket(customer={"document": CPF}))) == "10.00"


class TestAnswer:
    def test_is_the_same_to_the_byte(self, till: Till) -> None:
        build_customer(document=CPF)
        publish()
        publish("VINTE", limits=[{"scope": "customer", "counts": "sale", "max": 1}])
        document = basket(
            line(1), line(2), customer={"document": CPF}, occurred_at=timezone.now().isoformat()
        )

        assert len({till.evaluate(document).content for _time in range(5)}) == 1

    def test_repeats_a_name_as_it_came_whatever_is_in_it(self, till: Till) -> None:
        publish("TUDO", exchange="gross")
        sku = 'É "grande" \\ <b>5:30</b> ☕'

        answer = till.evaluate(basket(line(sku=sku)))

        assert answer.json()["lines"][0]["sku"] == sku
        assert answer.json()["lines"][0]["adjustments"] == [
            {"campaign": "TUDO", "benefit": "item_percent", "amount": "10.00"}
        ]

    def test_says_in_the_readers_language_why_not(self, till: Till) -> None:
        publish(minimum_amount="150.00")

        english = till.evaluate(basket()).json()["not_activated"][0]
        portuguese = till.evaluate(basket(), Accept_Language="pt-BR").json()["not_activated"][0]

        assert (english["reason"], english["missing"]) == ("minimum_amount", "50.00")
        assert english["text"]
        assert english["reason"] == portuguese["reason"]

    def test_tells_each_store_its_own_hour_of_one_moment(self, db: None) -> None:
        publish(
            starts_at="2020-01-01T00:00:00-03:00",
            schedule={"weekdays": [], "from": "00:00", "until": "00:01"},
        )
        at = (timezone.now() - timedelta(days=1)).replace(hour=12, minute=30).isoformat()
        zones = ("America/Sao_Paulo", "America/Manaus")
        tills = [Till.open(store=build_store(time_zone=zone)) for zone in zones]

        refusals = [till.evaluate(basket(occurred_at=at)).json()["not_activated"][0] for till in tills]

        assert [refusal["actual"][-6:] for refusal in refusals] == ["-03:00", "-04:00"]

    def test_calls_the_campaign_that_stands_in_the_way_by_its_name(self, till: Till) -> None:
        publish(
            "SO-ESTA", name="Só esta", exclusive=True, benefits=[{"kind": "order_percent", "percent": "50"}]
        )
        publish()

        refused = till.evaluate(basket()).json()["not_activated"][0]

        assert (refused["reason"], refused["subject"]) == ("exclusive_elsewhere", "SO-ESTA")
        assert "Só esta" in refused["text"]

    def test_honours_what_was_published_a_moment_ago(self, till: Till) -> None:
        before = till.evaluate(basket()).json()
        publish()
        after = till.evaluate(basket()).json()

        assert (before["totals"]["discount"], after["totals"]["discount"]) == ("0.00", "10.00")
        assert after["plan_version"] > before["plan_version"]

    def test_names_a_gift_that_no_campaign_offers(self, till: Till) -> None:
        publish(benefits=[{"kind": "gift", "products": [{"sku": "BOTTON", "quantity": 1}], "choose": 1}])
        build_product(sku="BOTTON", name="Botton")

        offered = till.evaluate(basket()).json()["gifts"]
        refused = till.evaluate(basket(gifts=[{"campaign": "DEZ", "sku": "CARRO"}]))

        assert offered[0]["options"] == [{"sku": "BOTTON", "name": "Botton", "quantity": 1}]
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["path"].startswith("gifts")


class TestCodes:
    def test_say_one_word_for_every_way_of_not_being_usable(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code("USADO")
        till.sell(sale(total="90.00", promo_codes=["USADO"]))
        anothers = issue_code("ALHEIO")
        anothers.customer = build_customer()
        anothers.save()

        answers = till.evaluate(basket(promo_codes=["usado", "alheio", "nunca-visto"])).json()["promo_codes"]

        assert [set(entry) for entry in answers] == [{"code", "status"}] * 3
        assert {entry["status"] for entry in answers} == {"not_usable"}

    def test_lock_a_terminal_that_guesses(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code("CERTO")
        statuses = [till.evaluate(basket(promo_codes=[f"CHUTE{n}"])).status_code for n in range(11)]

        locked = till.evaluate(basket(promo_codes=["CERTO"]))

        assert statuses == [200] * 10 + [429]
        assert locked.status_code == 429
        assert locked.json()["code"] == "lookups_locked"
        assert 0 < int(locked["Retry-After"]) <= 901
        assert till.evaluate(basket()).status_code == 200
        assert till.sell(sale(total="90.00", promo_codes=["CERTO"])).status_code == 201
        assert Till.open(store=till.terminal.store).evaluate(basket(promo_codes=["CERTO"])).status_code == 200

    def test_count_one_wrong_code_once_however_often_it_is_sent(self, till: Till) -> None:
        for _keystroke in range(15):
            assert till.evaluate(basket(promo_codes=["ERRADO"])).status_code == 200

        assert len(LookupGuard.objects.get().tried) == 1


class TestPrivacy:
    def test_a_reason_tells_a_terminal_nothing_of_the_customer(self, till: Till) -> None:
        publish(
            "TURNOVER",
            conditions={"kind": "customer", "attribute": "turnover", "operator": "gte", "value": "500.00"},
        )
        customer = build_customer(document="52998224725")

        answer = till.evaluate(basket(line(), customer={"document": customer.document})).json()

        (refusal,) = [row for row in answer["not_activated"] if row["campaign"] == "TURNOVER"]
        assert refusal["reason"] == "customer_turnover"
        assert refusal["required"] == "500.00"
        assert not {"actual", "missing"} & set(refusal)
