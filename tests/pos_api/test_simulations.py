import io
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from campaigns.engine.policy import PRESETS
from campaigns.models import Campaign, PromoCode
from campaigns.services.plan import change_policy
from loyalty.models import VipCard
from retail.models import Sale
from tests.builders import (
    build_campaign,
    build_category,
    build_customer,
    build_product,
    build_promo_code_pool,
    build_user,
    build_vip_card,
)
from tests.pos_api.till import Till, issue_code, line, publish

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

    def test_takes_saved_campaigns_by_code_drafts_included(self, manager: Client) -> None:
        build_campaign(code="RASCUNHO", benefits=[{"kind": "order_amount", "amount": "5.00"}])

        body = simulate(manager, document(saved=["RASCUNHO"])).json()
        unknown = simulate(manager, document(TEN, saved=["NOBODY", "DEZ"])).json()

        assert body["totals"]["discount"] == "5.00"
        assert [(e["path"], e["code"]) for e in unknown["errors"]] == [
            ("saved[0]", "unknown"),
            ("saved[1]", "unknown"),
        ]

    def test_narrows_a_simulation_to_single_campaigns(self, manager: Client) -> None:
        publish("VIVA")
        publish("OUTRA", minimum_amount="1000.00")

        body = simulate(manager, document(TEN, live=True, only=["OUTRA", "VIVA"])).json()
        unknown = simulate(manager, document(TEN, only=["VIVA"])).json()

        assert [a["campaign"] for a in body["activations"]] == ["VIVA"]
        assert [a["campaign"] for a in body["not_activated"]] == ["OUTRA"]
        assert unknown["errors"][0]["path"] == "only[0]"

    def test_lists_every_campaign_it_was_given(self, manager: Client) -> None:
        elsewhere = TEN | {"code": "LONGE", "stores": ["0099"]}
        other = TEN | {"code": "OUTRO", "conditions": {"kind": "product", "by": "sku", "values": ["NADA"]}}

        body = simulate(manager, document(TEN, elsewhere, other)).json()

        assert {a["campaign"]: a["reason"] for a in body["not_activated"]} == {
            "LONGE": "store",
            "OUTRO": "product",
        }

    def test_the_moment_of_the_simulation_wins_over_the_baskets(self, manager: Client) -> None:
        late = TEN | {"starts_at": "2026-06-01T00:00:00-03:00"}
        basket = {"lines": [line()], "occurred_at": "2026-05-01T10:00:00-03:00"}

        early = simulate(manager, document(late, basket=basket)).json()
        then = simulate(manager, document(late, basket=basket, at="2026-06-02T10:00:00-03:00")).json()

        assert (early["totals"]["discount"], then["totals"]["discount"]) == ("0.00", "10.00")

    def test_names_gifts_and_looks_up_codes_with_what_is_live(self, manager: Client) -> None:
        build_product(sku="BOTTON", name="Botton azul")
        publish(
            "BRINDE",
            benefits=[{"kind": "gift", "products": [{"sku": "BOTTON"}]}],
            conditions={"kind": "promo_code"},
        )
        issue_code("PRESENTE", campaign="BRINDE")

        body = simulate(
            manager, document(live=True, basket={"lines": [line()], "promo_codes": ["presente"]})
        ).json()

        assert body["gifts"][0]["options"][0]["name"] == "Botton azul"

    def test_names_the_gift_that_is_not_offered_by_its_place(self, manager: Client) -> None:
        gift = TEN | {"benefits": [{"kind": "gift", "products": [{"sku": "BOTTON"}]}]}
        chosen = {"lines": [line()], "gifts": [{"campaign": "DEZ", "sku": "CANECA"}]}

        response = simulate(manager, document(gift, basket=chosen))

        assert response.json()["errors"][0]["path"] == "basket.gifts[0].sku"

    def test_calculates_as_the_product_that_a_preset_is_named_after(self, manager: Client) -> None:
        twenty = {"code": "VINTE", "name": "x", "benefits": [{"kind": "item_percent", "percent": "20"}]}

        def discount(**policy: str) -> str:
            lines = [line(unit_price="0.99")]
            body = simulate(manager, document(twenty, policy=policy) | {"basket": {"lines": lines}}).json()
            return str(body["totals"]["discount"])

        assert {preset: discount(preset=preset) for preset in PRESETS} == {
            preset: "0.19" if preset == "oscar" else "0.20" for preset in PRESETS
        }
        assert discount(preset="oscar", rounding="half_up") == "0.20"

    def test_refuses_campaigns_that_do_not_take_part(self, manager: Client) -> None:
        association = {"code": "GRUPO", "criterion": "highest", "campaigns": ["DEZ", "VINTE", "ONZE"]}
        named: dict[str, Any] = {
            "usage": {"DEZ": {"total": 1}, "VIVA": {"total": 1}},
            "associations": [association],
            "promo_codes": [{"code": "ALFA"}, {"code": "BETA", "campaign": "VIVA"}],
        }
        publish("VIVA")

        def refused(**fields: Any) -> list[tuple[str, str]]:
            answer = simulate(manager, document(TEN, **named, **fields))
            assert answer.status_code == 422
            return [(error["path"], error["code"]) for error in answer.json()["errors"]]

        groups = [("associations[0].campaigns[1]", "unknown"), ("associations[0].campaigns[2]", "unknown")]
        assert refused() == [("usage.VIVA", "unknown"), *groups, ("promo_codes[1].campaign", "unknown")]
        assert refused(live=True) == groups

    def test_looks_up_codes_of_campaigns_that_do_not_take_part(self, manager: Client) -> None:
        build_promo_code_pool(campaign=build_campaign(), codes=1)
        code = PromoCode.objects.get().code
        basket = {"lines": [line()], "promo_codes": [code]}

        assert simulate(manager, document(TEN, basket=basket, live=True)).status_code == 200

    def test_names_what_is_wrong(self, manager: Client) -> None:
        response = simulate(manager, document(TEN | {"priority": -1}, basket={"lines": [line(quantity="x")]}))

        assert response.status_code == 422
        assert {e["path"] for e in response.json()["errors"]} == {
            "campaigns[0].priority",
            "basket.lines[0].quantity",
        }

    def test_says_of_unknown_products_and_everything_else_at_once_what_is_wrong(
        self, manager: Client
    ) -> None:
        build_product(sku="CONHECIDO", price="10.00")
        lines = [
            {"sku": "NADA", "quantity": "1"},
            {"sku": "CONHECIDO", "quantity": "x"},
            {"sku": "NENHUM", "quantity": 0, "unit_price": "99999999999999.00"},
            {"quantity": "1"},
        ]

        errors = simulate(manager, document(basket={"lines": lines}, live=True)).json()["errors"]

        assert [(error["path"], error["code"]) for error in errors] == [
            ("basket.lines[0].unit_price", "not_in_catalogue"),
            ("basket.lines[1].quantity", "invalid_quantity"),
            ("basket.lines[2].quantity", "invalid_quantity"),
            ("basket.lines[2].unit_price", "too_large"),
            ("basket.lines[3].unit_price", "required"),
        ]
        assert "NADA" in errors[0]["message"]
        assert "999999999.99" in errors[3]["message"]

    @pytest.mark.parametrize(
        "body", [[], None, "x", {"basket": 5, "live": True}, {"campaigns": {}, "live": True}]
    )
    def test_refuses_other_shapes(self, manager: Client, body: Any) -> None:
        assert simulate(manager, body).status_code == 422


