"""Starts PostgreSQL and Redis for a test run; imported by tests/settings.py before the settings are read.

With DATABASE_URL or REDIS_URL set, that server is used instead. The workers of pytest-xdist inherit both
variables, and so share the servers of the process that started them; each has databases of its own on them.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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


def worker_redis_url(url: str, worker: str) -> str:
    """Return the URL of the pair of databases (queue, cache) that belongs to an xdist worker such as "gw0".

    A worker empties its cache after each test, and must not empty another's. A server has sixteen databases
    unless told otherwise: seven workers have a pair each, further ones share.
    """
    database = 2 * (1 + int(worker.removeprefix("gw")) % 7)
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | {"db": database})))
    return urlunsplit(parts._replace(path=f"/{database}"))


def _keep_apart() -> None:
    """Give this worker its databases, once: what a test starts gets them, or whatever else the test hands it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and os.environ.get("FIEL_TEST_WORKER") != worker:
        os.environ["REDIS_URL"] = worker_redis_url(os.environ["REDIS_URL"], worker)
        os.environ["FIEL_TEST_WORKER"] = worker


_start_services()
_keep_apart()
