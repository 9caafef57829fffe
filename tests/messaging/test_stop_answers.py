"""Whoever answers SAIR is told once that it worked, in their language or in the company's words."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from messaging.addresses import person_key
from messaging.local.twilio import answer_as_customer
from messaging.models import LocalDelivery, MarketingSettings, Message, MessageEvent, Suppression
from messaging.selectors.outcomes import outcome_of
from tests.builders import NOON, build_customer, build_user
from tests.messaging.builders import build_cart, build_company, build_message, build_reachable_customer
from tests.pos_api.manager import Manager

NUMBER = "+5511987654321"
PATH = "/webhooks/twilio/replies/"


@pytest.fixture
def say(db, settings):
    """Answer as a person would, through Twilio; return what Twilio is told to say in return."""
    settings.TWILIO_AUTH_TOKEN = "token"
    build_company()
    said = iter(range(10, 100))

    def answer(text, *, sender=NUMBER, sid=None):
        fields = {"MessageSid": sid or f"SM{next(said):032x}", "From": sender, "Body": text}
        signature = RequestValidator("token").compute_signature(settings.PUBLIC_URL + PATH, fields)
        response = Client().post(
            PATH,
            urlencode(fields),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )
        assert response.status_code == 200
        assert response["Content-Type"] == "application/xml"
        return response.content.decode()

    return answer


class TestStop:
    @pytest.mark.parametrize("sender", [NUMBER, f"whatsapp:{NUMBER}"])
    def test_is_answered_once(self, say, sender):
        build_customer(phone=NUMBER, language="en")

        first = say("Sair!", sender=sender)

        assert "<Message>You get no more offers from Lojas Aurora on this number.</Message>" in first
        assert "<Message>" not in say("SAIR", sender=sender)

    def test_is_not_answered_when_it_is_delivered_again(self, say):
        sid = "SM" + "a" * 32
        say("SAIR", sid=sid)
        # Agreed anew meanwhile.
        Suppression.objects.update(lifted_at=NOON)

        assert "<Message>" not in say("SAIR", sid=sid)

    def test_is_answered_again_after_a_new_consent(self, say):
        say("SAIR")
        Suppression.objects.update(lifted_at=NOON)

        assert "<Message>" in say("SAIR")

    def test_is_answered_in_the_company_s_words(self, say):
        MarketingSettings.objects.create(pk=1, stop_answer="Tudo certo: A & B não escreve mais.")

        assert "<Message>Tudo certo: A &amp; B não escreve mais.</Message>" in say("SAIR")

    def test_other_words_are_not_answered(self, say):
        assert "<Message>" not in say("Obrigada!")


class TestLastMessage:
    """Whoever answers SAIR counts as unsubscribed with the last marketing that the number got."""

    def sent(self, number_of_hours, **values):
        moment = NOON - timedelta(hours=number_of_hours)
        values = {
            "state": "sent",
            "channel": "sms",
            "to": NUMBER,
            "sent_at": moment,
            "call_began_at": moment,
        } | values
        return build_message(**values)

    def unsubscribed(self):
        return set(MessageEvent.objects.filter(kind="unsubscribed").values_list("message", flat=True))

    def test_is_the_one_that_was_had_enough_of(self, say):
        customer = build_reachable_customer(phone=NUMBER)
        carts = [build_cart(customer=customer) for _cart in range(3)]
        self.sent(5, cart=carts[0])
        last = self.sent(3, cart=carts[1])
        # To another number of then, and none of marketing.
        self.sent(2, cart=carts[2], to="+5511900000000")
        self.sent(1, cart=carts[0], occasion="receipt", occasion_key="sale:1")

        say("SAIR")
        say("SAIR")

        assert self.unsubscribed() == {last.pk}
        assert outcome_of(Message.objects.all()).unsubscribed == 1

    def test_may_have_gone_to_a_visitor(self, say):
        cart = build_cart(phone=NUMBER)
        cart.customer = None
        cart.save()
        last = self.sent(1, cart=cart, customer=None, person=person_key(customer_id=None, phone=NUMBER))

        say("PARE", sender=f"whatsapp:{NUMBER}")

        assert self.unsubscribed() == {last.pk}

    def test_may_be_none(self, say):
        say("SAIR")

        assert self.unsubscribed() == set()


@pytest.mark.django_db(transaction=True)
def test_the_demonstration_shows_the_answer_in_its_inbox(demo):
    build_company()
    MarketingSettings.objects.create(pk=1, stop_answer="A & B não escreve mais.")
    delivery = LocalDelivery.objects.create(
        provider_id="SM1", channel="sms", sender="Loja", to=NUMBER, status="delivered", accepted_at=NOON
    )

    assert answer_as_customer(delivery, "SAIR", at=timezone.now()) == 200

    answer = LocalDelivery.objects.exclude(pk=delivery.pk).get()
    assert (answer.to, answer.channel, answer.text) == (NUMBER, "sms", "A & B não escreve mais.")


class TestSetting:
    def test_is_changed_on_its_page(self, client, db):
        client.force_login(build_user(permissions=["messaging.change_marketingsettings"]))

        client.post("/marketing/", {"attribution_days": "7", "stop_answer": "Até logo."})

        assert MarketingSettings.objects.get().stop_answer == "Até logo."
        assert "Até logo." in client.get("/marketing/").content.decode()

    def test_is_changed_by_the_api(self, db):
        manager = Manager.sign_in("messaging.view_marketingsettings", "messaging.change_marketingsettings")
        decided = {"track_links": False, "track_opens": False, "attribution_days": 7, "double_opt_in": False}

        answer = manager.send("PUT", "company/marketing/", decided | {"stop_answer": "Até logo."})
        too_long = manager.send("PUT", "company/marketing/", decided | {"stop_answer": "x" * 161})

        assert (answer.status_code, answer.json()["stop_answer"]) == (200, "Até logo.")
        assert too_long.status_code == 422
