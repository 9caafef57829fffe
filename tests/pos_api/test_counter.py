"""What a terminal may do to customers, what tests leave behind, and what is removed in time."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from campaigns.models import Activation, CampaignCounter, PromoCode
from config.overview import sales_overview
from customers.models import Consent, Customer
from pos_api.models import CounterVisit, IdempotencyKey
from pos_api.services.credentials import issue_terminal_key
from pos_api.services.retention import purge
from retail.models import Sale
from tests.builders import build_campaign, build_customer, build_sale, build_user
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

pytestmark = pytest.mark.django_db
CPF = "39053344705"
CONSENT = {"purpose": "marketing", "granted": True}


@pytest.fixture
def customer(db):
    return build_customer(document=CPF, card="77", name="Ana")


class TestWhoStandsAtTheCounter:
    def test_a_terminal_changes_only_whom_it_has_looked_up(self, till, customer):
        address = f"customers/{customer.pk}/"
        before = till.send("PATCH", address, {"name": "Eva"})
        consent_before = till.send("POST", f"{address}consents/", CONSENT)

        till.send("GET", "customers/lookup/?q=77")
        after = till.send("PATCH", address, {"name": "Eva"})
        consent_after = till.send("POST", f"{address}consents/", CONSENT)

        assert (before.status_code, before.json()["code"]) == (404, "customer_not_looked_up")
        assert consent_before.status_code == 404
        assert (after.status_code, consent_after.status_code) == (200, 201)
        assert Consent.objects.count() == 1

    def test_who_does_not_exist_is_refused_in_the_same_words(self, till, customer):
        known = till.send("PATCH", f"customers/{customer.pk}/", {"name": "Eva"}).json()
        unknown = till.send("PATCH", "customers/999999999/", {"name": "Eva"}).json()

        assert known == unknown

    def test_another_stores_look_up_does_not_count(self, till, customer):
        Till.open().send("GET", "customers/lookup/?q=77")

        assert till.send("PATCH", f"customers/{customer.pk}/", {"name": "Eva"}).status_code == 404

    def test_another_terminal_of_the_store_goes_on(self, till, customer):
        till.send("GET", f"customers/lookup/?q={CPF}")
        colleague = Till.open(store=till.terminal.store)

        assert colleague.send("PATCH", f"customers/{customer.pk}/", {"name": "Eva"}).status_code == 200

    def test_whoever_it_registered_may_be_completed(self, till):
        key = till.send("POST", "customers/", {"document": CPF}).json()["id"]

        assert till.send("PATCH", f"customers/{key}/", {"name": "Ana"}).status_code == 200

    def test_an_hour_later_the_customer_is_asked_again(self, till, customer):
        with time_machine.travel(timezone.now() - timedelta(minutes=61), tick=False):
            till.send("GET", "customers/lookup/?q=77")

        assert till.send("PATCH", f"customers/{customer.pk}/", {"name": "Eva"}).status_code == 404


class TestLimitsOfACustomer:
    def test_go_on_when_the_document_becomes_known(self, till):
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 1}])
        phone = {"phone": "+5511987654321"}
        assert till.sell(sale(total="90.00", customer=phone)).status_code == 201

        Customer.objects.update(document=CPF)

        refused = till.evaluate(basket(line(), customer={"document": CPF})).json()
        assert refused["totals"]["discount"] == "0.00"
        assert till.sell(sale(total="90.00", customer={"document": CPF})).status_code == 409

    def test_counted_by_document_are_carried_over(self, customer):
        campaign = build_campaign()
        shared = {"campaign": campaign, "scope": "customer", "counts": "sale", "per": "campaign"}
        month = {"window_starts_on": "2026-11-01", "maximum": 3}
        ever = {"window_starts_on": "0001-01-01", "maximum": 3}
        CampaignCounter.objects.create(**shared, **month, scope_key=CPF, used=2)
        CampaignCounter.objects.create(**shared, **ever, scope_key=CPF, used=2)
        both = CampaignCounter.objects.create(**shared, **ever, scope_key=f"c:{customer.pk}", used=2)

        with connection.cursor() as cursor:
            cursor.execute(import_module("pos_api.migrations.0006_snapshot_with_agenda").REKEY)

        mine = CampaignCounter.objects.filter(scope_key=f"c:{customer.pk}")
        assert sorted(int(used) for used in mine.values_list("used", flat=True)) == [2, 4]
        assert CampaignCounter.objects.get(pk=both.pk).scope_key == f"before:{customer.pk}"


class TestTestKeys:
    @pytest.fixture
    def tester(self, till) -> Till:
        """The same terminal, with a test key."""
        _key, credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)
        return Till(till.terminal, credential)

    def test_use_nothing_up_and_leave_nobody_behind(self, till, tester):
        publish(
            conditions={"kind": "promo_code"},
            limits=[{"scope": "total", "counts": "sale", "max": 1}],
            budget="10.00",
        )
        issue_code()
        document = sale(total="90.00", customer={"document": CPF}, promo_codes=["BEMVINDO"])

        tested = tester.sell(document)

        assert tested.status_code == 201
        assert tested.json()["totals"]["discount"] == "10.00"
        assert tested.json()["flags"] == ["test"]
        assert not Customer.objects.exists()
        assert not CampaignCounter.objects.exists()
        assert not Activation.objects.exists()
        assert PromoCode.objects.get().used == 0
        assert till.sell(document).status_code == 201

    def test_count_for_no_metric_and_no_figure(self, till, tester, customer):
        publish("PRIMEIRA", conditions={"kind": "first_purchase"})
        buyer = {"document": CPF}

        tester.sell(sale(total="90.00", customer=buyer))

        assert till.evaluate(basket(line(), customer=buyer)).json()["totals"]["discount"] == "10.00"
        today = timezone.now().date()
        overview = sales_overview(at=timezone.now(), today=today, period=30)
        assert sum(day.count for day in overview.days) == 0
        assert till.send("GET", f"customers/lookup/?q={CPF}").json()["last_purchases"] == []

    def test_number_their_tickets_and_keys_beside_the_real_ones(self, till, tester):
        document = sale(ticket="1", fiscal_key="3" * 44)
        other = document | {"lines": [line(quantity="2")], "total": "200.00"}

        real = till.sell(document, Idempotency_Key="k")
        tested = tester.sell(other, Idempotency_Key="k")
        again = tester.sell(other, Idempotency_Key="k")

        assert (real.status_code, tested.status_code, again.status_code) == (201, 201, 200)
        assert again.json()["sale"] == tested.json()["sale"] != real.json()["sale"]
        found = till.send("GET", "sales/?ticket=1").json()
        assert found["sale"] == real.json()["sale"]
        assert till.send("GET", f"sales/{tested.json()['sale']}/").status_code == 404
        assert till.cancel(tested.json()["sale"]).status_code == 404
        assert tester.cancel(tested.json()["sale"]).json()["state"] == "cancelled"
        assert Sale.objects.real().get().state == "committed"

    def test_that_cancel_first_are_cancelled_beside_the_real_one(self, till, tester):
        day = timezone.localdate().isoformat()
        tester.cancel_ticket("9", day)

        assert till.sell(sale(ticket="9", business_date=day)).json()["state"] == "committed"
        assert tester.sell(sale(ticket="9", business_date=day)).json()["state"] == "cancelled"


class TestPurge:
    def test_removes_old_keys_and_visits_and_a_late_repetition_is_still_known_by_its_ticket(self, till):
        document = sale()
        first = till.sell(document, Idempotency_Key="k")
        till.send("POST", "customers/", {"document": CPF})
        later = timezone.now() + timedelta(days=31)
        kinds = ("idempotency_keys", "holds", "reservations", "visits", "codes")

        assert purge(at=timezone.now()) == dict.fromkeys(kinds, 0)
        assert purge(at=later) == dict.fromkeys(kinds, 0) | {"idempotency_keys": 1, "visits": 1}

        again = till.sell(document, Idempotency_Key="k")
        assert (again.status_code, again.json()["sale"]) == (200, first.json()["sale"])
        assert not IdempotencyKey.objects.exists()
        assert not CounterVisit.objects.exists()

    def test_takes_more_than_one_batch(self, till, monkeypatch):
        monkeypatch.setattr("pos_api.services.retention.BATCH", 2)
        for _number in range(5):
            till.send("POST", "customers/", {"phone": f"+55119876543{_number}0", "name": "A"})

        assert purge(at=timezone.now() + timedelta(days=1))["visits"] == 5


class TestWrongCredentials:
    def test_from_one_address_are_limited_and_a_right_key_still_passes(self, till):
        wrong = Till(till.terminal, "fiel_live_aaaaaaaaaa." + "x" * 43)

        with time_machine.travel("2026-11-20T15:00:10Z", tick=False):
            statuses = [wrong.evaluate(basket()).status_code for _attempt in range(22)]
            answer = wrong.send("GET", "terminal/")
            right = till.evaluate(basket())
            elsewhere = wrong.client.get(
                "/api/v1/terminal/",
                headers={"Authorization": f"Api-Key {wrong.credential}"},
                REMOTE_ADDR="203.0.113.9",
            )

        assert statuses == [401] * 20 + [429] * 2
        assert answer.headers["Retry-After"] == "51"
        assert right.status_code == 200
        assert elsewhere.status_code == 401

    def test_of_people_count_too_and_a_minute_later_is_another(self, client):
        headers = {"Authorization": "Bearer fiel_user_aaaaaaaaaa." + "x" * 43}
        with time_machine.travel("2026-11-20T15:00:10Z", tick=False) as clock:
            for _attempt in range(20):
                client.get("/api/v1/products/", headers=headers)
            assert client.get("/api/v1/products/", headers=headers).status_code == 429
            clock.shift(60)
            assert client.get("/api/v1/products/", headers=headers).status_code == 401

    def test_are_only_refused_while_the_cache_is_away(self, client, monkeypatch):
        def away(*_args, **_kwargs):
            raise ConnectionError

        monkeypatch.setattr("retail.rate.cache.add", away)
        headers = {"Authorization": "Api-Key nonsense"}

        statuses = {client.get("/api/v1/terminal/", headers=headers).status_code for _attempt in range(25)}

        assert statuses == {401}


class TestSalePage:
    @pytest.mark.parametrize(("permissions", "shown"), [((), False), (("customers.view_customer",), True)])
    def test_shows_the_customer_of_the_request_to_whom_may_see_customers(self, permissions, shown):
        request = {
            "customer": {"document": CPF, "phone": "+5511987654321"},
            "captured": {"email": "ana@example.com"},
            "ticket": "T1",
        }
        stored = build_sale(request=request, response={"captured": {"email": "ana@example.com"}})
        client = Client()
        client.force_login(build_user(permissions=("retail.view_sale", *permissions)))

        page = client.get(f"/sales/{stored.pk}/").content.decode()

        assert "T1" in page
        for private in (CPF, "+5511987654321", "ana@example.com"):
            assert (private in page) is shown
        assert ("***.533.447-**" in page) is not shown

    def test_lists_tests_apart(self):
        real, tested = build_sale(ticket="REAL"), build_sale(ticket="TESTE", is_test=True)
        client = Client()
        client.force_login(build_user(permissions=("retail.view_sale",)))

        usual = client.get("/sales/").content.decode()
        tests = client.get("/sales/?is_test=yes").content.decode()

        assert real.ticket in usual
        assert tested.ticket not in usual
        assert tested.ticket in tests
        assert real.ticket not in tests


def test_birthdays_are_found_by_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = Customer.objects.filter(birth_date__month=11, birth_date__day=22)
        assert "customer_by_birthday" in found.explain()
