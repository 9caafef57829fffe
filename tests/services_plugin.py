"""Gives each test a database that nobody used before.

The schema is migrated once a run, into a template. A clone of it takes some 30 milliseconds, so a test that
commits (`django_db(transaction=True)`, `transactional_db`, `live_server`) leaves its database to be replaced by
a fresh clone; nothing is ever flushed, because the ledger's tables refuse TRUNCATE. Every xdist worker has its
own clone.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.services import RUN

_TEMPLATE = f"fiel_template_{RUN}"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with open(Path(tempfile.gettempdir()) / f"fiel-test-{RUN}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _administer(*statements: str) -> list[tuple[Any, ...]]:
    """Run statements that cannot run in a transaction, beside Django's connection; return the last one's rows."""
    import psycopg2
    from django.db import connection

    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters.pop("cursor_factory", None)
    administration = psycopg2.connect(**parameters)
    try:
        administration.autocommit = True
        with administration.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        administration.close()


def _make_template() -> None:
    """Migrate the template database unless another worker of this run has done so."""
    from django.core.management import call_command
    from django.db import connection

    with _one_at_a_time():
        if _administer(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"):  # noqa: S608
            return
        _administer(f'CREATE DATABASE "{_TEMPLATE}" TEMPLATE template0')
        connection.settings_dict["NAME"] = _TEMPLATE
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except BaseException:
            connection.close()
            _administer(f'DROP DATABASE "{_TEMPLATE}" WITH (FORCE)')
            raise
        connection.close()


def _renew_database(name: str) -> None:
    """Replace the database `name` by a fresh clone of the template, and point Django at it."""
    from django.db import connection

    connection.close()
    with _one_at_a_time():
        _administer(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"',
        )
    connection.settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Clone the template for this process; renew the clone after each test that commits."""
    from django.db import connection
    from django.test import TransactionTestCase

    name = f"test_{RUN}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        configured = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = "postgres"
        _make_template()
        _renew_database(name)

    def renew(_test: TransactionTestCase) -> None:
        _renew_database(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", renew)
        yield
    with django_db_blocker.unblock():
        connection.close()
        _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.settings_dict["NAME"] = configured


@pytest.fixture
def committed_db(transactional_db: None) -> str:
    """A database of its own for a test that commits; returns the DATABASE_URL for other processes.

    Threads of the test use Django's connections as usual; child processes get the URL in their environment.
    The database is dropped after the test, also while somebody is still connected.
    """
    from urllib.parse import quote, urlsplit, urlunsplit

    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path="/" + quote(connection.settings_dict["NAME"])))


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Workers come and go; the process that started them outlives all clones.
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    lock = Path(tempfile.gettempdir()) / f"fiel-test-{RUN}.lock"
    if lock.exists():
        from django.db import connection

        connection.settings_dict["NAME"] = "postgres"
        _administer(f'DROP DATABASE IF EXISTS "{_TEMPLATE}" WITH (FORCE)')
        lock.unlink()
