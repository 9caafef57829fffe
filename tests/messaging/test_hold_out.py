"""Who is held out, and what a difference means: plain values first, then the same rule in SQL."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection

from messaging.hold_out import HELD_OUT_SQL, Group, is_held_out, parts_of, uplift
from tests.builders import build_customer

SALT = uuid.UUID(int=7).hex


class TestIsHeldOut:
    def test_comes_to_the_same_people_each_time(self):
        first = [is_held_out(salt=SALT, customer_id=key, percent=Decimal(10)) for key in range(1_000)]
        again = [is_held_out(salt=SALT, customer_id=key, percent=Decimal(10)) for key in range(1_000)]

        assert first == again

    @pytest.mark.parametrize("percent", ["1", "10", "33.33", "50"])
    def test_holds_out_about_as_many_as_asked(self, percent):
        out = sum(is_held_out(salt=SALT, customer_id=key, percent=Decimal(percent)) for key in range(20_000))

        # Five standard deviations of a fair draw.
        share = Decimal(percent) / 100
        allowed = 5 * (20_000 * share * (1 - share)).sqrt()
        assert abs(out - 20_000 * share) < allowed

    def test_holds_out_nobody_at_zero(self):
        assert not any(is_held_out(salt=SALT, customer_id=key, percent=Decimal(0)) for key in range(5_000))

    def test_more_percent_hold_out_the_same_people_and_others(self):
        few, many = (
            {key for key in range(2_000) if is_held_out(salt=SALT, customer_id=key, percent=Decimal(percent))}
            for percent in (10, 30)
        )

        assert few < many

    def test_two_mailings_hold_out_different_people(self):
        other = uuid.UUID(int=8).hex
        parts = [
            {key for key in range(2_000) if is_held_out(salt=salt, customer_id=key, percent=Decimal(20))}
            for salt in (SALT, other)
        ]

        assert parts[0] != parts[1]

    @pytest.mark.django_db
    def test_is_the_same_in_sql(self):
        keys = [build_customer().pk for _ in range(40)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id, {HELD_OUT_SQL} FROM customers_customer c WHERE c.id = ANY(%s)",  # noqa: S608 - a constant
                [SALT, parts_of(Decimal("37.5")), keys],
            )
            found = dict(cursor.fetchall())

        assert found == {
            key: is_held_out(salt=SALT, customer_id=key, percent=Decimal("37.5")) for key in keys
        }
        assert len(set(found.values())) == 2


class TestUplift:
    def test_is_the_published_interval(self):
        # Newcombe 1998, table II, method 10, case (a): 56/70 and 48/80 differ by 0.2000, interval 0.0524 to 0.3339.
        found = uplift(Group(people=70, buyers=56), Group(people=80, buyers=48))

        assert found is not None
        assert (found.points, found.low, found.high) == (Decimal("20.00"), Decimal("5.24"), Decimal("33.39"))
        assert found.is_clear

    def test_says_nothing_of_a_part_without_people(self):
        assert uplift(Group(people=10, buyers=1), Group(people=0, buyers=0)) is None

    def test_of_equal_parts_is_zero_and_not_clear(self):
        found = uplift(Group(people=50, buyers=5), Group(people=50, buyers=5))

        assert found is not None
        assert found.points == 0
        assert found.low < 0 < found.high
        assert not found.is_clear

    def test_reckons_what_the_difference_came_to(self):
        found = uplift(
            Group(people=900, buyers=90, revenue=Decimal("9000.00")),
            Group(people=100, buyers=5, revenue=Decimal("500.00")),
        )

        assert found is not None
        assert (found.extra_buyers, found.extra_revenue) == (Decimal("45.00"), Decimal("4500.00"))
