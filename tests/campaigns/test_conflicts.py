"""The conflict check: which live campaigns a document meets, and the worst that they do together."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from campaigns.engine.campaign import Schedule
from campaigns.engine.document import decode_campaign
from campaigns.engine.overlap import open_minutes
from campaigns.services import conflicts
from campaigns.services.conflicts import Check, check_campaign
from tests import builders
from tests.builders import NOON


def check(**document: Any) -> Check:
    """Check a document: 20% off everything, unless told otherwise."""
    whole = {
        "code": "NOVA",
        "name": "Nova",
        "benefits": [{"kind": "item_percent", "percent": "20"}],
    } | document
    with translation.override("en"):
        return check_campaign(decode_campaign(whole), at=NOON)


def codes(found: Check) -> set[str]:
    return {caution.code for caution in found.cautions}


def live(name: str, **document: Any) -> str:
    return builders.build_campaign(name=name, code=name.upper(), publish=True, **document).code


def by(selector: str, *values: str) -> dict[str, Any]:
    return {"conditions": {"kind": "product", "by": selector, "values": list(values)}}


@pytest.fixture
def coat(db: None) -> Any:
    clothes = builders.build_category(code="roupas")
    coats = builders.build_category(code="casacos", parent=clothes)
    coat = builders.build_product(sku="CASACO", code="P1", ncm="62019300", category=coats, price="100.00")
    builders.build_product_grouping(code="inverno", products=[coat])
    return coat


class TestSharing:
    @pytest.mark.parametrize(
        "theirs",
        [
            {},
            by("sku", "CASACO"),
            by("code", "P1"),
            by("ncm", "62019300"),
            by("category", "casacos"),
            by("category", "roupas"),
            by("grouping", "inverno"),
            {"conditions": {"kind": "product", "by": "sku", "values": ["OUTRO"], "exclude": True}},
        ],
    )
    @pytest.mark.parametrize(
        "mine", [{}, by("sku", "CASACO"), by("category", "roupas"), by("grouping", "inverno")]
    )
    def test_finds_whoever_discounts_the_same_product(self, coat: Any, mine: Any, theirs: Any) -> None:
        live("Viva", **theirs)

        found = check(**mine).conflicts

        assert [(conflict.campaign, conflict.relation, conflict.percent) for conflict in found] == [
            ("VIVA", "adds", Decimal("30.0"))
        ]
        assert found[0].products == (("CASACO", coat.name),)

    @pytest.mark.parametrize(
        ("mine", "theirs"),
        [
            (by("category", "casacos"), by("sku", "BOLSA")),
            (by("grouping", "inverno"), by("category", "bolsas")),
            ({"starts_at": "2026-12-01T00:00:00-03:00"}, {"ends_at": "2026-12-01T00:00:00-03:00"}),
            ({"schedule": {"weekdays": [1, 2]}}, {"schedule": {"weekdays": [6, 7]}}),
            (
                {"schedule": {"from": "08:00", "until": "12:00"}},
                {"schedule": {"from": "12:00", "until": "18:00"}},
            ),
            ({"stores": ["0001"]}, {"stores": ["0002"]}),
            ({"stores": ["grouping:sul"]}, {"stores": ["0001"]}),
            ({"operations": ["sale"]}, {"operations": ["employee_sale"]}),
            ({}, {"benefits": [{"kind": "cashback", "percent": "5"}]}),
        ],
    )
    def test_leaves_out_whoever_it_never_meets(self, coat: Any, mine: Any, theirs: Any) -> None:
        builders.build_product(sku="BOLSA", category=builders.build_category(code="bolsas"))
        stores = [builders.build_store(code=code) for code in ("0001", "0002")]
        builders.build_store_grouping(code="sul", stores=stores[1:])
        live("Viva", **theirs)

        assert check(**mine).conflicts == ()

    def test_leaves_out_what_is_not_live_and_itself(self, coat: Any) -> None:
        builders.build_campaign(code="RASCUNHO")
        live("Nova")

        assert check().conflicts == ()

    def test_counts_what_is_scheduled(self, coat: Any) -> None:
        live("Futura", starts_at="2026-12-01T00:00:00-03:00")

        conflict = check().conflicts[0]

        assert conflict.starts_at == datetime.fromisoformat("2026-12-01T00:00:00-03:00")
        assert conflict.percent == 30

    def test_knows_where_and_when_both_hold(self, coat: Any) -> None:
        store = builders.build_store(code="0002")
        builders.build_store_grouping(code="sul", stores=[store])
        live("Viva", stores=["grouping:sul"], schedule={"weekdays": [7], "from": "22:00", "until": "02:00"})

        found = check(stores=["0002"], schedule={"weekdays": [1]})

        assert found.conflicts[0].percent == 30
        assert found.worst is not None
        assert found.worst.scenario["at"].startswith("2026-11-23T00:00")


class TestWorst:
    def test_meets_what_both_ask_for(self, coat: Any) -> None:
        customer = {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]}
        live(
            "Vip",
            minimum_amount="250.00",
            conditions={"all": [customer, {"kind": "payment", "methods": ["pix"]}]},
        )
        live("Codigo", conditions={"kind": "promo_code"}, minimum_quantity="2")

        found = check(requires_consent="promotions", optional=True)

        assert {conflict.campaign: conflict.percent for conflict in found.conflicts} == {
            "VIP": 30,
            "CODIGO": 30,
        }
        assert found.worst is not None
        assert found.worst.lines[0][1] == coat.name

    def test_says_who_is_given_alone(self, coat: Any) -> None:
        live("Forte", exclusive=True, benefits=[{"kind": "item_percent", "percent": "50"}])
        strong = [{"kind": "item_percent", "percent": "60"}]

        assert check().conflicts[0].relation == "wins"
        assert check(benefits=strong, exclusive=True).conflicts[0].relation == "yields"

    def test_sees_what_an_amount_does_to_the_cheapest_product(self, coat: Any) -> None:
        builders.build_product(sku="MEIA", price="12.00")

        found = check(benefits=[{"kind": "item_amount", "amount": "15.00"}])

        assert found.worst is not None
        assert (found.worst.percent, found.worst.net) == (100, 0)
        assert "large_discount" in codes(found)

    def test_counts_everything_else_that_is_live(self, coat: Any) -> None:
        for name in ("Um", "Dois", "Tres"):
            live(name, benefits=[{"kind": "item_percent", "percent": "30"}])

        found = check()

        assert found.worst is not None
        assert {code for code, _name, _discount in found.worst.campaigns} == {"UM", "DOIS", "TRES", "NOVA"}
        assert found.worst.percent == 100


class TestMany:
    def test_are_asked_no_more_than_a_page_can_wait_for(
        self, coat: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(5):
            live(f"Viva{number}")
        monkeypatch.setattr(conflicts, "MOST_ASKED", 2)

        found = check()

        assert len(found.conflicts) == 2
        assert found.others == 3


class TestCautions:
    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ({}, "no_end"),
            ({}, "no_limit"),
            ({}, "no_rules"),
            ({"ends_at": "2020-01-01T00:00:00-03:00"}, "ended"),
            ({"benefits": []}, "no_benefit"),
            ({"benefits": [{"kind": "order_percent", "percent": "100"}]}, "free"),
            ({"benefits": [{"kind": "order_percent", "percent": "60"}]}, "large_discount"),
            ({"benefits": [{"kind": "gift", "products": [{"sku": "NADA"}]}]}, "unknown_gift"),
            ({"benefits": [{"kind": "points", "program": "nada", "fixed": "5"}]}, "unknown_program"),
            (by("category", "nada"), "unknown_products"),
            ({"stores": ["9999"]}, "unknown_stores"),
            ({"stores": ["grouping:nada"]}, "unknown_stores"),
            ({"minimum_amount": "10.00", "maximum_amount": "20.00"}, "never_activates"),
            ({"exclusive": True}, "silences"),
            (
                {
                    "optional": True,
                    "conditions": {"kind": "customer_field", "field": "name", "operator": "filled"},
                },
                "typed_data",
            ),
        ],
    )
    def test_point_out_what_to_look_at_twice(self, coat: Any, document: Any, code: str) -> None:
        live("Viva")

        assert code in codes(check(**document))

    def test_tell_programs_apart_that_give_no_points(self, coat: Any) -> None:
        for code, is_active in (("pontos", True), ("antigo", False)):
            builders.build_program(code=code, is_active=is_active)

        def said(program: str) -> list[str]:
            found = check(benefits=[{"kind": "points", "program": program, "multiplier": "2"}])
            return [caution.text for caution in found.cautions if caution.code == "unknown_program"]

        assert said("pontos") == []
        assert said("antigo") == ["The points program antigo is not in use: nobody earns its points."]
        assert said("potnos") == ["There is no points program potnos."]

    def test_know_what_customers_buy(self, coat: Any) -> None:
        terminal = builders.build_terminal()
        for _sale in range(100):
            builders.build_sale(terminal=terminal, lines=[{"unit_price": Decimal("80.00")}])

        builders.build_sale(terminal=terminal, is_test=True, lines=[{"unit_price": Decimal("500.00")}])

        assert "unreached" in codes(check(minimum_amount="80.01"))
        assert "unreached" not in codes(check(minimum_amount="80.00"))

    def test_are_few_for_a_careful_campaign(self, coat: Any) -> None:
        found = check(
            ends_at=(NOON + timedelta(days=9)).isoformat(),
            limits=[{"scope": "customer", "counts": "sale", "max": 1}],
            **by("category", "casacos"),
        )

        assert found.cautions == ()

    def test_are_found_without_writing(self, coat: Any) -> None:
        live("Viva")

        with CaptureQueriesContext(connection) as queries:
            check()

        assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


class TestHours:
    @pytest.mark.parametrize("day", range(1, 8))
    @pytest.mark.parametrize(
        ("opens", "closes"), [("08:00", "12:30"), ("22:00", "02:00"), (None, "06:00"), ("20:00", None)]
    )
    def test_are_the_minutes_at_which_a_schedule_is_open(self, day: int, opens: Any, closes: Any) -> None:
        document = {
            "code": "C",
            "name": "C",
            "benefits": [],
            "schedule": {"weekdays": [day], "from": opens, "until": closes},
        }
        schedule = decode_campaign(document).schedule
        assert isinstance(schedule, Schedule)
        monday = datetime(2024, 1, 1)

        minutes = open_minutes(schedule)

        for minute in range(0, 7 * 1440, 15):
            assert bool(minutes >> minute & 1) == schedule.is_open(monday + timedelta(minutes=minute)), minute
