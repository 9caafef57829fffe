"""Presets and answers: each is on its page, and each preset has cases on figures that its product publishes."""

import tomllib
from pathlib import Path

import pytest

from campaigns.engine.policy import PRESETS, QUESTIONS, PolicyError, build_policy

TESTS = Path(__file__).parents[1]
PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "policies.md"


def published() -> list[tuple[str, str]]:
    """Return preset and source of each case that stands on published figures (`cases/presets.toml`)."""
    cases = tomllib.loads((TESTS / "cases" / "presets.toml").read_text())["case"]
    return [(case["policy"]["preset"], case["source"]) for case in cases if "source" in case]


def test_every_preset_but_ours_stands_on_published_figures() -> None:
    assert {preset for preset, _ in published()} == set(PRESETS) - {"fiel"}


def test_every_preset_is_argued_on_the_page_with_its_sources() -> None:
    page = PAGE.read_text()

    assert all(f"| `{preset}` |" in page for preset in PRESETS)
    for _, source in published():
        place = source.split(",")[0].split()[-1]
        assert place in page, place


def test_every_answer_that_a_preset_gives_is_on_the_page() -> None:
    rows = {
        row.split("|")[1].strip(" `"): row for row in PAGE.read_text().splitlines() if row.startswith("| `")
    }

    for preset, answers in PRESETS.items():
        for question, answer in answers.items():
            assert f"`{question}: {answer}`" in rows[preset]


def test_every_answer_is_on_the_page() -> None:
    page = PAGE.read_text()

    for question, answers in QUESTIONS.items():
        assert f"| `{question}` |" in page
        assert all(f"`{answer}`" in page for answer in answers)


@pytest.mark.parametrize(
    ("preset", "answers", "field"),
    [
        ("acme", {}, "preset"),
        ("fiel", {"colour": "red"}, "colour"),
        ("fiel", {"rounding": "up"}, "rounding"),
        ("fiel", {"line_cap": "101"}, "line_cap"),
        ("fiel", {"sale_cap": "half"}, "sale_cap"),
    ],
)
def test_unknown_presets_and_answers_are_refused(preset: str, answers: dict[str, str], field: str) -> None:
    with pytest.raises(PolicyError) as caught:
        build_policy(preset, **answers)

    assert caught.value.field == field
    assert "%" not in str(caught.value)


def test_an_answer_wins_over_that_of_the_preset() -> None:
    assert build_policy("oscar", rounding="half_up").rounding == "half_up"
    assert build_policy("oscar", rounding="half_up").odd_cent == "last_line"
