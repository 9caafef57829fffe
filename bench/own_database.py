"""A database of a part's own beside the installation's: what is posted can never be removed from one that stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from bench.installation import CHECKOUT


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """Make a migrated database of this name, give its address, and drop it in the end."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path="/" + quote(name)))
    _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"],
            cwd=CHECKOUT,
            env=os.environ | {"DATABASE_URL": url},
            check=True,
        )
        yield url
    finally:
        _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def start(module: str, url: str, job: str, arguments: dict[str, Any]) -> subprocess.Popen[str]:
    """Start `python -m MODULE JOB ARGUMENTS` on a database."""
    return subprocess.Popen(
        [sys.executable, "-m", module, job, json.dumps(arguments)],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> Any:
    """Return what a process prints on its last line. Raises RuntimeError when it failed."""
    printed, _errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process of the benchmark ended with {process.returncode}")
    return json.loads(printed.splitlines()[-1])


def _administer(*statements: str) -> None:
    import psycopg2
    from django.db import connection

    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    administration = psycopg2.connect(**parameters)
    administration.autocommit = True
    with administration.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    administration.close()
