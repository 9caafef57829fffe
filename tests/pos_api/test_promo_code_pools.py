"""Pools of promotional codes through the managers' API."""

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Job, PromoCode, PromoCodeImport, PromoCodePool
from campaigns.services.jobs import run_due_jobs
from tests.builders import build_campaign, build_customer, build_customer_grouping
from tests.pos_api.manager import Manager

MANAGER = (
    *(f"campaigns.{verb}_promocodepool" for verb in ("view", "add", "change", "delete")),
    "campaigns.add_promocode",
    "campaigns.change_promocode",
    "customers.view_customer",
)


@pytest.fixture
def manager(db: None) -> Manager:
    return Manager.sign_in(*MANAGER)


@pytest.fixture
def pool(manager: Manager) -> str:
    manager.send("POST", "promo-code-pools/", {"code": "natal", "name": "Natal", "prefix": "natal"})
    return "promo-code-pools/natal/"


def finish(answer: Any, manager: Manager) -> dict[str, Any]:
    """Run the job that was answered and return it as the API shows it then."""
    assert answer.status_code == 202, answer.content
    run_due_jobs(clock=timezone.now)
    return manager.send("GET", f"jobs/{answer.json()['id']}/").json()


class TestPool:
    def test_is_made_read_changed_and_deleted(self, manager: Manager) -> None:
        campaign = build_campaign(publish=True)
        body = {
            "name": "Natal",
            "campaign": campaign.code,
            "terms": "as_issued",
            "prefix": "NATAL",
            "length": 12,
            "alphabet": "letters",
            "check_symbol": False,
            "max_uses": 3,
            "max_uses_per_customer": 1,
            "valid_days": 30,
            "expires_at": "2026-12-26T00:00:00-03:00",
        }

        made = manager.send("POST", "promo-code-pools/", body | {"code": "natal"})
        read = manager.send("GET", "promo-code-pools/natal/").json()
        changed = manager.send("PUT", "promo-code-pools/natal/", {"name": "Outro"}).json()

        assert made.status_code == 201
        assert read == made.json()
        assert {name: read[name] for name in body} == body | {"expires_at": "2026-12-26T03:00:00Z"}
        assert (changed["name"], changed["campaign"], changed["terms"]) == ("Outro", None, "live")
        assert manager.send("DELETE", "promo-code-pools/natal/").status_code == 204
        assert manager.send("GET", "promo-code-pools/natal/").status_code == 404

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("terms", "as_issued", "campaign_required"),
            ("campaign", "none", "campaign_unknown"),
            ("length", 5, None),
            ("length", 33, None),
            ("alphabet", "emoji", None),
            ("max_uses", 0, None),
            ("valid_days", 0, None),
            ("colour", "red", None),
        ],
    )
    def test_with_wrong_settings_is_refused_with_the_field(
        self, manager: Manager, field: str, value: Any, code: str | None
    ) -> None:
        answer = manager.send("POST", "promo-code-pools/", {"code": "x", "name": "X", field: value})

        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["path"] == ("campaign" if code == "campaign_required" else field)
        assert code is None or error["code"] == code

    def test_is_closed_and_opened_at_once(self, manager: Manager, pool: str) -> None:
        (word,) = manager.send("POST", pool + "generate/", {"count": 1}).json()["codes"]

        closed = manager.send("POST", pool + "deactivate/", {}).json()
        state = manager.send("GET", f"{pool}codes/{word}/").json()["state"]
        opened = manager.send("POST", pool + "activate/", {}).json()

        assert (closed["open"], state, opened["open"]) == (False, "pool_closed", True)
        assert manager.send("GET", f"{pool}codes/{word}/").json()["state"] == "usable"


