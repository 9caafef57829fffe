"""Our commands and the fake provider as processes of their own, for tests that kill and race them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from config.local.processes import start_child
from tests.processes import start_command, wait_for

HERE = Path(__file__).parent


class Provider:
    """The fake provider and what it accepted."""

    def __init__(self, folder: Path, *, hold: int) -> None:
        self.log = folder / "accepted"
        self.log.touch()
        port_file = folder / "port"
        self.process = start_child(
            [sys.executable, HERE / "fake_provider.py", port_file, self.log, str(hold)],
            environment=os.environ,
            death_signal=signal.SIGKILL,
        )
        wait_for(port_file.exists)
        self.base = f"http://127.0.0.1:{port_file.read_text()}"

    def accepted(self) -> list[str]:
        return [line.split()[0] for line in self.log.read_text().splitlines()]

    def held(self) -> int:
        return self.log.read_text().count(" held\n")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def manage(database_url: str, *arguments: str, provider: Provider | None = None) -> subprocess.Popen[str]:
    """Start a command of ours that knows no provider but the fake one."""
    base = provider.base if provider else "http://127.0.0.1:1"
    # A demonstration brings the account of an imitation.
    return start_command(database_url, *arguments, FIEL_DEMO="1", TWILIO_API_BASE=base)
