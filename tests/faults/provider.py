"""The provider of text messages as the fault runs use it: started once, told how to behave, asked what customers received."""

import http.client
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from config.local.processes import kill_group, start_child

CHECKOUT = Path(__file__).resolve().parents[2]
_START_SECONDS = 30.0
WELL = {"seconds": [0, 0], "faults": {}, "per_second": 0, "reports_to": ""}


class Provider:
    """A process of its own (provider_process.py). Nobody kills it; its log is what customers got.

    `environment` has senders and web servers use it instead of Twilio.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "received"
        self._log.touch()
        port_file = folder / "port"
        self.process = start_child(
            [sys.executable, "-m", "tests.faults.provider_process", port_file, self._log],
            environment=os.environ,
            death_signal=signal.SIGKILL,
            cwd=CHECKOUT,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the provider did not start")
            time.sleep(0.02)
        self._address = f"127.0.0.1:{port_file.read_text()}"
        self._forgotten = 0
        # Only a demonstration talks to an imitation; its account comes from the settings.
        self.environment = {"FIEL_DEMO": "1", "TWILIO_API_BASE": f"http://{self._address}"}

    def behave(self, **behaviour: Any) -> None:
        """Change how it behaves from now on; the rest stays."""
        self._ask("PUT", behaviour)

    def begin(self) -> None:
        """Behave well, report nothing, and forget what was received before: another test begins."""
        from django.conf import settings

        self.behave(**WELL, token=settings.TWILIO_AUTH_TOKEN, forget=True)
        self._forgotten = len(self._lines())

    def did(self) -> dict[str, Any]:
        return self._ask("GET")

    def received(self) -> Counter[str]:
        """Return how often each message was received, by its id."""
        return Counter(line.split()[0] for line in self._lines()[self._forgotten :])

    def received_by(self) -> Counter[str]:
        """Return how many messages each address received."""
        return Counter(line.split()[1] for line in self._lines()[self._forgotten :])

    def _lines(self) -> list[str]:
        return self._log.read_text().splitlines()

    def _ask(self, method: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request(method, "/control", json.dumps(document) if document is not None else None)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer

    def stop(self) -> None:
        kill_group(self.process)
