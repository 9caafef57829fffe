from datetime import timedelta
from typing import Any

import pytest
from django.db.models.expressions import RawSQL
from django.test import Client

from customers.models import Customer, CustomerGrouping, Segment, SegmentExport
from customers.segments import statements
from customers.segments.operators import Sql
from customers.services import segments as services
from customers.services.segment_groupings import make_grouping, refresh_due
from customers.services.segments import create_segment
from customers.views import segment as views
from tests.builders import NOON, build_customer, build_product, build_user

pytestmark = pytest.mark.django_db

BUILDER = ("customers.view_segment", "customers.add_segment", "customers.change_segment")
LISTED = ("customers.view_segment", "customers.view_customer")
SANTOS: dict[str, Any] = {"all": [{"field": "city", "operator": "eq", "value": "Santos"}]}


def signed_in(client: Client, *permissions: str, language: str = "en") -> Client:
    client.force_login(build_user(permissions=permissions))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return client


@pytest.fixture
def segment() -> Segment:
    return create_segment(name="De Santos", tree=SANTOS, user=None, at=NOON)


def posted(**fields: str) -> dict[str, str]:
    """Return what the builder sends for one condition, unless told otherwise."""
    return {
        "name": "De Santos",
        "code": "",
        "t-match": "all",
        "t.0-kind": "condition",
        "t.0-field": "city",
        "t.0-operator": "eq",
        "t.0-value": "Santos",
    } | {name.replace("__", "."): value for name, value in fields.items()}


