"""The processes behind the pages, as `make run` starts them, in any number: each can be killed at any moment, and is started again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from config.local.processes import kill_group, start_child, stop_group

CHECKOUT = Path(__file__).resolve().parents[2]
_CELERY = (sys.executable, "-m", "celery", "-q", "-A", "config.celery:app")
_ALONE = ("-P", "solo", "-l", "CRITICAL", "--without-gossip", "--without-mingle")
_SCHEDULER_SECONDS = 5.0


class Crew:
    """Senders, schedulers, workers and workers of jobs. Each does one thing at a time. Use `at_work`, from the main thread."""

    def __init__(self, folder: Path, environment: Mapping[str, str], **numbers: int) -> None:
        self._environment = environment
        self._log = folder / "crew.log"
        self._commands: dict[str, list[str | Path]] = {}
        for kind, number in numbers.items():
            for place in range(number):
                name = f"{kind}-{place}"
                self._commands[name] = [*_CELERY, *_arguments(kind, name, folder)]
        self._running: dict[str, tuple[float, subprocess.Popen[bytes]]] = {}
        self.kills: Counter[str] = Counter()

    @contextmanager
    def at_work(self) -> Iterator["Crew"]:
        try:
            for name in self._commands:
                self._start(name)
            yield self
        finally:
            for _since, process in self._running.values():
                process.send_signal(signal.SIGTERM)
            for _since, process in self._running.values():
                stop_group(process, signal.SIGTERM, patience_seconds=10)

    def kill_one(self) -> bool:
        """kill -9 one of those that are up, and start it again; return whether there was one.

        The others are still starting: killing those would cost the time of another start, and prove nothing.
        """
        names = self.up()
        if not names:
            return False
        name = random.choice(names)
        process = self._running[name][1]
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended by itself:\n{self.last_words()}")
        kill_group(process)
        self.kills[name.partition("-")[0]] += 1
        self._start(name)
        return True

    def up(self) -> list[str]:
        """Return who has come as far as the database, and which schedulers, that never ask it, have had the time to start."""
        url = self._environment["DATABASE_URL"]
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
            connected = {name for (name,) in cursor.fetchall()}
        now = time.monotonic()
        return [
            name
            for name, (since, _process) in self._running.items()
            if name in connected or (name.startswith("schedulers") and now - since > _SCHEDULER_SECONDS)
        ]

    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def _start(self, name: str) -> None:
        with self._log.open("ab") as output:
            process = start_child(
                self._commands[name],
                # The name by which PostgreSQL knows its connection.
                environment={**self._environment, "PGAPPNAME": name},
                death_signal=signal.SIGKILL,
                output=output,
                cwd=CHECKOUT,
            )
        self._running[name] = (time.monotonic(), process)


def _arguments(kind: str, name: str, folder: Path) -> list[str | Path]:
    if kind == "schedulers":
        return ["beat", "-l", "CRITICAL", "-s", folder / f"{name}.schedule", "--pidfile="]
    queue = {"senders": ["-Q", "senders"], "jobs": ["-Q", "jobs"]}.get(kind, [])
    return ["worker", *_ALONE, *queue, "-n", f"{name}@%h"]


def manage(environment: Mapping[str, str], *arguments: str, seconds: float = 600) -> str:
    """Run a command of ours to its end; return what it said. Raises RuntimeError with its words when it failed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
