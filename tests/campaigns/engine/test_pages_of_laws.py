"""The pages that say where laws and known failures are tested: what they name exists."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "algorithms"


def rows(page: str) -> list[tuple[str, list[str]]]:
    """Return of each row of the page's table its id and the places that it names in its last column."""
    found = []
    for row in (PAGES / page).read_text().splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("| ") and cells[0] != "id":
            found.append((cells[0], re.findall(r"`([^`]+\.(?:py|toml)[^`]*)`", cells[-1])))
    return found


def place_of(name: str) -> tuple[Path, str]:
    path, _, inside = name.partition("::")
    if path.startswith("cases/"):
        return ROOT / "tests" / "campaigns" / path, inside
    return (ROOT / path if "/" in path else Path(__file__).parent / path), inside


@pytest.mark.parametrize("page", ["known-failures.md", "laws.md"])
def test_everything_that_a_row_names_exists(page: str) -> None:
    for row, places in rows(page):
        for name in places:
            path, inside = place_of(name)
            assert path.is_file(), name
            assert f"def {inside}(" in path.read_text() if inside else True, name
            if name.startswith("cases/"):
                names = [case["name"] for case in tomllib.loads(path.read_text())["case"]]
                assert any(row in case for case in names), (row, name)


def test_every_failure_and_every_law_has_a_row() -> None:
    assert [row for row, _ in rows("known-failures.md")] == [f"C{number:02d}" for number in range(1, 35)]
    assert [row for row, _ in rows("laws.md")][:21] == [f"E{number}" for number in range(1, 22)]


def test_every_row_has_a_test() -> None:
    untested = {row for page in ("known-failures.md", "laws.md") for row, places in rows(page) if not places}

    assert untested == set()
