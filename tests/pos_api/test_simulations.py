import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services.plan import change_policy
from retail.models import Sale
from tests.builders import build_category, build_product, build_user
from tests.pos_api.till import line, publish

TEN = {"code": "DEZ", "name": "Dez", "benefits": [{"kind": "item_percent", "percent": "10.00"}]}


def document(*campaigns: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"campaigns": list(campaigns), "basket": {"lines": [line()]}} | fields


@pytest.fixture
def manager(client: Client, db: None) -> Client:
    client.force_login(build_user(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def simulate(client: Client, body: Any) -> Any:
    return client.post("/api/v1/simulations/", json.dumps(body), content_type="application/json")


class TestSimulations:
    def test_evaluates_documents_that_are_not_saved(self, manager: Client) -> None:
        body = simulate(manager, document(TEN)).json()

        assert body["totals"]["discount"] == "10.00"
        assert not Campaign.objects.exists()
        assert not Sale.objects.exists()

    def test_joins_what_is_published_and_the_catalogue_when_asked(self, manager: Client) -> None:
        build_product(sku="CAMISA", category=build_category(code="camisas"))
        publish(
            "VIVA", conditions={"kind": "product", "by": "category", "values": ["camisas"], "match": "any"}
        )

        alone = simulate(manager, document(TEN)).json()
        together = simulate(manager, document(TEN, live=True)).json()

        assert [a["campaign"] for a in alone["activations"]] == ["DEZ"]
        assert [a["campaign"] for a in together["activations"]] == ["DEZ", "VIVA"]

    def test_calculates_by_the_policy_that_is_live_unless_the_document_has_one(self, manager: Client) -> None:
        publish("VIVA", priority=7, benefits=[{"kind": "order_percent", "percent": "10.00"}])
        change_policy(policy={"percent_base": "original"}, user=None, at=timezone.now())

        live = simulate(manager, document(TEN, live=True)).json()
        own = simulate(manager, document(TEN, live=True, policy={"percent_base": "running"})).json()

        assert (live["totals"]["discount"], own["totals"]["discount"]) == ("20.00", "19.00")

    def test_names_what_is_wrong(self, manager: Client) -> None:
        response = simulate(manager, document(TEN | {"priority": -1}, basket={"lines": [line(quantity="x")]}))

        assert response.status_code == 422
        assert {e["path"] for e in response.json()["errors"]} == {
            "campaigns[0].priority",
            "basket.lines[0].quantity",
        }

    @pytest.mark.parametrize(
        "body", [[], None, "x", {"basket": 5, "live": True}, {"campaigns": {}, "live": True}]
    )
    def test_refuses_other_shapes(self, manager: Client, body: Any) -> None:
        assert simulate(manager, body).status_code == 422


class TestCommand:
    def test_answers_each_line_in_order_and_nothing_else(
        self, db: None, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any
    ) -> None:
        lines = [json.dumps(document(TEN)), "{", json.dumps({"basket": []}), json.dumps(document())]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))
        out = io.StringIO()

        call_command("simulate", "-", stdout=out)

        answers = [json.loads(text) for text in out.getvalue().splitlines()]
        assert [a["totals"]["net"] if "totals" in a else a["status"] for a in answers] == [
            "90.00",
            400,
            422,
            "100.00",
        ]

    def test_reads_a_file_of_one_document_or_of_lines(self, db: None, tmp_path: Path) -> None:
        one, many = tmp_path / "one.json", tmp_path / "many.jsonl"
        one.write_text(json.dumps(document(TEN), indent=2))
        many.write_text("\n".join([json.dumps(document(TEN)), json.dumps(document())]))

        answers = {}
        for path in (one, many):
            out = io.StringIO()
            call_command("simulate", str(path), stdout=out)
            answers[path.name] = [json.loads(text)["totals"]["net"] for text in out.getvalue().splitlines()]

        assert answers == {"one.json": ["90.00"], "many.jsonl": ["90.00", "100.00"]}

    def test_names_a_file_that_does_not_exist(self, db: None, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="missing"):
            call_command("simulate", str(tmp_path / "missing.json"))
