"""Reading campaign documents: every fault with its path, defaults spelled out, one canonical form."""

from datetime import datetime
from typing import Any

import pytest

from campaigns.engine.associations import decode_association, encode_association
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.engine.fields import DocumentError
from campaigns.engine.markdowns import decode_markdown, encode_markdown
from campaigns.engine.simulation import simulate

NOW = datetime.fromisoformat("2026-11-22T10:00:00-03:00")
SMALLEST: dict[str, Any] = {"code": "C", "name": "A campaign", "benefits": []}


def faults(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(DocumentError) as caught:
        decode_campaign(document)
    assert all(error["message"] for error in caught.value.errors)
    return [(error["path"], error["code"]) for error in caught.value.errors]


class TestDefaults:
    def test_are_those_of_the_smallest_document(self) -> None:
        document = encode_campaign(decode_campaign(SMALLEST))

        assert document == {
            "code": "C",
            "name": "A campaign",
            "description": "",
            "category": "",
            "audience": "",
            "channels": [],
            "priority": 0,
            "starts_at": None,
            "ends_at": None,
            "schedule": None,
            "stores": [],
            "operations": [],
            "exclusive": False,
            "optional": False,
            "requires_consent": None,
            "exchange": "block",
            "conditions": None,
            "minimum_quantity": None,
            "minimum_amount": None,
            "maximum_amount": None,
            "threshold_basis": "original",
            "limits": [],
            "budget": None,
            "benefits": [],
            "skip_discounted": False,
            "stop_further": "none",
            "combinable_order_discount": True,
        }

    def test_of_kinds_are_spelled_out(self) -> None:
        benefits = [{"kind": "multibuy", "take": 3, "discounted": 1, "percent": 100}]

        document = encode_campaign(decode_campaign({**SMALLEST, "benefits": benefits}))

        assert document["benefits"] == [
            {
                "kind": "multibuy",
                "take": 3,
                "discounted": 1,
                "percent": "100.00",
                "amount": None,
                "pick": "lowest",
                "repeat": True,
                "partial": False,
                "consumes": False,
                "target": None,
            }
        ]

    def test_percentages_keep_four_decimals(self) -> None:
        benefits = [{"kind": "order_percent", "percent": "33.3333"}]

        document = encode_campaign(decode_campaign({**SMALLEST, "benefits": benefits}))

        assert document["benefits"][0]["percent"] == "33.3333"


class TestFaults:
    def test_are_all_named_at_once(self) -> None:
        document = {
            "code": "with space",
            "colour": "red",
            "priority": -1,
            "exchange": "maybe",
            "starts_at": "2026-06-01T00:00:00",
            "schedule": {"weekdays": [0, 8], "from": "25:00"},
            "minimum_amount": "10.001",
            "limits": [{"scope": "planet", "max": 0}],
            "conditions": {
                "all": [{"kind": "product", "by": "sku"}, {"any": []}, {"kind": "horoscope"}, {"both": []}]
            },
            "benefits": [{"kind": "item_percent", "percent": "100.01"}, {"percent": 1}, 7],
        }

        assert faults(document) == [
            ("colour", "unknown_field"),
            ("code", "invalid_code"),
            ("name", "required"),
            ("priority", "too_small"),
            ("starts_at", "invalid_instant"),
            ("schedule.weekdays.0", "too_small"),
            ("schedule.weekdays.1", "too_large"),
            ("schedule.from", "invalid_time"),
            ("exchange", "invalid_choice"),
            ("conditions.all.0.values", "too_few"),
            ("conditions.all.1.any", "too_few"),
            ("conditions.all.2.kind", "unknown_kind"),
            ("conditions.all.3", "invalid_node"),
            ("minimum_amount", "invalid_amount"),
            ("limits.0.scope", "invalid_choice"),
            ("limits.0.max", "too_small"),
            ("benefits.0.percent", "too_large"),
            ("benefits.1.kind", "required"),
            ("benefits.2", "invalid_type"),
        ]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                {"ends_at": "2026-01-01T00:00:00Z", "starts_at": "2026-01-01T00:00:00Z"},
                ("ends_at", "empty_period"),
            ),
            ({"minimum_amount": "10", "maximum_amount": "9.99"}, ("maximum_amount", "empty_range")),
            ({"conditions": {"kind": "agenda"}}, ("conditions", "optional_only")),
            ({"schedule": {"from": "10:00", "until": "10:00"}}, ("schedule.until", "empty_period")),
            ({"name": "  "}, ("name", "blank")),
            ({"name": "a\x00b"}, ("name", "invalid_text")),
            ({"name": "a\ud800b"}, ("name", "invalid_text")),
            ({"exclusive": 1}, ("exclusive", "invalid_type")),
            ({"priority": True}, ("priority", "invalid_type")),
            ({"name": None}, ("name", "null")),
            ({"stores": ["1", "1"]}, ("stores", "repeated")),
            ({"budget": float("nan")}, ("budget", "invalid_amount")),
        ],
    )
    def test_between_fields_and_of_values(self, change: dict[str, Any], expected: tuple[str, str]) -> None:
        assert faults({**SMALLEST, **change}) == [expected]

    @pytest.mark.parametrize(
        ("benefit", "expected"),
        [
            ({"kind": "multibuy", "take": 2, "discounted": 3, "percent": 1}, "discounted"),
            ({"kind": "multibuy", "take": 2, "discounted": 1}, "percent"),
            ({"kind": "multibuy", "take": 2, "discounted": 1, "percent": 1, "amount": 1}, "percent"),
            ({"kind": "cashback"}, "percent"),
            ({"kind": "points", "program": "p"}, "fixed"),
            ({"kind": "voucher"}, "percent"),
            ({"kind": "progressive", "tiers": []}, "tiers"),
            ({"kind": "progressive", "tiers": [{"from": 1}]}, "tiers.0.percent"),
            ({"kind": "gift", "products": [{"sku": "A"}, {"sku": "A"}]}, "products"),
            (
                {"kind": "order_percent", "percent": 1, "target": {"by": "all", "values": ["A"]}},
                "target.values",
            ),
        ],
    )
    def test_of_benefits(self, benefit: dict[str, Any], expected: str) -> None:
        assert [path for path, _ in faults({**SMALLEST, "benefits": [benefit]})] == [f"benefits.0.{expected}"]

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ({"attribute": "sex", "operator": "gte", "value": "f"}, "operator"),
            ({"attribute": "age", "operator": "between", "value": [1]}, "value"),
            ({"attribute": "age", "operator": "between", "value": [9, 1]}, "value"),
            ({"attribute": "age", "operator": "in", "value": 3}, "value"),
            ({"attribute": "age", "operator": "gte", "value": "old"}, "value"),
            ({"attribute": "turnover", "operator": "gte", "value": "1.001"}, "value"),
        ],
    )
    def test_of_customer_conditions(self, condition: dict[str, Any], expected: str) -> None:
        document = {**SMALLEST, "conditions": {"kind": "customer", **condition}}

        assert [path for path, _ in faults(document)] == [f"conditions.{expected}"]

    @pytest.mark.parametrize("document", [None, [], "x", 7])
    def test_of_what_is_no_document(self, document: Any) -> None:
        assert faults(document) == [("", "invalid_type")]

    def test_between_fields_are_named_beside_what_cannot_be_read(self) -> None:
        period = {"starts_at": "2026-12-02T00:00:00-03:00", "ends_at": "2026-12-01T00:00:00-03:00"}
        amounts = {"minimum_amount": "20.00", "maximum_amount": "10.00"}

        assert faults(period | amounts | {"name": "A campaign", "priority": "x"}) == [
            ("code", "required"),
            ("priority", "invalid_type"),
            ("benefits", "required"),
            ("ends_at", "empty_period"),
            ("maximum_amount", "empty_range"),
        ]

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("9999-12-31T23:59:00-03:00", "out_of_range"),
            ("9001-01-01T00:00:00Z", "out_of_range"),
            ("0001-01-01T00:00:00+14:00", "out_of_range"),
            ("2026-02-30T00:00:00-03:00", "invalid_instant"),
            ("9999-12-31", "invalid_instant"),
            ("tomorrow", "invalid_instant"),
        ],
    )
    def test_of_moments_tell_those_too_far_away_from_those_that_are_none(self, value: str, code: str) -> None:
        assert faults(SMALLEST | {"starts_at": value}) == [("starts_at", code)]

    def test_of_amounts_say_how_much_they_may_be(self) -> None:
        assert faults(SMALLEST | {"budget": "99999999999999.00"}) == [("budget", "too_large")]


