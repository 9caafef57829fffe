"""Returning units of a sale: what they are worth, what is given back for them, and what stays."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Activation, CampaignCounter, PromoCode
from campaigns.services import promo_code_pools
from retail.models import Company, Sale, SaleLine, SaleReturn
from tests.builders import build_store
from tests.pos_api.till import Till, issue_code, line, publish, sale

CPF = "39053344705"


def worth(answer: Any) -> str:
    return str(answer.json()["refund"]["amount"])


class TestWhatItIsWorth:
    def test_follows_what_was_paid_and_the_last_unit_closes_it(self, till: Till) -> None:
        publish(
            benefits=[{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100"}],
            conditions={"kind": "product", "by": "sku", "values": ["MEIA"]},
        )
        socks = line(sku="MEIA", quantity="3", unit_price="14.00")
        sold = till.sell(sale(socks, total="28.00")).json()

        answers = [till.give_back(sold["sale"], {1: "1"}) for _ in range(3)]

        assert [worth(answer) for answer in answers] == ["9.33", "9.33", "9.34"]
        assert [answer.json()["state"] for answer in answers] == [
            "partially_returned",
            "partially_returned",
            "returned",
        ]
        assert Sale.objects.get().refunded == Decimal("28.00")

    def test_spreads_a_discount_over_everything_that_made_it_possible(self, till: Till) -> None:
        publish(benefits=[{"kind": "order_amount", "amount": "20.00"}], minimum_amount="200.00")
        lines = [line(1), line(2, sku="CALCA")]
        sold = till.sell(sale(*lines, total="180.00")).json()

        first, second = till.give_back(sold["sale"], {2: "1"}), till.give_back(sold["sale"], {1: "1"})

        assert (worth(first), worth(second)) == ("90.00", "90.00")

    def test_evaluates_what_is_kept_again_where_the_policy_says_so(self, till: Till) -> None:
        Company.objects.update(policy={"refund": "recalculate"})
        publish(
            benefits=[{"kind": "order_amount", "amount": "20.00"}],
            minimum_amount="200.00",
            limits=[{"scope": "total", "counts": "sale", "max": 5}],
            budget="100.00",
        )
        sold = till.sell(
            sale(line(1), line(2, sku="CALCA"), total="180.00", customer={"document": CPF})
        ).json()
        Company.objects.update(policy={})
        publish("OUTRA")

        first = till.give_back(sold["sale"], {2: "1"})

        # One piece alone does not reach 200.00: the 20.00 are lost, and the campaign's use is free again.
        assert worth(first) == "80.00"
        assert first.json()["reversed"] == [{"campaign": "DEZ", "discount": "20.00"}]
        assert set(CampaignCounter.objects.values_list("used", flat=True)) == {0}
        assert worth(till.give_back(sold["sale"], {1: "1"})) == "100.00"

    def test_keeps_facts_of_the_moment_of_the_sale_for_evaluating_again(self, till: Till) -> None:
        Company.objects.update(policy={"refund": "recalculate"})
        publish(
            conditions={"kind": "first_purchase"}, limits=[{"scope": "customer", "counts": "item", "max": 4}]
        )
        buyer = {"document": CPF}
        sold = till.sell(sale(line(quantity="4"), total="360.00", customer=buyer)).json()
        till.sell(sale(customer=buyer))

        answer = till.give_back(sold["sale"], {1: "3"})

        assert worth(answer) == "270.00"
        assert answer.json()["reversed"] == [{"campaign": "DEZ", "discount": "30.00"}]
        assert CampaignCounter.objects.get().used == 1

    def test_never_gives_back_more_than_the_till_charged(self, db: None) -> None:
        till = Till.open(store=build_store(totals_mode="accept"))
        sold = till.sell(sale(line(1), line(2), total="150.01")).json()

        amounts = [worth(till.give_back(sold["sale"], {number: "1"})) for number in (1, 2)]

        assert amounts == ["75.01", "75.00"]

    def test_counts_what_was_exchanged_as_paid(self, till: Till) -> None:
        exchanged = [{"sku": "VELHA", "quantity": "1", "unit_price": "40.00"}]
        sold = till.sell(sale(line(1), total="60.00", exchange=exchanged)).json()

        assert worth(till.give_back(sold["sale"], {1: "1"})) == "100.00"

    def test_weighs_goods_to_the_gram(self, till: Till) -> None:
        sold = till.sell(sale(line(quantity="0.500", unit_price="30.01"), total="15.01")).json()

        first = till.give_back(sold["sale"], {1: "0.125"})

        assert first.json()["lines"] == [
            {"line": 1, "quantity": "0.125", "returned": "0.125", "value": "3.75"}
        ]
        assert worth(till.give_back(sold["sale"], {1: "0.375"})) == "11.26"


class TestWhatIsGivenBack:
    def test_releases_items_unit_by_unit_and_money_in_proportion(self, till: Till) -> None:
        publish(
            limits=[
                {"scope": "total", "counts": "item", "max": 9},
                {"scope": "total", "counts": "sale", "max": 9},
            ],
            budget="100.00",
        )
        sold = till.sell(sale(line(quantity="3", unit_price="33.33"), total="89.99")).json()
        uses = CampaignCounter.objects.order_by("counts").values_list("used", flat=True)
        assert list(uses.all()) == [3, 10, 1]

        till.give_back(sold["sale"], {1: "1"})
        assert list(uses.all()) == [2, Decimal("6.67"), 1]
        till.give_back(sold["sale"], {1: "1"})
        assert list(uses.all()) == [1, Decimal("3.34"), 1]
        till.give_back(sold["sale"], {1: "1"})
        assert list(uses.all()) == [0, 0, 0]
        assert Activation.objects.get().reversed_at is not None

    def test_releases_the_window_in_which_the_use_was_counted(self, till: Till) -> None:
        publish(
            starts_at="2020-01-01T00:00:00Z",
            limits=[{"scope": "total", "counts": "item", "max": 5, "per": "day"}],
        )
        before = (timezone.now() - timedelta(days=3)).isoformat()
        old = till.sell(sale(line(quantity="2"), total="180.00", occurred_at=before)).json()
        till.sell(sale(total="90.00"))

        till.give_back(old["sale"], {1: "1"})

        by_day = CampaignCounter.objects.order_by("window_starts_on").values_list("used", flat=True)
        assert list(by_day) == [1, 1]

    def test_keeps_uses_where_the_policy_keeps_them(self, till: Till) -> None:
        Company.objects.update(policy={"cancelled_use": "kept"})
        publish(limits=[{"scope": "total", "counts": "item", "max": 5}])
        sold = till.sell(sale(line(quantity="2"), total="180.00")).json()

        till.give_back(sold["sale"], {1: "2"})

        assert CampaignCounter.objects.get().used == 2

    def test_arms_a_code_when_no_discounted_line_remains(self, till: Till) -> None:
        publish(
            conditions={
                "all": [{"kind": "promo_code"}, {"kind": "product", "by": "sku", "values": ["CALCA"]}]
            }
        )
        issue_code()
        document = sale(line(1), line(2, sku="CALCA"), total="190.00", promo_codes=["BEMVINDO"])
        sold = till.sell(document).json()

        till.give_back(sold["sale"], {1: "1"})
        assert PromoCode.objects.get().used == 1
        till.give_back(sold["sale"], {2: "1"})
        assert PromoCode.objects.get().used == 0

    def test_withdraws_codes_that_the_sale_issued_and_says_which_were_used(self, till: Till) -> None:
        at = timezone.now()
        publish("DEPOIS", conditions={"kind": "promo_code"})
        pool = promo_code_pools.PoolSettings(name="Volta", campaign="DEPOIS")
        promo_code_pools.create_pool(code="volta", settings=pool, user=None, at=at)
        publish("EMITE", benefits=[{"kind": "issue_code", "pool": "volta", "valid_days": 30}])
        first, second = till.sell(sale()).json(), till.sell(sale()).json()
        used = second["earned"]["codes"][0]["code"]
        assert till.sell(sale(total="90.00", promo_codes=[used])).status_code == 201

        unused_back = till.give_back(first["sale"], {1: "1"}).json()
        used_back = till.give_back(second["sale"], {1: "1"}).json()

        assert unused_back["not_undone"] == []
        assert not PromoCode.objects.get(code=first["earned"]["codes"][0]["code"]).is_active
        assert used_back["not_undone"] == [{"kind": "code", "campaign": "EMITE", "code": used}]

    def test_says_that_gifts_and_delivery_stay(self, till: Till) -> None:
        publish(benefits=[{"kind": "gift", "products": [{"sku": "BOTTON", "quantity": 1}], "choose": 1}])
        picked = [{"campaign": "DEZ", "sku": "BOTTON", "quantity": 1}]
        sold = till.sell(sale(gifts=picked, delivery_fee="12.00")).json()

        answer = till.give_back(sold["sale"], {1: "1"}).json()

        assert answer["not_undone"] == [
            {"kind": "gift", "campaign": "DEZ", "sku": "BOTTON", "quantity": "1"},
            {"kind": "delivery", "amount": "12.00"},
        ]


class TestExactlyOnce:
    def test_answers_the_same_again(self, till: Till) -> None:
        sold = till.sell(sale(line(quantity="2"), total="200.00")).json()

        first = till.give_back(sold["sale"], {1: "1"}, name="R-1")
        again = till.give_back(sold["sale"], {1: "1.000"}, name="R-1")
        other = till.give_back(sold["sale"], {1: "2"}, name="R-1")

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
        assert again.content == first.content
        assert again["Idempotency-Replayed"] == "true"
        assert other.json()["code"] == "return_conflict"
        assert SaleReturn.objects.count() == 1

    def test_refuses_more_than_was_sold(self, till: Till) -> None:
        sold = till.sell(sale(line(quantity="2"), total="200.00")).json()
        till.give_back(sold["sale"], {1: "1"})

        answer = till.give_back(sold["sale"], {1: "2"})

        assert (answer.status_code, answer.json()["code"]) == (409, "more_than_sold")
        assert answer.json()["lines"] == [{"line": 1, "sold": "2", "returned": "1"}]
        assert answer.json()["errors"][0]["path"] == "lines[0].quantity"
        assert SaleLine.objects.get().returned == 1

    def test_refuses_what_the_sale_has_not(self, till: Till) -> None:
        sold = till.sell(sale()).json()["sale"]

        unknown = till.give_back(sold, {7: "1"})
        twice = till.send(
            "POST",
            f"sales/{sold}/returns/",
            {"return": "R", "lines": [{"line": 1, "quantity": "1"}, {"line": 1, "quantity": "1"}]},
        )
        nothing = till.send("POST", f"sales/{sold}/returns/", {"return": "R", "lines": []})

        assert [answer.status_code for answer in (unknown, twice, nothing)] == [422, 422, 422]
        assert unknown.json()["errors"][0]["path"] == "lines[0].line"
        assert twice.json()["errors"][0]["path"] == "lines[1].line"

    def test_knows_no_sale_of_another_store(self, till: Till) -> None:
        sold = till.sell(sale()).json()["sale"]

        answers = [Till.open().give_back(sold, {1: "1"}), till.give_back("nothing", {1: "1"})]

        assert [answer.status_code for answer in answers] == [404, 404]

    def test_refuses_a_return_after_a_cancellation_and_the_reverse(self, till: Till) -> None:
        cancelled, returned = till.sell(sale()).json()["sale"], till.sell(sale()).json()["sale"]
        till.cancel(cancelled)
        till.give_back(returned, {1: "1"})

        late, too_late = till.give_back(cancelled, {1: "1"}), till.cancel(returned)

        assert (late.status_code, late.json()["code"]) == (409, "sale_cancelled")
        assert (too_late.status_code, too_late.json()["code"]) == (409, "sale_returned")

    def test_cancels_what_returns_left(self, till: Till) -> None:
        publish(limits=[{"scope": "total", "counts": "item", "max": 9}], budget="99.00")
        sold = till.sell(sale(line(quantity="3"), total="270.00")).json()["sale"]
        till.give_back(sold, {1: "1"})

        first, again = till.cancel(sold), till.cancel(sold)

        assert (first.status_code, first.json()["state"]) == (200, "cancelled")
        assert first.json()["refund"] == {"amount": "180.00", "withheld": "0.00"}
        assert again.content == first.content
        assert set(CampaignCounter.objects.values_list("used", flat=True)) == {0}

    def test_shows_the_returns_with_the_sale(self, till: Till) -> None:
        document = sale(line(quantity="2"), total="200.00")
        sold = till.sell(document).json()["sale"]
        answer = till.give_back(sold, {1: "1"}).json()

        shown = till.send("GET", f"sales/{sold}/").json()

        assert (shown["state"], shown["refunded"]) == ("partially_returned", "100.00")
        assert shown["returns"] == [answer]
        assert till.sell(document).json()["state"] == "partially_returned"

    def test_takes_a_test_sale_back_without_counting_anything(self, till: Till) -> None:
        sold = till.sell(sale()).json()["sale"]
        Sale.objects.update(is_test=True)

        assert till.give_back(sold, {1: "1"}).status_code == 404


@pytest.mark.parametrize("count", [2, 500])
def test_takes_the_same_statements_for_any_number_of_lines(
    till: Till, count: int, django_assert_max_num_queries: Any
) -> None:
    publish(
        conditions={"kind": "promo_code"},
        limits=[{"scope": "total", "counts": "item", "max": 9999}],
        budget="99999.00",
    )
    issue_code()
    bought = [line(number, unit_price="10.00") for number in range(1, count + 1)]
    sold = till.sell(sale(*bought, total=f"{9 * count}.00", promo_codes=["BEMVINDO"])).json()

    with django_assert_max_num_queries(16) as queries:
        answer = till.give_back(sold["sale"], dict.fromkeys(range(1, count + 1), "1"))

    assert answer.status_code == 201
    assert len(queries) == 16
