"""Every reason of the engine alone in a basket, with what it says, and the change after which the campaign activates."""

import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.engine.simulation import simulate
from tests.campaigns.engine.test_cases import AT, CASES, document_of

ENGINE = Path(__file__).parents[3] / "campaigns" / "engine"
CONTENT = tomllib.loads((CASES / "reasons.toml").read_text())
NOW = datetime.fromisoformat(AT)
POSITIVE = {"satisfied"}


def answer_to(case: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return simulate(document_of(CONTENT["campaigns"], case | changes), now=NOW)


@pytest.mark.parametrize("case", CONTENT["case"], ids=lambda case: case["name"])
def test_a_reason_stands_alone_and_its_change_activates(case: dict[str, Any]) -> None:
    before = answer_to(case)
    after = answer_to(case, **case["then"])

    (refusal,) = before["not_activated"]
    campaign = refusal.pop("campaign")
    assert refusal == {"reason": case["name"], "name": campaign, **case.get("says", {})}
    assert campaign in [row["campaign"] for row in after["activations"]]


def test_every_code_that_kinds_and_engine_refuse_with_has_a_case() -> None:
    declared = {code for kind in [*CONDITIONS.values(), *BENEFITS.values()] for code in kind.codes}
    written = {
        code
        for path in ENGINE.rglob("*.py")
        for code in re.findall(r"""(?:code=|_refusal\(|lose\([^"]*)"([a-z_]+)\"""", path.read_text())
    }

    codes = [case["name"] for case in CONTENT["case"]]
    assert sorted(codes) == sorted((declared | written) - POSITIVE)
    assert len(codes) >= 25