class TestCompanions:
    def test_associations_are_written_as_they_are_read(self) -> None:
        document = {"code": "A", "criterion": "lowest", "campaigns": ["C1", "C2"]}

        written = encode_association(decode_association(document))

        assert written == {**document, "name": "", "compete_on": "basket"}
        assert encode_association(decode_association(written)) == written

    def test_markdowns_are_written_as_they_are_read(self) -> None:
        document = {"code": "M", "items": [{"value": "A", "price": "9.90"}, {"value": "B", "percent": "10"}]}

        written = encode_markdown(decode_markdown(document))

        assert written["items"] == [
            {"value": "A", "price": "9.90", "percent": None},
            {"value": "B", "price": None, "percent": "10.00"},
        ]
        assert encode_markdown(decode_markdown(written)) == written

    @pytest.mark.parametrize(
        ("items", "path"),
        [
            ([{"value": "A"}], "items.0.price"),
            ([{"value": "A", "price": 1}, {"value": "A", "price": 2}], "items"),
            ([], "items"),
        ],
    )
    def test_markdowns_name_their_faults(self, items: list[Any], path: str) -> None:
        with pytest.raises(DocumentError) as caught:
            decode_markdown({"code": "M", "items": items})

        assert [error["path"] for error in caught.value.errors] == [path]


