"""T34: reports that no provider made, or that were heard before, sent to a real web server that hears all of them."""

import http.client
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.faults.audit import world
from tests.faults.results import Outcome, Result
from tests.faults.rig import Rig

if TYPE_CHECKING:
    from tests.messaging.forgeries import Attacked, Call


def forged(rig: Rig, *, quick: bool) -> list[Result]:
    """T34: every forgery of every provider; what is genuine, but repeated, late or about something else."""
    from tests.messaging.forgeries import BASE, PROVIDERS

    url = rig.clone("t34", "fiel")
    with patch.dict(os.environ, _environment()), rig.web(url, workers=2) as web:
        found = _attack_all(lambda call: _deliver(web.port, call))
    broken, said = world()
    rig.clone("t34_control", "fiel")
    with _unverified():
        naive = _attack_all(_deliver_here)
    total = sum(one.forgeries for one in found)
    problems = [text for one in found for text in (*one.unheard, *one.accepted, *one.effects)]
    accepted, effects = (sum(len(getattr(one, name)) for one in found) for name in ("accepted", "effects"))
    outcome = Outcome(
        what=f"{total} calls of {len(PROVIDERS)} providers ({', '.join(one.name for one in PROVIDERS)}) at {BASE}, at least "
        f"{min(one.forgeries for one in found)} each: without or with another signature, key, password, user, algorithm, host, scheme, address, verb, "
        "form or size, with fields changed, added or twice; repeated ten times, out of order, about another call",
        figure=f"{accepted} accepted, {effects} with an effect; {said}"
        + "".join(f"; {text}" for text in problems[:3]),
        is_reached=not problems and not broken,
    )
    return [
        outcome.against(
            test="T34",
            target="12 forgeries of each provider and more; none accepted, none with an effect, what is genuine is heard once",
            control=f"without verification: {sum(len(one.accepted) for one in naive)} of {sum(one.forgeries for one in naive)} accepted, "
            f"{sum(len(one.effects) for one in naive)} with an effect",
            control_failed=all(one.accepted and one.effects for one in naive),
        )
    ]


def _attack_all(deliver: "Callable[[Call], int]") -> "list[Attacked]":
    from tests.messaging.forgeries import PROVIDERS, attack

    return [attack(provider, deliver) for provider in PROVIDERS]


def _environment() -> dict[str, str]:
    from messaging.webhook_urls import HEARD
    from tests.messaging.forgeries import BASE, KEYS, PASSWORD, TOKEN

    return {
        "PUBLIC_URL": BASE,
        "FIEL_DEMO": "0",
        "FIEL_ALLOWED_HOSTS": "127.0.0.1",
        "EMAIL_URL": "console:",
        "TWILIO_API_BASE": "",
        "TWILIO_AUTH_TOKEN": TOKEN,
        "ANYMAIL_WEBHOOK_SECRET": PASSWORD,
        "FIEL_EMAIL_REPORTS": ",".join(HEARD),
        **{f"ANYMAIL_{name}": value for name, value in KEYS.items()},
    }


def _deliver(port: int, call: "Call") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            call.method, call.path, call.body, {**call.headers, "Content-Type": call.content_type}
        )
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        # Refused before all of it was read.
        return 413
    finally:
        connection.close()


@contextmanager
def _unverified() -> Iterator[None]:
    """Take everything in this process."""
    from django.test import override_settings

    from tests.messaging.forgeries import BASE, HOST, KEYS, PASSWORD, TOKEN, switch_verification_off

    accounts: dict[str, Any] = {"PUBLIC_URL": BASE, "ALLOWED_HOSTS": [HOST], "TWILIO_AUTH_TOKEN": TOKEN}
    accounts["ANYMAIL"] = {"WEBHOOK_SECRET": [PASSWORD], **KEYS}
    with ExitStack() as stack:
        stack.enter_context(
            override_settings(ROOT_URLCONF="tests.messaging.test_webhook_forgeries", **accounts)
        )
        switch_verification_off(
            lambda owner, name, value: stack.enter_context(patch.object(owner, name, value))
        )
        yield


def _deliver_here(call: "Call") -> int:
    from django.test import Client

    client = Client(raise_request_exception=False)
    answer = client.generic(
        call.method, call.path, call.body, content_type=call.content_type, headers=dict(call.headers)
    )
    return answer.status_code
