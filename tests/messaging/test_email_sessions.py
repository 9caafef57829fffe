"""One connection for the e-mails of a batch, opened again when it has to be, and never a doubt about what was not handed over."""

from datetime import timedelta
from uuid import uuid4

import pytest

from messaging.channels import CHANNELS
from messaging.channels.base import DeliveryFailed, Outgoing
from messaging.models import Message
from messaging.services.delivery import BATCH, deliver_due
from tests.builders import NOON
from tests.messaging.builders import build_automation, build_cart, build_message, build_reachable_customer
from tests.messaging.smtp_server import SmtpServer


def outgoing(to="ana@example.com"):
    return Outgoing(uuid=uuid4(), to=to, subject="Oi", text="Olá", html="", unsubscribe_url="")


@pytest.fixture
def serve(settings):
    def start(**options):
        server = SmtpServer(**options)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        return server

    return start


def test_a_session_keeps_its_connection(serve):
    with serve() as server:
        with CHANNELS["email"].session() as send:
            receipts = [send(outgoing()) for _ in range(5)]

        assert (server.connections, len(server.messages)) == (1, 5)
        assert len({receipt.provider_id for receipt in receipts}) == 5


def test_a_server_that_hangs_up_between_two_messages_gets_the_next_one_too(serve):
    with serve(hangs_up_after=2) as server:
        with CHANNELS["email"].session() as send:
            for _ in range(5):
                send(outgoing())

        assert (server.connections, len(server.messages)) == (3, 5)


def test_a_refusal_is_that_of_one_message(serve):
    with serve() as server:
        with CHANNELS["email"].session() as send:
            send(outgoing())
            with pytest.raises(DeliveryFailed) as refusal:
                send(outgoing("refused@example.com"))
            send(outgoing())

        assert (refusal.value.error_code, refusal.value.permanent) == ("550", True)
        assert len(server.messages) == 2


def test_a_server_that_went_away_has_surely_nothing(serve):
    with CHANNELS["email"].session() as send:
        with serve(hangs_up_after=1):
            send(outgoing())

        with pytest.raises(DeliveryFailed) as failure:
            send(outgoing())

    assert (failure.value.error_code, failure.value.permanent) == ("connection", False)


@pytest.mark.django_db
def test_the_sender_opens_one_for_each_batch(serve):
    build_automation(channels=["email"], settings={"frequency_hours": 0})
    for _ in range(BATCH + 1):
        cart = build_cart(
            customer=build_reachable_customer(), last_interaction_at=NOON - timedelta(minutes=30)
        )
        build_message(cart=cart, channels=["email"])

    with serve() as server:
        deliver_due(clock=lambda: NOON)

        assert (server.connections, len(server.messages)) == (2, BATCH + 1)
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