class TestGenerate:
    def test_answers_a_few_at_once(self, manager: Manager, pool: str) -> None:
        answer = manager.send("POST", pool + "generate/", {"count": 3})

        assert answer.status_code == 201
        assert len(answer.json()["codes"]) == 3
        assert manager.send("GET", pool).json()["codes"] == 3

    def test_makes_many_by_a_job(self, manager: Manager, pool: str) -> None:
        job = finish(manager.send("POST", pool + "generate/", {"count": 10_001}), manager)

        assert (job["state"], job["done"], job["total"]) == ("finished", 10_001, 10_001)
        assert PromoCode.objects.count() == 10_001

    def test_of_a_million_is_accepted_and_of_more_refused(self, manager: Manager, pool: str) -> None:
        assert manager.send("POST", pool + "generate/", {"count": 1_000_000}).status_code == 202
        assert manager.send("POST", pool + "generate/", {"count": 1_000_001}).status_code == 422

    def test_uses_what_the_pool_says_where_nothing_else_is_said(self, manager: Manager, pool: str) -> None:
        manager.send(
            "PUT", pool, {"name": "N", "max_uses": 5, "max_uses_per_customer": 2, "expires_at": None}
        )
        manager.send("POST", pool + "generate/", {"count": 1})
        manager.send("POST", pool + "generate/", {"count": 1, "max_uses": None})

        limits = PromoCode.objects.order_by("pk").values_list("max_uses", "max_uses_per_customer")
        assert list(limits) == [(5, 2), (None, 2)]

    def test_names_what_is_wrong(self, manager: Manager, pool: str) -> None:
        manager.send("PUT", pool, {"name": "N", "length": 8, "alphabet": "digits"})
        wrong = [
            ({"count": 1, "customer": "nobody"}, "customer"),
            ({"count": 11}, "count"),
            (
                {"count": 1, "starts_at": "2026-02-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
                "expires_at",
            ),
        ]

        answers = [manager.send("POST", pool + "generate/", body) for body, _path in wrong]

        assert [answer.status_code for answer in answers] == [422] * 3
        assert [answer.json()["errors"][0]["path"] for answer in answers] == [path for _body, path in wrong]

    def test_makes_one_for_each_member_of_a_grouping(self, manager: Manager, pool: str) -> None:
        customers = [build_customer() for _number in range(4)]
        grouping = build_customer_grouping(customers=customers)

        answer = manager.send("POST", pool + "generate-for-members/", {"grouping": grouping.code})
        job = finish(answer, manager)

        assert job["result"]["created"] == 4
        assert {code.customer for code in PromoCode.objects.all()} == set(customers)
        unknown = manager.send("POST", pool + "generate-for-members/", {"grouping": "none"})
        assert unknown.json()["errors"][0]["path"] == "grouping"


class TestImport:
    def test_answers_a_short_list_at_once(self, manager: Manager, pool: str) -> None:
        answer = manager.send("POST", pool + "import/", {"lines": ["A", "a", "B b"]}).json()

        assert answer["summary"] == {"created": 1, "repeated": 1, "invalid": 1}

    def test_only_looks_when_it_is_asked_to(self, manager: Manager, pool: str) -> None:
        answer = manager.send("POST", pool + "import/", {"lines": ["A"], "dry_run": True}).json()

        assert answer["summary"] == {"good": 1}
        assert not PromoCode.objects.exists()

    def test_takes_a_long_list_by_a_job_and_tells_what_was_refused(self, manager: Manager, pool: str) -> None:
        lines = [f"C-{number}" for number in range(10_050)] + ["C-7", "two words"]

        job = finish(manager.send("POST", pool + "import/", {"lines": lines}), manager)

        assert job["result"] == {"created": 10_050, "repeated": 1, "invalid": 1}
        refused = manager.send("GET", f"{pool}imports/{job['arguments']['import']}/refused/")
        assert b"".join(refused.streaming_content).count(b"\r\n") == 3
        again = manager.send("POST", pool + "import/", {"lines": lines})
        assert (again.status_code, again.json()["code"]) == (409, "imported_already")
        assert PromoCodeImport.objects.count() == 1

    def test_shows_a_list_of_another_pool_to_nobody(self, manager: Manager, pool: str) -> None:
        assert manager.send("GET", pool + "imports/99/refused/").status_code == 404


class TestCodes:
    @pytest.fixture(autouse=True)
    def _codes(self, manager: Manager, pool: str) -> None:
        for word in ("ALFA", "ALFB", "BETA"):
            manager.send("POST", pool + "codes/", {"code": word})
        PromoCode.objects.filter(code="ALFB").update(used=1)

    def test_are_found_by_their_beginning_and_their_state(self, manager: Manager, pool: str) -> None:
        def found(query: str) -> list[str]:
            answer = manager.send("GET", f"{pool}codes/?{query}").json()
            return [code["code"] for code in answer["results"]]

        assert found("q=alf") == ["ALFA", "ALFB"]
        assert found("state=used") == ["ALFB"]
        assert found("state=usable") == ["ALFA", "BETA"]
        assert found("q=b&state=usable") == ["BETA"]

    def test_say_why_they_are_not_usable(self, manager: Manager, pool: str) -> None:
        manager.send("PATCH", pool + "codes/beta/", {"active": False})

        states = [
            manager.send("GET", f"{pool}codes/{word}/").json()["state"] for word in ("alfa", "alfb", "beta")
        ]

        assert states == ["usable", "used", "closed"]
        assert manager.send("GET", pool + "codes/none/").status_code == 404

    def test_get_another_end_by_a_job(self, manager: Manager, pool: str) -> None:
        job = finish(manager.send("POST", pool + "extend/", {"expires_at": "2027-02-01T00:00:00Z"}), manager)

        assert (job["done"], job["result"]["changed"]) == (3, 2)

    def test_get_no_end_that_is_past(self, manager: Manager, pool: str) -> None:
        refused = manager.send("POST", pool + "extend/", {"expires_at": "2020-02-01T00:00:00Z"})

        assert refused.status_code == 422
        assert [(error["path"], error["code"]) for error in refused.json()["errors"]] == [
            ("expires_at", "past")
        ]

    def test_are_exported_and_the_export_is_noted(self, manager: Manager, pool: str) -> None:
        answer = manager.send("GET", pool + "export/")

        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert [line.split(",")[2] for line in lines[1:]] == ['"usable"', '"used"', '"usable"']
        event = PromoCodePool.objects.get().events.get(action="exported")
        assert event.user == manager.user


class TestJobs:
    def test_of_pools_are_seen_by_who_may_see_pools(self, manager: Manager, pool: str) -> None:
        job = manager.send("POST", pool + "generate/", {"count": 20_000}).json()
        colleague = Manager.sign_in("campaigns.view_promocodepool")
        stranger = Manager.sign_in("campaigns.view_campaign")

        assert colleague.send("GET", f"jobs/{job['id']}/").status_code == 200
        assert stranger.send("GET", f"jobs/{job['id']}/").status_code == 404
        assert colleague.send("POST", f"jobs/{job['id']}/cancel/", {}).status_code == 403
        assert manager.send("POST", f"jobs/{job['id']}/cancel/", {}).json()["state"] == "cancelled"
        assert Job.objects.get().requested_by == manager.user
