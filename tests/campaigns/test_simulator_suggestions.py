"""What the simulator suggests for a campaign that does not activate: followed, it activates."""

from typing import Any

import pytest
from django.test import Client

from campaigns.explanations import REASONS
from campaigns.forms.simulator import packed
from campaigns.suggestions import _ATTRIBUTES, _CHANGES, WITHOUT_SUGGESTION
from tests import builders
from tests.campaigns.simulator_page import SHIRT, look


def changes(page: Client, campaign: Any, **scenario: Any) -> list[str]:
    """Follow the suggestions for a campaign until it activates; return what was changed."""
    scenario = {"lines": [SHIRT], "campaigns": [campaign.code]} | scenario
    address, said = f"/simulator/?s={packed(scenario)}", []
    for _attempt in range(6):
        result = page.get(address).context["result"]
        if any(entry["campaign"] == campaign.code for entry in result["activations"]):
            return said
        reasons = next(entry for entry in result["refusals"] if entry["campaign"] == campaign.code)["reasons"]
        change = next(reason["change"] for reason in reasons if reason["change"])
        said.append(change["text"])
        address = change["url"]
    raise AssertionError(said)


class TestSuggestions:
    def test_every_reason_has_one_or_says_that_there_is_none(self) -> None:
        known = {f"customer_{attribute}" for attribute in _ATTRIBUTES} | set(_CHANGES) | WITHOUT_SUGGESTION

        assert set(REASONS) == known

    @pytest.mark.parametrize(
        ("campaign", "change"),
        [
            ({"minimum_amount": "250.00"}, "Take 3 of CAMISA"),
            ({"minimum_quantity": "5"}, "Take 5 of CAMISA"),
            (
                {"benefits": [{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100"}]},
                "Take 3 of CAMISA",
            ),
            ({"benefits": [{"kind": "bundle_price", "take": 4, "price": "50.00"}]}, "Take 4 of CAMISA"),
            (
                {
                    "benefits": [
                        {
                            "kind": "buy_get",
                            "buy": {"selector": {"by": "sku", "values": ["CAMISA"]}, "quantity": 1},
                            "get": {"selector": {"by": "sku", "values": ["MEIA"]}, "quantity": 1},
                        }
                    ]
                },
                "Add MEIA",
            ),
            (
                {"benefits": [{"kind": "order_amount", "amount": "9.00", "every_amount": "300.00"}]},
                "Take 3 of CAMISA",
            ),
            ({"maximum_amount": "50.00", "minimum_quantity": None}, None),
            ({"conditions": {"kind": "payment", "methods": ["pix"]}}, "Pay with pix"),
            (
                {"conditions": {"kind": "payment", "methods": ["pix", "cash"], "match": "all"}},
                "Pay with pix, cash",
            ),
            ({"conditions": {"kind": "product", "by": "sku", "values": ["BOTA"]}}, "Add BOTA"),
            ({"conditions": {"kind": "promo_code"}}, "Enter the code FIEL-TEST"),
            ({"optional": True}, "Accept it"),
            ({"requires_consent": "promotions"}, "Identify a customer"),
            ({"operations": ["employee_sale"]}, "As a sale of the category Sale to an employee"),
            ({"starts_at": "2030-01-01T00:00:00-03:00"}, "Go to 1 Jan 2030, 00:00"),
            (
                {"starts_at": "2020-01-01T00:00:00-03:00", "ends_at": "2020-02-01T00:00:00-03:00"},
                "Go to 31 Jan 2020, 23:59",
            ),
            ({"schedule": {"from": "03:00", "until": "03:30"}}, "Go to"),
            ({"conditions": {"kind": "first_purchase"}}, "Identify a customer"),
            ({"conditions": {"kind": "purchase_number", "number": 5}}, "Identify a customer"),
            ({"conditions": {"kind": "birthday", "unit": "month"}}, "Identify a customer"),
            ({"optional": True, "conditions": {"kind": "agenda"}}, "Identify a customer"),
            (
                {
                    "optional": True,
                    "conditions": {"kind": "customer_field", "field": "email", "operator": "filled"},
                },
                "Type",
            ),
            *(
                (
                    {
                        "conditions": {
                            "kind": "customer",
                            "attribute": name,
                            "operator": operator,
                            "value": value,
                        }
                    },
                    "Identify",
                )
                for name, operator, value in (
                    ("age", "gte", 60),
                    ("sex", "eq", "f"),
                    ("groupings", "in", ["vip"]),
                    ("level", "between", [2, 3]),
                    ("loyalty_category", "eq", "ouro"),
                    ("turnover", "gte", "1000.00"),
                    ("visits", "lte", 3),
                    ("last_purchase_days", "gte", 30),
                    ("document", "eq", "39053344705"),
                )
            ),
        ],
    )
    def test_lead_to_a_purchase_in_which_it_activates(
        self, page: Client, campaign: Any, change: str | None
    ) -> None:
        stored = builders.build_campaign(
            **{name: value for name, value in campaign.items() if value is not None}
        )
        scenario = {} if change else {"lines": [SHIRT | {"unit_price": "20.00", "quantity": "4"}]}

        made = changes(page, stored, **scenario)

        assert made[0].startswith(change or "Take 2 of CAMISA")

    def test_sell_where_it_holds(self, page: Client) -> None:
        store = builders.build_store(code="0012", name="Paulista")
        builders.build_store_grouping(code="sul", stores=[store])

        assert changes(page, builders.build_campaign(stores=["0012"])) == ["Sell in Paulista"]
        assert changes(page, builders.build_campaign(stores=["grouping:sul"])) == ["Sell in Paulista"]

    def test_leave_exchanged_items_out_and_rivals_away(self, page: Client) -> None:
        exchanged = {"exchange": [{"sku": "X", "quantity": "1", "unit_price": "20.00"}]}
        builders.build_campaign(
            publish=True, exclusive=True, benefits=[{"kind": "item_percent", "percent": "50"}]
        )

        assert changes(page, builders.build_campaign(), **exchanged) == ["Leave the exchanged items out"]
        assert changes(page, builders.build_campaign(), live=True) == ["Try it alone"]

    def test_call_things_by_their_names(self, page: Client) -> None:
        builders.build_customer_grouping(code="vip", name="Clientes VIP")
        builders.build_category(code="casacos", name="Casacos")
        rules = [
            {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]},
            {"kind": "product", "by": "category", "values": ["casacos"]},
        ]
        campaign = builders.build_campaign(conditions={"all": rules})

        reasons = look(page, campaigns=[campaign.code], shopper={})["refusals"][0]["reasons"]
        said = " ".join(reason["text"] for reason in reasons)

        assert "Clientes VIP" in said
        assert "Casacos" in said
