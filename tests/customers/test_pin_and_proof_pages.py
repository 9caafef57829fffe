"""Where a manager says when customers show who they are, and sets or removes a customer's PIN."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from customers.models import CustomerPin
from customers.services.pins import try_pin
from retail.models import Company
from tests.builders import build_customer, build_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(
        build_user(
            permissions=["retail.change_company", "customers.view_customer", "customers.change_customer"]
        )
    )
    return client


class TestRedemptionSettings:
    def test_are_saved_and_remembered(self, manager: Client) -> None:
        answer = manager.post(
            "/redemption/", {"proof_above": "50,00", "proof_method": "pin", "reservation_minutes": "30"}
        )

        company = Company.objects.get()
        assert answer.status_code == 302, answer.content
        assert (company.proof_above, company.proof_method, company.reservation_minutes) == (
            Decimal(50),
            "pin",
            30,
        )
        assert LogEntry.objects.count() == 1

    @pytest.mark.parametrize(("minutes", "above"), [("0", ""), ("1441", ""), ("15", "-1")])
    def test_refuse_what_cannot_be(self, manager: Client, minutes: str, above: str) -> None:
        answer = manager.post(
            "/redemption/", {"proof_above": above, "proof_method": "otp", "reservation_minutes": minutes}
        )

        assert answer.status_code == 422
        assert Company.objects.get().reservation_minutes == 15


class TestPin:
    def test_is_set_shown_as_set_and_removed(self, manager: Client) -> None:
        customer = build_customer()
        address = f"/customers/{customer.pk}/pin/"

        refused = manager.post(address, {"pin": "7777"})
        made = manager.post(address, {"pin": "2580"})

        assert (refused.status_code, made.status_code) == (422, 302)
        assert try_pin(customer_id=customer.pk, pin="2580", at=timezone.now()) == "right"
        page = manager.get(f"/customers/{customer.pk}/").content.decode()
        assert address in page
        assert "2580" not in page
        manager.post(address, {"remove": "on"})
        assert not CustomerPin.objects.exists()