class TestSimulation:
    def faults(self, document: Any) -> list[tuple[str, str]]:
        with pytest.raises(DocumentError) as caught:
            simulate(document, now=NOW)
        return [(error["path"], error["code"]) for error in caught.value.errors]

    def test_names_every_fault(self) -> None:
        document = {
            "colour": "red",
            "campaigns": [{"code": "C", "name": "x"}, SMALLEST, SMALLEST],
            "associations": [{"code": "A", "criterion": "luckiest", "campaigns": ["C"]}],
            "policy": {"preset": "fiel", "rounding": "sideways"},
            "live": "yes",
            "usage": {"C": {"total": -1}},
            "returns": [{"line": 1, "quantity": 0}],
            "store": {"timezone": "Mars/Olympus"},
            "shopper": {"age": "old"},
            "at": "yesterday",
            "basket": {
                "lines": [
                    {"line": 1, "quantity": -5, "unit_price": "1.00"},
                    {"line": 1, "quantity": "1", "unit_price": "-1.00", "price": 3},
                ],
                "redeem": {"cashback": "MAX", "points": {"pontos": 1}},
            },
        }

        assert self.faults(document) == [
            ("colour", "unknown_field"),
            ("campaigns.0.benefits", "required"),
            ("campaigns.2.code", "repeated"),
            ("associations.0.criterion", "invalid_choice"),
            ("policy.rounding", "invalid_choice"),
            ("live", "invalid_type"),
            ("usage.C.total", "too_small"),
            ("returns.0.quantity", "invalid_quantity"),
            ("store.timezone", "invalid_choice"),
            ("basket.lines.0.quantity", "invalid_quantity"),
            ("basket.lines.1.price", "unknown_field"),
            ("basket.lines.1.unit_price", "too_small"),
            ("shopper.age", "invalid_type"),
            ("basket.redeem.cashback", "invalid_amount"),
            ("basket.redeem.points.pontos", "unknown"),
            ("at", "invalid_instant"),
        ]

    @pytest.mark.parametrize(
        ("basket", "expected"),
        [
            ({"lines": []}, ("basket.lines", "too_few")),
            ({"lines": [{"line": 2, "quantity": 1, "unit_price": 1}] * 2}, ("basket.lines", "repeated")),
            ({"lines": [{"quantity": 1, "unit_price": 1}] * 2001}, ("basket.lines", "too_many")),
            (
                {"lines": [{"quantity": 99_999, "unit_price": "999999999.99"}]},
                ("basket.lines", "too_large"),
            ),
        ],
    )
    def test_of_baskets(self, basket: dict[str, Any], expected: tuple[str, str]) -> None:
        assert self.faults({"campaigns": [], "basket": basket}) == [expected]

    def test_refuses_a_gift_off_the_list(self) -> None:
        campaign = {**SMALLEST, "benefits": [{"kind": "gift", "products": [{"sku": "BOTTON"}]}]}
        lines = [{"quantity": 1, "unit_price": 1}]

        def answer(*skus: str) -> list[tuple[str, str]]:
            gifts = [{"campaign": "C", "sku": sku} for sku in skus]
            return self.faults({"campaigns": [campaign], "basket": {"lines": lines, "gifts": gifts}})

        assert answer("CANECA") == [("basket.gifts.0.sku", "not_offered")]
        assert answer("BOTTON", "BOTTON") == [("basket.gifts.1.sku", "too_many")]

    def test_refuses_returns_of_what_was_not_sold(self) -> None:
        document = {
            "campaigns": [],
            "basket": {"lines": [{"line": 1, "quantity": 1, "unit_price": 1}]},
            "returns": [{"line": 1, "quantity": 2}, {"line": 9, "quantity": 1}],
        }

        assert self.faults(document) == [
            ("returns.0.quantity", "too_large"),
            ("returns.1.line", "unknown_line"),
        ]

    def test_at_wins_over_occurred_at(self) -> None:
        campaign = {**SMALLEST, "ends_at": "2026-01-01T00:00:00Z"}
        document = {
            "campaigns": [campaign],
            "basket": {"occurred_at": "2026-06-01T00:00:00Z", "lines": [{"quantity": 1, "unit_price": 1}]},
        }

        assert simulate(document, now=NOW)["not_activated"][0]["reason"] == "ended"
        assert simulate({**document, "at": "2025-06-01T00:00:00Z"}, now=NOW)["not_activated"] == []
