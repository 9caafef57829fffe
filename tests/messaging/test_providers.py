"""The real Twilio client and Django's mail against the imitated providers, over HTTP, webhooks included."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.utils import timezone

from messaging.channels import CHANNELS
from messaging.channels.base import DeliveryFailed, DeliveryInDoubt, Outgoing
from messaging.local.twilio import advance_deliveries, post_signed
from messaging.models import LocalDelivery, Message, MessageEvent, MessageState, Suppression
from messaging.services.delivery import deliver_due
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_company,
    build_message,
    build_reachable_customer,
)

pytestmark = pytest.mark.django_db(transaction=True)


def outgoing(**values):
    defaults = {
        "uuid": uuid4(),
        "to": "+5511987651234",
        "subject": "Oi",
        "text": "Olá",
        "html": "<p>Olá</p>",
        "unsubscribe_url": "https://fiel.example.com/unsubscribe/x/",
    }
    return Outgoing(**defaults | values)


def send_now(*, channel, **customer):
    """Send one recovery message on a channel to a customer, now; return it."""
    now = timezone.now()
    build_automation(channels=[channel], settings={"frequency_hours": 0})
    cart = build_cart(
        customer=build_reachable_customer(**customer), last_interaction_at=now - timedelta(minutes=31)
    )
    message = build_message(
        cart=cart,
        channels=[channel],
        due_at=now - timedelta(minutes=1),
        expires_at=now + timedelta(minutes=9),
    )
    deliver_due(clock=timezone.now)
    return Message.objects.get(pk=message.pk)


def advance_all():
    while advance_deliveries(at=timezone.now()):
        pass


class TestTwilio:
    @pytest.mark.parametrize(
        ("channel", "states", "final"),
        [
            ("sms", ["sent", "delivered"], MessageState.DELIVERED),
            ("whatsapp", ["sent", "delivered", "read"], MessageState.READ),
        ],
    )
    def test_goes_from_sent_to_the_last_report(self, demo, channel, states, final):
        message = send_now(channel=channel)
        assert message.state == MessageState.SENT
        delivery = LocalDelivery.objects.get()
        assert (delivery.to, delivery.text) == (message.to, message.text)
        assert delivery.provider_id == message.provider_id

        advance_all()

        message.refresh_from_db()
        assert message.state == final
        reports = MessageEvent.objects.filter(provider="twilio").order_by("pk")
        assert list(reports.values_list("kind", flat=True)) == states

    @pytest.mark.parametrize(
        ("number", "state", "reason", "error"),
        [
            ("+5511900000001", "failed", "refused", "21211"),
            ("+5511900000003", "failed", "refused", "21610"),
            ("+5511900000004", "queued", "", "20429"),
            ("+5511900000005", "in_doubt", "outcome_unknown", "20500"),
        ],
    )
    def test_tells_refusals_from_doubt(self, demo, number, state, reason, error):
        message = send_now(channel="sms", phone=number)

        assert (message.state, message.reason) == (state, reason)
        assert error in message.error

    def test_suppresses_who_opted_out_at_the_provider(self, demo):
        send_now(channel="sms", phone="+5511900000003")

        assert Suppression.objects.get().reason == "provider"

    def test_a_report_resolves_the_doubt(self, demo):
        message = send_now(channel="sms", phone="+5511900000005")
        assert message.state == MessageState.IN_DOUBT

        advance_all()

        message.refresh_from_db()
        assert (message.state, message.reason) == ("delivered", "")
        assert LocalDelivery.objects.count() == 1

    def test_says_when_it_could_not_be_delivered(self, demo):
        message = send_now(channel="sms", phone="+5511900000002")

        advance_all()

        message.refresh_from_db()
        assert (message.state, message.reason, message.error) == ("failed", "undelivered", "30003")

    def test_sends_approved_templates_with_their_values(self, demo):
        with CHANNELS["whatsapp"].session() as send:
            send(outgoing(content_sid="HX1", variables={"customer.first_name": "Ana"}))

        assert LocalDelivery.objects.get().text == "[HX1]\ncustomer.first_name: Ana"

    @pytest.mark.parametrize(("name", "shown"), [("AURORA", "AURORA"), ("", "MG" + "0" * 32)])
    def test_text_messages_come_from_the_companys_sender(self, demo, name, shown):
        build_company(sms_sender=name)

        send_now(channel="sms")

        assert LocalDelivery.objects.get().sender == shown

    def test_a_provider_that_cannot_be_reached_has_surely_nothing(self, demo, settings):
        settings.TWILIO_API_BASE = "http://127.0.0.1:1"

        with pytest.raises(DeliveryFailed) as failure, CHANNELS["sms"].session() as send:
            send(outgoing())

        assert not failure.value.permanent

    def test_an_answer_that_is_no_answer_is_in_doubt(self, demo, settings):
        settings.TWILIO_API_BASE = f"{demo.url}/webhooks/nowhere"

        with pytest.raises((DeliveryInDoubt, DeliveryFailed)) as failure, CHANNELS["sms"].session() as send:
            send(outgoing())

        assert "404" in str(failure.value.args)

    def test_asks_for_the_accounts_password(self, demo, settings):
        settings.TWILIO_API_BASE = f"{demo.url}/_local/twilio"
        answer = demo_post(demo, auth=None)

        assert answer.status_code == 401

    def test_does_not_exist_outside_a_demonstration(self, demo, settings):
        settings.DEMO = False

        assert (
            demo_post(demo, auth=(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)).status_code == 404
        )


def demo_post(demo, *, auth):
    import requests

    return requests.post(
        f"{demo.url}/_local/twilio/api/2010-04-01/Accounts/AC{'0' * 32}/Messages.json",
        data={"To": "+5511987651234", "Body": "x"},
        auth=auth,
        timeout=10,
    )


class TestEmail:
    def test_keeps_what_was_sent_and_hears_of_its_delivery(self, demo):
        message = send_now(channel="email", email="ana@example.com")
        delivery = LocalDelivery.objects.get()
        assert message.state == MessageState.SENT
        assert message.provider_id == delivery.provider_id
        assert delivery.subject == "Oi, Ana"
        assert delivery.sender.startswith("Lojas Aurora <")
        assert "<html" in delivery.html
        assert delivery.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert demo.url in delivery.headers["List-Unsubscribe"]
        assert message.uuid.hex in delivery.headers["Message-ID"]

        advance_all()

        message.refresh_from_db()
        assert message.state == MessageState.DELIVERED

    def test_a_bounce_fails_the_message_and_silences_the_address(self, demo):
        message = send_now(channel="email", email="bounce@example.com")

        advance_all()

        message.refresh_from_db()
        assert (message.state, message.reason) == ("failed", "undelivered")
        assert Suppression.objects.get().reason == "bounced"

    def test_a_refused_recipient_fails_at_once(self, demo):
        message = send_now(channel="email", email="refused@example.com")

        assert (message.state, message.reason) == ("failed", "refused")

    def test_a_mail_server_that_is_down_is_tried_again(self, demo, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        assert get_connection().port == 1

        message = send_now(channel="email", email="ana@example.com")

        assert (message.state, message.attempt) == ("queued", 1)


class TestDemoSettings:
    @pytest.mark.parametrize(
        "real",
        [
            {"TWILIO_ACCOUNT_SID": "AC123"},
            {"TWILIO_AUTH_TOKEN": "secret"},
            {"EMAIL_URL": "smtp://mail.example.com"},
            {"EMAIL_URL": "anymail:sendgrid"},
        ],
        ids=str,
    )
    def test_refuse_to_start_with_a_real_account(self, monkeypatch, real):
        import importlib

        import config.settings

        monkeypatch.setenv("FIEL_DEMO", "1")
        for name, value in real.items():
            monkeypatch.setenv(name, value)

        with pytest.raises(ImproperlyConfigured, match="FIEL_DEMO"):
            importlib.reload(config.settings)


class TestWebhook:
    def fields(self, message, **values):
        return {
            "MessageSid": message.provider_id,
            "MessageStatus": "delivered",
            "To": message.to,
        } | values

    def url(self, demo, message):
        return f"{demo.url}/webhooks/twilio/{message.uuid}/"

    def test_accepts_what_is_signed_and_ignores_a_replay(self, demo):
        message = send_now(channel="sms")

        codes = [post_signed(self.url(demo, message), self.fields(message)) for _ in range(10)]

        assert codes == [200] * 10
        assert MessageEvent.objects.filter(provider="twilio").count() == 1
        message.refresh_from_db()
        assert message.state == MessageState.DELIVERED

    def test_takes_reports_in_any_order(self, demo):
        message = send_now(channel="whatsapp")

        for status in ("read", "sent", "delivered", "queued"):
            assert post_signed(self.url(demo, message), self.fields(message, MessageStatus=status)) == 200

        message.refresh_from_db()
        assert message.state == MessageState.READ
        assert None not in (message.sent_at, message.delivered_at, message.read_at)

    def test_keeps_a_report_about_an_unknown_message(self, demo):
        message = Message(uuid=uuid4(), provider_id="SM" + "1" * 32, to="+551100000000")

        assert post_signed(self.url(demo, message), self.fields(message)) == 200
        assert MessageEvent.objects.get().message is None

    def test_does_not_let_another_messages_report_move_this_one(self, demo):
        message = send_now(channel="sms")

        assert post_signed(self.url(demo, message), self.fields(message, MessageSid="SM" + "f" * 32)) == 200

        message.refresh_from_db()
        assert message.state == MessageState.SENT

    @pytest.mark.parametrize(
        "forge",
        [
            "no_signature", "wrong_token", "changed_field", "added_field", "other_message", "other_query",
            "other_host", "wrong_algorithm", "json", "too_large",
        ],
    )  # fmt: skip
    def test_refuses_forgeries(self, demo, settings, client, forge):
        from twilio.request_validator import RequestValidator

        message = send_now(channel="sms")
        path, fields = f"/webhooks/twilio/{message.uuid}/", self.fields(message)
        token = "other" if forge == "wrong_token" else settings.TWILIO_AUTH_TOKEN
        base = "https://evil.example.com" if forge == "other_host" else demo.url
        signed_path = f"/webhooks/twilio/{uuid4()}/" if forge == "other_message" else path
        if forge == "too_large":
            fields["Body"] = "x" * 300_000
        headers = {
            "X-Twilio-Signature": RequestValidator(token).compute_signature(base + signed_path, fields)
        }
        if forge == "no_signature":
            headers = {}
        if forge == "changed_field":
            fields["MessageStatus"] = "read"
        if forge == "added_field":
            fields["ErrorCode"] = "21610"
        if forge == "other_query":
            path += "?x=1"
        if forge == "wrong_algorithm":
            headers["X-Twilio-Webhooks-Signature-Settings"] = "key=k,algorithm=NONE"
        if forge == "json":
            answer = client.post(path, fields, content_type="application/json", headers=headers)
        else:
            answer = client.post(path, fields, headers=headers)

        assert answer.status_code == 403
        assert not MessageEvent.objects.filter(provider="twilio").exists()
        message.refresh_from_db()
        assert message.state == MessageState.SENT

    def test_a_customer_who_answers_sair_is_left_alone(self, demo):
        message = send_now(channel="sms")

        post_signed(f"{demo.url}/webhooks/twilio/replies/", {"From": message.to, "Body": " Sair! "})

        assert set(Suppression.objects.values_list("channel", flat=True)) == {"sms", "whatsapp"}
        again = build_message(
            cart=build_cart(
                customer=message.customer, last_interaction_at=timezone.now() - timedelta(minutes=31)
            ),
            due_at=timezone.now() - timedelta(minutes=1),
            expires_at=timezone.now() + timedelta(minutes=9),
        )
        deliver_due(clock=timezone.now)
        again.refresh_from_db()
        assert again.reason == "opted_out"

    def test_any_other_answer_changes_nothing(self, demo):
        post_signed(f"{demo.url}/webhooks/twilio/replies/", {"From": "+5511987651234", "Body": "Obrigada!"})

        assert not Suppression.objects.exists()


class TestUnsubscribe:
    def link(self, message):
        from messaging.services.opt_outs import unsubscribe_url

        return unsubscribe_url(message)

    def path(self, demo, message):
        return self.link(message).removeprefix(demo.url)

    def test_opening_the_link_changes_nothing(self, demo, client):
        message = send_now(channel="email")

        page = client.get(self.path(demo, message))

        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page.headers["Cache-Control"]
        assert not Suppression.objects.exists()

    def test_one_click_of_a_mail_program_stops_it(self, demo, client):
        from django.test import Client

        message = send_now(channel="email")
        strict = Client(enforce_csrf_checks=True)

        for _ in range(2):
            answer = strict.post(self.path(demo, message), {"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200

        assert Suppression.objects.get().channel == "email"
        withdrawn = message.customer.consents.filter(granted=False)
        assert [(row.purpose, row.channel, row.source) for row in withdrawn] == [
            ("marketing", "email", "unsubscribe_link")
        ]

    def test_a_link_that_we_did_not_make_is_not_found(self, demo, client):
        message = send_now(channel="email")
        forged = self.path(demo, message).replace(message.uuid.hex, uuid4().hex)

        assert client.post(forged).status_code == 404
        assert client.post("/unsubscribe/x/").status_code == 404

    def test_shows_no_personal_data_in_the_address(self, demo):
        message = send_now(channel="email")

        assert message.to not in self.link(message)
        assert message.customer.document not in self.link(message)
