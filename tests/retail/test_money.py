"""Reading, rounding and splitting money: the parts always add up to the whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail import money

weights = st.lists(st.integers(0, 100_000), min_size=1, max_size=12)
odd_cents = st.sampled_from(list(money.OddCent))


class TestParse:
    @pytest.mark.parametrize(
        ("value", "cents"),
        [
            ("12.50", 1250),
            ("12.5", 1250),
            ("12", 1200),
            (12, 1200),
            (Decimal("0.07"), 7),
            (19.99, 1999),
            ("-0.01", -1),
        ],
    )
    def test_reads_what_is_exact_to_the_cent(self, value: object, cents: int) -> None:
        assert money.parse(value) == cents

    @pytest.mark.parametrize(
        "value",
        [
            "1.005",
            "1e3",
            "1_000",
            "10,00",
            " 1",
            "",
            "NaN",
            "Infinity",
            "٣",
            True,
            None,
            [],
            1e400,
            0.001,
            10**13,
        ],
    )
    def test_refuses_everything_else(self, value: object) -> None:
        with pytest.raises(money.MoneyError):
            money.parse(value)

    @pytest.mark.parametrize("value", ["1000000000000", "99999999999999.99", 10**12, 10**30, "9" * 5000])
    def test_tells_what_is_too_large_from_what_is_no_amount(self, value: object) -> None:
        with pytest.raises(money.AmountTooLarge):
            money.parse(value)

    @pytest.mark.parametrize("value", ["x", "1.234", "0000000000000", -(10**12), "-1000000000000"])
    def test_tells_what_is_no_amount_from_what_is_too_large(self, value: object) -> None:
        with pytest.raises(money.MoneyError) as refused:
            money.parse(value)

        assert not isinstance(refused.value, money.AmountTooLarge)


class TestFaultOf:
    @pytest.mark.parametrize(
        ("value", "fault"),
        [
            ("-1", "negative"),
            (-1, "negative"),
            (Decimal("-1E+20"), "negative"),
            ("1e20", "too_large"),
            (Decimal("1E+999999"), "too_large"),
            ("1000000000000.00", "too_large"),
            ("1e3", "exponent"),
            ("1.005", "form"),
            (Decimal("1E-400"), "form"),
            ("1e9999999", "form"),
            ("9" * 65, "form"),
            (Decimal("NaN"), "form"),
            (True, "form"),
            (None, "form"),
        ],
    )
    def test_says_what_is_wrong(self, value: object, fault: str) -> None:
        assert money.fault_of(value) == fault

    def test_a_number_of_any_length_is_too_large(self) -> None:
        assert money.fault_of(10**5000) == "too_large"

    def test_below_zero_is_no_fault_of_what_has_a_sign(self) -> None:
        assert money.fault_of("-1.005", signed=True) == "form"
        assert money.fault_of("-1e20", signed=True) == "too_large"


class TestDivide:
    @pytest.mark.parametrize(
        ("numerator", "denominator", "half_up", "half_even", "down"),
        [
            (5, 2, 3, 2, 2),
            (7, 2, 4, 4, 3),
            (4, 3, 1, 1, 1),
            (5, 3, 2, 2, 1),
            (-5, 2, -3, -2, -2),
            (6, 3, 2, 2, 2),
        ],
    )
    def test_rounds_as_asked(
        self, numerator: int, denominator: int, half_up: int, half_even: int, down: int
    ) -> None:
        answers = [
            money.divide(numerator, denominator, rounding) for rounding in ("half_up", "half_even", "down")
        ]

        assert answers == [half_up, half_even, down]


class TestProrate:
    @given(st.integers(0, 1_000_000), weights, odd_cents)
    def test_adds_up(self, total: int, parts: list[int], odd_cent: str) -> None:
        shares = money.prorate(total, parts, odd_cent)

        assert sum(shares) == total
        assert min(shares) >= 0

    @given(st.integers(0, 1_000_000), weights)
    def test_is_within_a_cent_of_exact(self, total: int, parts: list[int]) -> None:
        shares = money.prorate(total, parts)

        whole = sum(parts)
        assert all(
            not whole or abs(share * whole - total * part) < whole
            for share, part in zip(shares, parts, strict=True)
        )

    def test_ties_go_to_the_earlier_line(self) -> None:
        assert money.prorate(2, [5, 5, 5]) == [1, 1, 0]

    def test_splits_the_exchange_of_the_manual(self) -> None:
        assert money.prorate(2000, [10_000, 5_000, 5_000]) == [1000, 500, 500]

    def test_nothing_over_nothing(self) -> None:
        assert money.prorate(0, []) == []

    def test_loses_no_cent_for_want_of_lines(self) -> None:
        with pytest.raises(ValueError, match="nothing to split over"):
            money.prorate(1, [])


class TestProrateWithin:
    @given(
        st.integers(0, 500_000),
        st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 90_000)), max_size=8),
        odd_cents,
    )
    def test_gives_all_that_fits(self, total: int, lines: list[tuple[int, int]], odd_cent: str) -> None:
        rooms = [room for _, room in lines]

        shares = money.prorate_within(total, [weight for weight, _ in lines], rooms, odd_cent)

        assert sum(shares) == min(total, sum(rooms))
        assert all(0 <= share <= room for share, room in zip(shares, rooms, strict=True))

    def test_moves_what_is_blocked(self) -> None:
        assert money.prorate_within(2000, [5000, 5000], [200, 5000]) == [200, 1800]


@given(st.integers(0, 100_000), st.integers(1, 99), st.data())
def test_any_order_of_returns_ends_at_the_whole(total: int, quantity: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, quantity - 1)) if quantity > 1 else st.just(set())))

    steps = [*cuts, quantity]
    given_back = [money.share_after_returns(total, Decimal(quantity), Decimal(step)) for step in steps]

    assert given_back == sorted(given_back)
    assert given_back[-1] == total


@given(st.integers(0, 10_000_000), st.integers(0, 99_999_000))
def test_gross_is_rounded_half_up(price: int, thousandths: int) -> None:
    quantity = Decimal(thousandths).scaleb(-3)

    assert money.gross(price, quantity) == (2 * price * thousandths + 1000) // 2000


def test_writes_amounts_as_the_api_does() -> None:
    assert [money.text(cents) for cents in (0, 7, 1250, -1)] == ["0.00", "0.07", "12.50", "-0.01"]
    assert money.to_decimal(1250) == Decimal("12.50")
    assert money.from_decimal(Decimal("12.5")) == 1250


class TestWithEnding:
    @given(st.integers(0, 10_000_000), st.integers(0, 99))
    def test_ends_as_asked_and_lies_within_half_a_real(self, cents: int, ending: int) -> None:
        found = money.with_ending(cents, ending)

        assert found % 100 == ending
        assert abs(found - cents) <= 50 or found == ending

    @pytest.mark.parametrize(
        ("cents", "ending", "expected"), [(1234, 99, 1199), (1249, 99, 1299), (1149, 99, 1199), (10, 90, 90)]
    )
    def test_takes_the_nearest(self, cents: int, ending: int, expected: int) -> None:
        assert money.with_ending(cents, ending) == expected
