"""The sellers' agenda: booking, changing, and what it opens at the till."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from customers.models import Appointment
from tests.builders import build_customer, build_sale, build_store
from tests.pos_api.manager import Manager
from tests.pos_api.till import basket, line, publish, sale

pytestmark = pytest.mark.django_db
CPF = "39053344705"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # noon in São Paulo


@pytest.fixture
def manager(db) -> Manager:
    return Manager.sign_in(is_superuser=True)


def codes(response):
    return [(error["path"], error["code"]) for error in response.json()["errors"]]


def in_days(days):
    return (timezone.now() + timedelta(days=days)).isoformat()


def book(caller, **fields):
    body = {"customer": {"document": CPF}, "starts_at": in_days(3), "seller": "V1"}
    return caller.send("POST", "appointments/", body | fields)


def build_appointment(customer, store, *, days=1, booked_days=-1, **values):
    now = timezone.now()
    return Appointment.objects.create(
        **{
            "customer": customer,
            "store": store,
            "starts_at": now + timedelta(days=days),
            "booked_at": now + timedelta(days=booked_days),
        }
        | values
    )


class TestAppointments:
    def test_are_booked_listed_changed_and_closed_by_the_terminal_of_the_store(self, till):
        build_customer(document=CPF, name="Ana")

        booked = book(till, purpose="Prova")
        key = booked.json()["id"]
        moved = till.send("PATCH", f"appointments/{key}/", {"starts_at": in_days(4), "note": "Traz a mãe"})
        done = till.send("PATCH", f"appointments/{key}/", {"status": "done"})
        reopened = till.send("PATCH", f"appointments/{key}/", {"status": "booked"})
        noted = till.send("PATCH", f"appointments/{key}/", {"note": "Levou dois"})

        assert (booked.status_code, moved.status_code, done.status_code) == (201, 200, 200)
        assert booked.json()["store"] == till.terminal.store.code
        assert done.json()["closed_at"] is not None
        assert (reopened.status_code, reopened.json()["code"]) == (409, "appointment_closed")
        assert noted.json()["note"] == "Levou dois"
        (listed,) = till.send("GET", "appointments/?status=done").json()["results"]
        assert listed["customer"]["name"] == "Ana"

    def test_sent_twice_are_one(self, till):
        build_customer(document=CPF)
        starts_at = in_days(2)

        first, again = book(till, starts_at=starts_at), book(till, starts_at=starts_at)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]

    def test_take_a_seller_once_for_each_moment(self, till):
        build_customer(document=CPF)
        build_customer(document="52998224725")
        starts_at = in_days(2)
        first = book(till, starts_at=starts_at).json()

        refused = book(till, starts_at=starts_at, customer={"document": "52998224725"})
        till.send("POST", f"appointments/{first['id']}/cancel/", {})
        taken = book(till, starts_at=starts_at, customer={"document": "52998224725"})

        assert (refused.status_code, refused.json()["code"]) == (409, "appointment_taken")
        assert taken.status_code == 201

    def test_of_another_store_do_not_exist_for_a_terminal(self, till):
        appointment = build_appointment(build_customer(), build_store())

        assert till.send("GET", "appointments/").json()["results"] == []
        assert till.send("GET", f"appointments/{appointment.pk}/").status_code == 404
        assert till.send("PATCH", f"appointments/{appointment.pk}/", {"note": "x"}).status_code == 404
        assert till.send("POST", f"appointments/{appointment.pk}/cancel/", {}).status_code == 404

    def test_of_a_day_are_those_of_the_stores_own_day(self, manager):
        far = build_store(time_zone="America/Manaus")
        build_appointment(build_customer(), far, starts_at=datetime(2026, 11, 21, 3, 30, tzinfo=UTC))

        # 23:30 of the 20th in Manaus.
        on_20 = manager.send("GET", "appointments/?day=2026-11-20").json()["results"]
        on_21 = manager.send("GET", "appointments/?day=2026-11-21").json()["results"]

        assert (len(on_20), len(on_21)) == (1, 0)

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"customer": {"document": "11144477735"}}, [("customer.document", "unknown_customer")]),
            ({"customer": {"id": 1}}, [("customer", "reference")]),
            ({"customer": "Ana"}, [("customer", "reference")]),
            ({"customer": {"document": 5}}, [("customer.document", "type")]),
            ({"starts_at": None}, [("starts_at", "required")]),
            ({"starts_at": "2026-11-25"}, [("starts_at", "moment")]),
            ({"starts_at": "2126-11-25T10:00:00Z"}, [("starts_at", "range")]),
            ({"status": "done"}, [("status", "choice")]),
            ({"status": "maybe"}, [("status", "choice")]),
            ({"store": "9999"}, [("store", "immutable")]),
            ({"seler": "V1"}, [("seler", "unknown_field")]),
            ({"note": "x" * 1001}, [("note", "too_long")]),
        ],
    )
    def test_name_what_is_wrong(self, till, fields, expected):
        build_customer(document=CPF)

        answer = book(till, **fields)

        assert answer.status_code == 422
        assert codes(answer) == expected

    def test_guessing_customers_locks_the_terminals_look_ups(self, till):
        for number in range(10):
            book(till, customer={"card": f"X{number}"})

        assert book(till, customer={"card": "X99"}).status_code == 429

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [({}, [("store", "required")]), ({"store": "9999"}, [("store", "unknown_store")])],
    )
    def test_of_a_manager_name_their_store(self, manager, fields, expected):
        build_customer(document=CPF)

        assert codes(book(manager, **fields)) == expected


class TestAtTheTill:
    @pytest.fixture
    def customer(self, db):
        return build_customer(document=CPF)

    @pytest.fixture(autouse=True)
    def campaign(self, db):
        with time_machine.travel(NOW, tick=False):
            publish("VISITA", optional=True, conditions={"kind": "agenda"})
            yield

    def discount(self, till):
        document = basket(line(), customer={"document": CPF}, accepted=["VISITA"])
        return till.evaluate(document).json()["totals"]["discount"]

    @pytest.mark.parametrize(
        ("appointment", "last_purchase", "expected"),
        [
            # (when it is, when it was booked, status), days from now; when the customer bought last
            (None, None, "0.00"),
            ((2, -1, "booked"), None, "10.00"),
            ((2, -1, "booked"), -3, "10.00"),
            ((2, -1, "cancelled"), None, "0.00"),
            ((-1, -5, "done"), -3, "10.00"),
            ((-4, -5, "done"), -3, "0.00"),
            # Bought since booking: it counts again from its own day on.
            ((2, -5, "booked"), -3, "0.00"),
            ((0, -5, "booked"), -3, "10.00"),
            ((0.2, -5, "booked"), -3, "10.00"),
        ],
    )
    def test_an_appointment_opens_the_next_purchase(
        self, till, customer, appointment, last_purchase, expected
    ):
        if appointment:
            days, booked_days, status = appointment
            closed_at = None if status == "booked" else NOW
            build_appointment(
                customer,
                till.terminal.store,
                days=days,
                booked_days=booked_days,
                status=status,
                closed_at=closed_at,
            )
        if last_purchase:
            build_sale(customer=customer, occurred_at=NOW + timedelta(days=last_purchase))

        assert self.discount(till) == expected

    def test_the_purchase_that_used_it_closes_it_and_cancelling_that_opens_it_again(self, till, customer):
        build_appointment(customer, till.terminal.store)
        document = sale(
            line(),
            total="90.00",
            customer={"document": CPF},
            accepted=["VISITA"],
            occurred_at=NOW.isoformat(),
        )

        sold = till.sell(document)
        after = self.discount(till)
        till.cancel(sold.json()["sale"])

        assert sold.status_code == 201
        assert sold.json()["totals"]["discount"] == "10.00"
        assert (after, self.discount(till)) == ("0.00", "10.00")

    def test_nobody_and_strangers_have_none(self, till, customer):
        build_appointment(customer, till.terminal.store)

        anonymous = till.evaluate(basket(line(), accepted=["VISITA"])).json()
        stranger = till.evaluate(
            basket(line(), customer={"document": "52998224725"}, accepted=["VISITA"])
        ).json()

        assert anonymous["totals"]["discount"] == stranger["totals"]["discount"] == "0.00"
        assert [refusal["reason"] for refusal in stranger["not_activated"]] == ["agenda"]

    def test_evaluating_still_asks_the_database_once(self, till, customer, django_assert_num_queries):
        build_appointment(customer, till.terminal.store)
        self.discount(till)

        with django_assert_num_queries(1):
            self.discount(till)