class TestBuilder:
    def test_saves_what_was_built(self, client: Client) -> None:
        signed_in(client, *BUILDER)

        answer = client.post("/segments/new/", posted())

        assert answer["Location"] == "/segments/de-santos/"
        assert Segment.objects.get().tree == SANTOS

    def test_adds_and_removes_parts_and_keeps_what_was_typed(self, client: Client) -> None:
        signed_in(client, *BUILDER)
        data = posted(**{"t.0-value": "half ty"})

        added = client.post("/segments/new/", data | {"_action": "add-group:t"})
        assert 'value="half ty"' in added.text
        assert 'name="t.1-kind" value="group"' in added.text
        assert 'name="t.1.0-field"' in added.text
        assert added["HX-Trigger"] == "segment-changed"

        removed = client.post("/segments/new/", data | {"_action": "remove:t.0"})
        assert "half ty" not in removed.text
        assert not Segment.objects.exists()

    def test_another_field_begins_without_the_answer_to_the_old_one(self, client: Client) -> None:
        signed_in(client, *BUILDER)

        drawn = posted(**{"t.0-field": "age", "t.0-drawn": "city"})
        content = client.post("/segments/new/", drawn | {"_action": "draw"}).content.decode()

        assert 'name="t.0-value"' in content
        assert "Santos" not in content.split('id="tree"')[1]

    def test_says_beside_each_condition_what_is_wrong(self, client: Client) -> None:
        signed_in(client, *BUILDER)

        answer = client.post(
            "/segments/new/", posted(**{"t.0-field": "age", "t.0-value": "many", "name": ""})
        )

        assert answer.status_code == 422
        assert "This must be a whole number." in answer.text
        assert "This cannot be empty." in answer.text
        assert 'value="many"' in answer.text

    def test_reads_amounts_as_brazilians_write_them(self, client: Client) -> None:
        signed_in(client, *BUILDER, language="pt-br")
        data = posted(**{"t.0-field": "turnover", "t.0-operator": "between", "t.0-value": "1.500,50"})

        client.post("/segments/new/", data | {"t.0-value2": "2.000"})
        assert not Segment.objects.exists()
        client.post("/segments/new/", data | {"t.0-value2": "2000"})

        assert Segment.objects.get().tree["all"][0]["value"] == ["1500.50", "2000"]

    @pytest.mark.parametrize(
        ("measure", "typed", "stored"),
        [
            # A thousand and a half, or one and a half: it is not guessed.
            ("amount", "1.500", None),
            ("amount", "R$ 1.500", None),
            ("quantity", "1.500", None),
            ("quantity", "1.234.567", None),
            ("amount", "1.500,00", "1500.00"),
            ("amount", "1500", "1500"),
            ("quantity", "1,500", "1.500"),
            ("quantity", "1.500,5", "1500.5"),
            ("amount", "1,500", None),
        ],
    )
    def test_guesses_no_amount_that_could_mean_two(
        self, client: Client, measure: str, typed: str, stored: str | None
    ) -> None:
        signed_in(client, *BUILDER, language="pt-br")
        build_product(sku="QUEIJO")
        data = posted(**{
            "t.0-field": "bought_product", "t.0-of": "QUEIJO", "t.0-measure": measure, "t.0-operator": "gte", "t.0-value": typed,
        })  # fmt: skip

        answer = client.post("/segments/new/", data)

        if stored is None:
            assert answer.status_code == 422
            assert not Segment.objects.exists()
        else:
            assert Segment.objects.get().tree["all"][0]["value"] == stored

    def test_keeps_an_amount_that_could_mean_two_as_it_was_typed(self, client: Client) -> None:
        signed_in(client, *BUILDER, language="pt-br")
        data = posted(**{"t.0-field": "turnover", "t.0-operator": "between", "t.0-value": "1.500"})

        answer = client.post("/segments/new/", data | {"t.0-value2": "2000"})

        assert 'value="1.500"' in answer.text
        assert 'value="2000"' in answer.text

    @pytest.mark.parametrize("language", ["en", "pt-br"])
    def test_reads_birthdays_as_day_and_month(self, client: Client, language: str) -> None:
        signed_in(client, *BUILDER, language=language)
        data = posted(**{"t.0-field": "birthday", "t.0-operator": "between", "t.0-value": "1/12"})

        assert 'value="99/99"' in client.post("/segments/new/", data | {"t.0-value2": "99/99"}).text
        client.post("/segments/new/", data | {"t.0-value2": "15/12"})

        assert Segment.objects.get().tree["all"][0]["value"] == ["12-01", "12-15"]
        assert 'value="01/12"' in client.get("/segments/de-santos/edit/").text

    def test_refuses_a_segment_that_asks_for_its_own_members(self, client: Client, segment: Segment) -> None:
        signed_in(client, *BUILDER)
        make_grouping(segment=segment)

        answer = client.post(
            "/segments/de-santos/edit/",
            posted(**{"t.0-field": "grouping", "t.0-operator": "not_in", "t.0-value": "de-santos"}),
        )

        assert answer.status_code == 422
        assert "for the grouping of this segment" in answer.text

    def test_reads_lists_groups_and_periods(self, client: Client) -> None:
        signed_in(client, *BUILDER)
        data = posted(
            **{
                "t.0-operator": "in",
                "t.0-value": "Santos, Recife;Natal",
                "t.1-kind": "group",
                "t.1-match": "any",
                "t.1.0-kind": "condition",
                "t.1.0-field": "campaign_activated",
                "t.1.0-operator": "gte",
                "t.1.0-measure": "times",
                "t.1.0-value": "2",
                "t.1.0-unit": "days",
                "t.1.0-length": "30",
                "t.1.1-kind": "condition",
                "t.1.1-field": "card",
                "t.1.1-operator": "is_set",
            }
        )

        assert client.post("/segments/new/", data).status_code == 302
        assert Segment.objects.get().tree == {
            "all": [
                {"field": "city", "operator": "in", "value": ["Santos", "Recife", "Natal"]},
                {
                    "any": [
                        {
                            "field": "campaign_activated",
                            "operator": "gte",
                            "value": "2",
                            "measure": "times",
                            "period": {"days": 30},
                        },
                        {"field": "card", "operator": "is_set"},
                    ]
                },
            ]
        }

    def test_refuses_to_write_over_what_somebody_else_saved(self, client: Client, segment: Segment) -> None:
        signed_in(client, *BUILDER)
        Segment.objects.update(revision=2)

        answer = client.post("/segments/de-santos/edit/", posted(name="Outro", _revision="1"))

        assert answer.status_code == 409
        assert "Somebody else saved" in answer.text

    def test_shows_every_field_in_both_languages(self, client: Client) -> None:
        for language in ("en", "pt-br"):
            signed_in(client, *BUILDER, language=language)
            assert client.get("/segments/new/").status_code == 200


