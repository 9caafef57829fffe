from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import pytest

from campaigns.loader import forget_plans
from messaging.channels import CHANNELS, twilio_account
from messaging.channels.base import Outgoing, Receipt, Send
from messaging.models import Channel
from pos_api import authentication
from tests.messaging.receiver import Receiver


@dataclass
class RecordingChannel:
    """Stands in for a provider where a test is about what happens around the call."""

    sent: list[Outgoing] = field(default_factory=list)
    answer: Callable[[Outgoing], Receipt] | None = None

    def is_available(self) -> bool:
        return True

    def session(self) -> AbstractContextManager[Send]:
        return nullcontext(self.send)

    def send(self, outgoing: Outgoing) -> Receipt:
        self.sent.append(outgoing)
        if self.answer is not None:
            return self.answer(outgoing)
        return Receipt("recorder", f"R{len(self.sent)}")

    def fail(self, error: Exception) -> None:
        def answer(_outgoing: Outgoing) -> Receipt:
            raise error

        self.answer = answer


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Empty what a process remembers: each test has a database of its own."""
    yield
    forget_plans()
    authentication.terminals.clear()


@pytest.fixture
def recorders(monkeypatch):
    """Replace every channel by a recorder; returned by channel."""
    found = {channel.value: RecordingChannel() for channel in Channel}
    for channel, recorder in found.items():
        monkeypatch.setitem(CHANNELS, channel, recorder)
    return found


@pytest.fixture
def sms(recorders):
    return recorders["sms"]


@pytest.fixture
def demo(settings, live_server):
    """The imitated providers, served by the test's own web server, as `make run` sets them up."""
    settings.DEMO = True
    settings.PUBLIC_URL = live_server.url
    settings.EMAIL_BACKEND = "messaging.local.email.EmailBackend"
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    settings.TWILIO_AUTH_TOKEN = "local-token"
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    settings.TWILIO_WHATSAPP_FROM = "+5511900000000"
    settings.TWILIO_API_BASE = f"{live_server.url}/_local/twilio"
    yield live_server
    # A connection that is kept alive would keep a server thread, and that one a connection to this test's database.
    http_client = twilio_account.client().http_client
    http_client.session.close()
    twilio_account.client_of.cache_clear()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A system that takes webhooks, on this machine; an installation that is being developed may call it."""
    settings.DEBUG = True
    started = Receiver()
    yield started
    started.stop()
