from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from campaigns.models import Activation, CampaignCounter, LineAdjustment, PromoCode
from campaigns.services import campaigns
from customers.models import Customer
from retail.models import ExchangedItem, Payment, Sale, SaleLine
from tests.builders import build_customer, build_product
from tests.pos_api.till import Till, basket, counters, issue_code, line, publish, sale

CPF = "39053344705"


class TestRecord:
    def test_stores_the_sale_with_lines_payments_exchange_and_adjustments(self, till: Till) -> None:
        publish(exchange="net")
        product = build_product(sku="CAMISA", code="C-1")

        response = till.sell(
            sale(
                line(1, quantity="2"),
                line(2, sku="MEIA", unit_price="20.00", quantity="0.500"),
                total="170.99",
                exchange=[{"sku": "VELHA", "quantity": "1", "unit_price": "20.00"}],
                payments=[{"method": "pix", "amount": "70.99"}, {"method": "cash", "amount": "100.00"}],
            )
        )

        body = response.json()
        assert response.status_code == 201, body
        assert body["totals"]["net"] == "170.99"
        stored = Sale.objects.get(uuid=body["sale"])
        assert (stored.gross, stored.exchange, stored.discount, stored.net) == (
            Decimal("210.00"), Decimal("20.00"), Decimal("19.01"), Decimal("170.99"),
        )  # fmt: skip
        assert [(row.sku, row.product_id, row.discount) for row in SaleLine.objects.order_by("line")] == [
            ("CAMISA", product.pk, Decimal("18.10")),
            ("MEIA", None, Decimal("0.91")),
        ]
        assert sum(LineAdjustment.objects.values_list("amount", flat=True)) == Decimal("19.01")
        assert Payment.objects.count() == 2
        assert ExchangedItem.objects.get().sku == "VELHA"
        activation = Activation.objects.get()
        assert (activation.discount, activation.revision.document["code"]) == (Decimal("19.01"), "DEZ")

    def test_takes_the_business_date_from_the_moment_in_the_zone_of_the_store(self, db: None) -> None:
        west = Till.open(time_zone="America/Rio_Branco")
        moment = (timezone.now() - timedelta(days=2)).replace(hour=3, minute=30)

        body = west.sell(sale(occurred_at=moment.isoformat())).json()

        assert body["business_date"] == (moment - timedelta(days=1)).date().isoformat()

    def test_does_not_open_the_campaigns_of_a_business_date_that_has_not_come(self, till: Till) -> None:
        tomorrow = timezone.now().astimezone(till.terminal.store.zone).date() + timedelta(days=1)
        publish(starts_at=f"{tomorrow}T00:00:00-03:00")

        body = till.sell(sale(occurred_at=None, business_date=tomorrow.isoformat())).json()

        assert (body["totals"]["net"], body["flags"]) == ("100.00", ["clock_skew"])
        assert body["business_date"] == tomorrow.isoformat()

    def test_makes_a_record_of_a_customer_who_was_not_known(self, till: Till) -> None:
        publish(conditions={"all": [{"kind": "first_purchase"}]})

        first = till.sell(sale(total="90.00", customer={"document": CPF, "email": "ANA@example.com"}))
        second = till.sell(sale(total="100.00", customer={"document": CPF}))

        assert (first.status_code, second.status_code) == (201, 201)
        customer = Customer.objects.get()
        assert (customer.document, customer.email) == (CPF, "ana@example.com")
        assert Sale.objects.filter(customer=customer).count() == 2

    def test_keeps_only_the_deciding_identity_when_another_is_somebody_elses(self, till: Till) -> None:
        build_customer(card="C-1")

        response = till.sell(sale(customer={"document": CPF, "card": "C-1"}))

        assert response.status_code == 201
        assert Customer.objects.get(document=CPF).card is None

    def test_names_a_phone_that_several_customers_share(self, till: Till) -> None:
        build_customer(phone="+5511987654321")
        build_customer(phone="+5511987654321")

        for response in (
            till.sell(sale(customer={"phone": "11 98765-4321"})),
            till.evaluate(basket(customer={"phone": "11 98765-4321"})),
        ):
            assert response.status_code == 422
            assert [(e["path"], e["code"]) for e in response.json()["errors"]] == [
                ("customer.phone", "ambiguous")
            ]
        assert not Sale.objects.exists()


