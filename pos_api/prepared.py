"""Statements that a connection parses and plans once: those that every evaluation makes.

Their time is mostly overhead otherwise: a till's keystroke asks for two numbers. Where a pool hands out another
connection for each statement, what was prepared is not found again; then they are sent like any other.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg2 import errors

_UNKNOWN = errors.InvalidSqlStatementName
# What the statement meant has changed, or somebody took its place on the connection: a migration, a pool.
_OUTDATED = (errors.FeatureNotSupported, errors.DuplicatePreparedStatement)


class Prepared:
    """One SELECT with the types of its parameters, as `PREPARE` takes them: `$1`, `$2` and so on."""

    def __init__(self, select: str, types: Sequence[str] = ()) -> None:
        # The name says what is meant: a pooled connection may have served the release before.
        name = "fiel_" + hashlib.sha256(f"{types} {select}".encode()).hexdigest()[:16]
        declared = f"({', '.join(types)})" if types else ""
        values = ", ".join(["%s"] * len(types))
        self._prepare = f"PREPARE {name}{declared} AS {select}"
        self._execute = f"EXECUTE {name}({values})" if types else f"EXECUTE {name}"
        self._select = select
        for number in range(len(types), 0, -1):
            self._select = self._select.replace(f"${number}", f"%({number})s::{types[number - 1]}")
        self._is_given_up = False

    def row(self, parameters: Sequence[Any] = ()) -> Any:
        """Return the first row as a tuple. Raises Django's database errors."""
        # Looked up once: it is another one for each thread, and finding it takes longer than asking it.
        database = connections[DEFAULT_DB_ALIAS]
        if self._is_given_up or database.connection is None or _is_watched(database):
            return self._plain_row(database, parameters)
        with database.wrap_database_errors, database.create_cursor() as cursor:
            try:
                try:
                    cursor.execute(self._execute, parameters or None)
                except _UNKNOWN:
                    cursor.execute(self._prepare)
                    cursor.execute(self._execute, parameters or None)
                return cursor.fetchone()
            except (_UNKNOWN, *_OUTDATED):
                self._is_given_up = True
        return self._plain_row(database, parameters)

    def _plain_row(self, database: Any, parameters: Sequence[Any]) -> Any:
        with database.cursor() as cursor:
            named = {str(number): value for number, value in enumerate(parameters, 1)}
            cursor.execute(self._select, named or None)
            return cursor.fetchone()


def _is_watched(database: Any) -> bool:
    """Say whether an error would end a transaction, or somebody wants to see each statement."""
    return bool(database.in_atomic_block or database.execute_wrappers or database.queries_logged)
