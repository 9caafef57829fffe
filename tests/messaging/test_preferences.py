import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from customers.models import Consent
from customers.selectors import standing_consents
from customers.services.consent_texts import write_consent_text
from messaging.models import Message, MessageEvent, Suppression
from messaging.selectors.contacts import cart_recipient, recipients
from messaging.services.delivery import deliver_due
from messaging.services.opt_outs import lift, suppress, unsubscribe_url
from messaging.services.preferences import preferences_url
from tests.builders import NOON
from tests.messaging.builders import build_automation, build_cart, build_message, build_reachable_customer

pytestmark = pytest.mark.django_db
EVERYTHING = ["email", "sms", "whatsapp", "loyalty", "promotions", "profiling", "sharing"]


@pytest.fixture(autouse=True)
def _fresh_minute():
    cache.clear()


@pytest.fixture
def message():
    """A marketing e-mail that a customer got a moment ago."""
    return build_message(channels=["email"], channel="email", call_began_at=timezone.now(), language="pt-br")


@pytest.fixture
def sent(message):
    message.to = message.customer.email
    message.save()
    return message


def path_of(message, settings):
    return preferences_url(message).removeprefix(settings.PUBLIC_URL)


def choose(message, settings, *wanted, **more):
    client = Client(enforce_csrf_checks=True)
    return client.post(path_of(message, settings), {"want": list(wanted), **more})


def standing(message):
    return standing_consents([message.customer.pk])[message.customer.pk]


class TestPage:
    def test_opening_it_changes_nothing(self, sent, settings, client):
        before = Consent.objects.count()

        page = client.get(path_of(sent, settings))

        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert Consent.objects.count() == before
        assert not Suppression.objects.exists()

    def test_speaks_the_language_of_the_message(self, sent, settings, client):
        sent.language = "en"
        sent.save()

        page = client.get(path_of(sent, settings), headers={"Accept-Language": "pt-BR"})

        assert '<html lang="en">' in page.content.decode()

    def test_shows_no_personal_data_in_the_address(self, sent):
        address = preferences_url(sent)

        for secret in (sent.to, sent.customer.phone, sent.customer.name, sent.uuid.hex):
            assert secret not in address

    def test_shows_the_text_of_the_company(self, sent, settings, client):
        write_consent_text(
            purpose="marketing", channel="", language="pt-br", text="Ofertas da semana.", by=None, at=NOON
        )

        assert "Ofertas da semana." in client.get(path_of(sent, settings)).content.decode()

    def test_works_for_180_days(self, sent, settings, client):
        path = path_of(sent, settings)
        sent.call_began_at = timezone.now() - timedelta(days=180) + timedelta(minutes=1)
        sent.save()
        assert client.get(path).status_code == 200

        sent.call_began_at = timezone.now() - timedelta(days=180)
        sent.save()
        assert client.get(path).status_code == 410
        # The link to stop works for ever.
        stop = unsubscribe_url(sent).removeprefix(settings.PUBLIC_URL)
        assert client.post(stop).status_code == 200

    @pytest.mark.parametrize("token", ["x", "1.AAAAAAAAAAAAAAAA", "1.é", "." * 80, "1.2.AAAAAAAAAAAAAAAA"])
    def test_an_address_that_we_did_not_make_is_not_found(self, token, client, db):
        assert client.get(f"/p/{token}/").status_code == 404

    def test_a_token_of_another_use_opens_nothing(self, sent, client):
        from messaging.tokens import CONFIRM, seal

        assert client.get(f"/p/{seal(CONFIRM, sent.pk)}/").status_code == 404

    def test_is_limited_by_the_minute(self, sent, settings, client):
        with time_machine.travel(timezone.now(), tick=False):
            answers = [client.get(path_of(sent, settings)).status_code for _ in range(40)]

        assert 429 in answers

    def test_a_cache_that_is_away_stops_nobody(self, sent, settings, client, monkeypatch):
        def fail(*_arguments, **_options):
            raise ConnectionError

        monkeypatch.setattr("retail.rate.cache.add", fail)

        assert client.get(path_of(sent, settings)).status_code == 200


