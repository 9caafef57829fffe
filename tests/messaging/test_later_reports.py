"""What providers report hours after they said yes: the chain goes on, dead addresses fall silent, robots are not counted."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from campaigns.services import jobs
from messaging.anymail_reports import receive_tracking
from messaging.channels.base import DeliveryInDoubt, Receipt
from messaging.models import MailingState, Message, MessageEvent, Suppression
from messaging.schedule import State
from messaging.services.delivery import deliver_due
from messaging.services.mailing_clock import advance_mailings
from messaging.services.mailing_course import cancel_mailing, confirm_mailing
from messaging.services.mailings import TextDraft
from messaging.services.reports import Report, record_report
from tests.builders import NOON
from tests.messaging.builders import build_automation, build_mailing, build_message, build_reachable_customer

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
TEXTS = {"email": TextDraft(subject="Oi", text="Olá!"), "sms": TextDraft(text="Olá!")}


@pytest.fixture
def channels(recorders):
    """E-mail and SMS whose provider names each call."""
    for letter, name in (("E", "email"), ("S", "sms")):
        recorder = recorders[name]
        recorder.answer = lambda _outgoing, recorder=recorder, letter=letter: Receipt(
            "recorder", f"{letter}{len(recorder.sent)}"
        )
    return recorders


def send(at=NOON):
    return deliver_due(clock=lambda: at)


def report(message, state, provider_id, *, at=NOON + MINUTE, kind=""):
    return record_report(
        message_uuid=message.uuid,
        report=Report(
            provider="recorder",
            event_key=f"{provider_id}:{state}:{kind}",
            kind=kind or str(state),
            occurred_at=at,
            state=state,
            provider_id=provider_id,
        ),
    )


def reload(message):
    return Message.objects.get(pk=message.pk)


def sent_in_chain(**values):
    """A recovery message by e-mail, else by SMS, that the e-mail's provider has taken."""
    build_automation(channels=["email", "sms"])
    message = build_message(channels=["email", "sms"], **values)
    send()
    assert reload(message).provider_id == "E1"
    return message


class TestChain:
    def test_goes_on_when_the_e_mail_comes_back_later(self, channels):
        message = sent_in_chain()

        report(message, State.FAILED, "E1")
        assert reload(message).state == "queued"
        send(NOON + 2 * MINUTE)

        message = reload(message)
        assert (message.state, message.channel, message.to) == ("sent", "sms", message.customer.phone)
        assert (message.position, message.provider_id, message.sent_at) == (1, "S1", NOON + 2 * MINUTE)
        assert [len(channels[name].sent) for name in ("email", "sms")] == [1, 1]

    def test_ends_with_its_last_channel(self, channels):
        message = sent_in_chain()
        report(message, State.FAILED, "E1")
        send(NOON + 2 * MINUTE)

        report(message, State.FAILED, "S1")
        send(NOON + 3 * MINUTE)

        assert (reload(message).state, reload(message).reason) == ("failed", "undelivered")

    def test_does_not_go_on_when_it_is_of_no_use_any_more(self, channels):
        message = sent_in_chain()

        report(message, State.FAILED, "E1", at=message.expires_at)

        assert (reload(message).state, reload(message).reason) == ("failed", "undelivered")

    def test_is_not_moved_by_late_reports_of_the_call_before(self, channels):
        message = sent_in_chain()
        report(message, State.FAILED, "E1")
        channels["sms"].fail(DeliveryInDoubt("ReadTimeout", "no answer"))
        send(NOON + 2 * MINUTE)

        for state in (State.DELIVERED, State.FAILED, State.READ):
            report(message, state, "E1", kind=f"late {state}")

        assert (reload(message).state, reload(message).provider_id) == ("in_doubt", "")

    def test_goes_back_to_an_e_mail_that_arrived_after_all(self, channels):
        message = sent_in_chain()
        report(message, State.FAILED, "E1")

        report(message, State.DELIVERED, "E1")
        send(NOON + 2 * MINUTE)

        message = reload(message)
        assert (message.state, message.channel, message.position) == ("delivered", "email", 0)
        assert channels["sms"].sent == []

    def test_goes_on_when_the_report_is_quicker_than_the_provider_s_answer(self, channels):
        build_automation(channels=["email", "sms"])
        message = build_message(channels=["email", "sms"])

        def bounce(outgoing):
            report(message, State.FAILED, "E1")
            return Receipt("recorder", "E1")

        channels["email"].answer = bounce
        send()

        assert (reload(message).state, reload(message).channel) == ("sent", "sms")

    def test_opens_a_finished_mailing_again(self, channels):
        build_reachable_customer(city="Santos")
        mailing = build_mailing(texts=TEXTS)
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        jobs.run_due_jobs(clock=lambda: NOON)
        send()
        advance_mailings(at=NOON)
        mailing.refresh_from_db()
        assert mailing.state == MailingState.FINISHED

        report(mailing.messages.get(), State.FAILED, "E1")
        advance_mailings(at=NOON + 2 * MINUTE)
        send(NOON + 2 * MINUTE)
        advance_mailings(at=NOON + 3 * MINUTE)

        mailing.refresh_from_db()
        assert (mailing.state, mailing.ended_at) == (MailingState.FINISHED, NOON + 3 * MINUTE)
        assert len(channels["sms"].sent) == 1

    def test_does_not_go_on_in_a_cancelled_mailing(self, channels):
        build_reachable_customer(city="Santos")
        mailing = build_mailing(texts=TEXTS)
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        jobs.run_due_jobs(clock=lambda: NOON)
        send()
        cancel_mailing(mailing=mailing, by=None, at=NOON)

        report(mailing.messages.get(), State.FAILED, "E1")
        advance_mailings(at=NOON + 2 * MINUTE)
        send(NOON + 2 * MINUTE)

        assert mailing.messages.get().reason == "mailing_cancelled"
        assert channels["sms"].sent == []


class TestDeadNumbers:
    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("30005", "bounced"), ("30006", "bounced"), ("63003", "bounced"), ("63024", "bounced"),
            ("21614", "bounced"), ("21610", "provider"), ("30003", None), ("", None),
        ],
    )  # fmt: skip
    def test_fall_silent_by_what_is_reported_after_the_yes(self, channels, settings, code, reason):
        settings.TWILIO_AUTH_TOKEN = "token"
        build_automation()
        message = build_message()
        sid = "SM" + "1" * 32
        channels["sms"].answer = lambda _outgoing: Receipt("twilio", sid)
        send()
        path = f"/webhooks/twilio/{message.uuid}/"
        fields = {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": code, "To": "+551190000"}
        signature = RequestValidator("token").compute_signature(settings.PUBLIC_URL + path, fields)

        answer = Client().post(
            path,
            urlencode(fields),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )

        assert answer.status_code == 200

        assert reload(message).state == "failed"
        assert list(Suppression.objects.values_list("channel", "reason")) == (
            [("sms", reason)] if reason else []
        )


@pytest.mark.parametrize("kind", ["opened", "clicked"])
def test_a_provider_s_own_counting_is_not_kept(channels, kind):
    message = sent_in_chain()
    event = SimpleNamespace(
        event_type=kind,
        event_id=kind,
        message_id="E1",
        timestamp=timezone.now(),
        reject_reason=None,
        description=None,
        metadata={"message": str(message.uuid)},
        user_agent="Mozilla/5.0",
    )

    receive_tracking(event, "Postmark")

    assert not MessageEvent.objects.filter(kind=kind).exists()
    assert reload(message).state == "sent"
