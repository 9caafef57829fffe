"""Starts PostgreSQL and Redis for a test run; imported by tests/settings.py before the settings are read.

With DATABASE_URL or REDIS_URL set, that server is used instead. The workers of pytest-xdist inherit both
variables, and so share the servers of the process that started them.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from config.local.postgres import start_postgres
from config.local.valkey import start_valkey

# Names the run for its databases and its lock; workers inherit it.
RUN = os.environ.setdefault("FIEL_TEST_RUN", f"{os.getpid()}_{secrets.token_hex(3)}")


def _remove_remains(home: Path) -> None:
    """Free the memory that a killed run left behind; its servers ended with it."""
    for folder in home.glob("fiel-test-*-*"):
        try:
            os.kill(int(folder.name.split("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (ValueError, PermissionError):
            continue


def _start_services() -> None:
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    memory = Path("/dev/shm")  # noqa: S108
    home = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _remove_remains(home)
    folder = Path(tempfile.mkdtemp(prefix=f"fiel-test-{os.getpid()}-", dir=home))
    # Walkable by the user that PostgreSQL runs as when the tests run as root; its own folders are private.
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if "DATABASE_URL" not in os.environ:
        postgres = start_postgres(folder / "postgres", durable=False)
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url
    if "REDIS_URL" not in os.environ:
        valkey = start_valkey(folder / "redis", durable=False)
        atexit.register(valkey.stop)
        os.environ["REDIS_URL"] = valkey.url


_start_services()
