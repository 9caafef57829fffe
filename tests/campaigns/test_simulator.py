"""The simulator's page: what it evaluates, what it suggests, and that it writes nothing."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.forms.simulator import packed, unpacked
from campaigns.models import CampaignCounter
from campaigns.services.promo_codes import Terms, insert_codes
from retail.models import Company
from tests import builders
from tests.campaigns.simulator_page import SHIRT, look, posted, said


class TestSimulator:
    @pytest.mark.parametrize(
        "at", ["9999-12-31T23:59:00-03:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"]
    )
    def test_says_that_a_moment_is_too_far_away(self, page, at):
        answer = page.get("/simulator/", {"s": packed({"lines": [SHIRT], "at": at})})

        assert answer.status_code in (200, 422)
        assert at[:10] in answer.content.decode()

    def test_shows_a_receipt(self, page: Client) -> None:
        campaign = builders.build_campaign(name="Dez por cento")

        answer = page.post("/simulator/", posted(**{"sim-campaigns": campaign.code}), follow=True)
        text = unescape(answer.content.decode())

        assert answer.context["result"]["totals"]["net"] == 90
        assert "Dez por cento" in text
        assert re.search(r"R\$\s90\.00", text)

    def test_reads_and_writes_every_moment_by_the_clock_of_the_store(self, page: Client) -> None:
        builders.build_store(code="0099", time_zone="America/Manaus")
        campaign = builders.build_campaign(starts_at="2026-11-23T12:00:00Z")
        typed = {"sim-campaigns": campaign.code, "sim-at": "2026-11-22T23:30"}

        there = page.post("/simulator/", posted(**typed, **{"sim-store": "0099"}), follow=True)
        here = page.post("/simulator/", posted(**typed), follow=True)

        text = unescape(there.content.decode())
        assert there.context["form"].scenario()["at"] == "2026-11-22T23:30:00-04:00"
        assert 'value="2026-11-22T23:30"' in text
        assert "22 Nov 2026, 23:30 (America/Manaus)" in text
        # The reasons tell moments by the same clock.
        assert "23 Nov 2026, 08:00" in text
        assert "22 Nov 2026, 23:30 (America/Sao_Paulo)" in here.content.decode()

    def test_leads_to_an_address_that_shows_the_same_again(self, page: Client) -> None:
        campaign = builders.build_campaign()

        address = page.post("/simulator/", posted(**{"sim-campaigns": campaign.code}))["Location"]
        again = page.get(address)

        assert again.context["result"]["totals"]["net"] == 90
        assert 'value="CAMISA"' in again.content.decode()

    def test_answers_typing_with_the_address_of_what_is_typed(self, page: Client) -> None:
        campaign = builders.build_campaign()

        answer = page.post(
            "/simulator/", posted(**{"sim-campaigns": campaign.code}), headers={"HX-Request": "true"}
        )

        assert answer.status_code == 200
        assert answer["HX-Replace-Url"].startswith("/simulator/?s=")

    def test_writes_nothing(self, page: Client) -> None:
        builders.build_campaign(publish=True, limits=[{"scope": "customer", "counts": "sale", "max": 1}])
        customer = builders.build_customer()
        scenario = {"lines": [SHIRT], "live": True, "customer": str(customer.pk)}

        with CaptureQueriesContext(connection) as queries:
            result = page.get("/simulator/", {"s": packed(scenario)}).context["result"]

        assert result["activations"]
        assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []

    def test_takes_drafts_alone_or_together_with_what_is_live(self, page: Client) -> None:
        draft = builders.build_campaign(name="Rascunho")
        builders.build_campaign(name="Viva", publish=True)

        alone = look(page, campaigns=[draft.code])
        together = look(page, campaigns=[draft.code], live=True)

        assert [entry["name"] for entry in alone["activations"]] == ["Rascunho"]
        assert {entry["name"] for entry in together["activations"]} == {"Rascunho", "Viva"}

    def test_tries_the_working_copy_in_place_of_what_is_live(self, page: Client) -> None:
        campaign = builders.build_campaign(publish=True)
        campaign.document["benefits"][0]["percent"] = "30"
        campaign.save()

        assert look(page, live=True)["totals"]["discount"] == 10
        assert look(page, live=True, campaigns=[campaign.code])["totals"]["discount"] == 30

    def test_begins_with_what_the_campaign_asks_for(self, page: Client) -> None:
        builders.build_product(sku="OUTRO")
        builders.build_product(sku="CASACO", category=builders.build_category(code="casacos"), price="80.00")
        rule = {"kind": "product", "by": "category", "values": ["casacos"]}
        campaign = builders.build_campaign(conditions=rule)

        result = page.get("/simulator/", {"campaign": campaign.code}).context["result"]

        assert [line["sku"] for line in result["lines"]] == ["CASACO"]
        assert result["totals"]["net"] == 72

    def test_calculates_by_the_policy_of_the_company(self, page: Client) -> None:
        Company.objects.update(policy={"rounding": "down"})
        campaign = builders.build_campaign()

        result = look(page, campaigns=[campaign.code], lines=[SHIRT | {"unit_price": "10.05"}])

        assert str(result["totals"]["discount"]) == "1.00"

    def test_knows_a_customer_and_lets_facts_be_replaced(self, page: Client) -> None:
        customer = builders.build_customer(name="Ana Souza", birth_date=date(1960, 1, 1))
        rule = {"kind": "customer", "attribute": "age", "operator": "gte", "value": 60}
        campaign = builders.build_campaign(conditions=rule)
        known = {"campaigns": [campaign.code], "customer": str(customer.pk)}

        assert look(page, **known)["activations"]
        assert not look(page, **known, shopper={"age": 30})["activations"]

    def test_counts_what_this_customer_has_used_of_a_limit(self, page: Client) -> None:
        campaign = builders.build_campaign(
            publish=True, limits=[{"scope": "customer", "counts": "sale", "max": 1, "per": "campaign"}]
        )
        customer, other = builders.build_customer(), builders.build_customer()
        counter = {
            "scope": "customer",
            "counts": "sale",
            "per": "campaign",
            "window_starts_on": date(1, 1, 1),
        }
        key = f"c:{customer.pk}"
        CampaignCounter.objects.create(campaign=campaign, scope_key=key, used=1, maximum=1, **counter)

        assert not look(page, live=True, customer=str(customer.pk))["activations"]
        assert look(page, live=True, customer=str(other.pk))["activations"]

    def test_takes_a_code_from_none_but_its_owner_and_none_of_a_closed_pool(self, page: Client) -> None:
        campaign = builders.build_campaign(conditions={"kind": "promo_code"})
        pool = builders.build_promo_code_pool(campaign=campaign)
        owner = builders.build_customer()
        insert_codes(pool, ["MEU"], Terms(), customers=[owner.pk], at=builders.NOON)
        entered = {"campaigns": [campaign.code], "promo_codes": ["MEU"]}

        assert look(page, **entered, customer=str(owner.pk))["activations"]
        assert not look(page, **entered, customer=str(builders.build_customer().pk))["activations"]
        pool.is_active = False
        pool.save()
        assert not look(page, **entered, customer=str(owner.pk))["activations"]

    def test_offers_categories_of_sales_by_name_and_keeps_others(self, page: Client) -> None:
        campaign = builders.build_campaign(operations=["employee_sale"])

        def text(operation: str) -> str:
            address = packed({"lines": [SHIRT], "campaigns": [campaign.code], "operation": operation})
            return page.get("/simulator/", {"s": address}).content.decode()

        assert '<option value="employee_sale" selected>Sale to an employee</option>' in text("employee_sale")
        assert '<option value="atacado" selected>atacado</option>' in text("atacado")
        assert '<option value="sale" selected>Sale</option>' in page.get("/simulator/").content.decode()

    def test_names_codes_of_a_pool_only_to_who_may_see_them(self, client: Client, db: None) -> None:
        client.cookies["django_language"] = "en"
        campaign = builders.build_campaign(conditions={"kind": "promo_code"})
        pool = builders.build_promo_code_pool(campaign=campaign)
        insert_codes(pool, ["SEGREDO"], Terms(), at=builders.NOON)
        address = f"/simulator/?s={packed({'lines': [SHIRT], 'campaigns': [campaign.code]})}"

        def seen(*permissions: str) -> tuple[str, str]:
            client.force_login(builders.build_user(permissions=["campaigns.view_campaign", *permissions]))
            simulator = client.get(address).content.decode()
            return simulator, client.get(f"/campaign/{campaign.code}/publish/").context["worst_url"]

        shown, worst = seen("campaigns.view_promocodepool")
        hidden, worst_without = seen()

        assert "Enter the code SEGREDO" in shown
        assert unpacked(worst.partition("=")[2])["promo_codes"] == ["SEGREDO"]
        assert "Enter a code of this campaign" in hidden
        assert "SEGREDO" not in hidden
        assert unpacked(worst_without.partition("=")[2])["promo_codes"] == []

    def test_knows_of_appointments_and_of_no_test_sales(self, page: Client) -> None:
        customer = builders.build_customer()
        builders.build_appointment(customer=customer)
        builders.build_sale(customer=customer, is_test=True)
        agenda = builders.build_campaign(optional=True, conditions={"kind": "agenda"})
        first = builders.build_campaign(conditions={"kind": "first_purchase"})
        known = {
            "campaigns": [agenda.code, first.code],
            "accepted": [agenda.code],
            "customer": str(customer.pk),
        }

        result = look(page, **known, at="2026-11-30T12:00:00-03:00")

        assert {entry["campaign"] for entry in result["activations"]} == {agenda.code, first.code}

    def test_counts_days_where_the_store_is(self, page: Client) -> None:
        customer = builders.build_customer()
        # Half past ten in the evening in Manaus: another day in London and in São Paulo.
        bought = datetime(2026, 11, 19, 2, 30, tzinfo=UTC)
        store = builders.build_store(time_zone="America/Manaus")
        builders.build_sale(customer=customer, store=store, occurred_at=bought)
        rule = {"kind": "customer", "attribute": "last_purchase_days", "operator": "eq", "value": 1}
        campaign = builders.build_campaign(conditions=rule)
        known = {"campaigns": [campaign.code], "customer": str(customer.pk), "store": store.code}

        assert look(page, **known, at="2026-11-19T12:00:00+00:00")["activations"]

    def test_counts_what_limits_have_used(self, page: Client) -> None:
        campaign = builders.build_campaign(
            publish=True, limits=[{"scope": "total", "counts": "sale", "max": 2, "per": "campaign"}]
        )
        counter = {"scope": "total", "counts": "sale", "per": "campaign", "window_starts_on": date(1, 1, 1)}
        CampaignCounter.objects.create(campaign=campaign, used=2, maximum=2, **counter)

        refusal = look(page, live=True)["refusals"][0]

        assert "limit" in refusal["reasons"][0]["text"]

    def test_offers_gifts_and_optional_campaigns_to_choose(self, page: Client) -> None:
        gift = builders.build_campaign(
            benefits=[{"kind": "gift", "products": [{"sku": "A"}, {"sku": "B"}], "choose": 1}]
        )
        optional = builders.build_campaign(optional=True)
        chosen = [gift.code, optional.code]

        before = look(page, campaigns=chosen)
        gifts = [{"campaign": gift.code, "sku": "B", "quantity": "1"}]
        after = look(page, campaigns=chosen, accepted=[optional.code], gifts=gifts)

        assert [option["is_chosen"] for option in before["gifts"][0]["options"]] == [False, False]
        assert [option["is_chosen"] for option in after["gifts"][0]["options"]] == [False, True]
        assert not before["optional"][0]["accepted"]
        assert after["optional"][0]["accepted"]
        assert after["totals"]["discount"] == 10

    def test_reads_what_was_ticked_on_the_receipt(self, page: Client) -> None:
        optional = builders.build_campaign(optional=True)
        gift = builders.build_campaign(benefits=[{"kind": "gift", "products": [{"sku": "A"}]}])
        data = posted(**{"sim-campaigns": f"{optional.code}\n{gift.code}"})

        answer = page.post(
            "/simulator/", data | {"accepted": optional.code, f"gift:{gift.code}:A": "1"}, follow=True
        )

        assert answer.context["result"]["totals"]["discount"] == 10
        assert answer.context["result"]["gifts"][0]["options"][0]["is_chosen"]

    def test_shows_what_is_exchanged_and_earned(self, page: Client) -> None:
        campaign = builders.build_campaign(exchange="net", benefits=[{"kind": "cashback", "percent": "10"}])

        result = look(
            page,
            campaigns=[campaign.code],
            exchange=[{"sku": "X", "quantity": "1", "unit_price": "20"}],
            shopper={},
        )

        assert result["lines"][0]["exchange_share"] == 20
        assert re.search(r"R\$\s8\.00", result["earned"][0][1])

    def test_says_what_is_wrong(self, page: Client) -> None:
        data = posted(**{"sim-campaigns": "NOBODY", "sim-lines-0-unit_price": "ten"})

        answer = page.post("/simulator/", data)

        assert said(answer) == [
            ("id_sim-lines-0-unit_price", "Basket 1 › Price", "Enter a number, such as 12 or 12.50."),
            ("id_sim-campaigns", "Campaigns", "There is no campaign NOBODY."),
        ]
        text = unescape(answer.content.decode())
        assert (
            '<a href="#id_sim-lines-0-unit_price" data-problem>Basket 1 › Price</a>: Enter a number' in text
        )

    def test_says_everything_that_is_wrong_at_once_on_the_line_where_it_stands(self, page: Client) -> None:
        data = {
            # The first row asks for nothing: it is no line.
            "sim-lines-0-quantity": "1",
            "sim-lines-1-sku": "NADA",
            "sim-lines-1-quantity": "three",
            "sim-lines-2-sku": "CAMISA",
            "sim-lines-2-quantity": "-1",
            "sim-lines-2-unit_price": "99999999999999",
            "sim-lines-3-sku": "NENHUM",
            "sim-lines-3-quantity": "2",
            "sim-store": "9999",
        }

        answer = page.post("/simulator/", data)

        assert {(label, text) for _anchor, label, text in said(answer)} == {
            ("Basket 2 › Price", "NADA is not in the catalogue: give a unit price."),
            ("Basket 2 › Quantity", "Enter a number, such as 12 or 12.50."),
            ("Basket 3 › Quantity", "Must be greater than 0, at most 99999, with at most 3 decimals."),
            ("Basket 3 › Price", "Must be at most 999,999,999.99."),
            ("Basket 4 › Price", "NENHUM is not in the catalogue: give a unit price."),
            ("Store", "There is no store 9999."),
        }
        again = page.post("/simulator/", data | {"sim-lines-1-quantity": "3"}, follow=True)
        assert ("Basket 1 › Price", "NADA is not in the catalogue: give a unit price.") in {
            (label, text) for _anchor, label, text in said(again)
        }

    @pytest.mark.parametrize(
        "scenario",
        [
            {"store": "NONE"},
            {"customer": "12"},
            {"customer": "x"},
            {"lines": [{"sku": "NOT-IN-CATALOGUE", "quantity": "1"}]},
            {"lines": [{"quantity": "x", "sku": "A"}]},
            {"at": "yesterday"},
            {"shopper": {"age": "old"}},
            {"payments": [{"method": "pix", "amount": "x"}]},
        ],
    )
    def test_refuses_what_an_address_may_hold(self, page: Client, scenario: Any) -> None:
        builders.build_campaign(publish=True)

        answer = page.get("/simulator/", {"s": packed({"lines": [SHIRT], "live": True} | scenario)})

        assert answer.status_code == 200
        assert answer.context["problems"]

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "x",
            "====",
            "eJw=",
            "é",
            "A" * 5000,
            packed({"lines": "x"}),
            packed({"a": 1}),
            packed({"store": "\0"}),
        ],
    )
    def test_takes_a_broken_address_for_none(self, page: Client, address: str) -> None:
        assert unpacked(address) is None
        assert page.get("/simulator/", {"s": address}).status_code == 200

    def test_inflates_no_more_than_a_scenario(self) -> None:
        bomb = packed({"store": "x" * 1_000_000})

        assert bomb is not None
        assert unpacked(bomb) is None

    def test_keeps_customers_from_whoever_may_not_see_them(self, client: Client, db: None) -> None:
        client.force_login(builders.build_user(permissions=["campaigns.view_campaign"]))
        customer = builders.build_customer(name="Ana Souza", birth_date=date(1960, 1, 1))
        campaign = builders.build_campaign(publish=True)

        shown = look(client, live=True, customer=str(customer.pk), campaigns=[campaign.code])
        found = client.get("/campaigns/choices/", {"kind": "customer", "q": "Ana"}).content.decode()

        assert shown["customer"] is None
        assert "Ana" not in found


class TestCashback:
    def test_is_used_within_its_limit(self, page: Client) -> None:
        shown = look(page, shopper={"cashback": "30.00", "cashback_percent": "10"})

        assert (shown["totals"]["redeemed"], shown["totals"]["net"]) == (10, 90)
        assert ("money", "R$\xa020.00 of the cashback is left") in shown["earned"]

    def test_names_the_last_day_of_what_is_earned(self, page: Client) -> None:
        Company.objects.update(time_zone="America/Rio_Branco")
        campaign = builders.build_campaign(benefits=[{"kind": "cashback", "percent": "10", "valid_days": 30}])

        shown = look(page, campaigns=[campaign.code], shopper={}, at="2026-11-22T18:00:00-05:00")

        assert ("money", "R$\xa010.00 of cashback until 22 Dec 2026") in shown["earned"]

    def test_is_typed_into_the_form(self, page: Client) -> None:
        fields = {"sim-shopper-_on": "on", "sim-shopper-cashback": "30", "sim-shopper-cashback_percent": "10"}

        answer = page.post("/simulator/", posted(**fields), follow=True)

        assert answer.context["result"]["totals"]["redeemed"] == 10
        assert "Paid with balances" in answer.content.decode()

    def test_is_used_as_far_as_is_asked_for(self, page: Client) -> None:
        shown = look(page, shopper={"cashback": "30.00", "cashback_used": "12.50"})

        assert shown["totals"]["redeemed"] == Decimal("12.50")

    def test_says_why_it_is_not_used(self, page: Client) -> None:
        shown = look(page, shopper={"cashback": "30.00", "cashback_percent": "0"})

        assert shown["totals"]["redeemed"] == 0
        assert ("alert", "Cashback: At most R$\xa00.00 can be used in this sale.") in shown["earned"]

    def test_that_cannot_be_read_is_a_sentence(self, page: Client) -> None:
        answer = page.get("/simulator/", {"s": packed({"lines": [SHIRT], "shopper": {"cashback": "much"}})})

        assert answer.status_code == 200
        assert answer.context["result"] is None
        assert answer.context["problems"]


class TestPoints:
    @pytest.fixture
    def program(self, db: None) -> Any:
        return builders.build_program(code="clube", point_value="0.10", redeem_step=10)

    def test_pay_as_far_as_they_go(self, page: Client, program: Any) -> None:
        shown = look(page, points=[{"program": "clube", "held": "125"}])

        assert (shown["totals"]["redeemed"], shown["totals"]["net"]) == (12, 88)
        assert ("star", "120 points of clube pay R$\xa012.00; 5 are left") in shown["earned"]

    def test_pay_what_is_asked_for_beside_cashback(self, page: Client, program: Any) -> None:
        shown = look(
            page, shopper={"cashback": "30.00"}, points=[{"program": "clube", "held": "125", "used": "50"}]
        )

        assert shown["totals"]["redeemed"] == 35
        unused = look(page, points=[{"program": "clube", "held": "125", "used": "0"}])
        assert unused["totals"]["redeemed"] == 0

    def test_are_typed_into_the_form(self, page: Client, program: Any) -> None:
        row = {"sim-points-0-program": "clube", "sim-points-0-held": "125", "sim-points-0-used": "30"}

        answer = page.post("/simulator/", posted(**row), follow=True)
        more = page.post("/simulator/", posted(**row, _action="add:sim-points"))

        assert answer.context["result"]["totals"]["redeemed"] == 3
        assert answer.context["form"].rows("points").rows[0]["held"].value() == "125"
        assert 'name="sim-points-1-program"' in more.content.decode()

    def test_say_why_they_do_not_pay(self, page: Client, program: Any) -> None:
        shown = look(page, points=[{"program": "clube", "held": "125", "used": "55"}])

        assert (
            "alert",
            "Points of clube: They are used in multiples of 10.",
        ) in shown["earned"]

    @pytest.mark.parametrize(
        ("rows", "label"),
        [
            ([{"program": "outro", "held": "1"}], "Points of the customer 1 › Program"),
            ([{"program": "clube"}, {"program": "clube"}], "Points of the customer 2 › Program"),
            ([{"program": "clube", "held": "1.005"}], "Points of the customer 1 › Points held"),
            ([{"program": "clube", "held": "9", "used": "x"}], "Points of the customer 1 › Points to use"),
        ],
    )
    def test_name_the_input_that_is_wrong(
        self, page: Client, program: Any, rows: list[Any], label: str
    ) -> None:
        answer = page.get("/simulator/", {"s": packed({"lines": [SHIRT], "points": rows})})

        assert answer.context["result"] is None
        assert [field for _anchor, field, _text in said(answer)] == [label]


class TestVipCards:
    CODE = "#VIP#ANA1"

    @pytest.fixture
    def card(self, db: None) -> Any:
        ana = builders.build_customer(name="Ana Souza", document="39053344705", birth_date=date(1960, 1, 1))
        return builders.build_vip_card(code=self.CODE, customer=ana)

    def test_are_typed_like_codes_and_say_whose_purchase_it_is(self, page: Client, card: Any) -> None:
        answer = page.post("/simulator/", posted(**{"sim-promo_codes": " #vip#ana1 "}), follow=True)

        result, text = answer.context["result"], unescape(answer.content.decode())
        assert (result["totals"]["net"], result["customer"]) == (90, card.customer)
        assert result["codes"] == [(self.CODE, "VIP card, 10% off: applied", "applied")]
        assert [adjustment["name"] for adjustment in result["lines"][0]["adjustments"]] == [
            "VIP card, 10% off"
        ]
        assert "<strong>VIP card, 10% off</strong>" in text
        assert "Ana Souza" in text

    def test_take_their_rate_off_what_campaigns_of_their_customer_left(self, page: Client, card: Any) -> None:
        rule = {"kind": "customer", "attribute": "age", "operator": "gte", "value": 60}
        campaign = builders.build_campaign(
            conditions=rule, benefits=[{"kind": "item_percent", "percent": "20"}]
        )

        result = look(page, campaigns=[campaign.code], promo_codes=[self.CODE])

        assert (result["totals"]["net"], len(result["activations"])) == (72, 2)

    @pytest.mark.parametrize("shopper", [{"age": 30}, {"document": "390.533.447-05"}])
    def test_are_of_whoever_is_invented_unless_it_is_somebody_else(
        self, page: Client, card: Any, shopper: Any
    ) -> None:
        assert look(page, promo_codes=[self.CODE], shopper=shopper)["totals"]["net"] == 90

    @pytest.mark.parametrize("who", ["another", "document", "unknown", "blocked", "expired", "wrong"])
    def test_count_for_nobody_else_and_not_when_they_hold_no_more(
        self, page: Client, card: Any, who: str
    ) -> None:
        other = builders.build_customer(document="11144477735")
        type(card).objects.update(is_active=who != "blocked")
        scenario = {
            "another": {"customer": str(other.pk)},
            "document": {"shopper": {"document": "111.444.777-35"}},
            "unknown": {"shopper": {"document": "529.982.247-25"}},
            "blocked": {},
            "expired": {"at": "2036-01-02T12:00:00-03:00"},
            "wrong": {"promo_codes": ["#VIP#BEA"]},
        }[who]

        result = look(page, **{"promo_codes": [self.CODE]} | scenario)

        assert result["totals"]["net"] == 100
        assert [(text, status) for _code, text, status in result["codes"]] == [
            ("cannot be used", "not_usable")
        ]

    def test_say_when_they_take_nothing_off(self, page: Client, card: Any) -> None:
        builders.build_product(sku="CAMISA", discountable=False)

        answer = page.get("/simulator/", {"s": packed({"lines": [SHIRT], "promo_codes": [self.CODE]})})

        assert "VIP card, 10% off: takes nothing off" in unescape(answer.content.decode())
        assert answer.context["result"]["refusals"][0]["name"] == "VIP card, 10% off"

    def test_tell_nothing_of_their_customer_to_whoever_may_not_see_customers(
        self, client: Client, card: Any
    ) -> None:
        client.force_login(builders.build_user(permissions=["campaigns.view_campaign"]))
        rule = {"kind": "customer", "attribute": "age", "operator": "gte", "value": 60}
        campaign = builders.build_campaign(conditions=rule)

        answer = client.get(
            "/simulator/",
            {"s": packed({"lines": [SHIRT], "promo_codes": [self.CODE], "campaigns": [campaign.code]})},
        )

        result = answer.context["result"]
        assert (result["totals"]["net"], result["customer"], len(result["activations"])) == (90, None, 1)
        assert "Ana" not in answer.content.decode().replace(self.CODE, "")
