"""Why something was not redeemed: a sentence for each reason, reached by an example, and on the page."""

from datetime import datetime
from pathlib import Path

import pytest
from django.utils import translation

from campaigns.engine.simulation import simulate
from campaigns.redemption_texts import SENTENCES, explain_refused
from loyalty.redemption import REASONS, Refused
from tests.campaigns.engine.test_cases import document_of, load

NOW = datetime.fromisoformat("2026-11-22T10:00:00-03:00")
OF_THE_TILL = {"unknown_program"}  # refused with 422, as a mistake of the request


def every_refusal() -> dict[str, Refused]:
    """Return, of the worked examples, one refusal for each reason."""
    seen: dict[str, Refused] = {}

    def remember(refused: Refused) -> str:
        seen.setdefault(refused.reason, refused)
        return explain_refused(refused)

    for case in load():
        simulate(document_of(*case.values), now=NOW, explain_refused=remember)
    return seen


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_reason_is_reached_by_an_example_and_has_a_sentence(language: str) -> None:
    with translation.override(language):
        sentences = {reason: explain_refused(refused) for reason, refused in every_refusal().items()}

    assert set(sentences) == set(REASONS) - OF_THE_TILL
    assert all(sentence and "%(" not in sentence for sentence in sentences.values())


def test_every_reason_is_on_the_page_of_the_algorithm() -> None:
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "redemption.md").read_text()

    assert set(SENTENCES) == set(REASONS)
    assert [code for code, sentence in SENTENCES.items() if f"| `{code}` | {sentence} |" not in page] == []


def test_amounts_and_points_are_written_as_people_write_them() -> None:
    money = Refused(kind="cashback", path="", reason="max_percent", required=123_450, unit="money")
    points = Refused(
        kind="points", path="", reason="insufficient_balance", required=1_000_050, actual=300, unit="points"
    )

    with translation.override("en"):
        assert explain_refused(money) == "At most R$\xa01,234.50 can be used in this sale."
        assert explain_refused(points) == "10,000.5 is more than the balance of 3."
