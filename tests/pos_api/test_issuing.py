"""Issuing runs and rules through the managers' API."""

from decimal import Decimal
from typing import Any

import pytest

from campaigns.services import issuing_jobs
from loyalty.models import IssuingRun, RunState, StoredValue
from retail.models import Company
from tests.builders import (
    build_customer,
    build_issuing_rule,
    build_issuing_run,
    build_sale,
    build_store,
    build_stored_value_type,
)
from tests.campaigns.code_work import run as run_job
from tests.pos_api.manager import Manager, codes
from tests.pos_api.till import Till, basket, line

pytestmark = pytest.mark.django_db
RULE = {"code": "vale", "name": "Vale", "tiers": [{"from": "50.00", "amount": "5.00"}]}
RUN = {"name": "Natal", "tiers": [{"percent": "5"}], "minimum_visits": 2, "minimum_turnover": "100.00"}


@pytest.fixture
def manager() -> Manager:
    return Manager.sign_in(is_superuser=True)


def work(run: IssuingRun) -> None:
    for job in issuing_jobs.jobs_of(run):
        if job.is_active:
            run_job(job)


class TestRules:
    def test_for_every_sale_give_what_anybody_may_use(self, manager: Manager) -> None:
        build_stored_value_type(kind="voucher", is_personal=True)
        refused = manager.send("POST", "issuing-rules/", RULE)
        free = build_stored_value_type(kind="voucher")

        made = manager.send("POST", "issuing-rules/", RULE)

        assert (refused.status_code, codes(refused)) == (422, [("type", "personal")])
        assert (made.status_code, made.json()["type"]) == (201, free.code)

    def test_are_made_read_listed_and_switched_off(self, manager: Manager, till: Till) -> None:
        made = manager.send("POST", "issuing-rules/", RULE)
        assert made.status_code == 201
        assert made.json()["tiers"] == [{"from": "50.00", "amount": "5.00"}]
        assert manager.send("GET", "issuing-rules/vale/").json() == made.json()
        assert manager.send("GET", "issuing-rules/").json()["results"] == [made.json()]
        assert len(till.evaluate(basket(line())).json()["earned"]["vouchers"]) == 1

        body = {name: value for name, value in RULE.items() if name != "code"}
        changed = manager.send("PUT", "issuing-rules/vale/", body | {"active": False, "version": 1})
        assert (changed.status_code, changed.json()["version"]) == (200, 2)
        assert till.evaluate(basket(line())).json()["earned"]["vouchers"] == []
        assert manager.send("PUT", "issuing-rules/vale/", body | {"version": 1}).status_code == 409

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"tiers": []}, ("tiers", "too_short")),
            ({"tiers": [{"amount": "5.00", "percent": "5"}]}, ("tiers[0]", "amount_or_percent")),
            ({"tiers": [{"percent": "101"}]}, ("tiers[0].percent", "range")),
            ({"type": "nada"}, ("type", "unknown")),
            ({"stores": ["NADA"]}, ("stores[0]", "unknown")),
            ({"trigger": "customer"}, ("window_days", "required")),
            ({"valid_days": 3, "usable_until": "2027-01-01T00:00:00Z"}, ("valid_days", "days_or_dates")),
        ],
    )
    def test_name_the_wrong_field(
        self, manager: Manager, fields: dict[str, Any], error: tuple[str, str]
    ) -> None:
        answer = manager.send("POST", "issuing-rules/", RULE | fields)

        assert answer.status_code == 422
        assert codes(answer)[0][0] == error[0]
        if error[1] != "too_short":
            assert codes(answer) == [error]

    def test_a_code_is_taken_once(self, manager: Manager) -> None:
        rule = build_issuing_rule()

        answer = manager.send("POST", "issuing-rules/", RULE | {"code": rule.code})

        assert (answer.status_code, codes(answer)) == (422, [("code", "code_taken")])


