"""An installation of its own for a benchmark or a replay: the launcher of ``make run`` with another folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path
from types import TracebackType

STARTED_WITHIN = 120
USER = "bench"


class StackFailed(Exception):
    """The installation did not start; the message names its log."""


class Stack:
    """A running installation without demo data: ``address``, a managers' ``token``, keys for terminals."""

    def __init__(self, checkout: Path, folder: Path, *, port: int) -> None:
        self._checkout, self._folder, self._port = checkout, folder, port
        self._log = folder / "log.txt"
        self.address = ""
        self.token = ""

    def __enter__(self) -> Stack:
        self._folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "FIEL_LOCAL": str(self._folder),
            "FIEL_DEMO": "0",
            "PORT": str(self._port),
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "config.local"],
                cwd=self._checkout,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._environment = environment
        try:
            self.address = self._wait()
            self._prepare()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def _wait(self) -> str:
        deadline = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StackFailed(f"Fiel did not start; see {self._log}")
            address = self._announced_address()
            if address:
                return address
            time.sleep(0.2)
        raise StackFailed(f"Fiel was not ready within {STARTED_WITHIN} s; see {self._log}")

    def _announced_address(self) -> str:
        """The launcher writes its process and address into its lock file once everything is up."""
        try:
            process, _, address = (self._folder / "lock").read_text().strip().partition(" ")
        except OSError:
            return ""
        if process != str(self._process.pid) or not address:
            return ""
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310  (our own address)
                return address
        except (OSError, urllib.error.URLError):
            return ""

    def _prepare(self) -> None:
        """Let this process speak to the same database, and make a manager with a token."""
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["FIEL_LOCAL"] = str(self._folder)
        for name, value in json.loads((self._folder / "environment.json").read_text()).items():
            os.environ[name] = value
        import django

        django.setup()
        from django.contrib.auth import get_user_model
        from django.utils import timezone

        from pos_api.services import credentials

        users = get_user_model().objects
        user = users.filter(username=USER).first() or users.create_superuser(USER)
        _, self.token = credentials.issue_user_token(user=user, name="bench", at=timezone.now())

    def terminal_keys(self, stores: list[int], terminal: str) -> dict[int, str]:
        """Return a new key for the named terminal of each store."""
        from django.utils import timezone

        from pos_api.services import credentials
        from retail.models import Terminal

        terminals = {
            int(row.store.code): row for row in Terminal.objects.filter(code=terminal).select_related("store")
        }
        now = timezone.now()
        return {
            store: credentials.issue_terminal_key(terminal=terminals[store], name="bench", at=now)[1]
            for store in stores
        }

    def sums(self) -> tuple[int, int, int, int]:
        """Return number of sales, gross, discount and net in cents, as the database adds them up."""
        from django.db.models import Count, Sum

        from retail.models import Sale
        from retail.money import from_decimal

        row = Sale.objects.aggregate(
            sales=Count("pk"), gross=Sum("gross"), discount=Sum("discount"), net=Sum("net")
        )
        return row["sales"], *(from_decimal(row[name] or Decimal(0)) for name in ("gross", "discount", "net"))
