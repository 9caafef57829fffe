"""The OpenAPI document: whole, committed, and true."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from pos_api import examples
from pos_api.baskets import EVALUATE_DECODER, SALE_DECODER
from pos_api.evaluation_answers import EvaluationAnswer
from pos_api.sale_answers import CancelledAnswer, SaleAnswer, StoredSaleAnswer
from pos_api.terminal_answers import TerminalAnswer
from tests.builders import build_product, build_user
from tests.pos_api.till import Till, basket, line, publish, sale

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


class TestDocument:
    def test_is_the_committed_one(self, tmp_path: Path) -> None:
        made = tmp_path / "openapi.yaml"
        call_command("spectacular", file=str(made))

        assert made.read_text() == SNAPSHOT.read_text(), (
            "The API changed. Look at the change, then: manage.py spectacular --file docs/openapi.yaml"
        )

    def test_is_valid_openapi(self, document: dict[str, Any]) -> None:
        validate_schema(json.loads(json.dumps(document, default=str)))
        assert document["openapi"].startswith("3.1")

    def test_names_each_operation_once(self, document: dict[str, Any]) -> None:
        ids = [operation["operationId"] for operation in operations(document)]

        assert len(ids) == len(set(ids)) > 40

    def test_refers_to_nothing_that_is_missing(self, document: dict[str, Any]) -> None:
        names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document, default=str)))

        assert names <= set(document["components"]["schemas"])

    def test_gives_every_body_an_example(self, document: dict[str, Any]) -> None:
        without = [
            operation["operationId"]
            for operation in operations(document)
            if "requestBody" in operation
            and "examples" not in next(iter(operation["requestBody"]["content"].values()))
        ]

        assert without == []

    def test_documents_the_problems_of_each_operation(self, document: dict[str, Any]) -> None:
        for operation in operations(document):
            assert {"400", "401", "403", "404", "405", "429", "500", "503"} <= set(operation["responses"])

    def test_is_served_with_a_page_that_needs_no_internet(self, client: Client) -> None:
        schema = client.get("/api/schema/?format=json")
        page = client.get("/api/docs/")
        script = client.get("/api/docs/?script=")

        assert schema.json()["openapi"].startswith("3.1")
        assert page.status_code == script.status_code == 200
        assert re.findall(r'(?:src|href)="(https?:)?//', page.content.decode()) == []
        assert b"<script>" not in page.content


class TestExamples:
    @pytest.mark.parametrize("name", list(examples.EVALUATE_EXAMPLES))
    def test_of_baskets_are_accepted(self, name: str) -> None:
        EVALUATE_DECODER.decode(json.dumps(examples.EVALUATE_EXAMPLES[name]).encode())

    @pytest.mark.parametrize("name", list(examples.SALE_EXAMPLES))
    def test_of_sales_are_accepted(self, name: str) -> None:
        SALE_DECODER.decode(json.dumps(examples.SALE_EXAMPLES[name]).encode())

    @pytest.mark.parametrize(
        ("example", "kind"),
        [
            (examples.EVALUATE_ANSWER, EvaluationAnswer),
            (examples.SALE_ANSWER, SaleAnswer),
            (examples.CANCEL_ANSWER, CancelledAnswer),
            (examples.STORED_SALE_ANSWER, StoredSaleAnswer),
            (examples.TERMINAL_ANSWER, TerminalAnswer),
        ],
        ids=["evaluate", "sale", "cancel", "stored sale", "terminal"],
    )
    def test_of_answers_have_the_declared_shape(self, example: dict[str, Any], kind: type) -> None:
        assert undeclared(example, kind) == []


class TestAnswers:
    def test_have_the_declared_shape(self, till: Till) -> None:
        build_product(sku="BOTTON")
        publish(minimum_amount="500.00", minimum_quantity=3)
        publish(
            "BRINDE", benefits=[{"kind": "gift", "products": [{"sku": "BOTTON", "quantity": 1}], "choose": 1}]
        )
        publish("MENOS", conditions={"kind": "promo_code"})
        publish("OPCIONAL", optional=True)
        fields: dict[str, Any] = {
            "promo_codes": ["NADA"],
            "exchange": [{"sku": "V", "quantity": "1", "unit_price": "900.00"}],
        }
        sold = till.sell(sale(line(), total="0.00", **fields)).json()

        for kind, body in (
            (EvaluationAnswer, till.evaluate(basket(**fields)).json()),
            (EvaluationAnswer, till.evaluate(basket()).json()),
            (SaleAnswer, sold),
            (StoredSaleAnswer, till.send("GET", f"sales/{sold['sale']}/").json()),
            (CancelledAnswer, till.cancel(sold["sale"]).json()),
            (TerminalAnswer, till.send("GET", "terminal/").json()),
        ):
            assert undeclared(body, kind) == []


def undeclared(body: Any, kind: type) -> list[str]:
    """Return the paths in ``body`` that the declared type does not have. Raises ValidationError for other types."""
    declared = msgspec.to_builtins(msgspec.convert(body, kind))
    return list(_missing(body, declared, ""))


def _missing(body: Any, declared: Any, path: str) -> Any:
    if isinstance(body, dict):
        for name, value in body.items():
            if name not in declared:
                yield f"{path}.{name}"
            else:
                yield from _missing(value, declared[name], f"{path}.{name}")
    elif isinstance(body, list):
        for index, (value, other) in enumerate(zip(body, declared, strict=True)):
            yield from _missing(value, other, f"{path}[{index}]")


class TestRateLimit:
    def test_is_off_by_default_and_refuses_beyond_the_setting(
        self, till: Till, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pos_api.views.base.time.time", lambda: 90.0)
        assert settings.TERMINAL_REQUESTS_PER_MINUTE == 0
        settings.TERMINAL_REQUESTS_PER_MINUTE = 3

        statuses = [till.send("GET", "terminal/").status_code for _request in range(5)]

        assert statuses == [200, 200, 200, 429, 429]
        assert till.send("GET", "terminal/")["Retry-After"] == "31"


class TestQueryParameters:
    def test_that_no_operation_declares_are_refused_by_every_list(
        self, document: dict[str, Any], client: Client, db: None
    ) -> None:
        lists = [
            path
            for path, operations in document["paths"].items()
            if "{" not in path
            and any(one["name"] == "limit" for one in operations.get("get", {}).get("parameters", []))
        ]
        assert len(lists) > 15
        client.force_login(build_user(is_superuser=True))

        for path in lists:
            refused = client.get(path, {"starts_at": "2026-01-01"}, headers={"Accept-Language": "en"})
            assert (path, refused.status_code) == (path, 400)
            assert refused.json()["detail"] == "There is no parameter starts_at."

    def test_that_belong_into_the_body_do_not_let_a_trial_write(self, client: Client, db: None) -> None:
        product = build_product(sku="MEIA", price=Decimal("10.00"))
        client.force_login(build_user(is_superuser=True))

        refused = client.post(
            "/api/v1/products/prices/?dry_run=true",
            {"prices": [{"sku": "MEIA", "price": "1.00"}]},
            content_type="application/json",
            headers={"Accept-Language": "en"},
        )

        assert (refused.status_code, refused.json()["detail"]) == (400, "There is no parameter dry_run.")
        product.refresh_from_db()
        assert product.price == Decimal("10.00")