class TestReplay:
    def test_answers_the_same_bytes_and_does_nothing_twice(self, till: Till) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 5}])
        document = sale(total="90.00", customer={"document": CPF})

        first = till.sell(document)
        second = till.sell(document)

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.content == second.content
        assert second["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first
        assert Sale.objects.count() == Activation.objects.count() == 1
        assert counters() == {("DEZ", ""): 1}

    def test_does_not_mind_another_spelling_of_the_same_content(self, till: Till) -> None:
        document = sale(line(quantity="1.0", unit_price="100"), promo_codes=[" abc "])

        till.sell(document)
        again = till.sell(
            document | {"lines": [line(quantity=1, unit_price="100.00")], "promo_codes": ["ABC"], "gifts": []}
        )

        assert again.status_code == 200

    def test_knows_a_sale_by_its_idempotency_key_too(self, till: Till) -> None:
        document = sale()

        first = till.sell(document, Idempotency_Key="k-1")
        second = till.sell(document, Idempotency_Key="k-1")

        assert second.status_code == 200
        assert first.content == second.content

    def test_refuses_a_fiscal_key_of_another_sale(self, till: Till) -> None:
        key = "35261111111111111111550010000000011000000010"
        till.sell(sale(fiscal_key=key))

        response = till.sell(sale(fiscal_key=key))

        assert response.status_code == 409
        assert response.json()["code"] == "sale_conflict"
        assert response.json()["errors"][0]["path"] == "fiscal_key"

    def test_keeps_tickets_of_two_terminals_and_two_days_apart(self, till: Till) -> None:
        other = Till.open(store=till.terminal.store)
        document = sale()
        # Late in the evening the shop's day is yesterday's of UTC.
        earlier = document | {"business_date": (timezone.now() - timedelta(days=2)).date().isoformat()}

        assert [t.sell(d).status_code for t, d in ((till, document), (other, document), (till, earlier))] == [
            201
        ] * 3

    def test_stores_nothing_when_something_fails(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 5}])

        def fail(*_arguments: Any, **_named: Any) -> None:
            raise RuntimeError("power cut")

        document = sale(total="90.00")
        with monkeypatch.context() as patch:
            patch.setattr("pos_api.services.commit.complete_sale", fail)
            broken = till.sell(document, Idempotency_Key="k-1")

        assert broken.status_code == 500
        assert broken["Content-Type"] == "application/problem+json"
        assert not Sale.objects.exists()
        assert not CampaignCounter.objects.exists()
        assert till.sell(document, Idempotency_Key="k-1").status_code == 201


