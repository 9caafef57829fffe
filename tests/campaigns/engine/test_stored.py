"""Reading stored documents without asking again gives what reading them with every question gives."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from campaigns.engine.campaign import leaves
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.engine.fields import DocumentError
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.engine.stored import read_stored
from tests.campaigns.engine.generators import campaigns

CASES = Path(__file__).resolve().parents[1] / "cases"


def plain(value: Any) -> Any:
    """Return everything that an object is made of, types included."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        members = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"is": type(value).__name__, **members}
    return type(value).__name__, value


def case_documents() -> list[dict[str, Any]]:
    return [
        {"code": code, "name": code, "benefits": [], **fields}
        for path in sorted(CASES.glob("*.toml"))
        for code, fields in tomllib.loads(path.read_text()).get("campaigns", {}).items()
    ]


def written(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the form that is stored; None for a document that is refused."""
    try:
        return encode_campaign(decode_campaign(document))
    except DocumentError:
        return None


def assert_read_alike(document: dict[str, Any]) -> None:
    assert plain(read_stored(document, revision=7)) == plain(decode_campaign(document, revision=7))


class TestReadStored:
    def test_reads_every_kind_of_the_cases_alike(self) -> None:
        stored = [document for given in case_documents() if (document := written(given)) is not None]

        for document in stored:
            assert_read_alike(document)
        campaigns = [read_stored(document) for document in stored]
        assert {leaf.kind for campaign in campaigns for leaf in leaves(campaign.conditions)} == set(
            CONDITIONS
        )
        assert {benefit.kind for campaign in campaigns for benefit in campaign.benefits} == set(BENEFITS)

    @settings(max_examples=300)
    @given(campaigns("C"))
    def test_reads_any_campaign_alike(self, document: dict[str, Any]) -> None:
        stored = written(document)

        assert stored is not None
        assert_read_alike(stored)

    def test_reads_another_form_the_careful_way(self) -> None:
        document = {
            "code": "C",
            "name": "x",
            "benefits": [{"kind": "order_amount", "amount": 5}],
            "conditions": {"all": []},
        }

        assert_read_alike(document)

    @pytest.mark.parametrize("wrong", [{"benefits": 7}, {"unknown": 1}, {"starts_at": "soon"}])
    def test_names_the_faults_of_what_is_no_campaign(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(DocumentError):
            read_stored({"code": "C", "name": "x", "benefits": [], **wrong})
