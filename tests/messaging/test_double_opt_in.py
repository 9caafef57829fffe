from datetime import date, timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from customers.services.consent_texts import write_consent_text
from messaging.models import MarketingSettings, Message, Suppression
from messaging.selectors.contacts import recipients
from messaging.services.confirmations import confirmation_url
from messaging.services.delivery import deliver_due
from messaging.services.marketing import MarketingDecisions, save_marketing_settings
from messaging.services.opt_outs import suppress
from messaging.services.planning import plan
from tests.builders import NOON, build_consent, build_user
from tests.messaging.builders import build_company, build_reachable_customer

pytestmark = pytest.mark.django_db


def switch_on(at):
    MarketingSettings.objects.update_or_create(pk=1, defaults={"double_opt_in_since": at})


def consented(customer):
    return recipients([customer])[customer.pk].consented


def ask(*, now, channel="email", **consent):
    """Let a customer agree since double opt-in, and send what is due; return the message that asks."""
    build_company()
    switch_on(now - timedelta(hours=1))
    customer = build_reachable_customer(channels=())
    build_consent(
        **{"customer": customer, "purpose": "marketing", "channel": channel, "given_at": now} | consent
    )
    plan("opt_in", at=now)
    deliver_due(clock=lambda: now)
    return Message.objects.filter(occasion="opt_in").earliest("pk")


def path_of(message, settings):
    return confirmation_url(message).removeprefix(settings.PUBLIC_URL)


class TestWhoMayBeWrittenTo:
    def test_nobody_who_agreed_since_and_has_not_confirmed(self):
        switch_on(NOON)
        customer = build_reachable_customer(channels=())
        build_consent(customer=customer, purpose="marketing", channel="sms", given_at=NOON)

        assert consented(customer) == set()

    def test_whoever_agreed_before_stays_as_they_are(self):
        switch_on(NOON)
        customer = build_reachable_customer(channels=())
        build_consent(
            customer=customer, purpose="marketing", channel="sms", given_at=NOON - timedelta(seconds=1)
        )

        assert consented(customer) == {"sms"}

    def test_only_the_channel_that_was_confirmed(self):
        switch_on(NOON)
        customer = build_reachable_customer(channels=())
        build_consent(customer=customer, purpose="marketing", given_at=NOON)
        build_consent(
            customer=customer, purpose="marketing", channel="email", source="confirmation",
            given_at=NOON + timedelta(minutes=1),
        )  # fmt: skip

        assert consented(customer) == {"email"}


class TestAsking:
    def test_asks_once_by_each_channel_of_the_answer(self, recorders):
        message = ask(now=NOON, channel="")

        assert plan("opt_in", at=NOON + timedelta(minutes=1)) == 0
        assert {one.channels[0] for one in Message.objects.filter(customer=message.customer)} == {
            "email", "sms", "whatsapp",
        }  # fmt: skip

    def test_a_yes_that_is_given_again_asks_nobody_again(self, recorders):
        message = ask(now=NOON)
        for minute in (1, 2):
            build_consent(
                customer=message.customer, purpose="marketing", given_at=NOON + timedelta(minutes=minute)
            )

        assert plan("opt_in", at=NOON + timedelta(minutes=3)) == 2
        # One question for each channel.
        assert sorted(one.channels[0] for one in Message.objects.all()) == ["email", "sms", "whatsapp"]

    def test_another_address_is_asked(self, recorders):
        message = ask(now=NOON)
        Customer.objects.filter(pk=message.customer_id).update(email="ana.nova@example.com")
        build_consent(
            customer=message.customer, purpose="marketing", channel="email",
            given_at=NOON + timedelta(minutes=1),
        )  # fmt: skip

        assert plan("opt_in", at=NOON + timedelta(minutes=2)) == 1

    def test_whoever_is_known_to_be_under_age_is_not_asked(self, recorders):
        build_company()
        switch_on(NOON - timedelta(hours=1))
        customer = build_reachable_customer(channels=(), birth_date=date(2012, 1, 1))
        build_consent(customer=customer, purpose="marketing", channel="sms", given_at=NOON)

        plan("opt_in", at=NOON)

        assert Message.objects.get().reason == "minor"

    def test_the_stored_text_confirms_nothing(self, recorders, settings):
        message = ask(now=NOON)

        assert confirmation_url(message) in recorders["email"].sent[0].text
        assert path_of(message, settings) not in message.text + message.html

    def test_nobody_is_asked_without_double_opt_in(self):
        build_company()
        build_consent(customer=build_reachable_customer(), purpose="marketing", given_at=NOON)

        assert plan("opt_in", at=NOON) == 0

    def test_whoever_took_it_back_is_not_asked(self, recorders):
        build_company()
        switch_on(NOON - timedelta(hours=1))
        customer = build_reachable_customer(channels=())
        build_consent(customer=customer, purpose="marketing", channel="sms", given_at=NOON)
        plan("opt_in", at=NOON)
        build_consent(
            customer=customer, purpose="marketing", channel="sms", granted=False,
            given_at=NOON + timedelta(seconds=1),
        )  # fmt: skip

        deliver_due(clock=lambda: NOON + timedelta(seconds=2))

        message = Message.objects.get()
        assert (message.state, message.reason) == ("suppressed", "answered")

    def test_whoever_asked_for_silence_is_left_alone(self, recorders):
        build_company()
        switch_on(NOON - timedelta(hours=1))
        customer = build_reachable_customer(channels=())
        suppress(channel="email", address=customer.email, reason="unsubscribed", at=NOON)
        build_consent(customer=customer, purpose="marketing", channel="email", given_at=NOON)

        plan("opt_in", at=NOON)

        assert Message.objects.get().reason == "opted_out"


