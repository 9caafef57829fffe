"""Processes of ours that tests start, wait for and kill. Redis is down for them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.local.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[1]


def start_process(database_url: str, *command: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start Python with `command` on a database; no setting of this machine reaches it but those of `environment`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FIEL_")}
    own = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen(
        [sys.executable, *command],
        env=inherited | own | environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )


def start_command(database_url: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a command of manage.py."""
    return start_process(database_url, ROOT / "manage.py", *arguments, **environment)


def output(process: subprocess.Popen[str], *, seconds: float = 120) -> str:
    """Return all that a process says, once it has ended well."""
    text, _nothing = process.communicate(timeout=seconds)
    assert process.returncode == 0, text
    return text


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return when a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
