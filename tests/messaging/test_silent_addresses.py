"""Why an address is silent: said as it is, shown on the customer's page, and taken back where a provider was wrong."""

from datetime import timedelta

import pytest

from messaging.models import Suppression, SuppressionReason
from messaging.selectors.addresses import addresses_of
from messaging.selectors.contacts import recipients, why_of, why_silent
from messaging.services.delivery import deliver_due
from messaging.services.opt_outs import NothingToLift, lift_bounce, suppress
from tests.builders import NOON, build_user
from tests.messaging.builders import build_automation, build_cart, build_message, build_reachable_customer

pytestmark = pytest.mark.django_db
EMAIL = "ana@example.com"
REASONS = {
    "bounced": "bounced",
    "complained": "complained",
    "provider": "provider_opt_out",
    "replied_stop": "opted_out",
    "unsubscribed": "opted_out",
}


def silence(reason, *, channel="email", address=EMAIL):
    suppress(channel=channel, address=address, reason=SuppressionReason(reason), at=NOON - timedelta(days=1))


class TestReason:
    @pytest.mark.parametrize(("reason", "code"), REASONS.items())
    def test_of_a_message_is_what_silenced_its_address(self, recorders, reason, code):
        build_automation(channels=["email"])
        customer = build_reachable_customer(email=EMAIL)
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        message = build_message(cart=cart, channels=["email"])
        silence(reason)

        deliver_due(clock=lambda: NOON)

        message.refresh_from_db()
        assert (message.state, message.reason) == ("suppressed", code)
        assert recipients([customer])[customer.pk].suppressed == {"email": code}

    def test_is_the_person_s_own_word_before_what_providers_report(self):
        assert why_of(["bounced", "complained", "unsubscribed"]) == "opted_out"
        assert why_of(["bounced", "provider", "complained"]) == "complained"
        assert why_of([]) == ""


class TestLift:
    def test_lets_a_bounced_address_be_written_to_again_and_says_who_and_why(self):
        user = build_user()
        silence("bounced")

        lift_bounce(channel="email", address=EMAIL, reason="Estava cheia.", by=user, at=NOON)

        assert why_silent("email", EMAIL) == ""
        lifted = Suppression.objects.get()
        assert (lifted.lifted_at, lifted.lifted_by, lifted.lift_reason) == (NOON, user, "Estava cheia.")

    @pytest.mark.parametrize("reason", ["complained", "provider", "replied_stop", "unsubscribed"])
    def test_takes_back_nothing_else(self, reason):
        silence(reason)

        with pytest.raises(NothingToLift):
            lift_bounce(channel="email", address=EMAIL, reason="Insisto.", by=build_user(), at=NOON)

        assert Suppression.objects.get().lifted_at is None

    def test_a_second_bounce_silences_it_again(self):
        silence("bounced")
        lift_bounce(channel="email", address=EMAIL, reason="Cheia.", by=build_user(), at=NOON)

        silence("bounced")

        assert why_silent("email", EMAIL) == "bounced"


class TestPage:
    PERMISSIONS = ("customers.view_customer", "messaging.view_suppression")

    def sign_in(self, client, *more):
        user = build_user(permissions=[*self.PERMISSIONS, *more], first_name="Gisele")
        client.force_login(user)
        client.cookies["django_language"] = "en"

    def test_says_of_each_address_what_stands_against_it(self, client):
        customer = build_reachable_customer(email=EMAIL, phone="")
        silence("bounced")
        self.sign_in(client)

        page = client.get(f"/customers/{customer.pk}/addresses/").content.decode()

        assert EMAIL in page
        assert "an earlier message came back" in page
        assert "There is no address" in page
        assert "/lift/" not in page
        assert [state.reason for state in addresses_of(customer)] == ["bounced", "no_address", "no_address"]

    def test_lifts_a_bounce_for_a_reason_only(self, client):
        customer = build_reachable_customer(email=EMAIL)
        silence("bounced")
        self.sign_in(client, "messaging.lift_suppression")
        path = f"/customers/{customer.pk}/addresses/"
        assert f"{path}email/lift/" in client.get(path).content.decode()

        client.post(f"{path}email/lift/", {"reason": " "})
        assert why_silent("email", EMAIL) == "bounced"
        page = client.post(f"{path}email/lift/", {"reason": "Caixa cheia"}, follow=True).content.decode()

        assert why_silent("email", EMAIL) == ""
        assert "lifted by Gisele (Caixa cheia)" in page
        assert client.post(f"{path}fax/lift/", {"reason": "x"}).status_code == 404

    def test_lifting_needs_its_own_permission(self, client):
        customer = build_reachable_customer(email=EMAIL)
        silence("bounced")
        self.sign_in(client)

        answer = client.post(f"/customers/{customer.pk}/addresses/email/lift/", {"reason": "Caixa cheia"})

        assert answer.status_code == 403
        assert why_silent("email", EMAIL) == "bounced"