class TestConfirming:
    def test_opening_the_link_confirms_nothing(self, recorders, client, settings):
        message = ask(now=timezone.now())

        page = client.get(path_of(message, settings))

        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert consented(message.customer) == set()

    def test_a_click_on_the_button_does_with_the_text_that_was_shown(self, recorders, settings):
        text = write_consent_text(
            purpose="marketing",
            channel="email",
            language="pt-br",
            text="Aceito.\n\nSempre.",
            by=None,
            at=NOON,
        )
        message = ask(now=timezone.now(), text=text.text, text_version=text.version, text_digest=text.digest)
        strict = Client(enforce_csrf_checks=True)

        for _ in range(2):
            assert strict.post(path_of(message, settings)).status_code == 200

        confirmed = message.customer.consents.get(source="confirmation")
        assert (confirmed.text_version, confirmed.text_digest) == (text.version, text.digest)
        assert consented(message.customer) == {"email"}

    def test_a_text_whose_name_stands_for_another_one_here_goes_without_the_name(
        self, recorders, settings, client
    ):
        text = write_consent_text(
            purpose="marketing", channel="email", language="pt-br", text="Aceito.", by=None, at=NOON
        )
        message = ask(now=timezone.now(), text="Sim,\nquero.", text_version=text.version)

        client.post(path_of(message, settings))

        confirmed = message.customer.consents.get(source="confirmation")
        assert (confirmed.text_version, confirmed.text) == ("", "Sim,\nquero.")

    def test_confirming_ends_the_silence_that_its_person_had_asked_for(self, recorders, settings, client):
        message = ask(now=timezone.now())
        suppress(channel="email", address=message.to, reason="unsubscribed", at=NOON)
        suppress(channel="sms", address=message.customer.phone, reason="bounced", at=NOON)

        client.post(path_of(message, settings))

        assert Suppression.objects.get(lifted_at__isnull=True).channel == "sms"

    def test_an_old_link_says_so(self, recorders, settings, client):
        message = ask(now=timezone.now() - timedelta(days=7, seconds=1))

        assert client.post(path_of(message, settings)).status_code == 410
        assert not message.customer.consents.filter(source="confirmation").exists()

    @pytest.mark.parametrize("address", ["ana@gmail.com", ""])
    def test_who_was_asked_at_another_address_cannot_confirm_the_new_one(
        self, recorders, settings, client, address
    ):
        message = ask(now=timezone.now())
        Customer.objects.filter(pk=message.customer_id).update(email=address)

        assert client.get(path_of(message, settings)).status_code == 410
        assert client.post(path_of(message, settings)).status_code == 410
        assert not message.customer.consents.filter(source="confirmation").exists()

    def test_a_link_that_we_did_not_make_is_not_found(self, client):
        assert client.post("/c/1.AAAAAAAAAAAAAAAA/").status_code == 404


class TestSettings:
    def decide(self, at, **values):
        decisions = {"track_links": True, "track_opens": False, "attribution_days": 14, "double_opt_in": True}
        return save_marketing_settings(
            decisions=MarketingDecisions(**decisions | values), user=build_user(), at=at
        )

    def test_double_opt_in_holds_from_when_it_was_switched_on(self):
        self.decide(NOON)

        assert self.decide(NOON + timedelta(days=1)).double_opt_in_since == NOON
        assert self.decide(NOON, double_opt_in=False).double_opt_in_since is None

    def test_a_manager_decides_on_a_page(self, client):
        client.force_login(
            build_user(permissions=["messaging.change_marketingsettings", "messaging.view_automation"])
        )

        answer = client.post("/marketing/", {"track_links": "on", "attribution_days": "30"})

        assert answer.status_code == 302
        decided = MarketingSettings.objects.get()
        assert (decided.track_links, decided.track_opens, decided.attribution_days) == (True, False, 30)

    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"pk": 2}, "marketing_settings_has_one_row"),
            ({"pk": 1, "attribution_days": 91}, "marketing_settings_attribution_in_range"),
        ],
    )
    def test_the_database_refuses_bad_rows(self, values, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            MarketingSettings.objects.create(**values)