class TestCount:
    def test_counts_what_is_on_the_page(self, client: Client) -> None:
        signed_in(client, "customers.view_segment")
        build_customer(city="Santos")
        build_customer(city="Recife")

        assert ">1<" in client.post("/segments/count/", posted()).text

    def test_says_when_counting_takes_too_long(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        signed_in(client, "customers.view_segment")
        slow = Sql("SELECT count(*) FROM pg_sleep(30)")
        monkeypatch.setattr(statements, "_select", lambda *_arguments, **_values: slow)
        monkeypatch.setattr(services, "PATIENCE", timedelta(milliseconds=50))

        assert "takes too long" in client.post("/segments/count/", posted()).text

    def test_waits_until_the_conditions_are_complete(self, client: Client) -> None:
        signed_in(client, "customers.view_segment")

        assert "not complete" in client.post("/segments/count/", posted(**{"t.0-value": ""})).text

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"t.0-kind": "group"},
            {"t.0-kind": "condition", "t.0-field": "nope", "t.0-operator": "\x00"},
            {"t.0-kind": "condition", "t.0-field": "city", "t.0-operator": "eq", "t.0-value": "\x00"},
            {"t.0-kind": "condition", "t.0-field": "visits", "t.0-operator": "gte", "t.0-value": "²"},
            {"t.0-kind": "condition", "t.0-field": "birth_date", "t.0-operator": "eq", "t.0-value": "x"},
            {
                "t.0-kind": "condition",
                "t.0-field": "campaign_activated",
                "t.0-operator": "is_set",
                "t.0-unit": "dates",
            },
        ],
    )
    def test_never_breaks(self, client: Client, data: dict[str, str]) -> None:
        signed_in(client, "customers.view_segment")

        assert client.post("/segments/count/", data).status_code == 200


class TestDetail:
    def test_lists_the_customers_and_says_what_is_asked(self, client: Client, segment: Segment) -> None:
        signed_in(client, *LISTED)
        build_customer(name="Ana de Santos", city="Santos", document="39053344705")
        build_customer(name="Bia", city="Recife")

        page = client.get("/segments/de-santos/").text

        assert "Ana de Santos" in page
        assert "Bia" not in page
        assert "39053344705" not in page
        assert "City is Santos" in page

    def test_gives_no_file_beside_the_logged_way(self, client: Client, segment: Segment) -> None:
        signed_in(client, *LISTED)

        assert client.get("/segments/de-santos/?export=csv").status_code == 302
        assert not SegmentExport.objects.exists()

    def test_makes_a_grouping_that_nobody_changes_by_hand(self, client: Client, segment: Segment) -> None:
        signed_in(
            client,
            *LISTED,
            "customers.change_segment",
            "customers.add_customergrouping",
            "customers.view_customergrouping",
            "customers.change_customergrouping",
        )
        ana = build_customer(city="Santos")

        client.post("/segments/de-santos/grouping/")

        refresh_due(at=NOON)
        grouping = CustomerGrouping.objects.get()
        assert (grouping.code, list(grouping.customers.all())) == ("de-santos", [ana])
        assert "Add or remove members" not in client.get(f"/groupings/customers/{grouping.pk}/").text
        refused = client.post(
            f"/groupings/customers/{grouping.pk}/members/", {"entries": "x", "name": "code"}
        )
        assert "those of a segment" in refused.text
        assert list(grouping.customers.all()) == [ana]

    def test_counts_and_removes(self, client: Client, segment: Segment) -> None:
        signed_in(client, *LISTED, "customers.delete_segment")
        build_customer(city="Santos")

        client.post("/segments/de-santos/count/")
        assert Segment.objects.get().count == 1
        assert client.post("/segments/de-santos/delete/")["Location"] == "/segments/"

        assert not Segment.objects.exists()
        assert Customer.objects.exists()

    def test_says_what_is_gone_instead_of_breaking(self, client: Client, segment: Segment) -> None:
        signed_in(client, *LISTED, "customers.change_segment", "customers.add_customergrouping")
        build_customer(name="Ana de Santos", city="Santos")
        Segment.objects.update(tree={"all": [{"field": "gone", "operator": "eq", "value": "x"}]})

        page = client.get("/segments/de-santos/")
        assert page.status_code == 200
        assert "is not there any more" in page.text
        assert "Ana de Santos" not in page.text
        for action in ("count", "grouping"):
            answer = client.post(f"/segments/de-santos/{action}/", follow=True)
            assert "is not there any more" in answer.text
        assert not CustomerGrouping.objects.exists()

    def test_says_that_its_customers_take_too_long(
        self, client: Client, segment: Segment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        signed_in(client, *LISTED)
        build_customer()
        asleep = Customer.objects.filter(
            pk__in=RawSQL("SELECT c.id FROM customers_customer c, pg_sleep(30)", ())
        )
        monkeypatch.setattr(views, "customers_of", lambda *_arguments, **_values: asleep)
        monkeypatch.setattr(views, "PATIENCE", timedelta(milliseconds=50))

        page = client.get("/segments/de-santos/")

        assert page.status_code == 200
        assert "takes too long" in page.text
        assert "City is Santos" in page.text
