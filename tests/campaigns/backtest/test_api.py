"""Back-tests by the API: asking, reading, listing, cancelling."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.services import jobs
from tests.campaigns.backtest.recorded import record
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, publish

PERMISSIONS = ("campaigns.view_backtest", "campaigns.add_backtest", "campaigns.change_backtest")


@pytest.fixture
def manager(db: None) -> Manager:
    return Manager.sign_in(*PERMISSIONS)


def question(**fields: Any) -> dict[str, Any]:
    today = timezone.now().date()
    return {
        "from": (today - timedelta(days=7)).isoformat(),
        "until": (today + timedelta(days=1)).isoformat(),
    } | fields


class TestBacktests:
    def test_answers_with_the_job_and_then_the_report(self, manager: Manager, till: Till) -> None:
        publish("DEZ")
        record(till)

        asked = manager.send("POST", "backtests/", question(saved=["DEZ"], live=True))
        waiting = asked.json()
        jobs.run_due_jobs(clock=timezone.now)
        finished = manager.send("GET", f"backtests/{waiting['id']}/").json()

        assert (asked.status_code, asked["Location"]) == (202, f"/api/v1/backtests/{waiting['id']}/")
        assert (waiting["job"]["state"], waiting["report"]) == ("queued", None)
        assert (finished["job"]["state"], finished["report"]["totals"]["cost"]) == ("finished", "10.00")
        assert finished["job"]["result"]["reached"] == 1
        assert finished["name"] == "Dez"

    def test_lists_the_newest_first_without_reports(self, manager: Manager) -> None:
        for name in ("first", "second"):
            manager.send("POST", "backtests/", question(live=True, name=name))

        rows = manager.send("GET", "backtests/").json()["results"]

        assert [row["name"] for row in rows] == ["second", "first"]
        assert "report" not in rows[0]
        assert manager.send("GET", "backtests/?campaign=DEZ").json()["results"] == []

    def test_cancels_once(self, manager: Manager) -> None:
        pk = manager.send("POST", "backtests/", question(live=True)).json()["id"]

        cancelled = manager.send("POST", f"backtests/{pk}/cancel/")
        again = manager.send("POST", f"backtests/{pk}/cancel/")

        assert (cancelled.status_code, cancelled.json()["job"]["state"]) == (200, "cancelled")
        assert (again.status_code, again.json()["code"]) == (409, "job_ended")

    def test_lets_only_who_asked_or_may_change_cancel(self, manager: Manager) -> None:
        pk = manager.send("POST", "backtests/", question(live=True)).json()["id"]

        assert (
            Manager.sign_in("campaigns.view_backtest").send("POST", f"backtests/{pk}/cancel/").status_code
            == 403
        )
        assert manager.send("GET", "backtests/999999/").status_code == 404

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ([], ""),
            ({}, "from"),
            ({"from": "2026-01-01", "until": "2026-01-02", "saved": "DEZ"}, "saved"),
            ({"from": 5, "until": "2026-01-02", "live": True}, "from"),
            ({"from": "2026-01-01", "until": "2026-01-02", "live": "yes"}, "live"),
            ({"from": "2026-01-01", "until": "2026-01-02", "campaigns": {}}, "campaigns"),
            ({"from": "2026-01-01", "until": "2026-01-02", "live": True, "at": "x"}, "at"),
        ],
    )
    def test_names_what_is_wrong(self, manager: Manager, document: Any, path: str) -> None:
        refused = manager.send("POST", "backtests/", document)

        assert refused.status_code == 422
        assert path in [error["path"] for error in refused.json()["errors"]]
