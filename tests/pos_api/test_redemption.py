"""Value in baskets and simulations over HTTP: what is asked for, what is answered, what is refused."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from loyalty.models import LevelGift, PointsProgram, ProgramLevel, StampPlan
from pos_api.baskets import EVALUATE_DECODER, redeem_request
from tests.builders import build_product, build_user
from tests.pos_api.till import Till, basket, line

AT = "2026-11-22T10:00:00-03:00"
N08 = {"cashback": [{"amount": "30.00", "max_percent": "10", "remainder": "kept"}]}


@pytest.fixture
def manager(client: Client, db: None) -> Client:
    client.force_login(build_user(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def document(redeem: Any, **fields: Any) -> dict[str, Any]:
    return {"basket": {"lines": [line()], "redeem": redeem}, "at": AT} | fields


def simulate(client: Client, body: Any, language: str = "en") -> Any:
    return client.post(
        "/api/v1/simulations/",
        json.dumps(body),
        content_type="application/json",
        headers={"Accept-Language": language},
    )


class TestSimulations:
    def test_n08_redeems_ten_and_leaves_twenty(self, manager: Client) -> None:
        body = simulate(manager, document({"cashback": "max"}, shopper={"balances": N08})).json()

        assert body["redeemed"] == [{"kind": "cashback", "amount": "10.00", "balance_after": "20.00"}]
        assert body["totals"] == {
            "gross": "100.00",
            "markdown": "0.00",
            "exchange": "0.00",
            "discount": "0.00",
            "redeemed": "10.00",
            "net": "90.00",
        }
        assert "not_redeemed" not in body

    def test_says_in_words_what_was_cut(self, manager: Client) -> None:
        body = simulate(manager, document({"cashback": "20.00"}, shopper={"balances": N08})).json()

        assert body["not_redeemed"] == [
            {
                "kind": "cashback",
                "path": "redeem.cashback",
                "reason": "max_percent",
                "required": "10.00",
                "actual": "20.00",
                "text": "At most R$\xa010.00 can be used in this sale.",
            }
        ]

    def test_lets_an_anonymous_shopper_hold_stored_values(self, manager: Client) -> None:
        held = {"stored_values": [{"code": "GC", "kind": "gift_card", "balance": "150.00"}]}

        body = simulate(
            manager, document({"stored_values": [{"code": "gc"}]}, shopper=None, balances=held)
        ).json()

        assert body["totals"]["net"] == "0.00"
        assert body["redeemed"][0]["forfeited"] == "50.00"

    def test_live_programs_take_part(self, manager: Client) -> None:
        program = PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=10, point_value="0.50"
        )
        level = ProgramLevel.objects.create(program=program, number=1, points=10)
        LevelGift.objects.create(level=level, product=build_product(sku="CANECA"))
        StampPlan.objects.create(code="frete", name="Frete", orders=3, reward="delivery", reward_percent=50)
        asked = {"points": {"pontos": "max"}, "rewards": [{"program": "pontos", "sku": "CANECA"}]}
        held = {"points": {"pontos": 30}, "stamps": {"frete": 1}}

        body = simulate(manager, document(asked, live=True, shopper={"balances": held})).json()

        assert body.get("errors", []) == []
        assert [row["amount"] for row in body["redeemed"]] == ["0.00", "10.00"]
        assert body["earned"]["points"] == [{"program": "pontos", "points": 10}]
        assert body["earned"]["stamps"] == [{"plan": "frete", "stamps": 1}]

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"cashback": "-1.00"}, "basket.redeem.cashback"),
            ({"cashback": "MAX"}, "basket.redeem.cashback"),
            ({"cashback": True}, "basket.redeem.cashback"),
            ({"cashback": ["max"]}, "basket.redeem.cashback"),
            ({"cashback": "1.005"}, "basket.redeem.cashback"),
            ({"points": {"nenhum": 1}}, "basket.redeem.points.nenhum"),
            ({"points": {"pontos": "NaN"}}, "basket.redeem.points.pontos"),
            ({"points": {"pontos": -1}}, "basket.redeem.points.pontos"),
            ({"points": [1]}, "basket.redeem.points"),
            ({"stored_values": {"code": "GC"}}, "basket.redeem.stored_values"),
            ({"stored_values": [{"amount": "1.00"}]}, "basket.redeem.stored_values[0].code"),
            ({"stored_values": [{"code": 7}]}, "basket.redeem.stored_values[0].code"),
            ({"stored_values": [{"code": "A"}, {"code": " a "}]}, "basket.redeem.stored_values"),
            ({"stored_values": [{"code": "A", "amount": {}}]}, "basket.redeem.stored_values[0].amount"),
            ({"rewards": [{"sku": "MUG"}]}, "basket.redeem.rewards[0].program"),
            ({"rewards": [{"program": "nenhum"}]}, "basket.redeem.rewards[0].program"),
            ({"bitcoin": "1.00"}, "basket.redeem.bitcoin"),
            ("max", "basket.redeem"),
            ([], "basket.redeem"),
        ],
    )
    def test_names_what_cannot_be_asked_for(self, manager: Client, change: Any, path: str) -> None:
        answer = simulate(manager, document(change, programs=[{"code": "pontos"}], shopper={}))

        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == [path]

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"shopper": {"balances": []}}, "shopper.balances"),
            ({"shopper": {"balances": {"gold": 1}}}, "shopper.balances.gold"),
            ({"shopper": {"balances": {"cashback": [{}]}}}, "shopper.balances.cashback[0].amount"),
            (
                {"shopper": {"balances": {"cashback": [{"amount": "-3.00"}]}}},
                "shopper.balances.cashback[0].amount",
            ),
            (
                {"shopper": {"balances": {"cashback": [{"amount": "3.00", "max_percent": "101"}]}}},
                "shopper.balances.cashback[0].max_percent",
            ),
            ({"shopper": {"balances": {"points": {"pontos": "1.005"}}}}, "shopper.balances.points.pontos"),
            ({"shopper": {"balances": {"points": {"pontos": 10**15}}}}, "shopper.balances.points.pontos"),
            (
                {"shopper": {"balances": {"stored_values": [{"code": "A", "kind": "gold", "balance": 1}]}}},
                "shopper.balances.stored_values[0].kind",
            ),
            (
                {
                    "shopper": {
                        "balances": {"stored_values": [{"code": "A", "kind": "voucher", "balance": 1}] * 2}
                    }
                },
                "shopper.balances.stored_values",
            ),
            ({"shopper": None, "balances": N08}, "balances.cashback"),
            ({"shopper": {"balances": N08}, "balances": N08}, "balances"),
            ({"programs": [{"code": "p", "redeem_step": 0}]}, "programs[0].redeem_step"),
            ({"programs": [{"code": "p", "redeem_step": "0.005"}]}, "programs[0].redeem_step"),
            ({"programs": [{"code": "p", "points": 1}]}, "programs[0].per_amount"),
            ({"programs": [{"code": "p", "per_amount": "10.00"}]}, "programs[0].points"),
            ({"programs": [{"code": "p"}, {"code": "p"}]}, "programs"),
            ({"programs": [{"code": "p", "levels": [{"points": 0}]}]}, "programs[0].levels[0].points"),
            (
                {"stamp_plans": [{"code": "s", "orders": 5, "reward": "product", "percent": "10"}]},
                "stamp_plans[0].product",
            ),
        ],
    )
    def test_names_what_cannot_be_held(self, manager: Client, fields: Any, path: str) -> None:
        answer = simulate(manager, document({"cashback": "max"}, **fields))

        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == [path]


class TestCommand:
    def test_answers_one_line_for_each_line(self, db: None, monkeypatch: Any) -> None:
        documents = [
            document({"cashback": "max"}, shopper={"balances": N08}),
            document({"cashback": -1}, shopper={}),
        ]
        given = "\n".join(map(json.dumps, documents)).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        out = io.StringIO()

        call_command("simulate", "-", stdout=out)

        first, second = map(json.loads, out.getvalue().splitlines())
        assert first["totals"]["redeemed"] == "10.00"
        assert second["status"] == 422
        assert [error["path"] for error in second["errors"]] == ["basket.redeem.cashback"]


class TestBaskets:
    def test_an_anonymous_customer_is_asked_to_be_identified(self, till: Till) -> None:
        body = till.evaluate(basket(redeem={"cashback": "max"})).json()

        assert body["totals"]["net"] == "100.00"
        assert [(row["path"], row["reason"]) for row in body["not_redeemed"]] == [
            ("redeem.cashback", "customer_required")
        ]

    def test_a_code_that_nobody_knows_is_not_usable(self, till: Till) -> None:
        body = till.evaluate(basket(redeem={"stored_values": [{"code": "gc-1"}]})).json()

        assert [(row["code"], row["reason"]) for row in body["not_redeemed"]] == [("GC-1", "not_usable")]

    def test_reads_max_and_numbers(self) -> None:
        asked = {
            "cashback": 12.5,
            "points": {"pontos": "max", "outro": "10"},
            "stored_values": [{"code": " gc-1 "}],
            "rewards": [{"program": "clube", "sku": "MUG"}],
        }
        request = redeem_request(EVALUATE_DECODER.decode(json.dumps(basket(redeem=asked)).encode()))

        assert request is not None
        assert request.cashback == 1250
        assert request.points == {"pontos": "max", "outro": 1000}
        assert [(stored.code, stored.amount) for stored in request.stored_values] == [("GC-1", "max")]
        assert [(reward.program, reward.sku) for reward in request.rewards] == [("clube", "MUG")]
