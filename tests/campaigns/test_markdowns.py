from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from campaigns import loader
from campaigns.engine.fields import DocumentError
from campaigns.models import Markdown, MarkdownItem, MarkdownPrices, MarkdownRevision, PlanChange
from campaigns.selectors import current_plan_version
from campaigns.services import markdown_items, markdowns, publication
from tests.builders import build_campaign

AT = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def document(code="VERAO", **fields):
    return {"code": code, "name": "Verão", "items": [{"value": "A", "price": "9.90"}]} | fields


def create(code="VERAO", **fields):
    return markdowns.create_markdown(document=document(code, **fields), user=None, at=AT)


def publish(code="VERAO"):
    return markdowns.publish_markdown(code=code, user=None, at=AT)


def change(code="VERAO", **lists):
    return markdown_items.change_items(code=code, user=None, at=AT, **lists)


def rows(code="VERAO"):
    found = MarkdownItem.objects.filter(markdown__code=code).order_by("value")
    return [(item.value, item.price, item.percent) for item in found]


def plan():
    return loader.plan_for(current_plan_version())


def live_prices(code="VERAO"):
    return {value: (item.price, item.percent) for value, item in plan().markdowns[code].items.items()}


class TestCreate:
    def test_keeps_what_it_says_of_itself_apart_from_its_products(self):
        markdown = create(items=[{"value": "A", "price": "9.90"}, {"value": "B", "percent": "12.5"}])

        assert "items" not in markdown.document
        assert markdown.document["by"] == "sku"
        assert markdown.item_count == 2
        assert [(value, str(price), str(percent)) for value, price, percent in rows()] == [
            ("A", "9.90", "None"),
            ("B", "None", "12.5000"),
        ]

    def test_may_have_no_products_yet(self):
        assert create(items=[]).item_count == 0

    def test_refuses_a_code_that_exists(self):
        create()

        with pytest.raises(publication.CodeTaken):
            create()

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"items": [{"value": "A", "price": "1.001"}]}, "items.0.price"),
            ({"items": [{"value": "A"}]}, "items.0.price"),
            ({"items": [{"value": "A", "price": "1"}, {"value": "A", "price": "2"}]}, "items"),
            ({"items": "A"}, "items"),
            ({"by": "reference"}, "by"),
            ({"price_min": "10.00", "price_max": "9.99"}, "price_max"),
            ({"minimum_quantity": "3", "maximum_quantity": "2"}, "maximum_quantity"),
            ({"minimum_amount": "3", "maximum_amount": "2", "items": []}, "maximum_amount"),
            ({"schedule": {"weekdays": [8]}}, "schedule.weekdays.0"),
            ({"ends_at": "2026-01-01"}, "ends_at"),
            ({"unknown": 1, "items": []}, "unknown"),
        ],
    )
    def test_names_each_wrong_field(self, fields, path):
        with pytest.raises(DocumentError) as refusal:
            create(**fields)

        assert path in {error["path"] for error in refusal.value.errors}


class TestItems:
    def test_adds_changes_and_removes_reporting_each_wrong_entry(self):
        create(items=[{"value": "A", "price": "9.90"}, {"value": "B", "price": "1.00"}])

        done = change(
            add=[
                {"value": "A", "price": "9.90"},
                {"value": "C", "percent": "10"},
                {"value": "D", "price": "x"},
                {"value": "C", "price": "1"},
                7,
            ],
            remove=["B", "Z", 3],
        )

        assert (done.added, done.changed, done.unchanged, done.removed) == (1, 0, 1, 1)
        assert [error.path for error in done.errors] == [
            "add[2].price",
            "add[3].value",
            "add[4]",
            "remove[2]",
        ]
        assert [value for value, _price, _percent in rows()] == ["A", "C"]
        assert Markdown.objects.get().item_count == 2

    def test_replaces_all(self):
        create(items=[{"value": "A", "price": "9.90"}, {"value": "B", "price": "1.00"}])

        done = change(replace=[{"value": "B", "price": "2.00"}])

        assert (done.added, done.changed, done.removed) == (0, 1, 1)
        assert Markdown.objects.get().item_count == 1

    def test_counts_as_a_change_only_when_something_changed(self):
        create()

        change(add=[{"value": "A", "price": "9.9"}])

        assert Markdown.objects.get().version == 1

    def test_stops_lost_updates(self):
        create()
        change(add=[{"value": "B", "price": "1.00"}])

        with pytest.raises(publication.VersionConflict):
            change(add=[{"value": "C", "price": "1.00"}], version=1)

    def test_refuses_more_than_a_hundred_thousand(self, monkeypatch):
        monkeypatch.setattr(markdown_items, "MOST_ITEMS", 2)
        create()

        with pytest.raises(DocumentError) as refusal:
            change(add=[{"value": "B", "price": "1.00"}, {"value": "C", "price": "1.00"}])

        assert refusal.value.errors[0]["code"] == "too_many"

    def test_takes_a_hundred_thousand_in_a_few_statements(self, django_assert_max_num_queries):
        create(items=[])
        listed = [{"value": f"SKU-{n:06d}", "price": "9.90"} for n in range(100_000)]

        with django_assert_max_num_queries(8):
            done = change(add=listed)
        with django_assert_max_num_queries(16):
            publish()

        assert done.added == 100_000
        assert len(plan().markdowns["VERAO"].items) == 100_000

    @pytest.mark.parametrize(
        "values",
        [
            {"price": None, "percent": None},
            {"price": "1.00", "percent": "1"},
            {"price": "-0.01", "percent": None},
            {"price": None, "percent": "100.01"},
        ],
    )
    def test_the_database_refuses_a_row_without_exactly_one_sound_price(self, values):
        markdown = create()

        with pytest.raises(IntegrityError), transaction.atomic():
            MarkdownItem.objects.create(markdown=markdown, value="X", **values)


