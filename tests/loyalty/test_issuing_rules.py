"""What is given for purchases: the worked examples, and what holds for all terms."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.issuing import (
    Given,
    PercentMeans,
    Terms,
    TermsInvalid,
    Tier,
    Withheld,
    given_for,
    read_tiers,
    write_tiers,
)
from retail import money

CASES = tomllib.loads((Path(__file__).parent / "cases" / "issuing.toml").read_text())["case"]


def terms_of(case: dict[str, Any]) -> Terms:
    return Terms(
        tiers=read_tiers(case["tiers"]),
        percent_means=PercentMeans(case.get("percent_means", "turnover")),
        minimum_turnover=money.parse(case.get("minimum_turnover", 0)),
        minimum_visits=case.get("minimum_visits", 0),
        most=money.parse(case["most"]) if "most" in case else None,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_example(case: dict[str, Any]) -> None:
    terms = terms_of(case)
    for expected in case["expect"]:
        found = given_for(terms, turnover=money.parse(expected["turnover"]), visits=expected.get("visits", 1))

        percent = expected.get("percent")
        assert found == Given(
            amount=money.parse(expected.get("amount", 0)),
            percent=None if percent is None else int(Decimal(percent) * 10_000),
            withheld=Withheld(expected["withheld"]) if "withheld" in expected else None,
        ), expected


@st.composite
def some_tiers(draw: Any) -> list[Tier]:
    starts = sorted(draw(st.sets(st.integers(0, 500_00), min_size=1, max_size=6)))
    tiers = []
    for start in starts:
        is_amount = draw(st.booleans())
        tiers.append(
            Tier(
                from_cents=start,
                amount=draw(st.integers(1, 100_00)) if is_amount else None,
                percent=None if is_amount else draw(st.integers(1, 1_000_000)),
            )
        )
    return tiers


TURNOVER = st.integers(0, 1_000_00)


class TestLaws:
    @given(tiers=some_tiers(), turnover=TURNOVER, most=st.integers(1, 50_00))
    def test_nothing_is_above_the_most_or_the_turnover_that_is_shared(
        self, tiers: list[Tier], turnover: int, most: int
    ) -> None:
        found = given_for(Terms(tiers=tiers, most=most), turnover=turnover, visits=1)

        highest = max((tier.amount or 0) for tier in tiers)
        assert 0 <= found.amount <= min(most, max(highest, turnover))
        assert found.is_something == (found.amount > 0)

    @given(start=st.integers(0, 500_00), percent=st.integers(1, 1_000_000), turnover=TURNOVER, more=TURNOVER)
    def test_more_turnover_of_one_tier_never_gives_less(
        self, start: int, percent: int, turnover: int, more: int
    ) -> None:
        terms = Terms(tiers=[Tier(from_cents=start, percent=percent)])

        less = given_for(terms, turnover=turnover, visits=1)
        assert given_for(terms, turnover=turnover + more, visits=1).amount >= less.amount

    @given(
        tiers=some_tiers(), least=st.integers(0, 500_00), visits=st.integers(0, 5), turnover=TURNOVER,
        times=st.integers(0, 5),
    )  # fmt: skip
    def test_minimums_only_withhold(
        self, tiers: list[Tier], least: int, visits: int, turnover: int, times: int
    ) -> None:
        free = given_for(Terms(tiers=tiers), turnover=turnover, visits=times)
        bound = given_for(
            Terms(tiers=tiers, minimum_turnover=least, minimum_visits=visits), turnover=turnover, visits=times
        )

        if turnover >= least and times >= visits:
            assert bound == free
        else:
            assert bound.withheld in (Withheld.VISITS, Withheld.TURNOVER)
            assert not bound.amount

    @given(tiers=some_tiers())
    def test_what_is_written_reads_back(self, tiers: list[Tier]) -> None:
        assert read_tiers(write_tiers(tiers)) == tiers


class TestRefusals:
    @pytest.mark.parametrize(
        ("tiers", "path", "code"),
        [
            ([], "tiers", "required"),
            ("x", "tiers", "list"),
            (["x"], "tiers[0]", "unknown_field"),
            ([{"from": "1.00", "amount": "1.00", "extra": 1}], "tiers[0]", "unknown_field"),
            ([{"from": "1.00"}], "tiers[0]", "amount_or_percent"),
            ([{"amount": "1.00", "percent": "5"}], "tiers[0]", "amount_or_percent"),
            ([{"amount": "0.00"}], "tiers[0].amount", "not_positive"),
            ([{"amount": "-1.00"}], "tiers[0].amount", "negative"),
            ([{"amount": "1.005"}], "tiers[0].amount", "amount"),
            ([{"percent": "0"}], "tiers[0].percent", "range"),
            ([{"percent": "100.0001"}], "tiers[0].percent", "range"),
            ([{"percent": "NaN"}], "tiers[0].percent", "percent"),
            ([{"percent": True}], "tiers[0].percent", "percent"),
            ([{"percent": "0.00001"}], "tiers[0].percent", "percent"),
            (
                [{"from": "50.00", "amount": "1.00"}, {"from": "50.00", "amount": "2.00"}],
                "tiers[1].from",
                "not_rising",
            ),
            ([{"from": f"{at}.00", "amount": "1.00"} for at in range(21)], "tiers", "too_many"),
        ],
    )
    def test_names_the_field(self, tiers: Any, path: str, code: str) -> None:
        with pytest.raises(TermsInvalid) as refusal:
            Terms(tiers=read_tiers(tiers))

        assert (refusal.value.path, refusal.value.code) == (path, code)
