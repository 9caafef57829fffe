"""The recorded year as it is sent: rules for odd lines, offers, and which basket a redemption is presented in."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bench.replay.journey import (
    Journey,
    Redemption,
    SourceBasket,
    SourceCampaign,
    SourceLine,
    read_sample,
    weeks_to_move,
)
from bench.replay.offers import assign, documents, worth
from bench.replay.report import source_gross
from bench.replay.rules import count_rules, coupon_of, quantity_and_price, request_lines

SAMPLE = Path(__file__).with_name("sample.json")


def line(**fields: int) -> SourceLine:
    return SourceLine(**{"product": 1, "quantity": 1, "value": 100, "shelf_value": 100, "coupon": 0} | fields)


def basket(number: int, *lines: SourceLine, household: int = 7, at: datetime | None = None) -> SourceBasket:
    return SourceBasket(number, household, 300, at or datetime(2017, 5, 10, 20, tzinfo=UTC), lines)


def journey(*baskets: SourceBasket, redemptions: list[Redemption] | None = None) -> Journey:
    return Journey(
        products=[],
        campaigns=[SourceCampaign(8, "Type A", date(2017, 5, 8), date(2017, 6, 25))],
        targets={8: [7]},
        coupons={(8, 555): [1, 2]},
        redemptions=redemptions or [Redemption(7, 555, 8, date(2017, 5, 10))],
        baskets=list(baskets),
    )


class TestRules:
    def test_a_whole_cent_unit_price_is_kept(self):
        assert quantity_and_price(line(quantity=2, value=278)) == (2, 139, None)

    def test_fuel_is_sent_as_one_unit_at_the_lines_value(self):
        assert quantity_and_price(line(quantity=9001, value=2254)) == (1, 2254, "no_whole_cent_price")

    def test_quantity_zero_is_sent_as_one_unit_at_the_lines_value(self):
        assert quantity_and_price(line(quantity=0, value=0)) == (1, 0, "zero_quantity")

    def test_a_coupon_above_the_line_is_cut_at_the_line(self):
        assert coupon_of(line(value=80, coupon=200)) == 80

    def test_the_shelf_price_is_the_original_price(self):
        (row,) = request_lines(basket(1, line(quantity=2, value=278, shelf_value=358)))

        assert row == {"line": 1, "sku": "1", "quantity": "2", "unit_price": "1.39", "original_price": "1.79"}

    @pytest.mark.parametrize(
        "rule", ["zero_quantity", "no_whole_cent_price", "unknown_product", "coupon_above_line"]
    )
    def test_the_sample_holds_every_oddity(self, rule):
        assert count_rules(read_sample(SAMPLE)).lines[rule] > 0

    def test_nothing_of_the_sample_is_dropped(self):
        sample = read_sample(SAMPLE)

        sent = sum(len(request_lines(basket)) for basket in sample.baskets)

        assert sent == sum(len(basket.lines) for basket in sample.baskets)
        assert source_gross(sample) == sum(line.value for basket in sample.baskets for line in basket.lines)


class TestAssign:
    def test_prefers_the_basket_with_a_couponed_line_of_the_product(self):
        with_product, with_coupon = basket(1, line(product=2)), basket(2, line(product=1, coupon=50))

        assignment = assign(journey(with_product, with_coupon))

        assert assignment.codes_of == {2: ["CJ08-555"]}

    def test_falls_back_to_the_first_basket_of_the_day(self):
        assert assign(journey(basket(1, line(product=9)), basket(2, line(product=8)))).codes_of == {
            1: ["CJ08-555"]
        }

    def test_a_day_without_a_basket_is_told(self):
        other_day = basket(1, line(), at=datetime(2017, 5, 12, 20, tzinfo=UTC))

        assert list(assign(journey(other_day)).basket_of.values()) == [None]

    def test_the_day_is_the_shops_day(self):
        # 02:30 UTC on the eleventh is still the evening of the tenth in the shop.
        late = basket(1, line(), at=datetime(2017, 5, 11, 2, 30, tzinfo=UTC))

        assert list(assign(journey(late)).basket_of.values()) == [1]


class TestOffers:
    def test_the_benefit_is_the_most_frequent_recorded_amount(self):
        baskets = [
            basket(n, line(coupon=c), at=datetime(2017, 5, 9 + n, 20, tzinfo=UTC))
            for n, c in ((1, 50), (2, 75), (3, 75))
        ]
        redeemed = [Redemption(7, 555, 8, date(2017, 5, 9 + n)) for n in (1, 2, 3)]
        told = journey(*baskets, redemptions=redeemed)

        assert worth(told, assign(told)) == {(8, 555): 75}

    def test_the_window_moves_by_whole_weeks_and_ends_after_its_last_day(self):
        told = journey(basket(1, line()))
        moved = weeks_to_move(told, now=datetime(2026, 11, 22, tzinfo=UTC))

        (document,) = documents(told, {(8, 555): 100}, moved=moved)

        assert moved % timedelta(weeks=1) == timedelta()
        assert (
            datetime(2026, 11, 15, tzinfo=UTC)
            < told.baskets[0].occurred_at + moved
            <= datetime(2026, 11, 22, tzinfo=UTC)
        )
        starts, ends = (datetime.fromisoformat(document[name]).date() for name in ("starts_at", "ends_at"))
        assert (starts, ends) == (date(2017, 5, 8) + moved, date(2017, 6, 26) + moved)

    def test_every_redemption_of_the_sample_has_an_offer_and_a_basket(self):
        sample = read_sample(SAMPLE)

        assignment = assign(sample)

        assert Counter(value is None for value in assignment.basket_of.values())[False] == len(
            sample.redemptions
        )
        assert {(r.campaign, r.coupon) for r in sample.redemptions} == set(sample.coupons)
