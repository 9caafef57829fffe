"""What the fault runs work on: a private PostgreSQL as our direct child, real web servers, and the means to kill either.

Everything lies in one folder and ends with this process. Each scenario gets a database of its own, a clone of one that was
filled once.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
from redis import Redis

from config.local.postgres import PostgresServer, data_home, start_postgres
from config.local.processes import kill_group, start_child, stop_group
from config.local.valkey import ValkeyServer, start_valkey
from tests.faults.pooler import Pooler, start_pooler
from tests.faults.provider import Provider

CHECKOUT = Path(__file__).resolve().parents[2]
WORKERS = 8
_READY_SECONDS = 240.0


class Rig:
    """A database server and what speaks to it. Use as a context manager, from the main thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres: PostgresServer
        self.redis: ValkeyServer
        self.provider: Provider
        self.pooler: Pooler | None = None

    def __enter__(self) -> "Rig":
        self._remove()
        self.folder.mkdir(parents=True)
        self.start_postgres()
        self.start_redis()
        self.provider = Provider(self.folder / "provider")
        os.environ |= {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        } | self.provider.environment
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        return self

    def __exit__(self, *_error: object) -> None:
        from django.db import connection

        connection.close()
        self.provider.stop()
        self.redis.stop()
        self.postgres.stop()
        self._remove()

    def _remove(self) -> None:
        # What runs as another user may lie elsewhere.
        for part in ("postgres", "pooler"):
            shutil.rmtree(data_home(self.folder / part), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- PostgreSQL --------------------------------------------------------------------------------

    def start_postgres(self) -> None:
        """Start the server on the same data, durable as in production; it recovers by itself."""
        self.postgres = start_postgres(self.folder / "postgres", extra={"max_connections": "200"})

    def kill_postgres(self) -> None:
        """kill -9 the server and every process that it had forked, at once."""
        parent = self.postgres.process.pid
        children = _children(parent)
        os.kill(parent, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.postgres.process.wait()
        # The memory that they share has to be gone before the server can start again.
        while any(Path(f"/proc/{child}").exists() for child in children):
            time.sleep(0.01)

    def url(self, name: str) -> str:
        return f"postgresql://fiel@/{quote(name)}?host={self.postgres.socket_folder}"

    def administer(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements beside every scenario's database; return the last one's rows."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def clone(self, name: str, template: str) -> str:
        """Make a database from a filled one, point Django at it, and return its address."""
        from django.core.cache import cache
        from django.db import connection

        from campaigns.loader import forget_plans

        connection.close()
        self.administer(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
        )
        connection.settings_dict["NAME"] = name
        cache.clear()
        forget_plans()
        return self.url(name)

    def deadlocks(self, name: str) -> int:
        [(found,)] = self.administer(
            f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'"  # noqa: S608
        )
        return int(found)

    @contextmanager
    def pooled(self) -> Iterator[Pooler]:
        """Have web servers that start reach their database through a pooler, while it lasts."""
        self.pooler = start_pooler(self.folder / "pooler", self.postgres.socket_folder)
        try:
            yield self.pooler
        finally:
            self.pooler.stop()
            self.pooler = None

    # --- Redis ---------------------------------------------------------------------------------------

    def start_redis(self) -> None:
        """Start a server that writes nothing down: what it held is gone with it."""
        self.redis = start_valkey(self.folder / "redis", durable=False)

    def kill_redis(self) -> None:
        kill_group(self.redis.process)

    def empty_redis(self) -> None:
        """FLUSHALL."""
        with contextlib.closing(Redis.from_url(self.redis.url)) as redis:
            redis.flushall()

    # --- Web -----------------------------------------------------------------------------------------

    @contextmanager
    def web(self, database_url: str, *, workers: int = WORKERS) -> Iterator["Web"]:
        address = self.pooler.in_front_of(database_url) if self.pooler else database_url
        server = Web(address, workers)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Web:
    """The web server as `make run` starts it, with more workers: each is one sender's worth of concurrency."""

    def __init__(self, database_url: str, workers: int) -> None:
        self.database_url, self.workers = database_url, workers
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self) -> None:
        self.process = start_child(
            [
                *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
                *("--no-ws", "--http", "1", "--host", "127.0.0.1", "--port", str(self.port)),
                *("--workers", str(self.workers), "--blocking-threads", "1", "--backlog", "1024"),
                *("--respawn-failed-workers", "--respawn-interval", "0.5", "--log-level", "error"),
            ],
            environment=os.environ | {"DATABASE_URL": self.database_url},
            death_signal=signal.SIGKILL,
            output=subprocess.DEVNULL,
            cwd=CHECKOUT,
        )
        deadline = time.monotonic() + _READY_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the web server did not start")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether a request that needs the database is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return response.status == 200

    def kill_worker(self) -> bool:
        """kill -9 the process that has served longest; the server starts another.

        The others may still be starting: killing those would cost the time of another start, and prove nothing.
        """
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            alive = [worker for worker in _children(self.process.pid) if _state(worker)[0] != "Z"]
            if alive:
                os.kill(min(alive, key=lambda worker: _state(worker)[1]), signal.SIGKILL)
                return True
        return False

    def kill(self) -> None:
        """kill -9 the server and all its workers."""
        kill_group(self.process)

    def stop(self) -> None:
        stop_group(self.process, signal.SIGTERM, patience_seconds=5)


def _state(pid: int) -> tuple[str, int]:
    """Return the state of a process (Z: dead, not yet buried), and when it was started, in ticks since the machine was."""
    # What follows the name, which may hold anything, in brackets.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[19])


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
