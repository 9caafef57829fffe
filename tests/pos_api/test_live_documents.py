"""Associations and markdowns at the till: what a manager publishes, the next evaluation and the sale honour."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Association, Markdown
from campaigns.services import associations, markdown_items, markdowns, publication
from retail.models import Sale, SaleLine
from tests.builders import build_customer, build_store, build_store_grouping
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, line, publish, sale

CPF = "39053344705"


def mark_down(code: str = "REMARCA", **fields: Any) -> None:
    """Publish a markdown: the shirt at 80.00 unless told otherwise."""
    document = {"code": code, "items": [{"value": "CAMISA", "price": "80.00"}]} | fields
    at = timezone.now() - timedelta(hours=1)
    markdowns.create_markdown(document=document, publish=True, user=None, at=at)


def associate(criterion: str, *campaigns: str, **fields: Any) -> None:
    document = {"code": "GRUPO", "criterion": criterion, "campaigns": list(campaigns)} | fields
    at = timezone.now() - timedelta(hours=1)
    associations.create_association(document=document, publish=True, user=None, at=at)


def totals(response: Any) -> tuple[str, str, str]:
    assert response.status_code in (200, 201), response.content
    found = response.json()["totals"]
    return found["markdown"], found["discount"], found["net"]


def activated(response: Any) -> list[str]:
    return [activation["campaign"] for activation in response.json()["activations"]]


@pytest.mark.django_db
class TestMarkdown:
    def test_reprices_a_line_before_any_campaign(self, till: Till) -> None:
        publish()
        mark_down()

        answer = till.evaluate(basket(line(1), line(2, sku="OUTRA")))

        assert totals(answer) == ("20.00", "18.00", "162.00")
        assert [row["markdown"] for row in answer.json()["lines"]] == ["20.00", "0.00"]

    @pytest.mark.parametrize(
        ("fields", "given"),
        [
            ({"items": [{"value": "CAMISA", "percent": "12.5"}]}, "12.50"),
            ({"items": [{"value": "CAMISA", "price": "120.00"}]}, "0.00"),
            ({"by": "code", "items": [{"value": "C-1", "price": "60.00"}]}, "40.00"),
            ({"by": "code"}, "0.00"),
            ({"by": "all", "items": [{"value": "C-1", "price": "60.00"}]}, "40.00"),
            ({"price_min": "100.00"}, "20.00"),
            ({"price_min": "100.01"}, "0.00"),
            ({"price_max": "99.99"}, "0.00"),
            ({"minimum_quantity": "2"}, "0.00"),
            ({"maximum_quantity": "1"}, "20.00"),
            ({"minimum_amount": "100.00"}, "20.00"),
            ({"maximum_amount": "99.99"}, "0.00"),
            ({"customers": "registered"}, "0.00"),
            ({"stores": ["OUTRA-LOJA"]}, "0.00"),
            ({"starts_at": "2090-01-01T00:00:00-03:00"}, "0.00"),
            ({"ends_at": "2020-01-01T00:00:00-03:00"}, "0.00"),
            ({"schedule": {"weekdays": [1, 2, 3, 4, 5, 6, 7]}}, "20.00"),
        ],
    )
    def test_keeps_to_its_bounds(self, till: Till, fields: dict[str, Any], given: str) -> None:
        if "ends_at" in fields:
            fields["starts_at"] = "2019-01-01T00:00:00-03:00"
        mark_down(**fields)

        assert totals(till.evaluate(basket(line(code="C-1"))))[0] == given

    def test_opens_only_on_its_days_and_hours(self, till: Till) -> None:
        now = timezone.now()
        other_day = (now.astimezone(till.terminal.store.zone).isoweekday() + 2) % 7 + 1
        mark_down(schedule={"weekdays": [other_day]})

        assert totals(till.evaluate(basket()))[0] == "0.00"

    def test_is_for_registered_customers_and_for_stores_of_a_grouping(self, db: None) -> None:
        store = build_store()
        build_store_grouping(code="sul", stores=[store])
        build_customer(document=CPF)
        mark_down(customers="registered", stores=["grouping:sul"])
        known = basket(customer={"document": CPF})

        assert totals(Till.open(store=store).evaluate(known))[0] == "20.00"
        assert totals(Till.open(store=store).evaluate(basket()))[0] == "0.00"
        assert totals(Till.open().evaluate(known))[0] == "0.00"

    def test_leaves_alone_what_another_campaign_names(self, till: Till) -> None:
        publish(conditions={"kind": "product", "by": "sku", "values": ["CAMISA"], "match": "any"})
        mark_down(
            include_covered=False,
            items=[{"value": "CAMISA", "price": "80.00"}, {"value": "OUTRA", "price": "80.00"}],
        )

        answer = till.evaluate(basket(line(1), line(2, sku="OUTRA")))

        assert [row["markdown"] for row in answer.json()["lines"]] == ["0.00", "20.00"]

    def test_of_several_the_lowest_price_wins(self, till: Till) -> None:
        mark_down("A")
        mark_down("B", items=[{"value": "CAMISA", "price": "70.00"}])
        mark_down("C", items=[{"value": "CAMISA", "percent": "25"}])

        assert totals(till.evaluate(basket()))[0] == "30.00"

    def test_is_recorded_with_the_sale_and_undone_with_it(self, till: Till) -> None:
        publish()
        mark_down()

        sold = till.sell(sale(line(quantity="2"), total="144.00"))

        assert totals(sold) == ("40.00", "16.00", "144.00")
        assert str(Sale.objects.get().markdown) == "40.00"
        assert str(SaleLine.objects.get().markdown) == "40.00"
        cancelled = till.send("POST", f"sales/{sold.json()['sale']}/cancel/", {})
        assert cancelled.status_code == 200, cancelled.content

    def test_a_pause_is_honoured_by_the_next_evaluation(self, till: Till) -> None:
        mark_down()
        before = till.evaluate(basket())

        publication.pause(Markdown, code="REMARCA", user=None, at=timezone.now())
        paused = till.evaluate(basket())
        publication.resume(Markdown, code="REMARCA", user=None, at=timezone.now())

        found = [totals(answer)[0] for answer in (before, paused, till.evaluate(basket()))]
        assert found == ["20.00", "0.00", "20.00"]

    def test_a_sale_is_judged_by_the_prices_of_the_version_it_was_evaluated_with(self, till: Till) -> None:
        mark_down()
        evaluated = till.evaluate(basket()).json()
        markdown_items.change_items(
            code="REMARCA",
            replace=[{"value": "CAMISA", "price": "50.00"}],
            user=None,
            at=timezone.now(),
        )
        markdowns.publish_markdown(code="REMARCA", user=None, at=timezone.now())

        sold = till.sell(sale(total="80.00", plan_version=evaluated["plan_version"]))

        assert totals(sold) == ("20.00", "0.00", "80.00")
        assert totals(till.evaluate(basket()))[0] == "50.00"
        assert till.sell(sale(total="80.00")).json()["code"] == "totals_mismatch"

    def test_extra_benefits_are_a_campaign_that_names_its_products(self, till: Till) -> None:
        mark_down()
        product = {"kind": "product", "by": "sku", "values": ["CAMISA"], "match": "any"}
        publish("BRINDE", conditions=product, benefits=[{"kind": "gift", "products": [{"sku": "BOTTON"}]}])

        answer = till.evaluate(basket())

        assert totals(answer) == ("20.00", "0.00", "80.00")
        assert [gift["campaign"] for gift in answer.json()["gifts"]] == ["BRINDE"]


@pytest.mark.django_db
class TestAssociation:
    @pytest.fixture(autouse=True)
    def _campaigns(self, db: None) -> None:
        publish("DEZ", priority=1)
        publish("VINTE", priority=2, benefits=[{"kind": "item_percent", "percent": "20.00"}])

    @pytest.mark.parametrize(
        ("criterion", "expected"),
        [
            ("highest", ["VINTE"]),
            ("lowest", ["DEZ"]),
            ("first", ["DEZ"]),
            ("all", ["DEZ", "VINTE"]),
        ],
    )
    def test_its_criterion_chooses(self, till: Till, criterion: str, expected: list[str]) -> None:
        associate(criterion, "VINTE", "DEZ")

        assert activated(till.evaluate(basket())) == expected

    def test_the_loser_learns_to_whom_it_lost(self, till: Till) -> None:
        associate("highest", "DEZ", "VINTE")

        refusals = till.evaluate(basket()).json()["not_activated"]

        assert [(refusal["campaign"], refusal["reason"]) for refusal in refusals] == [("DEZ", "outranked")]
        assert refusals[0]["subject"] == "VINTE"
        assert "Vinte" in refusals[0]["text"]

    def test_competes_on_each_line_when_told_to(self, till: Till) -> None:
        only = {"kind": "product", "by": "sku", "values": ["CAMISA"], "match": "any"}
        publish("TRINTA", conditions=only, benefits=[{"kind": "item_percent", "percent": "30.00"}])
        associate("highest", "DEZ", "TRINTA", compete_on="line")
        publication.pause(Association, code="GRUPO", user=None, at=timezone.now())
        publication.resume(Association, code="GRUPO", user=None, at=timezone.now())

        answer = till.evaluate(basket(line(1), line(2, sku="OUTRA")))

        given = {
            row["sku"]: [a["campaign"] for a in row["adjustments"] if a["campaign"] != "VINTE"]
            for row in answer.json()["lines"]
        }
        assert given == {"CAMISA": ["TRINTA"], "OUTRA": ["DEZ"]}

    def test_a_pause_is_honoured_by_the_next_evaluation(self, till: Till) -> None:
        associate("highest", "DEZ", "VINTE")
        before = activated(till.evaluate(basket()))

        publication.pause(Association, code="GRUPO", user=None, at=timezone.now())

        assert before == ["VINTE"]
        assert activated(till.evaluate(basket())) == ["DEZ", "VINTE"]

    def test_a_sale_is_judged_by_the_association_of_its_version(self, till: Till) -> None:
        associate("highest", "DEZ", "VINTE")
        evaluated = till.evaluate(basket()).json()
        publication.pause(Association, code="GRUPO", user=None, at=timezone.now())

        sold = till.sell(sale(total="80.00", plan_version=evaluated["plan_version"]))

        assert totals(sold) == ("0.00", "20.00", "80.00")
        assert Sale.objects.get().plan_version == evaluated["plan_version"]

    def test_exclusivity_is_settled_among_those_that_remain(self, till: Till) -> None:
        publish("SO", exclusive=True, benefits=[{"kind": "item_percent", "percent": "15.00"}])
        associate("highest", "VINTE", "SO")

        assert activated(till.evaluate(basket())) == ["DEZ", "VINTE"]


@pytest.mark.django_db
class TestSimulation:
    def test_live_takes_in_what_is_published(self) -> None:
        publish("DEZ")
        publish("VINTE", benefits=[{"kind": "item_percent", "percent": "20.00"}])
        mark_down()
        associate("lowest", "DEZ", "VINTE")
        manager = Manager.sign_in("campaigns.view_campaign")

        answer = manager.send("POST", "simulations/", {"live": True, "basket": basket()})

        assert totals(answer) == ("20.00", "8.00", "72.00")

    def test_what_is_given_replaces_what_is_live(self) -> None:
        publish("DEZ")
        mark_down()
        manager = Manager.sign_in("campaigns.view_campaign")
        given = [{"code": "REMARCA", "items": [{"value": "CAMISA", "price": "50.00"}]}]

        answer = manager.send("POST", "simulations/", {"live": True, "markdowns": given, "basket": basket()})

        assert totals(answer) == ("50.00", "5.00", "45.00")


@pytest.mark.django_db
class TestTexts:
    """What no database stores is the sender's fault, and said so."""

    @pytest.mark.parametrize(
        ("path", "document", "fault"),
        [
            ("markdowns/", {"code": "a\x00b"}, "code"),
            ("markdowns/", {"code": "X", "comment": "a\x00b"}, "comment"),
            ("associations/", {"code": "a\x00b"}, "code"),
            ("campaigns/", {"code": "X", "name": "X", "comment": "a\x00b"}, "comment"),
        ],
    )
    def test_with_characters_that_cannot_be_stored_are_refused(
        self, path: str, document: dict[str, Any], fault: str
    ) -> None:
        answer = Manager.sign_in(is_superuser=True).send("POST", path, document)

        assert answer.status_code == 422
        assert fault in [error["path"] for error in answer.json()["errors"]]

    def test_among_products_to_remove_stop_no_other(self) -> None:
        mark_down()
        manager = Manager.sign_in(is_superuser=True)

        answer = manager.send("POST", "markdowns/REMARCA/items/", {"remove": ["a\x00b", "CAMISA"]})

        assert answer.status_code == 200
        assert answer.json()["removed"] == 1
        assert [error["path"] for error in answer.json()["errors"]] == ["remove[0]"]
