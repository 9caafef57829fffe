import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone
from openpyxl import load_workbook

from campaigns.services.jobs import run_due_jobs
from customers.models import (
    Customer,
    CustomerMetrics,
    Segment,
    SegmentExport,
    SegmentExportDownload,
    SegmentExportPart,
)
from customers.segments import statements
from customers.segments.operators import Sql
from customers.services import segments as services
from customers.services.metrics import recount
from customers.services.segment_exports import remove_old_files
from customers.services.segment_groupings import refresh_due
from tests.builders import build_customer, build_customer_grouping, build_sale
from tests.pos_api.manager import Manager, codes
from tests.pos_api.till import Till, basket, publish

pytestmark = pytest.mark.django_db

MAY = (
    *(f"customers.{action}_segment" for action in ("view", "add", "change", "delete", "export")),
    "customers.view_customer",
    "customers.add_customergrouping",
)
CPF = "39053344705"
SANTOS: dict[str, Any] = {"all": [{"field": "city", "operator": "eq", "value": "Santos"}]}


@pytest.fixture
def manager() -> Manager:
    return Manager.sign_in(*MAY)


@pytest.fixture
def saved(manager: Manager) -> dict[str, Any]:
    build_customer(name="Ana", city="Santos", document=CPF, email="=ana@example.com")
    build_customer(name="Bia", city="Recife")
    answer = manager.send("POST", "segments/", {"name": "De Santos", "tree": SANTOS})
    assert answer.status_code == 201, answer.content
    return answer.json()