class TestDatabaseAway:
    @pytest.mark.parametrize(
        "error", [OperationalError("server closed the connection"), InterfaceError("closed")]
    )
    def test_says_when_to_send_again(
        self, till: Till, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def fail(*_arguments: Any, **_named: Any) -> None:
            raise error

        monkeypatch.setattr("pos_api.selectors.read_snapshot", fail)

        for response in (till.evaluate(basket()), till.sell(sale())):
            assert response.status_code == 503
            assert response["Retry-After"] == "2"
        assert not Sale.objects.exists()


class TestTotals:
    def test_refuses_another_total_with_the_servers_evaluation(self, till: Till) -> None:
        publish()

        response = till.sell(sale(total="100.00"))

        body = response.json()
        assert (response.status_code, body["code"]) == (409, "totals_mismatch")
        assert body["evaluation"]["totals"]["net"] == "90.00"
        assert not Sale.objects.exists()

    def test_accepts_and_flags_it_where_the_store_says_so(self, db: None) -> None:
        publish()
        till = Till.open(totals_mode="accept")

        body = till.sell(sale(total="100.00")).json()

        assert body["flags"] == ["totals_mismatch"]
        assert body["discrepancies"] == [{"field": "total", "sent": "100.00", "computed": "90.00"}]
        stored = Sale.objects.get()
        assert (stored.net, stored.charged) == (Decimal("90.00"), Decimal("100.00"))

    def test_keeps_the_plan_that_the_basket_was_evaluated_with(self, till: Till) -> None:
        publish()
        version = till.evaluate(basket()).json()["plan_version"]
        campaigns.pause_campaign(code="DEZ", user=None, at=timezone.now())

        assert till.sell(sale(total="90.00", plan_version=version)).status_code == 201
        assert till.sell(sale(total="90.00")).status_code == 409

    def test_uses_the_present_plan_when_the_old_one_is_too_old(self, till: Till, settings: Any) -> None:
        publish()
        version = till.evaluate(basket()).json()["plan_version"]
        campaigns.pause_campaign(code="DEZ", user=None, at=timezone.now() - timedelta(hours=13))

        assert till.sell(sale(total="90.00", plan_version=version)).status_code == 409
        settings.PLAN_GRACE_HOURS = 14
        assert till.sell(sale(total="90.00", plan_version=version)).status_code == 201


class TestLimits:
    def test_names_the_campaign_whose_limit_is_used_up(self, till: Till) -> None:
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 1, "per": "month"}])
        buyer = {"document": CPF}
        till.sell(sale(total="90.00", customer=buyer))

        response = till.sell(sale(total="90.00", customer=buyer))

        body = response.json()
        assert (response.status_code, body["code"]) == (409, "benefit_unavailable")
        assert body["unavailable"] == [{"campaign": "DEZ", "reason": "limit_reached"}]
        assert body["evaluation"]["totals"]["net"] == "100.00"
        customer = Customer.objects.get(document=CPF)
        assert counters() == {("DEZ", f"c:{customer.pk}"): 1}

    def test_counts_a_customer_by_document_whatever_names_them(self, till: Till) -> None:
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 1}])
        build_customer(document=CPF, card="C-1")
        till.sell(sale(total="90.00", customer={"document": CPF}))

        assert till.sell(sale(total="90.00", customer={"card": "C-1"})).status_code == 409

    def test_commits_an_equal_total_though_a_limit_is_used_up(self, till: Till) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 1}])
        till.sell(sale(total="90.00"))

        assert till.sell(sale(total="100.00")).status_code == 201

    def test_ends_a_campaign_at_its_budget(self, till: Till) -> None:
        publish(budget="25.00")

        statuses = [till.sell(sale(total="90.00")).status_code for _sale in range(3)]

        assert statuses == [201, 201, 409]
        assert CampaignCounter.objects.get().used == Decimal("20.000")

    def test_uses_a_code_once(self, till: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()

        first = till.sell(sale(total="90.00", promo_codes=["bemvindo"]))
        second = till.sell(sale(total="90.00", promo_codes=["bemvindo"]))

        assert first.json()["promo_codes"] == [{"code": "BEMVINDO", "status": "applied", "campaign": "DEZ"}]
        assert second.json()["unavailable"] == [{"code": "BEMVINDO", "reason": "not_usable"}]
        assert PromoCode.objects.get().used == 1

    def test_counts_codes_that_were_guessed_in_recorded_sales(self, till: Till) -> None:
        for number in range(10):
            assert till.sell(sale(promo_codes=[f"GUESS{number}"])).status_code == 201

        assert till.sell(sale(promo_codes=["GUESS10"])).json()["code"] == "lookups_locked"

    def test_goes_on_when_the_benefit_was_taken_between_evaluating_and_counting(
        self, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 1}])
        till.sell(sale(total="90.00"))
        from pos_api.services import evaluation
        from pos_api.usage import NO_USAGE

        usage_for = evaluation.usage_for
        stale = iter([NO_USAGE])
        monkeypatch.setattr(evaluation, "usage_for", lambda *a, **k: next(stale, None) or usage_for(*a, **k))

        assert till.sell(sale(total="90.00")).json()["code"] == "benefit_unavailable"


class TestRead:
    def test_finds_a_sale_by_id_and_by_ticket(self, till: Till) -> None:
        sold = till.sell(
            sale(customer={"document": CPF}, payments=[{"method": "pix", "amount": "100.00"}])
        ).json()

        by_id = till.send("GET", f"sales/{sold['sale']}/").json()
        by_ticket = till.send(
            "GET", f"sales/?ticket={sold['ticket']}&business_date={sold['business_date']}"
        ).json()

        assert by_id == by_ticket
        assert by_id["answer"] == sold
        assert by_id["customer"] == "***.533.447-**"
        assert by_id["payments"] == [{"method": "pix", "amount": "100.00"}]

    def test_knows_nothing_of_other_stores(self, till: Till) -> None:
        other = Till.open()
        sold = till.sell(sale()).json()

        responses = [
            other.send("GET", f"sales/{sold['sale']}/"),
            other.send("GET", f"sales/?ticket={sold['ticket']}"),
            other.cancel(sold["sale"]),
        ]

        assert [response.status_code for response in responses] == [404, 404, 404]
        assert Sale.objects.get().state == "committed"

    def test_reads_a_sale_of_another_terminal_of_the_store(self, till: Till) -> None:
        sold = till.sell(sale()).json()

        assert Till.open(store=till.terminal.store).send("GET", f"sales/{sold['sale']}/").status_code == 200

    def test_names_a_missing_ticket_and_a_wrong_date(self, till: Till) -> None:
        assert till.send("GET", "sales/").json()["errors"][0]["path"] == "ticket"
        assert (
            till.send("GET", "sales/?ticket=1&business_date=2026-02-30").json()["errors"][0]["path"]
            == "business_date"
        )