class TestRuns:
    def test_are_previewed_confirmed_and_issued(self, manager: Manager) -> None:
        ana, store = build_customer(), build_store()
        for amount in ("60.00", "40.00"):
            build_sale(customer=ana, store=store, lines=[{"unit_price": Decimal(amount)}])
        made = manager.send("POST", "issuing-runs/", RUN | {"stores": [store.code]})
        assert made.status_code == 201, made.json()
        run = IssuingRun.objects.get()
        url = f"issuing-runs/{run.pk}/"

        assert manager.send("POST", f"{url}confirm/", {"version": 1}).json()["code"] == "run_not_previewed"
        assert manager.send("POST", f"{url}preview/").status_code == 202
        work(run)
        seen = manager.send("GET", url).json()
        assert (seen["state"], seen["preview"]["customers"], seen["preview"]["total"]) == (
            "previewed",
            1,
            "5.00",
        )
        [grant] = manager.send("GET", f"{url}grants/").json()["results"]
        assert (grant["customer"], grant["turnover"], grant["stored_value"]) == (ana.pk, "100.00", None)
        assert manager.send("POST", f"{url}confirm/", {"version": 1}).json()["code"] == "run_changed"
        answer = manager.send("POST", f"{url}confirm/", {"version": seen["version"]})
        assert answer.status_code == 202
        work(run)

        again = manager.send("POST", f"{url}confirm/", {"version": seen["version"]})
        assert (again.status_code, again["Idempotency-Replayed"]) == (202, "true")
        assert (again.json()["id"], again["Location"]) == (answer.json()["id"], answer["Location"])
        other = manager.send("POST", f"{url}confirm/", {"version": seen["version"] - 1})
        assert (other.status_code, other.json()["code"]) == (409, "run_not_open")
        assert manager.send("GET", url).json()["issued"] == {"count": 1, "amount": "5.00"}
        assert StoredValue.objects.get().customer == ana
        assert manager.send("PUT", url, RUN).json()["code"] == "run_not_open"
        assert manager.send("POST", f"{url}cancel/", {}).json()["code"] == "run_ended"

    def test_a_cancelled_one_is_not_confirmed_again(self, manager: Manager) -> None:
        build_customer()
        run = build_issuing_run()
        url = f"issuing-runs/{run.pk}/"
        document = {"version": run.version}
        assert manager.send("POST", f"{url}confirm/", document).status_code == 202
        assert manager.send("POST", f"{url}cancel/", {}).status_code == 200

        answer = manager.send("POST", f"{url}confirm/", document)

        assert (answer.status_code, answer.json()["code"]) == (409, "run_not_open")

    def test_for_a_country_or_language_that_nobody_has_are_refused(self, manager: Manager) -> None:
        answer = manager.send("POST", "issuing-runs/", RUN | {"country": "ZZ", "language": "klingon"})

        assert (answer.status_code, codes(answer)) == (422, [("country", "unknown"), ("language", "unknown")])
        assert (
            manager.send("POST", "issuing-runs/", RUN | {"country": "UY", "language": "es-uy"}).status_code
            == 201
        )

    def test_above_the_limit_are_confirmed_by_somebody_else(self, manager: Manager) -> None:
        Company.objects.update(adjustment_limit=5)
        build_customer()
        manager.send("POST", "issuing-runs/", {"name": "Natal", "tiers": [{"amount": "10.00"}]})
        run = IssuingRun.objects.get()
        url = f"issuing-runs/{run.pk}/"
        manager.send("POST", f"{url}preview/")
        work(run)
        version = manager.send("GET", url).json()["version"]

        answer = manager.send("POST", f"{url}confirm/", {"version": version})

        assert (answer.status_code, answer.json()["code"]) == (409, "second_person_needed")
        assert codes(answer) == [("preview.total", "second_person_needed")]
        assert answer.json()["limit"] == "5.00"
        other = Manager.sign_in(is_superuser=True)
        assert other.send("POST", f"{url}confirm/", {"version": version}).status_code == 202
        seen = other.send("GET", url).json()
        assert (seen["prepared_by"], seen["confirmed_by"]) == (
            manager.user.get_username(),
            other.user.get_username(),
        )

    def test_are_cancelled(self, manager: Manager) -> None:
        run = build_issuing_run()

        assert manager.send("POST", f"issuing-runs/{run.pk}/cancel/").json()["state"] == RunState.CANCELLED

    def test_name_customers_and_groupings_that_do_not_exist(self, manager: Manager) -> None:
        assert codes(manager.send("POST", "issuing-runs/", RUN | {"customer": 999_999_999})) == [
            ("customer", "unknown")
        ]
        assert codes(manager.send("POST", "issuing-runs/", RUN | {"grouping": "nada"})) == [
            ("grouping", "unknown")
        ]
