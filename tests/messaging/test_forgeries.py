"""Twelve forgeries and more of each provider whose reports are heard (T34): none is accepted, none has an effect."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from messaging.webhook_urls import HEARD, email_patterns
from tests.messaging import forgeries
from tests.messaging.forgeries import BASE, HOST, KEYS, PASSWORD, PROVIDERS, TOKEN, Call, attack

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.messaging.test_webhook_forgeries")]


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    settings.PUBLIC_URL = BASE
    settings.ALLOWED_HOSTS = [HOST]
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.ANYMAIL = {"WEBHOOK_SECRET": [PASSWORD], **KEYS}


def deliver(call: Call) -> int:
    client = Client(raise_request_exception=False)
    return client.generic(
        call.method, call.path, call.body, content_type=call.content_type, headers=dict(call.headers)
    ).status_code


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_nothing_forged_is_accepted(provider: Any) -> None:
    attacked = attack(provider, deliver)

    assert (attacked.unheard, attacked.accepted, attacked.effects) == ([], [], [])
    assert attacked.forgeries >= 12


def test_every_provider_that_is_heard_is_attacked() -> None:
    assert {provider.name for provider in PROVIDERS} == {"twilio", *HEARD}


@pytest.mark.parametrize("name", ["twilio", "postmark", "mailersend"])
def test_without_verification_it_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forgeries.switch_verification_off(monkeypatch.setattr)
    [provider] = [one for one in PROVIDERS if one.name == name]

    attacked = attack(provider, deliver)

    assert attacked.accepted
    assert attacked.effects


class TestAddresses:
    def test_are_those_of_the_providers_that_are_used(self) -> None:
        assert [str(pattern.pattern) for pattern in email_patterns(["postmark"])] == ["postmark/tracking/"]
        assert email_patterns(["sendgrid", "amazon_ses", ""]) == []

    @pytest.mark.parametrize(("network", "status"), [("3.134.147.250/32", 403), ("127.0.0.0/8", 200)])
    def test_are_open_to_the_named_networks_only(self, settings: Any, network: str, status: int) -> None:
        settings.EMAIL_REPORT_NETWORKS = [ip_network(network)]
        [postmark] = [one for one in PROVIDERS if one.name == "postmark"]

        assert deliver(postmark.report(postmark.message())) == status