class TestChoosing:
    def test_records_what_was_changed_and_nothing_else(self, sent, settings):
        before = Consent.objects.count()

        assert choose(sent, settings, "email", "sms", "loyalty").status_code == 200

        new = Consent.objects.order_by("pk")[before:]
        assert [(one.purpose, one.channel, one.granted) for one in new] == [
            ("marketing", "whatsapp", False),
            ("loyalty", "", True),
        ]
        assert Suppression.objects.get().channel == "whatsapp"
        # The results of its mailing count it.
        assert MessageEvent.objects.filter(message=sent, kind="unsubscribed").count() == 1
        choose(sent, settings, "email", "sms", "loyalty")
        assert Consent.objects.count() == before + 2

    def test_agreeing_names_the_version_that_was_shown(self, sent, settings):
        text = write_consent_text(
            purpose="profiling", channel="", language="pt-br", text="Usamos suas compras.", by=None, at=NOON
        )

        choose(sent, settings, *EVERYTHING)

        consent = Consent.objects.get(purpose="profiling")
        assert (consent.text_version, consent.text_digest) == (text.version, text.digest)
        assert consent.source == "preference_page"

    @pytest.mark.parametrize(
        "text", ["Ofertas.\n\nPosso sair.", "Ofertas.\r\nSempre.", "Um\tdois", "a\u200bb", "x" * 4000]
    )
    def test_takes_back_whatever_the_text_looks_like(self, sent, settings, text):
        for purpose in ("marketing", "profiling"):
            written = write_consent_text(
                purpose=purpose, channel="", language="pt-br", text=text, by=None, at=NOON
            )

        assert choose(sent, settings, "profiling").status_code == 200

        assert not any(standing(sent).granted("marketing", one) for one in ("email", "sms", "whatsapp"))
        assert Consent.objects.get(purpose="profiling").text_digest == written.digest

    def test_comes_back_by_the_address_of_the_message_only(self, sent, settings):
        customer = sent.customer
        choose(sent, settings, stop="1")
        assert set(recipients([customer])[customer.pk].suppressed) == {"email", "sms", "whatsapp"}

        choose(sent, settings, "email", "sms")

        assert set(recipients([customer])[customer.pk].suppressed) == {"sms", "whatsapp"}
        sources = dict(
            Consent.objects.filter(granted=True, source__startswith="preference").values_list(
                "channel", "source"
            )
        )
        assert sources == {"email": "preference_page", "sms": "preference_page_other_channel"}

    def test_what_a_provider_reported_stays(self, sent, settings, client):
        suppress(channel="email", address=sent.to, reason="bounced", at=NOON)

        page = client.get(path_of(sent, settings)).content.decode()

        choose(sent, settings, *EVERYTHING)

        assert Suppression.objects.get().lifted_at is None
        # It says so, and records no yes that would mean nothing.
        assert re.search(r'value="email" disabled', page)
        assert not Consent.objects.filter(channel="email").exists()

    def test_what_a_provider_reported_after_the_person_spoke_stays_too(self, sent, settings):
        choose(sent, settings, stop="1")
        suppress(channel="email", address=sent.to, reason="complained", at=NOON)

        assert lift(channel="email", address=sent.to, at=NOON)

        customer = sent.customer
        assert "email" in recipients([customer])[customer.pk].suppressed
        assert Suppression.objects.get(channel="email", lifted_at__isnull=True).reason == "complained"

    def test_stopping_stops_every_channel(self, sent, settings):
        for _ in range(2):
            choose(sent, settings, "email", stop="1")

        assert Suppression.objects.count() == 3
        assert not any(standing(sent).granted("marketing", one) for one in ("email", "sms", "whatsapp"))
        assert Consent.objects.filter(purpose="marketing", granted=False).count() == 1

    def test_a_visitor_can_stop(self, settings, client):
        cart = build_cart(customer=build_reachable_customer())
        cart.customer, cart.email, cart.phone = None, "visita@example.com", "+5511987654321"
        cart.save()
        visit = build_message(
            cart=cart, customer=None, person="e:x", channels=["email"], channel="email", to=cart.email
        )

        page = client.get(path_of(visit, settings))
        choose(visit, settings, stop="1")

        assert 'name="want"' not in page.content.decode()
        # The next cart must not write by another channel.
        assert set(cart_recipient(cart).suppressed) == {"email", "sms", "whatsapp"}


class TestLinks:
    def test_every_marketing_e_mail_leads_to_it(self, recorders):
        build_automation(channels=["email"])
        build_message(channels=["email"])

        deliver_due(clock=lambda: NOON)

        message = Message.objects.get()
        [out] = recorders["email"].sent
        for link in (preferences_url(message), unsubscribe_url(message)):
            assert link in out.text + out.html
        assert preferences_url(message) in out.html
        # Whoever reads messages in the back-office must not answer for their people.
        kept = message.text + message.html
        assert "/p/••••••/" in kept
        assert not any(link in kept for link in (preferences_url(message), unsubscribe_url(message)))

    def test_the_page_that_stops_leads_to_it(self, sent, settings, client):
        page = client.get(unsubscribe_url(sent).removeprefix(settings.PUBLIC_URL))

        assert preferences_url(sent) in page.content.decode()
