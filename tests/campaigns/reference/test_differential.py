"""The engine against the naive evaluator: the same basket must come to the same cents, line by line."""

import json
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from campaigns.engine.simulation import simulate
from tests.campaigns.reference.bodies import AT, bodies
from tests.campaigns.reference.evaluator import Evaluator, Open, Result


def money(value: Fraction) -> str:
    cents = value * 100
    assert cents.denominator == 1
    return f"{int(cents) // 100}.{int(cents) % 100:02d}"


def expected(body: dict[str, Any]) -> Result:
    try:
        return Evaluator(body).result()
    except Open:
        assume(False)
        raise


def compare(body: dict[str, Any]) -> None:
    result = expected(body)

    answer = simulate(body, now=datetime.fromisoformat(AT))

    seen = {
        "totals": {"discount": answer["totals"]["discount"], "net": answer["totals"]["net"]},
        "lines": {row["line"]: row["discount"] for row in answer["lines"]},
        "shares": {row["line"]: row["exchange_share"] for row in answer["lines"]},
        "activated": {row["campaign"]: row["discount"] for row in answer["activations"]},
    }
    assert seen == {
        "totals": {"discount": money(result.discount), "net": money(result.net)},
        "lines": {number: money(value) for number, value in result.lines.items()},
        "shares": {number: money(value) for number, value in result.shares.items()},
        "activated": {code: money(value) for code, value in result.activated.items()},
    }, json.dumps(body)


@settings(max_examples=1_000, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_engine_and_reference_agree(body):
    compare(body)


@pytest.mark.deep
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_engine_and_reference_agree_on_many_more(body):
    compare(body)
