"""Sentences: one for every reason, amounts as people write them."""

from datetime import datetime
from pathlib import Path

import pytest
from django.utils import translation

from campaigns.engine.simulation import simulate
from campaigns.engine.verdict import Verdict
from campaigns.explanations import REASONS, explain
from tests.campaigns.engine.test_cases import document_of, load

NOW = datetime.fromisoformat("2026-11-22T10:00:00-03:00")


def every_refusal() -> dict[str, Verdict]:
    """Return, of the worked examples, one refusal for each reason."""
    seen: dict[str, Verdict] = {}

    def remember(verdict: Verdict) -> str:
        seen.setdefault(verdict.code, verdict)
        return explain(verdict)

    for case in load():
        simulate(document_of(*case.values), now=NOW, explain=remember)
    return seen


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_reason_is_reached_by_an_example_and_has_a_sentence(language: str) -> None:
    with translation.override(language):
        sentences = {code: explain(verdict) for code, verdict in every_refusal().items()}

    assert set(sentences) == set(REASONS)
    assert len(REASONS) >= 25
    assert all(sentence and "%(" not in sentence for sentence in sentences.values())


def test_every_reason_is_on_the_page_of_the_algorithm() -> None:
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "evaluation.md").read_text()

    assert [code for code, sentence in REASONS.items() if f"| `{code}` | {sentence} |" not in page] == []


def test_amounts_are_written_as_people_write_them() -> None:
    verdict = Verdict(
        satisfied=False, code="minimum_amount", required=200_000, actual=76_550, missing=123_450, unit="money"
    )

    with translation.override("pt-br"):
        assert "R$\xa01.234,50" in explain(verdict)
    with translation.override("en"):
        assert explain(verdict) == "R$\xa01,234.50 more."
