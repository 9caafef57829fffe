"""What a manager is warned of before an association or a markdown goes live."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from campaigns.services.campaigns import pause_campaign
from campaigns.services.document_cautions import association_cautions, markdown_cautions
from tests import builders
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db

LATER = "2030-01-01T00:00:00-03:00"
PAST = {"starts_at": "2020-01-01T00:00:00-03:00", "ends_at": "2020-02-01T00:00:00-03:00"}


def of_markdown(**document: Any) -> dict[str, str]:
    markdown = builders.build_markdown(**document)
    return {caution.code: caution.text for caution in markdown_cautions(markdown, at=builders.NOON)}


class TestMarkdown:
    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ({}, "no_end"),
            (PAST, "ended"),
            ({"stores": ["0001", "9999"]}, "unknown_stores"),
            ({"stores": ["grouping:nada"]}, "unknown_stores"),
            ({"items": []}, "no_products"),
            ({"items": [{"value": "CASACO", "percent": "100"}]}, "free"),
            ({"items": [{"value": "CASACO", "price": "0.00"}]}, "free"),
            ({"items": [{"value": "NADA", "price": "9.90"}]}, "unknown_products"),
            ({"by": "code", "items": [{"value": "CASACO", "price": "9.90"}]}, "unknown_products"),
        ],
    )
    def test_is_to_be_looked_at_twice(self, document: Any, code: str) -> None:
        builders.build_product(sku="CASACO", code="C-1")
        builders.build_store(code="0001")

        assert code in of_markdown(**document)

    def test_names_what_does_not_exist_and_nothing_else(self) -> None:
        builders.build_product(sku="CASACO", code="C-1")
        builders.build_store_grouping(code="sul", stores=[builders.build_store(code="0001")])
        items = [{"value": value, "price": "9.90"} for value in ("C-1", "CASACO", "NADA", "NENHUM")]

        said = of_markdown(
            by="all", items=items, stores=["0001", "grouping:sul", "9999", "grouping:norte"], ends_at=LATER
        )

        assert said == {
            "unknown_stores": "There is no store or grouping of stores 9999, grouping:norte.",
            "unknown_products": "The catalogue does not know NADA, NENHUM; a price acts once such a product is sold.",
        }

    def test_names_no_more_products_than_anybody_reads(self) -> None:
        items = [{"value": f"P{number:02}", "price": "9.90"} for number in range(12)]

        text = of_markdown(items=items)["unknown_products"]

        assert "P07 and others" in text
        assert "P08" not in text

    def test_without_doubts_has_none(self) -> None:
        builders.build_product(sku="CASACO")
        items = [{"value": "CASACO", "price": "9.90"}]

        assert of_markdown(items=items, ends_at=LATER) == {}


class TestAssociation:
    def test_says_which_campaigns_do_not_compete(self) -> None:
        at = builders.NOON
        builders.build_campaign(code="VIVA", publish=True)
        builders.build_campaign(code="FUTURA", publish=True, starts_at=LATER)
        builders.build_campaign(code="RASCUNHO", name="Rascunho")
        builders.build_campaign(code="PARADA", name="Parada", publish=True)
        pause_campaign(code="PARADA", user=None, at=at)
        ends = (at + timedelta(hours=1)).isoformat()
        builders.build_campaign(code="FINDA", name="Finda", publish=True, ends_at=ends)
        codes = ["VIVA", "FUTURA", "RASCUNHO", "PARADA", "FINDA"]
        association = builders.build_association(campaigns=codes)

        found = association_cautions(association, at=at + timedelta(days=1))

        assert [(caution.code, caution.campaign, caution.text) for caution in found] == [
            (
                "does_not_compete",
                "RASCUNHO",
                "Rascunho is a draft: it does not compete until it is published.",
            ),
            ("does_not_compete", "PARADA", "Parada is paused: it does not compete until it is resumed."),
            ("does_not_compete", "FINDA", "Finda has ended: it does not compete any more."),
        ]


@pytest.fixture
def page() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(builders.build_user(is_superuser=True))
    return client


class TestPages:
    @pytest.mark.parametrize("address", ["", "publish/"])
    def test_of_a_markdown_say_it_where_it_is_read_and_published(self, page: Client, address: str) -> None:
        markdown = builders.build_markdown(items=[], stores=["9999"], **PAST)

        content = page.get(f"/markdown/{markdown.code}/{address}").content.decode()

        assert "Its end is in the past: it will not activate." in content
        assert "There is no store or grouping of stores 9999." in content
        assert "It has no products yet" in content

    @pytest.mark.parametrize("address", ["", "publish/"])
    def test_of_an_association_say_it_where_it_is_read_and_published(
        self, page: Client, address: str
    ) -> None:
        builders.build_campaign(code="A", name="Alfa")
        association = builders.build_association(campaigns=["A", builders.build_campaign().code])

        content = page.get(f"/association/{association.code}/{address}").content.decode()

        assert "Alfa is a draft: it does not compete until it is published." in content


class TestApi:
    def test_answers_what_is_saved_and_published_with_warnings(self) -> None:
        actions = ("view", "add", "change", "publish")
        kinds = ("markdown", "association")
        manager = Manager.sign_in(*(f"campaigns.{action}_{kind}" for action in actions for kind in kinds))
        for code in ("A", "B"):
            builders.build_campaign(code=code)
        markdown = {"code": "X", "items": [{"value": "NADA", "price": "9.90"}], "ends_at": LATER}
        association = {"code": "X", "criterion": "highest", "campaigns": ["A", "B"]}

        for kind, document, warning in (
            ("markdowns", markdown, ("unknown_products", None)),
            ("associations", association, ("does_not_compete", "A")),
        ):
            answers = [
                manager.send("POST", f"{kind}/", document),
                manager.send("PUT", f"{kind}/X/", document),
                manager.send("POST", f"{kind}/X/publish/"),
            ]
            for response in answers:
                first = response.json()["warnings"][0]
                assert (first["code"], first.get("campaign")) == warning, response.content
            # What was answered can be sent back; reading warns of nothing.
            assert manager.send("PUT", f"{kind}/X/", answers[-1].json()).status_code == 200
            assert "warnings" not in manager.send("GET", f"{kind}/X/").json()
