"""Value above the company's limit is added, taken or given by hand only when somebody else agrees."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from loyalty.models import (
    Account,
    AccountKind,
    AdjustmentRequest,
    Entry,
    EntryKind,
    Receivable,
    Settlement,
    StoredValue,
)
from loyalty.services.second_person import set_limit
from retail.models import Company
from tests.builders import (
    build_account,
    build_adjustment_request,
    build_card,
    build_credit,
    build_customer,
    build_debt,
    build_program,
    build_stored_value,
    build_stored_value_type,
    build_user,
)
from tests.pos_api.manager import Manager
from tests.world import assert_world

pytestmark = pytest.mark.django_db

RIGHTS = (
    "customers.view_customer",
    "loyalty.view_account",
    "loyalty.adjust_account",
    "loyalty.view_storedvalue",
    "loyalty.issue_storedvalue",
    "loyalty.block_storedvalue",
)


@pytest.fixture(autouse=True)
def _above_100(db):
    Company.objects.update(adjustment_limit=100)


@pytest.fixture
def gisele() -> Manager:
    return Manager.sign_in(*RIGHTS)


@pytest.fixture
def marcos() -> Manager:
    return Manager.sign_in(*RIGHTS)


def add(manager: Manager, customer: int, amount: str, **values: Any) -> Any:
    document = {"adjustment": "A1", "kind": "cashback", "amount": amount, "reason": "Acerto"} | values
    return manager.send("POST", f"customers/{customer}/adjustments/", document)


def decide(manager: Manager, request: int, verdict: str, **values: Any) -> Any:
    return manager.send("POST", f"adjustment-requests/{request}/{verdict}/", values)


def balance(customer: int) -> Decimal:
    return Account.objects.get(customer=customer).balance


class TestCustomers:
    def test_up_to_the_limit_nobody_is_asked(self, gisele):
        customer = build_customer().pk

        assert add(gisele, customer, "100.00").status_code == 201
        assert balance(customer) == 100

    def test_above_it_somebody_else_posts_it(self, gisele, marcos):
        customer = build_customer().pk

        asked, again = (add(gisele, customer, "100.01") for _time in range(2))
        number = asked.json()["request"]["id"]
        own = decide(gisele, number, "approve")

        assert (asked.status_code, again.status_code) == (202, 202)
        assert again.json()["request"]["id"] == number
        assert balance(customer) == 0
        assert (own.status_code, own.json()["code"]) == (409, "second_person_needed")
        approved = decide(marcos, number, "approve", comment="Conferido")
        assert (approved.json()["state"], approved.json()["decided_by"]) == (
            "approved",
            marcos.user.get_username(),
        )
        assert balance(customer) == Decimal("100.01")
        entry = Entry.objects.get()
        assert (entry.kind, entry.actor_id, entry.reason) == (EntryKind.ADJUST, gisele.user.pk, "Acerto")
        assert add(gisele, customer, "100.01").status_code == 200
        assert balance(customer) == Decimal("100.01")
        assert_world()

    def test_the_same_id_for_something_else_is_refused(self, gisele):
        customer = build_customer().pk
        add(gisele, customer, "150.00")

        answer = add(gisele, customer, "151.00")

        assert (answer.status_code, answer.json()["code"]) == (409, "adjustment_conflict")

    def test_what_is_refused_is_never_posted(self, gisele, marcos):
        customer = build_customer().pk
        number = add(gisele, customer, "150.00").json()["request"]["id"]

        without = decide(marcos, number, "refuse")
        refused = decide(marcos, number, "refuse", comment="Sem comprovante")
        late = decide(marcos, number, "approve")

        assert without.status_code == 422
        assert (refused.json()["state"], refused.json()["comment"]) == ("refused", "Sem comprovante")
        assert (late.status_code, late.json()["code"]) == (409, "already_decided")
        assert add(gisele, customer, "150.00").json()["request"]["state"] == "refused"
        assert balance(customer) == 0

    def test_taking_counts_as_adding_does(self, gisele, marcos):
        account = build_account()
        build_credit(account, 150_00)
        number = add(gisele, account.customer_id, "-150.00").json()["request"]["id"]
        add(gisele, account.customer_id, "-60.00", adjustment="A2")

        answer = decide(marcos, number, "approve")

        assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_value")
        assert AdjustmentRequest.objects.get().state == "requested"
        assert balance(account.customer_id) == 90

    @pytest.mark.parametrize(
        ("point_value", "amount", "status"),
        [(Decimal("0.50"), "200", 201), (Decimal("0.50"), "200.01", 202), (None, "9999", 201)],
    )
    def test_points_count_as_what_they_pay(self, gisele, point_value, amount, status):
        build_program(code="pontos", point_value=point_value)

        answer = add(gisele, build_customer().pk, amount, kind="points", program="pontos")

        assert answer.status_code == status

    def test_without_a_limit_nobody_is_asked(self, gisele):
        Company.objects.update(adjustment_limit=None)

        assert add(gisele, build_customer().pk, "99999.00").status_code == 201


class TestStoredValues:
    def test_adjusting_waits_too(self, gisele, marcos):
        stored = build_card(50_00)
        address = f"stored-value-records/{stored.pk}/adjust/"
        document = {"operation": "A1", "amount": "100.01", "reason": "Acerto"}

        asked = gisele.send("POST", address, document)
        decide(marcos, asked.json()["request"]["id"], "approve")

        assert (asked.status_code, asked.json()["balance"]) == (202, "50.00")
        read = marcos.send("GET", f"stored-value-records/{stored.pk}/").json()
        assert (read["balance"], read["entries"][0]["by"]) == ("150.01", gisele.user.get_username())
        assert_world()

    def test_what_cannot_be_is_refused_before_anybody_is_asked(self, gisele):
        stored = build_card(50_00, type=build_stored_value_type(kind="e_purse", ceiling=Decimal(100)))

        answer = gisele.send(
            "POST",
            f"stored-value-records/{stored.pk}/adjust/",
            {"operation": "A1", "amount": "100.01", "reason": "Acerto"},
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "above_ceiling")
        assert not AdjustmentRequest.objects.exists()

    @pytest.mark.parametrize("verdict", ["approve", "refuse"])
    def test_one_that_is_given_by_hand_is_blocked_until_somebody_agrees(self, gisele, marcos, verdict):
        kind = build_stored_value_type()
        document = {"operation": "1", "type": kind.code, "customer": build_customer().pk, "amount": "500.00"}

        given = gisele.send("POST", "stored-value-records/", document | {"reason": "Cortesia"}).json()
        unblocked = marcos.send(
            "POST", f"stored-value-records/{given['id']}/unblock/", {"reason": "Eu quero"}
        )
        decide(marcos, given["request"]["id"], verdict, comment="Visto")

        assert given["state"] == "blocked"
        assert unblocked.json()["code"] == "second_person_needed"
        read = marcos.send("GET", f"stored-value-records/{given['id']}/").json()
        assert (read["state"], read["balance"]) == {
            "approve": ("usable", "500.00"),
            "refuse": ("voided", "0.00"),
        }[verdict]
        assert_world()


class TestEnding:
    def write_off(self, manager: Manager, debt: Receivable, reason: str = "Cortesia") -> Any:
        address = f"customers/{debt.account.customer_id}/debts/{debt.pk}/write-off/"
        return manager.send("POST", address, {"reason": reason})

    def void(self, manager: Manager, stored: StoredValue) -> Any:
        return manager.send("POST", f"stored-value-records/{stored.pk}/void/", {"reason": "Em dobro"})

    def test_a_debt_above_the_limit_is_written_off_when_somebody_else_agrees(self, gisele, marcos):
        small, large = build_debt(build_account(), 100_00), build_debt(build_account(), 100_01)

        assert self.write_off(gisele, small).json() == {"written_off": "100.00"}
        asked = self.write_off(gisele, large)
        number = asked.json()["request"]["id"]

        assert (asked.status_code, asked.json()["request"]["debt"]) == (202, large.pk)
        assert self.write_off(marcos, large).json()["request"]["id"] == number
        assert Account.objects.get(pk=large.account_id).owed == Decimal("100.01")
        assert decide(gisele, number, "approve").json()["code"] == "second_person_needed"
        assert decide(marcos, number, "approve").json()["state"] == "approved"
        settled = Settlement.objects.get(receivable=large)
        assert (settled.amount, settled.actor_id, settled.reason) == (
            Decimal("100.01"),
            gisele.user.pk,
            "Cortesia",
        )
        assert self.write_off(gisele, large).json()["code"] == "already_settled"
        assert_world()

    def test_what_was_refused_can_be_asked_for_again_and_what_was_paid_cannot_be_approved(
        self, gisele, marcos
    ):
        debt = build_debt(build_account(), 150_00)
        first = self.write_off(gisele, debt).json()["request"]["id"]
        decide(marcos, first, "refuse", comment="Ele paga")
        second = self.write_off(gisele, debt).json()["request"]["id"]
        account = Account.objects.get(pk=debt.account_id)
        build_credit(account, 200_00)

        answer = decide(marcos, second, "approve")

        assert second != first
        assert (answer.status_code, answer.json()["code"]) == (409, "already_settled")
        assert AdjustmentRequest.objects.get(pk=second).state == "requested"

    def test_a_stored_value_above_the_limit_is_voided_when_somebody_else_agrees(self, gisele, marcos):
        small, large = build_card(100_00), build_card(100_01)

        assert self.void(gisele, small).json()["state"] == "voided"
        asked = self.void(gisele, large)
        number = asked.json()["request"]["id"]

        assert (asked.status_code, asked.json()["state"], asked.json()["balance"]) == (
            202,
            "usable",
            "100.01",
        )
        assert asked.json()["request"]["amount"] == "-100.01"
        assert self.void(marcos, large).json()["request"]["id"] == number
        assert decide(gisele, number, "approve").json()["code"] == "second_person_needed"
        decide(marcos, number, "approve")
        read = marcos.send("GET", f"stored-value-records/{large.pk}/").json()
        assert (read["state"], read["entries"][0]["by"]) == ("voided", gisele.user.get_username())
        assert_world()

    def test_a_voucher_in_percent_is_above_every_limit(self, gisele):
        voucher = build_stored_value(AccountKind.VOUCHER, amount=0, percent=Decimal(5)).stored

        assert self.void(gisele, voucher).status_code == 202

    def test_what_cannot_be_voided_is_refused_before_and_after_somebody_was_asked(self, gisele, marcos):
        used = build_card(500_00)
        take = {"operation": "A1", "amount": "-1.00", "reason": "Acerto"}
        gisele.send("POST", f"stored-value-records/{used.pk}/adjust/", take)
        waiting, loaded = build_card(500_00), build_card(500_00)
        numbers = [self.void(gisele, one).json()["request"]["id"] for one in (waiting, loaded)]
        gisele.send("POST", f"stored-value-records/{waiting.pk}/adjust/", take)
        gisele.send("POST", f"stored-value-records/{loaded.pk}/adjust/", take | {"amount": "50.00"})

        answers = [self.void(gisele, used), *(decide(marcos, number, "approve") for number in numbers)]

        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (409, "reduced"),
            (409, "reduced"),
            (409, "value_changed"),
        ]
        assert AdjustmentRequest.objects.filter(state="requested").count() == 2

    def test_the_pages_say_that_it_waits(self):
        client = Client(headers={"accept-language": "en"})
        client.force_login(build_user(permissions=RIGHTS))
        debt, card = build_debt(build_account(), 150_00), build_card(150_00)

        pages = [
            client.post(path, {"reason": "Cortesia"}, follow=True).content.decode()
            for path in (
                f"/customers/{debt.account.customer_id}/statement/debts/{debt.pk}/write-off/",
                f"/stored-values/{card.pk}/void/",
            )
        ]

        assert all("somebody else has to approve it" in page for page in pages)
        assert "Debt written off" in client.get("/loyalty/adjustments/").content.decode()


class TestRequests:
    def test_are_listed_by_state(self, marcos):
        waiting = build_adjustment_request(build_account())
        build_adjustment_request(
            build_card().account,
            state="refused",
            decided_by=build_user(),
            decided_at=waiting.requested_at,
        )

        listed = marcos.send("GET", "adjustment-requests/?state=requested").json()["results"]

        assert [row["id"] for row in listed] == [waiting.pk]
        assert len(marcos.send("GET", "adjustment-requests/").json()["results"]) == 2
        assert marcos.send("GET", "adjustment-requests/?state=x").status_code == 400
        assert decide(marcos, 999_999, "approve").status_code == 404

    @pytest.mark.parametrize("kind", ["write_off", "adjust"])
    def test_name_a_debt_when_they_are_about_one(self, kind):
        debt = build_debt(build_account())
        named = {"receivable": debt} if kind == "adjust" else {}

        with pytest.raises(IntegrityError, match="adjustment_request_names_its_debt"), transaction.atomic():
            build_adjustment_request(debt.account, kind=kind, **named)

    def test_the_database_takes_no_decision_of_who_asked(self):
        request = build_adjustment_request(build_account())

        with pytest.raises(IntegrityError), transaction.atomic():
            AdjustmentRequest.objects.filter(pk=request.pk).update(
                state="approved", decided_by=request.requested_by, decided_at=request.requested_at
            )


class TestPages:
    def sign_in(self, *permissions: str) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(build_user(permissions=permissions))
        return client

    def test_a_manager_asks_and_another_one_approves(self):
        customer = build_customer(name="Helena Prado")
        first, second = self.sign_in(*RIGHTS), self.sign_in(*RIGHTS)
        asked = first.post(
            f"/customers/{customer.pk}/statement/adjust/",
            {
                "unit": "cashback",
                "direction": "add",
                "amount": "250.00",
                "reason": "Acerto",
                "operation": "5b0b6bd6-7a3f-4a6e-8f0e-0d3f3a0f2a11",
                "confirmed": "1",
            },
            follow=True,
        )
        request = AdjustmentRequest.objects.get()
        address = f"/loyalty/adjustments/{request.pk}/approve/"

        own = first.post(address, {"comment": ""})
        listed = second.get("/loyalty/adjustments/").content.decode()
        approved = second.post(address, {"comment": ""}, follow=True)

        assert "somebody else has to approve it" in asked.content.decode()
        assert own.status_code == 422
        assert "Helena Prado" in listed
        assert address in listed
        assert "Approved." in approved.content.decode()
        assert balance(customer.pk) == 250

    def test_a_second_person_refuses_with_a_reason(self):
        request = build_adjustment_request(build_account())
        client = self.sign_in(*RIGHTS)
        address = f"/loyalty/adjustments/{request.pk}/refuse/"

        without = client.post(address, {"comment": " "})
        client.post(address, {"comment": "Sem comprovante"})

        request.refresh_from_db()
        assert without.status_code == 422
        assert (request.state, request.comment) == ("refused", "Sem comprovante")

    def test_giving_above_the_limit_shows_the_code_and_that_it_waits(self):
        page = (
            self.sign_in(*RIGHTS)
            .post(
                "/stored-values/give/",
                {
                    "customer": f"#{build_customer().pk}",
                    "type": build_stored_value_type().code,
                    "amount": "100.01",
                    "reason": "Cortesia",
                    "operation": "5b0b6bd6-7a3f-4a6e-8f0e-0d3f3a0f2a11",
                },
            )
            .content.decode()
        )

        assert "somebody else has to approve it" in page
        assert "data-copy-source" in page
        assert StoredValue.objects.get().blocked_at is not None

    def test_the_limit_is_set_by_who_may_change_the_company(self):
        manager = self.sign_in(*RIGHTS, "retail.change_company")

        manager.post("/loyalty/adjustments/limit/", {"limit": "250.00"})
        wrong = manager.post("/loyalty/adjustments/limit/", {"limit": "-1"}, follow=True)

        assert Company.objects.get().adjustment_limit == 250
        assert "greater than or equal to 0" in wrong.content.decode()
        assert self.sign_in(*RIGHTS).post("/loyalty/adjustments/limit/", {"limit": ""}).status_code == 403
        assert set_limit(None, user=build_user())
        assert not set_limit(None, user=build_user())
