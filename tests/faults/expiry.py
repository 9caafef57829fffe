"""The expiry of value, interrupted and side by side (T15)."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from tests.faults import controls
from tests.faults.audit import world
from tests.faults.results import Outcome, Result
from tests.faults.rig import CHECKOUT, Rig

_POSTED = "SELECT count(*) FROM loyalty_entry WHERE kind = 'expire'"


def expiry(rig: Rig, *, quick: bool) -> list[Result]:
    """T15: the expiry of value once, ten times, four side by side, and killed in between: the same ledger."""
    rig.clone("t15", "fiel")
    lots = _fill_lots(200 if quick else 2_000)
    kills: list[int] = []
    ways: dict[str, Callable[[str], None]] = {
        "once": lambda url: _finish([_expire(url)]),
        "ten times": lambda url: [_finish([_expire(url)]) for _ in range(10)][-1],
        "four side by side": lambda url: _finish([_expire(url) for _ in range(4)]),
        "killed in between": lambda url: kills.append(_killed(url)),
    }
    ledgers, broken = set(), 0
    for number, run in enumerate(ways.values()):
        url = rig.clone(f"t15_{number}", "t15")
        run(url)
        # What another copy held at the moment is left for the next time.
        _finish([_expire(url)])
        ledgers.add(_ledger())
        broken += world()[0]
    expired = controls.ask(url, _POSTED)
    url = rig.clone("t15_control", "fiel")
    controls.prepare(url)
    twice = controls.expired_twice(url)
    outcome = Outcome(
        what=f"the expiry job over {lots:,} lots, {expired:,} of them due: " + ", ".join(ways),
        figure=f"{len(ledgers)} ledger(s) from {len(ways)} ways, {broken} broken promises; killed {kills[0]} times before it was done",
        is_reached=len(ledgers) == 1 and not broken and kills[0] > 0,
    )
    return [
        outcome.against(
            test="T15",
            target="the same ledger",
            control=f"four jobs that do not lock what they read: {twice} postings too many for 300 lots",
            control_failed=twice > 0,
        )
    ]


def _fill_lots(customers: int) -> int:
    from django.db import transaction
    from django.utils import timezone

    from loyalty.services.ledger import Credit, credit
    from tests.builders import build_account

    now = timezone.now()
    earned = now - timedelta(days=30)
    lots = 0
    for _customer in range(customers):
        account = build_account()
        with transaction.atomic():
            rows = [
                Credit(
                    account=account,
                    cause=f"adjustment:{number}",
                    amount=random.randint(1, 90_00),
                    available_from=earned,
                    expires_at=now + timedelta(days=number - 7),
                )
                for number in range(10)
            ]
            lots += len(credit(rows, occurred_at=earned, at=earned))
    return lots


def _expire(url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "expire_value"],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
    )


def _finish(jobs: list["subprocess.Popen[bytes]"]) -> None:
    ends = [job.wait(300) for job in jobs]
    if any(ends):
        raise RuntimeError("the expiry of value failed")


def _killed(url: str) -> int:
    """Kill the job as soon as it has posted something, three times; return how often it was not done by then."""
    early = 0
    for _kill in range(3):
        job, posted = _expire(url), controls.ask(url, _POSTED)
        while job.poll() is None and controls.ask(url, _POSTED) == posted:
            time.sleep(0.01)
        early += job.poll() is None
        job.send_signal(signal.SIGKILL)
        job.wait()
    return early


def _ledger() -> str:
    """Return a digest of every lot, account and entry, but for ids of entries and when they were recorded."""
    from loyalty.models import Account, Entry, Lot

    rows = [
        *Entry.objects.order_by("lot", "kind", "cause").values_list(
            "lot", "kind", "cause", "amount", "occurred_at"
        ),
        *Lot.objects.order_by("pk").values_list("pk", "remaining"),
        *Account.objects.order_by("pk").values_list("pk", "balance", "owed"),
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()
