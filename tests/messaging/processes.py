"""Our commands and the fake provider as processes of their own, for tests that kill and race them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.local.processes import die_with_parent, start_child

ROOT = Path(__file__).resolve().parents[2]
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


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def manage(database_url: str, *arguments: str, provider: Provider | None = None) -> subprocess.Popen[str]:
    """Start a command of ours in a process of its own, with Redis down."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FIEL_")}
    environment |= {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        # A demonstration brings the account of an imitation.
        "FIEL_DEMO": "1",
        "TWILIO_API_BASE": provider.base if provider else "http://127.0.0.1:1",
    }
    return subprocess.Popen(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )


def output(process: subprocess.Popen[str], *, seconds: float = 120) -> str:
    text, _nothing = process.communicate(timeout=seconds)
    assert process.returncode == 0, text
    return text
