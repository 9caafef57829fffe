"""A connection pooler between the web server and PostgreSQL: what a session keeps does not last in it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg2

from config.local.postgres import ROLE, data_home
from config.local.processes import StartFailed, start_child, stop_group
from config.local.programs import make_private, socket_folder, unprivileged_user

# Fewer than the web server has processes, so that they take turns on each connection.
CONNECTIONS = 4
_PORT = 6432
_START_SECONDS = 20.0
# Where Debian keeps servers that an ordinary user's PATH leaves out.
_BESIDE_PATH = "/usr/sbin:/usr/local/sbin"

FIX = """The runs through a connection pooler (T16) need pgbouncer. Debian, Ubuntu: sudo apt-get install pgbouncer
Elsewhere: install PgBouncer and set FIEL_PGBOUNCER=/path/to/the/program, or leave them out: make faults ARGS="--without T16"
"""

_SETTINGS = """[databases]
* = host={postgres} user={role}

[pgbouncer]
listen_port = {port}
unix_socket_dir = {sockets}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


def find_program() -> str | None:
    """Return the path of pgbouncer, None when there is none."""
    chosen = os.environ.get("FIEL_PGBOUNCER") or "pgbouncer"
    return shutil.which(chosen) or shutil.which(chosen, path=_BESIDE_PATH)


@dataclass(frozen=True)
class Pooler:
    """A running pooler that knows every database of one PostgreSQL server."""

    process: subprocess.Popen[bytes]
    socket_folder: Path

    def in_front_of(self, database_url: str) -> str:
        """Return the address at which the pooler offers a database."""
        query = urlencode({"host": str(self.socket_folder), "port": str(_PORT)})
        return urlunsplit(urlsplit(database_url)._replace(query=query))

    def transactions(self) -> int:
        """Return how many transactions went through it since it started, its own console's left out."""
        with contextlib.closing(self._console()) as console, console.cursor() as cursor:
            cursor.execute("SHOW STATS_TOTALS")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return sum(int(row["xact_count"]) for row in rows if row["database"] != "pgbouncer")

    def answers(self) -> bool:
        try:
            self._console().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _console(self) -> "psycopg2.extensions.connection":
        console = psycopg2.connect(host=str(self.socket_folder), port=_PORT, dbname="pgbouncer", user=ROLE)
        # The console knows no transactions.
        console.autocommit = True
        return console

    def stop(self) -> None:
        stop_group(self.process, signal.SIGTERM, patience_seconds=5)


def start_pooler(folder: Path, postgres: Path) -> Pooler:
    """Start a pooler in transaction mode for the server whose socket lies in `postgres`; return when it answers.

    Raises StartFailed with its last words.
    """
    program, user = find_program(), unprivileged_user()
    if program is None:
        raise StartFailed(FIX)
    # Like PostgreSQL it refuses to run as root, and it has to enter the folder of the server's socket.
    home = data_home(folder)
    sockets = socket_folder(home / "run")
    for path in (home, sockets):
        make_private(path, user)
    settings, log = home / "pgbouncer.ini", home / "pgbouncer.log"
    text = _SETTINGS.format(
        postgres=postgres, role=ROLE, port=_PORT, sockets=sockets, connections=CONNECTIONS
    )
    settings.write_text(text)
    settings.chmod(0o644)
    with log.open("wb") as output:
        process = start_child(
            [program, "-q", settings],
            environment=os.environ,
            death_signal=signal.SIGTERM,
            output=output,
            cwd=home,
            user=user,
        )
    pooler = Pooler(process, sockets)
    deadline = time.monotonic() + _START_SECONDS
    while not pooler.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            pooler.stop()
            raise StartFailed(f"pgbouncer did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return pooler


def require_program() -> None:
    """Exit, saying how to install it, when there is no pgbouncer."""
    if find_program() is None:
        sys.exit(FIX)