class TestPublish:
    def test_takes_the_next_plan_version_and_is_compiled(self):
        create(items=[{"value": "A", "price": "9.90"}, {"value": "B", "percent": "12.5"}])

        publish()

        assert PlanChange.objects.values_list("version", "kind", "code", "action").get() == (
            1,
            "markdown",
            "VERAO",
            "published",
        )
        assert live_prices() == {"A": (990, None), "B": (None, 125_000)}

    def test_starts_now_when_it_says_no_start(self):
        create()

        assert publish().document["starts_at"] == "2026-11-22T10:30:00+00:00"

    def test_what_is_live_already_takes_no_new_version(self):
        create()
        publish()

        publish()

        assert current_plan_version() == 1

    def test_a_change_is_live_only_once_published(self):
        create()
        publish()

        change(add=[{"value": "A", "price": "5.00"}])
        before = live_prices()
        publish()

        assert (before, live_prices()) == ({"A": (990, None)}, {"A": (500, None)})

    def test_revisions_that_change_no_product_share_the_prices(self):
        create()
        publish()
        markdowns.save_markdown(
            code="VERAO", document={"code": "VERAO", "name": "Outono"}, user=None, at=AT, publish=True
        )

        assert MarkdownRevision.objects.count() == 2
        assert MarkdownPrices.objects.count() == 1

    def test_refuses_one_without_products(self):
        create(items=[])

        with pytest.raises(publication.NothingToPublish):
            publish()

    def test_what_was_published_never_changes(self):
        create()
        publish()

        for published in (MarkdownRevision.objects.get(), MarkdownPrices.objects.get()):
            for act in (published.delete, published.save):
                with pytest.raises(DatabaseError), transaction.atomic():
                    act()


class TestPauseAndRollBack:
    def test_pause_takes_it_out_of_the_plan_and_resume_brings_it_back(self):
        create()
        publish()

        publication.pause(Markdown, code="VERAO", user=None, at=AT)
        paused = plan()
        publication.resume(Markdown, code="VERAO", user=None, at=AT)

        assert "VERAO" not in paused.markdowns
        assert paused.marked == {}
        assert "VERAO" in plan().markdowns

    def test_rolls_back_document_and_products_as_a_new_revision(self):
        create(items=[{"value": "A", "price": "9.90"}, {"value": "B", "percent": "12.5"}])
        publish()
        change(replace=[{"value": "C", "price": "1.00"}])
        publish()

        back = markdowns.roll_back_markdown(code="VERAO", number=1, user=None, at=AT)

        assert live_prices() == {"A": (990, None), "B": (None, 125_000)}
        assert [value for value, _price, _percent in rows()] == ["A", "B"]
        assert (back.item_count, back.live_revision.number) == (2, 3)
        assert not markdowns.has_changes(back)

    def test_a_draft_can_be_deleted_and_what_was_published_cannot(self):
        create("A")
        create("B")
        publish("B")

        publication.delete(Markdown, code="A")
        with pytest.raises(publication.WasPublished):
            publication.delete(Markdown, code="B")

        assert list(Markdown.objects.values_list("code", flat=True)) == ["B"]


class TestLoader:
    def content(self):
        found = plan()
        marked = {product: sorted(m.code for m in several) for product, several in found.marked.items()}
        return {code: live_prices(code) for code in found.markdowns}, marked

    def test_a_step_and_a_full_compilation_give_the_same_plan(self):
        create("A", items=[{"value": "X", "price": "1"}, {"value": "Y", "price": "2"}])
        create("B", items=[{"value": "X", "percent": "5"}])
        create("C", items=[{"value": "Z", "price": "3"}])
        for code in "ABC":
            publish(code)
            plan()
        change("A", remove=["X"])
        publish("A")
        publication.pause(Markdown, code="C", user=None, at=AT)
        in_steps = self.content()

        loader.forget_plans()

        assert self.content() == in_steps
        assert in_steps[1] == {"X": ["B"], "Y": ["A"]}

    def test_any_version_of_the_past_has_the_prices_of_its_time(self):
        create()
        publish()
        change(replace=[{"value": "A", "price": "5.00"}])
        publish()
        loader.forget_plans()

        assert loader.plan_for(1).markdowns["VERAO"].items["A"].price == 990
        assert loader.plan_for(2).markdowns["VERAO"].items["A"].price == 500

    def test_publishing_something_else_shares_the_index_of_products(self):
        create()
        publish()
        before = plan()

        build_campaign(code="DEZ", publish=True)

        assert plan().version == before.version + 1
        assert plan().marked is before.marked