class TestSegments:
    def test_are_saved_read_changed_and_removed(self, manager: Manager, saved: dict[str, Any]) -> None:
        assert (saved["code"], saved["revision"], saved["tree"]) == ("de-santos", 1, SANTOS)
        assert manager.send("GET", "segments/").json()["results"] == [saved]

        changed = manager.send("PATCH", "segments/de-santos/", {"name": "Praia", "revision": 1})
        overtaken = manager.send("PATCH", "segments/de-santos/", {"name": "Outro", "revision": 1})

        assert changed.json()["revision"] == 2
        assert (overtaken.status_code, overtaken.json()["code"]) == (409, "segment_changed")
        assert manager.send("DELETE", "segments/de-santos/").status_code == 204
        assert manager.send("GET", "segments/de-santos/").status_code == 404

    def test_are_counted_before_and_after_they_are_saved(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        assert manager.send("POST", "segments/count/", {"tree": SANTOS}).json()["count"] == 1
        assert manager.send("POST", "segments/count/", {"tree": {"all": []}}).json()["count"] == 2
        assert manager.send("POST", "segments/de-santos/count/").json()["count"] == 1
        assert manager.send("GET", "segments/de-santos/").json()["count"] == 1

    def test_list_their_customers_with_masked_documents_and_addresses(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        Customer.objects.filter(name="Ana").update(phone="+5511987654321")

        [ana] = manager.send("GET", "segments/de-santos/customers/").json()["results"]

        assert ana["name"] == "Ana"
        assert ana["document"] != CPF
        assert (ana["email"], ana["phone"]) == ("=····@example.com", "····4321")

    def test_ask_the_moment_of_the_first_page_on_all_pages(self, manager: Manager) -> None:
        for number in range(3):
            build_customer(name=f"Cliente {number}")
        manager.send("POST", "segments/", {"name": "Todos", "tree": {"all": []}})

        first = manager.send("GET", "segments/todos/customers/?limit=2").json()
        address = urlsplit(first["next"])
        moment = parse_qs(address.query)["at"]
        second = manager.send("GET", f"segments/todos/customers/?{address.query}").json()

        assert [row["name"] for row in first["results"] + second["results"]] == [
            "Cliente 0", "Cliente 1", "Cliente 2",
        ]  # fmt: skip
        assert parse_qs(urlsplit(second["previous"]).query)["at"] == moment

    @pytest.mark.parametrize("at", ["yesterday", "2020-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
    def test_refuse_other_moments(self, manager: Manager, saved: dict[str, Any], at: str) -> None:
        assert manager.send("GET", f"segments/de-santos/customers/?at={at}").status_code == 400

    def test_refuse_to_answer_when_what_they_ask_for_is_gone(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        Segment.objects.update(tree={"all": [{"field": "gone", "operator": "eq", "value": "x"}]})

        for method, path in (("POST", "count/"), ("GET", "customers/"), ("POST", "grouping/")):
            answer = manager.send(method, f"segments/de-santos/{path}")
            assert (answer.status_code, answer.json()["code"]) == (409, "segment_invalid")
            assert codes(answer) == [("all[0].field", "unknown")]
        exported = manager.send("POST", "segments/de-santos/exports/", {"format": "csv"}).json()
        run_due_jobs(clock=timezone.now)
        job = manager.send("GET", f"jobs/{exported['job']['id']}/").json()
        assert (job["state"], "not there any more" in job["error"]) == ("failed", True)

    def test_say_when_counting_takes_too_long(
        self, manager: Manager, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow = Sql("SELECT count(*) FROM pg_sleep(30)")
        monkeypatch.setattr(statements, "_select", lambda *_arguments, **_values: slow)
        monkeypatch.setattr(services, "PATIENCE", timedelta(milliseconds=50))

        answer = manager.send("POST", "segments/count/", {"tree": SANTOS})

        assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")

    def test_are_not_of_their_own_members(self, manager: Manager, saved: dict[str, Any]) -> None:
        manager.send("POST", "segments/de-santos/grouping/")
        tree = {"all": [{"field": "grouping", "operator": "not_in", "value": ["de-santos"]}]}

        answer = manager.send("PATCH", "segments/de-santos/", {"tree": tree})

        assert (answer.status_code, codes(answer)) == (422, [("tree", "cycle")])

    def test_say_what_can_be_asked(self, manager: Manager) -> None:
        fields = {field["code"]: field for field in manager.send("GET", "segments/fields/").json()["fields"]}

        assert {"postal_code", "turnover", "points_balance", "campaign_activated"} <= set(fields)
        assert fields["bought_category"]["of"] == "required"

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ([], [("", "type")]),
            ({}, [("name", "required"), ("tree", "required")]),
            ({"name": "x", "tree": SANTOS, "size": 1}, [("size", "unknown_field")]),
            ({"name": 5, "tree": SANTOS}, [("name", "type")]),
            ({"name": "x", "tree": SANTOS, "code": 5}, [("code", "type")]),
            ({"name": "x", "tree": None}, [("tree", "type")]),
            (
                {
                    "name": "x",
                    "tree": {"all": [{"any": [{"field": "age", "operator": "gte", "value": "x"}]}]},
                },
                [("tree.all[0].any[0].value", "type")],
            ),
        ],
    )
    def test_name_what_is_wrong(self, manager: Manager, body: Any, wrong: Any) -> None:
        answer = manager.send("POST", "segments/", body)

        assert answer.status_code == 422
        assert codes(answer) == wrong

    def test_are_not_removed_while_a_grouping_is_of_them(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        assert manager.send("POST", "segments/de-santos/grouping/").json()["grouping"] == "de-santos"

        refused = manager.send("DELETE", "segments/de-santos/")

        assert (refused.status_code, refused.json()["groupings"]) == (409, ["de-santos"])

    def test_do_not_take_a_grouping_that_is_kept_by_hand(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        build_customer_grouping(code="de-santos")

        assert manager.send("POST", "segments/de-santos/grouping/").status_code == 409


def test_campaigns_take_the_customers_of_a_segment(
    till: Till, manager: Manager, saved: dict[str, Any]
) -> None:
    made = manager.send("POST", "segments/de-santos/grouping/").json()
    assert made == {"grouping": "de-santos", "refreshed_at": None}
    refresh_due(at=timezone.now())
    assert manager.send("POST", "segments/de-santos/grouping/").json()["refreshed_at"] is not None
    asked = {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["de-santos"]}
    publish(conditions=asked)

    bought = till.evaluate(basket(customer={"document": CPF})).json()

    assert bought["totals"]["net"] == "90.00"
    assert till.evaluate(basket()).json()["totals"]["net"] == "100.00"


class TestExports:
    def export(self, manager: Manager, format: str = "csv") -> dict[str, Any]:
        asked = manager.send("POST", "segments/de-santos/exports/", {"format": format})
        assert asked.status_code == 202
        assert run_due_jobs(clock=timezone.now)["finished"] == 1
        return asked.json()

    def fetch(self, manager: Manager, export: dict[str, Any]) -> Any:
        answer = manager.send("GET", f"segment-exports/{export['id']}/file/")
        content = b"".join(answer.streaming_content) if answer.status_code == 200 else b""
        return answer, content

    def test_are_written_with_masked_documents_and_logged(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        export = self.export(manager)
        answer, content = self.fetch(manager, export)
        [headings, ana] = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))

        assert answer["Content-Length"] == str(len(content))
        assert dict(zip(headings, ana, strict=True))["Name"] == "Ana"
        assert CPF not in content.decode()
        # No spreadsheet takes what a customer typed for a formula.
        assert "'=ana@example.com" in ana
        [listed] = manager.send("GET", "segments/de-santos/exports/").json()["results"]
        assert (listed["rows"], listed["requested_by"]) == (1, manager.user.get_username())
        assert SegmentExportDownload.objects.get().downloaded_by == manager.user

    def test_read_the_metrics_and_not_every_sale(self, manager: Manager, saved: dict[str, Any]) -> None:
        ana = Customer.objects.get(name="Ana")
        away = build_customer(city="Santos")
        build_sale(customer=ana, occurred_at=timezone.now() - timedelta(days=10))
        build_sale(customer=away, occurred_at=timezone.now() - timedelta(days=400))
        recount([ana.pk, away.pk], at=timezone.now())
        # As no sale says: only who reads the row can know.
        CustomerMetrics.objects.filter(customer=ana).update(turnover="49.00")

        rows = self.figures(manager)

        assert rows == [("49.00", "1", True), ("0.00", "0", True)]

    def test_ask_the_sales_where_the_metrics_are_behind(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        ana = Customer.objects.get(name="Ana")
        for days in (10, 364):
            at = timezone.now() - timedelta(days=days)
            build_sale(customer=ana, occurred_at=at, received_at=at)
        recount([ana.pk], at=timezone.now())
        later = timezone.now() + timedelta(days=3)

        with time_machine.travel(later, tick=False):
            assert self.figures(manager) == [("50.00", "1", True)]
        assert CustomerMetrics.objects.get().visits == 2

    def figures(self, manager: Manager) -> list[tuple[str, str, bool]]:
        """Return turnover and purchases of twelve months as a file has them, and whether it has a last purchase."""
        _answer, content = self.fetch(manager, self.export(manager))
        [_headings, *rows] = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
        return [(row[-3].replace(",", "."), row[-2], bool(row[-1])) for row in rows]

    def test_show_whole_documents_to_who_may_see_them(self, saved: dict[str, Any], manager: Manager) -> None:
        privileged = Manager.sign_in(*MAY, "customers.export_documents")

        export = self.export(privileged)

        assert CPF in self.fetch(privileged, export)[1].decode()
        assert self.fetch(manager, export)[0].status_code == 403

    def test_are_workbooks_too(self, manager: Manager, saved: dict[str, Any]) -> None:
        _answer, content = self.fetch(manager, self.export(manager, "xlsx"))

        rows = list(load_workbook(io.BytesIO(content)).active.values)
        assert [row[1] for row in rows] == ["Name", "Ana"]

    def test_lose_their_file_after_some_days_and_stay_recorded(
        self, manager: Manager, saved: dict[str, Any]
    ) -> None:
        export = self.export(manager)

        assert remove_old_files(at=timezone.now() + timedelta(days=2)) == 0
        assert remove_old_files(at=timezone.now() + timedelta(days=3)) == 1

        assert not SegmentExportPart.objects.exists()
        assert SegmentExport.objects.get().rows == 1
        assert self.fetch(manager, export)[0].status_code == 404

    def test_refuse_other_formats(self, manager: Manager, saved: dict[str, Any]) -> None:
        assert codes(manager.send("POST", "segments/de-santos/exports/", {"format": "pdf"})) == [
            ("format", "choice")
        ]
