"""What the tests of messages share: a company that greets, and waiting until every message has an outcome and is reported."""

import time
from datetime import timedelta

from tests.faults.crew import Crew, manage
from tests.faults.people import states, unsettled
from tests.faults.provider import Provider
from tests.faults.rig import Rig

# As long as leases of five minutes, a sweeper's minute and the rest of the sending may take on a busy machine.
_SETTLED_SECONDS = 1_800.0


def prepare(rig: Rig, name: str) -> str:
    """Make a database in which greetings are switched on, empty the broker, and have the provider begin anew; return its address."""
    from tests.messaging.builders import build_automation

    url = rig.clone(name, "fiel")
    rig.empty_redis()
    rig.provider.begin()
    build_automation(occasion="birthday", settings={"send_at": "00:00:00"})
    return url


def settle(crew: Crew) -> None:
    """Wait until every message has an outcome: leases end, and the sweeper's clock finds them. Nobody helps."""
    deadline = time.monotonic() + _SETTLED_SECONDS
    while unsettled():
        if time.monotonic() > deadline:
            raise RuntimeError(f"messages wait for too long: {dict(states())}\n{crew.last_words()}")
        time.sleep(1)


def after_the_leases(environment: dict[str, str]) -> None:
    """Let leases end and later tries come without waiting for them, and send what is left: nobody else works."""
    from django.utils import timezone

    from messaging.services.delivery import LEASE

    later = timezone.now()
    for _round in range(5):
        later += LEASE + timedelta(seconds=1)
        manage(environment, "drain", "--limit", "100000", "--at", later.isoformat())
        if not unsettled():
            return
    raise RuntimeError(f"messages wait for too long: {dict(states())}")


def wait_for_reports(provider: Provider) -> None:
    """Wait until the provider has told all that customers received."""
    deadline = time.monotonic() + _SETTLED_SECONDS
    while provider.did()["unreported"]:
        if time.monotonic() > deadline:
            raise RuntimeError("the reports are not taken")
        time.sleep(0.2)
