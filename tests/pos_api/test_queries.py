"""How many statements evaluating and recording take: the same for two lines and for five hundred."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import CampaignCategory
from loyalty.models import PointsProgram, StampPlan
from tests.builders import build_customer, build_product
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

CPF = "39053344705"


@contextmanager
def counted() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as captured:
        yield captured


def statements_of(queries: CaptureQueriesContext) -> list[str]:
    """Return what was asked, without the savepoints that stand for a transaction in a test."""
    return [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def lines(count: int) -> list[dict[str, Any]]:
    return [line(number, sku=f"SKU-{number % 50}") for number in range(1, count + 1)]


@pytest.fixture
def shop(till: Till) -> Till:
    """A store with products, campaigns of every sort that reads something, and a customer."""
    for number in range(50):
        build_product(sku=f"SKU-{number}")
    build_customer(document=CPF)
    publish("SIMPLES", exchange="gross")
    publish("COM-CODIGO", exchange="gross", conditions={"kind": "promo_code"})
    issue_code(campaign="COM-CODIGO", max_uses=None)
    till.evaluate(basket())  # verifies the key, compiles the plan
    return till


def limited() -> None:
    publish(
        "LIMITADA",
        exchange="gross",
        limits=[{"scope": "customer", "counts": "item", "max": 9999, "per": "week"}],
        budget="99999.00",
    )
    publish(
        "BRINDE",
        exchange="gross",
        benefits=[{"kind": "gift", "products": [{"sku": "SKU-1", "quantity": 1}], "choose": 1}],
    )


class TestEvaluate:
    @pytest.mark.parametrize("count", [1, 20, 500])
    def test_asks_once_for_an_anonymous_basket(self, shop: Till, count: int) -> None:
        with counted() as queries:
            assert shop.evaluate(basket(*lines(count))).status_code == 200

        assert len(queries) == 1

    @pytest.mark.parametrize("count", [1, 500])
    def test_asks_once_for_a_known_customer_with_a_code(self, shop: Till, count: int) -> None:
        document = basket(*lines(count), customer={"document": CPF}, promo_codes=["BEMVINDO"])
        with counted() as queries:
            assert shop.evaluate(document).json()["promo_codes"][0]["status"] == "applied"

        assert len(queries) == 1

    @pytest.mark.parametrize("count", [1, 500])
    def test_asks_once_where_candidates_have_limits_or_gifts(self, shop: Till, count: int) -> None:
        limited()
        document = basket(*lines(count), customer={"document": CPF}, promo_codes=["BEMVINDO"])
        shop.evaluate(document)

        with counted() as queries:
            assert shop.evaluate(document).json()["gifts"][0]["options"][0]["name"] != ""

        assert len(queries) == 1

    def test_asks_twice_where_too_many_are_limited_to_ask_for_all(
        self, shop: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pos_api.usage.MOST_FORESEEN", 0)
        limited()
        document = basket(*lines(20), customer={"document": CPF}, promo_codes=["BEMVINDO"])
        shop.evaluate(document)

        with counted() as queries:
            assert shop.evaluate(document).json()["gifts"][0]["options"][0]["name"] != ""

        assert len(queries) == 2

    def test_asks_again_when_a_plan_was_published_meanwhile(self, shop: Till) -> None:
        shop.evaluate(basket())
        publish("NOVA", limits=[{"scope": "total", "counts": "sale", "max": 1}], exchange="gross")
        till = shop
        assert till.sell(sale(total="80.00")).status_code == 201

        # The next one knows the counter, though the process had not foreseen it a moment ago.
        assert "limit_reached" in [
            entry["reason"] for entry in till.evaluate(basket()).json()["not_activated"]
        ]

    def test_works_where_the_database_refuses_every_write(self, shop: Till) -> None:
        limited()
        document = basket(*lines(3), customer={"document": CPF}, promo_codes=["BEMVINDO"])
        shop.evaluate(document)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")

        assert shop.evaluate(document).status_code == 200
        with pytest.raises(InternalError, match="read-only"):
            CampaignCategory.objects.create(code="x", name="x")


class TestRecord:
    @pytest.mark.parametrize("count", [2, 500])
    def test_takes_the_same_statements_for_any_number_of_lines(self, shop: Till, count: int) -> None:
        limited()
        document = basket(
            *lines(count),
            customer={"document": CPF},
            promo_codes=["BEMVINDO"],
            exchange=[{"sku": "VELHA", "quantity": "1", "unit_price": "1.00"}],
        )
        net = shop.evaluate(document).json()["totals"]["net"]
        whole = sale(total=net) | document | {"payments": [{"method": "pix", "amount": net}]}

        with counted() as queries:
            assert shop.sell(whole, Idempotency_Key=f"k-{count}").status_code == 201

        statements = statements_of(queries)
        assert len(statements) == 16, "\n".join(sql[:120] for sql in statements)

    def test_answers_a_replay_with_few(self, shop: Till) -> None:
        document = sale(total="90.00")
        shop.sell(document)

        with counted() as queries:
            assert shop.sell(document).status_code == 200

        statements = statements_of(queries)
        assert len(statements) == 3


class TestValue:
    """What value adds: nothing to evaluating, the same few statements to recording and returning."""

    @pytest.fixture
    def loyal(self, shop: Till) -> Till:
        """A customer with points and cashback, and campaigns that give more of both."""
        PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=10, point_value="0.10", redeem_step=1
        )
        StampPlan.objects.create(
            code="cartela", name="Cartela", orders=10, reward="delivery", reward_percent=100
        )
        publish("CB", benefits=[{"kind": "cashback", "percent": "5.00", "valid_days": 30}])
        limited()
        bought = lines(2)
        total = shop.evaluate(basket(*bought, customer={"document": CPF})).json()["totals"]["net"]
        shop.sell(sale(*bought, total=total, customer={"document": CPF}))
        return shop

    def asked(self, count: int) -> dict[str, Any]:
        return basket(
            *lines(count),
            customer={"document": CPF},
            promo_codes=["BEMVINDO"],
            redeem={"cashback": "max", "points": {"pontos": "max"}},
        )

    @pytest.mark.parametrize("count", [1, 500])
    def test_evaluates_with_one_query(self, loyal: Till, count: int) -> None:
        loyal.evaluate(self.asked(count))
        with counted() as queries:
            body = loyal.evaluate(self.asked(count)).json()

        assert {entry["kind"] for entry in body["redeemed"]} == {"points", "cashback"}
        assert len(queries) == 1

    @pytest.mark.parametrize("count", [1, 2, 500])
    def test_records_with_the_same_statements(self, loyal: Till, count: int) -> None:
        total = loyal.evaluate(self.asked(count)).json()["totals"]["net"]
        with counted() as queries:
            answer = loyal.sell(sale(total=total, **self.asked(count)))

        assert answer.status_code == 201
        assert len(statements_of(queries)) == 18

    @pytest.mark.parametrize("count", [1, 500])
    def test_returns_with_the_same_statements(self, loyal: Till, count: int) -> None:
        total = loyal.evaluate(self.asked(count)).json()["totals"]["net"]
        sold = loyal.sell(sale(total=total, **self.asked(count))).json()
        with counted() as queries:
            answer = loyal.give_back(sold["sale"], dict.fromkeys(range(1, count + 1), "1"))

        assert answer.status_code == 201
        assert len(statements_of(queries)) == 27
