"""Back-tests: replaying what really ran gives its recorded cost to the cent, and drafts are measured against it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from campaigns.models import Activation
from campaigns.services import campaigns
from customers.models import Appointment, Consent
from pos_api.services.credentials import issue_terminal_key
from tests.builders import (
    build_category,
    build_consent,
    build_cpf,
    build_customer,
    build_customer_grouping,
    build_product,
    build_product_grouping,
    build_vip_card,
)
from tests.campaigns.backtest.recorded import assert_equals_what_was_recorded, of, record, recorded, run
from tests.pos_api.till import Till, issue_code, line, publish

ANA, BIA = build_cpf(), build_cpf()


class TestReplay:
    """Of a campaign that really ran."""

    def test_finds_the_recorded_cost_of_a_busy_day(self, till: Till) -> None:
        build_product(sku="CAMISA", category=build_category(code="roupas"), cost=Decimal("40.00"))
        publish("LIMITE", limits=[{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}])
        publish("VERBA", budget="70.00", benefits=[{"kind": "order_percent", "percent": "7.77"}], priority=1)
        publish("ITENS", limits=[{"scope": "total", "counts": "item", "max": 9, "per": "day"}],
                conditions={"all": [{"kind": "product", "by": "category", "values": ["roupas"]}]},
                benefits=[{"kind": "item_amount", "amount": "1.11"}])  # fmt: skip
        publish("CUPOM", conditions={"all": [{"kind": "promo_code"}]},
                limits=[{"scope": "code", "counts": "sale", "max": 2, "per": "campaign"}])  # fmt: skip
        issue_code("VERAO", campaign="CUPOM", max_uses=None)
        publish("TROCA", exchange="net", benefits=[{"kind": "item_percent", "percent": "3.33"}], priority=2)
        publish("PIX", conditions={"all": [{"kind": "payment", "methods": ["pix"]}]}, priority=3)
        publish("SO", exclusive=True, minimum_amount="900.00",
                benefits=[{"kind": "order_amount", "amount": "150.00"}])  # fmt: skip

        for number in range(14):
            fields: dict[str, Any] = {"customer": {"document": (ANA, BIA)[number % 2]}} if number % 3 else {}
            if number % 4 == 0:
                fields["promo_codes"] = ["verao"]
            if number % 5 == 0:
                fields["exchange"] = [{"sku": "VELHA", "quantity": "1", "unit_price": "13.37"}]
            if number % 2:
                fields["payments"] = "pix"
            kept = record(
                till,
                line(1, quantity=str(1 + number % 3), unit_price=f"{19 + number}.99"),
                line(2, sku="MEIA", unit_price="9.99", quantity="1.250"),
                *([line(3, sku="TERNO", unit_price="899.00")] if number == 7 else []),
                **fields,
            )
            if number % 6 == 5:
                assert till.cancel(kept).status_code == 200

        codes = ["LIMITE", "VERBA", "ITENS", "CUPOM", "TROCA", "PIX", "SO"]
        report = run(saved=codes, live=True)

        assert_equals_what_was_recorded(report, *codes)
        assert all(of(report, code)["activations"] for code in codes)
        assert (report["totals"]["sales"], report["totals"]["cancelled"]) == (12, 2)
        assert report["totals"]["cost"] == str(
            sum(Activation.objects.filter(reversed_at=None).values_list("discount", flat=True))
        )

    def test_finds_what_vip_cards_gave_and_leaves_them_out_of_drafts_alone(self, till: Till) -> None:
        publish(conditions={"all": [{"kind": "product", "by": "sku", "values": ["CAMISA"]}]})
        build_vip_card(code="#VIP#ANA", customer=build_customer(document=ANA))
        record(till, line(), promo_codes=["#VIP#ANA"])
        record(till, line(sku="MEIA", unit_price="10.00"), promo_codes=["#VIP#ANA"])

        together, alone = run(saved=["DEZ"], live=True), run(saved=["DEZ"])

        assert_equals_what_was_recorded(together, "DEZ")
        card = of(together, "#VIP#ANA")
        assert (card["name"], card["activations"], card["discount"]) == ("VIP", 2, "10.00")
        assert (card["activations_before"], card["discount_before"]) == (2, "10.00")
        assert (of(alone, "#VIP#ANA")["activations"], of(alone, "DEZ")["discount"]) == (0, "10.00")

    def test_gives_a_cancelled_use_back_when_it_was_cancelled(self, till: Till) -> None:
        publish("UMA", limits=[{"scope": "total", "counts": "sale", "max": 1, "per": "campaign"}])
        first = record(till)
        record(till)  # refused: the use is taken
        till.cancel(first)
        record(till)  # granted again

        report = run(saved=["UMA"], live=True)

        assert recorded("UMA") == (1, "10.00")
        assert_equals_what_was_recorded(report, "UMA")

    def test_starts_from_what_stood_before_and_elsewhere(self, till: Till) -> None:
        publish("TRES", limits=[{"scope": "total", "counts": "sale", "max": 3, "per": "campaign"}])
        other = Till.open()
        record(till, occurred_at=(timezone.now() - timedelta(days=40)).isoformat())
        record(other)
        record(till)
        record(other)
        record(till)

        report = run(saved=["TRES"], live=True, stores=[till.terminal.store.code])

        row = of(report, "TRES")
        assert (row["activations"], row["activations_before"]) == (1, 1)
        assert report["totals"]["sales"] == 2

    def test_counts_what_a_customer_used_in_other_stores(self, till: Till) -> None:
        publish("DUAS", limits=[{"scope": "customer", "counts": "sale", "max": 2, "per": "campaign"}])
        other = Till.open()
        record(other, customer={"document": ANA})
        for _number in range(3):
            record(till, customer={"document": ANA})

        report = run(saved=["DUAS"], live=True, stores=[till.terminal.store.code])

        row = of(report, "DUAS")
        assert (row["activations"], row["activations_before"]) == (1, 1)

    def test_knows_the_appointments_of_then(self, till: Till) -> None:
        customer = build_customer(document=ANA)
        publish("AGENDA", optional=True, conditions={"all": [{"kind": "agenda"}]})
        record(till, customer={"document": ANA}, accepted=["AGENDA"])
        now = timezone.now()
        Appointment.objects.create(
            customer=customer, store=till.terminal.store, starts_at=now + timedelta(days=5), booked_at=now
        )
        record(till, customer={"document": ANA}, accepted=["AGENDA"])
        record(till, customer={"document": ANA}, accepted=["AGENDA"])

        report = run(saved=["AGENDA"], live=True)

        assert recorded("AGENDA") == (1, "10.00")
        assert_equals_what_was_recorded(report, "AGENDA")

    def test_leaves_test_sales_out(self, till: Till) -> None:
        publish("DEZ")
        _key, credential = issue_terminal_key(terminal=till.terminal, is_test=True, at=timezone.now())
        record(Till(till.terminal, credential))
        record(till)

        report = run(saved=["DEZ"], live=True)

        assert report["totals"]["sales"] == 1
        assert (of(report, "DEZ")["activations"], of(report, "DEZ")["activations_before"]) == (1, 1)

    def test_counts_earlier_purchases_as_they_stood(self, till: Till) -> None:
        publish("PRIMEIRA", conditions={"all": [{"kind": "first_purchase"}]})
        publish("TERCEIRA", conditions={"all": [{"kind": "purchase_number", "number": 3}]})
        visits = {"kind": "customer", "attribute": "visits", "operator": "gte", "value": 2}
        spent = {
            "kind": "customer",
            "attribute": "turnover",
            "operator": "between",
            "value": ["150.00", "250.00"],
        }
        publish("FIEL", conditions={"all": [visits, spent]})
        for number in range(5):
            kept = record(till, customer={"document": ANA})
            if number == 1:
                till.cancel(kept)
        record(till)

        report = run(saved=["PRIMEIRA", "TERCEIRA", "FIEL"], live=True)

        assert_equals_what_was_recorded(report, "PRIMEIRA", "TERCEIRA", "FIEL")
        assert recorded("TERCEIRA")[0] == recorded("PRIMEIRA")[0] == 1

    def test_knows_the_consents_groupings_and_prices_of_then(self, till: Till) -> None:
        customer = build_customer(document=ANA)
        build_customer_grouping(code="vip", customers=[customer])
        product = build_product(sku="CAMISA", original_price=Decimal("120.00"), code="C-1", ncm="61091000")
        build_product_grouping(code="inverno", products=[product])
        build_consent(customer=customer, given_at=timezone.now() - timedelta(days=9))
        publish("CONSENTE", requires_consent="promotions")
        publish("VIP", conditions={"all": [
            {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]},
            {"kind": "product", "by": "grouping", "values": ["inverno"]},
        ]})  # fmt: skip
        publish("INTEIRO", skip_discounted=True)
        record(till, line(1), line(2, sku="MEIA"), customer={"document": ANA})
        build_consent(customer=customer, granted=False, given_at=timezone.now())
        record(till, line(1, code="X-9"), customer={"document": ANA})
        # What the catalogue says now is not what was sold.
        type(product).objects.update(original_price=Decimal("80.00"), code="C-2")

        report = run(saved=["CONSENTE", "VIP", "INTEIRO"], live=True)

        assert Consent.objects.count() == 2
        assert recorded("CONSENTE")[0] == 1
        assert_equals_what_was_recorded(report, "CONSENTE", "VIP", "INTEIRO")

    def test_takes_each_sale_by_the_plan_of_its_time(self, till: Till) -> None:
        publish("DEZ")
        record(till)
        twenty = {"code": "DEZ", "name": "Dez", "benefits": [{"kind": "item_percent", "percent": "20.00"}]}
        campaigns.save_campaign(
            code="DEZ", document=twenty, version=None, publish=True, user=None, at=timezone.now()
        )
        record(till)

        report = run(live=True)

        assert recorded("DEZ") == (2, "30.00")
        assert_equals_what_was_recorded(report, "DEZ")
        assert report["totals"]["reached"] == 0

    def test_gives_gifts_codes_and_accepted_campaigns_as_they_were(self, till: Till) -> None:
        build_product(sku="BOTTON", price=Decimal("5.00"))
        publish(
            "BRINDE", benefits=[{"kind": "gift", "products": [{"sku": "BOTTON", "quantity": 1}], "choose": 1}]
        )
        publish("OPCIONAL", optional=True)
        publish("CUPOM", conditions={"all": [{"kind": "promo_code"}]})
        issue_code("SO1", campaign="CUPOM", max_uses=1)
        record(
            till, gifts=[{"campaign": "BRINDE", "sku": "BOTTON"}], accepted=["OPCIONAL"], promo_codes=["SO1"]
        )
        record(till, promo_codes=["SO1"])

        report = run(saved=["BRINDE", "OPCIONAL", "CUPOM"], live=True)
        alone = run(saved=["OPCIONAL"])

        assert_equals_what_was_recorded(report, "BRINDE", "OPCIONAL", "CUPOM")
        assert of(report, "BRINDE")["gifts"] == 2
        assert of(alone, "OPCIONAL")["activations"] == 1
