"""Charts: axes with round steps, bars that tell the values apart, every figure in the table."""

from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from retail import formats
from retail.views.charts import Series, bar_chart, scale


class TestScale:
    @pytest.mark.parametrize(
        ("value", "step", "steps"),
        [
            (0, 1, 4),
            (3, 1, 4),
            (7, 2, 4),
            (99, 20, 5),
            (2400, 500, 5),
            (8000, 2000, 4),
            (1_000_000, 200_000, 5),
        ],
    )
    def test_takes_few_round_steps(self, value, step, steps):
        assert scale(value) == (step, steps)

    @given(st.decimals(min_value=0, max_value=10**11, places=2))
    def test_always_reaches_the_value_with_at_most_five_steps(self, value):
        step, steps = scale(value)

        assert step * steps >= value
        assert 1 <= steps <= 5
        assert step == int(step)


def chart(*values: Decimal, stacked: bool = False):
    return bar_chart(
        title="Sales",
        slot_heading="Day",
        slots=[str(place) for place in range(len(values))],
        series=[Series("Net", values), Series("Discount", [value / 10 for value in values])],
        write=formats.money,
        write_axis=formats.compact,
        stacked=stacked,
    )


class TestBarChart:
    def test_writes_every_figure_into_the_table(self):
        with translation.override("pt-br"):
            drawn = chart(Decimal("100.00"), Decimal("0.00"))

        assert [row[0] for row in drawn.table] == ["0", "1"]
        assert drawn.table[0][1].endswith("100,00")

    def test_draws_nothing_for_nothing(self):
        drawn = chart(Decimal(0))

        assert drawn.slots[0].bars == []

    @pytest.mark.parametrize("stacked", [False, True])
    def test_shows_even_the_smallest_sale(self, stacked):
        drawn = chart(Decimal("0.01"), Decimal(1_000_000), stacked=stacked)

        assert len(drawn.slots[0].bars) >= 1

    def test_labels_the_newest_slot_and_never_two_that_touch(self):
        drawn = chart(*[Decimal(1)] * 30)
        labelled = [slot.middle for slot in drawn.slots if slot.label]

        assert drawn.slots[-1].label
        assert all(right - left >= 38 for left, right in pairwise(labelled))
