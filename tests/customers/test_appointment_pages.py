"""The pages of the sellers' agenda."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from customers.models import Appointment
from tests.builders import build_appointment, build_customer, build_store, build_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


class TestDay:
    def test_shows_who_comes_to_the_store_on_its_own_day(self, client):
        store = build_store(time_zone="America/Manaus")
        build_appointment(store=store, customer=build_customer(name="Ana Noite"), starts_at=datetime(2026, 11, 21, 3, 30, tzinfo=UTC))  # fmt: skip
        build_appointment(store=build_store(), customer=build_customer(name="Bia Longe"), starts_at=NOW)

        today = client.get(f"/appointments/?store={store.pk}").content.decode()
        tomorrow = client.get(f"/appointments/?store={store.pk}&day=2026-11-21").content.decode()

        assert "Ana Noite" in today
        assert "23:30" in today
        assert "Bia Longe" not in today
        assert "Ana Noite" not in tomorrow

    def test_takes_any_nonsense_for_today(self, client):
        build_store()

        assert client.get("/appointments/?store=x&day=amanhã").context["day"].isoformat() == "2026-11-20"

    def test_works_without_any_store(self, client):
        assert client.get("/appointments/").status_code == 200

    def test_says_what_became_of_an_appointment(self, client):
        done, cancelled = build_appointment(), build_appointment()

        client.post(f"/appointments/{done.pk}/close/", {"done": "1"})
        client.post(f"/appointments/{cancelled.pk}/close/", {"cancel": "1"})
        client.post(f"/appointments/{done.pk}/close/", {"cancel": "1"})

        assert Appointment.objects.get(pk=done.pk).status == "done"
        assert Appointment.objects.get(pk=cancelled.pk).status == "cancelled"

    def test_is_closed_only_by_who_may_change_it(self):
        appointment = build_appointment()
        reader = Client()
        reader.force_login(build_user(permissions=("customers.view_appointment",)))

        assert reader.post(f"/appointments/{appointment.pk}/close/", {"done": "1"}).status_code == 403


class TestForm:
    def test_books_in_the_time_of_the_store(self, client):
        customer, store = build_customer(), build_store(time_zone="America/Manaus")
        values = {"store": store.pk, "day": "2026-11-25", "time": "15:00", "seller": "V1", "purpose": "Prova"}

        client.post(f"/customers/{customer.pk}/appointments/new/", values)

        booked = Appointment.objects.get()
        assert booked.starts_at == datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
        assert (booked.customer, booked.booked_by.username) == (customer, "marina")
        assert "Prova" in client.get(f"/customers/{customer.pk}/appointments/").content.decode()

    def test_says_that_the_seller_is_taken(self, client):
        first = build_appointment(seller="V1", starts_at=datetime(2026, 11, 25, 18, 0, tzinfo=UTC))
        values = {"store": first.store_id, "day": "2026-11-25", "time": "15:00", "seller": "V1"}

        answer = client.post(f"/customers/{build_customer().pk}/appointments/new/", values)

        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"time"}
        assert Appointment.objects.count() == 1

    def test_moves_an_appointment(self, client):
        appointment = build_appointment(seller="V1")
        values = {"day": "2026-11-26", "time": "10:00", "seller": "V2"}

        client.post(f"/appointments/{appointment.pk}/", values)

        moved = Appointment.objects.get()
        assert (moved.seller, moved.starts_at) == ("V2", datetime(2026, 11, 26, 13, 0, tzinfo=UTC))

    def test_refuses_a_day_that_cannot_be_right(self, client):
        values = {"store": build_store().pk, "day": "2126-11-26", "time": "10:00"}

        answer = client.post(f"/customers/{build_customer().pk}/appointments/new/", values)

        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"day"}
