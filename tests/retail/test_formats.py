"""Values as people read them, in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from retail import formats

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("pt-br", Decimal("1234.5"), f"R${SPACE}1.234,50"),
        ("en", Decimal("1234.5"), f"R${SPACE}1,234.50"),
        ("pt-br", Decimal("-0.05"), f"{MINUS}R${SPACE}0,05"),
        ("en", 0, f"R${SPACE}0.00"),
        ("en", None, "—"),
        ("en", "", "—"),
    ],
)
def test_money(language, value, text):
    with translation.override(language):
        assert formats.money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("2.000"), "2"), (Decimal("0.125"), "0,125"), (1234567, "1.234.567"), (0, "0")],
)
def test_number_has_the_decimals_that_it_needs(value, text):
    with translation.override("pt-br"):
        assert formats.number(value) == text


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("pt-br", 999, "999"),
        ("pt-br", 12500, f"12,5{SPACE}mil"),
        ("en", 12599, "12.5k"),
        ("en", 2_000_000, "2M"),
        ("pt-br", 1_250_000, f"1,2{SPACE}mi"),
    ],
)
def test_compact_never_shows_more_than_there_is(language, value, text):
    with translation.override(language):
        assert formats.compact(value) == text


def test_moments_follow_the_clock_of_the_store():
    at = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)

    with translation.override("pt-br"):
        assert formats.moment(at, "America/Manaus") == "19/11/2026 22:30"
    with translation.override("en"):
        assert formats.moment(at, "America/Sao_Paulo") == "19 Nov 2026, 23:30"


def test_days_are_written_without_doubt():
    with translation.override("en"):
        assert formats.day(date(2026, 2, 1)) == "1 Feb 2026"
    with translation.override("pt-br"):
        assert formats.day(date(2026, 2, 1)) == "01/02/2026"