class TestVipCards:
    CODE = "#VIP#ANA1"

    @pytest.fixture
    def card(self, db: None) -> VipCard:
        ana = build_customer(name="Ana", document="39053344705", birth_date=date(1960, 1, 1))
        return build_vip_card(code=self.CODE, customer=ana, percent=Decimal("12.5"))

    def entered(self, *codes: str, **fields: Any) -> dict[str, Any]:
        basket = {"lines": [line()], "promo_codes": list(codes or [" #vip#ana1 "])} | fields.pop("basket", {})
        return document(live=True, basket=basket, **fields)

    def test_are_looked_up_with_what_is_live_and_say_their_rate(self, manager: Client, card: VipCard) -> None:
        body = simulate(manager, self.entered()).json()
        alone = simulate(manager, document(basket={"lines": [line()], "promo_codes": [self.CODE]})).json()

        assert body["totals"]["net"] == "87.50"
        assert body["promo_codes"] == [
            {"code": self.CODE, "status": "applied", "campaign": self.CODE, "percent": "12.5"}
        ]
        assert alone["promo_codes"] == [{"code": self.CODE, "status": "not_usable"}]

    def test_answer_as_the_till_is_answered(self, manager: Client, till: Till, card: VipCard) -> None:
        birthday = {"kind": "customer", "attribute": "age", "operator": "gte", "value": 60}
        publish("IDADE", conditions=birthday, benefits=[{"kind": "item_percent", "percent": "20"}])
        build_product(sku="CAMISA", price=Decimal(100))

        tried = simulate(manager, self.entered()).json()
        asked = till.evaluate({"lines": [line()], "promo_codes": [self.CODE]}).json()

        assert tried["activations"] == asked["activations"]
        assert [row["campaign"] for row in tried["activations"]] == ["IDADE", self.CODE]
        assert tried["totals"]["net"] == asked["totals"]["net"] == "70.00"

    @pytest.mark.parametrize(
        ("fields", "net"),
        [
            ({"shopper": {"document": "390.533.447-05"}}, "87.50"),
            ({"shopper": {"age": 30}}, "87.50"),
            ({"shopper": {"document": "111.444.777-35"}}, "100.00"),
            ({"basket": {"customer": {"document": "390.533.447-05"}}}, "87.50"),
            ({"basket": {"customer": {"card": "NOBODYS"}}}, "100.00"),
            ({"at": "2036-01-02T12:00:00-03:00"}, "100.00"),
            ({"promo_codes": [{"code": CODE, "percent": "50"}]}, "50.00"),
        ],
    )
    def test_count_for_their_customer_while_they_hold(
        self, manager: Client, card: VipCard, fields: dict[str, Any], net: str
    ) -> None:
        assert simulate(manager, self.entered(**fields)).json()["totals"]["net"] == net

    def test_the_first_one_that_holds_counts(self, manager: Client, card: VipCard) -> None:
        build_vip_card(code="#VIP#ANA2", customer=card.customer, percent=Decimal(50))
        build_vip_card(code="#VIP#BEA", percent=Decimal(60))

        body = simulate(manager, self.entered(self.CODE, "#VIP#BEA", "#VIP#ANA2")).json()

        assert body["totals"]["net"] == "87.50"
        assert [(row["status"], row.get("percent")) for row in body["promo_codes"]] == [
            ("applied", "12.5"),
            ("not_usable", None),
            ("not_activated", "50"),
        ]

    def test_tell_nothing_of_their_customer_to_whoever_may_not_see_customers(
        self, client: Client, card: VipCard
    ) -> None:
        publish("IDADE", conditions={"kind": "customer", "attribute": "age", "operator": "gte", "value": 60})
        client.force_login(
            build_user(permissions=["campaigns.view_campaign"]),
            backend="django.contrib.auth.backends.ModelBackend",
        )

        body = simulate(client, self.entered()).json()

        assert [row["campaign"] for row in body["activations"]] == [self.CODE]


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

    def test_goes_on_after_empty_lines_marks_and_wrong_bytes(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = json.dumps(document(TEN)).encode()
        given = (
            b"\xef\xbb\xbf" + b"\n".join([good, b"", b"  ", b'{"a": "\xff"}', b'{"x": NaN}', good]) + b"\r\n"
        )
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        out = io.StringIO()

        call_command("simulate", "-", stdout=out)

        answers = [json.loads(text) for text in out.getvalue().splitlines()]
        assert [a["totals"]["net"] if "totals" in a else a["status"] for a in answers] == [
            "90.00",
            400,
            400,
            "90.00",
        ]

    def test_answers_a_defect_with_a_problem_and_goes_on(
        self, db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from pos_api.management.commands import simulate as command

        real = command.run_simulation

        def break_once(document: Any, **options: Any) -> Any:
            if document.get("at") == "2026-01-01T00:00:00Z":
                raise RuntimeError("a defect")
            return real(document, **options)

        monkeypatch.setattr(command, "run_simulation", break_once)
        path, out = tmp_path / "lines", io.StringIO()
        path.write_text(
            "\n".join(
                json.dumps(document(TEN, at=at)) for at in ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
            )
        )

        call_command("simulate", str(path), stdout=out)

        answers = [json.loads(text) for text in out.getvalue().splitlines()]
        assert [a.get("status") for a in answers] == [500, None]

    def test_tells_lines_from_one_document_with_a_mistake(self, db: None, tmp_path: Path) -> None:
        wrong, lines = tmp_path / "wrong.json", tmp_path / "lines.jsonl"
        wrong.write_text(json.dumps(document(TEN), indent=2)[:-1])
        lines.write_text("not JSON\n" + json.dumps(document(TEN)))
        out = io.StringIO()

        with pytest.raises(CommandError, match="wrong"):
            call_command("simulate", str(wrong), stdout=out)
        call_command("simulate", str(lines), stdout=out)

        assert [json.loads(text).get("status") for text in out.getvalue().splitlines()] == [400, 400, None]

    def test_fails_for_one_document_that_is_no_utf8_but_not_for_one_that_is_refused(
        self, db: None, tmp_path: Path
    ) -> None:
        latin, refused = tmp_path / "latin.json", tmp_path / "refused.json"
        latin.write_bytes(json.dumps(document(TEN | {"name": "Verão"}), ensure_ascii=False).encode("latin-1"))
        refused.write_text(json.dumps({"basket": []}))
        out = io.StringIO()

        with pytest.raises(CommandError, match="latin"):
            call_command("simulate", str(latin), stdout=out)
        call_command("simulate", str(refused), stdout=out)

        assert [json.loads(text)["status"] for text in out.getvalue().splitlines()] == [400, 422]
