"""Statements that a connection prepares once, and what happens where it cannot keep them."""

import pytest
from django.db import ProgrammingError, connection, transaction

from pos_api.prepared import Prepared

pytestmark = pytest.mark.django_db(transaction=True)


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'fiel_%'")
        return int(cursor.fetchone()[0])


def drop_prepared() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


@pytest.fixture
def total() -> Prepared:
    connection.ensure_connection()
    drop_prepared()
    return Prepared("SELECT $1 + $2, cardinality($3)", ("int", "int", "text[]"))


class TestPrepared:
    def test_is_prepared_once_for_a_connection(self, total: Prepared) -> None:
        rows = [total.row([number, 1, ["a", "b"]]) for number in range(3)]

        assert rows == [(1, 2), (2, 2), (3, 2)]
        assert prepared_statements() == 1

    def test_is_prepared_again_on_another_connection(self, total: Prepared) -> None:
        total.row([1, 1, []])
        connection.close()
        connection.ensure_connection()

        assert total.row([2, 2, []]) == (4, 0)
        assert prepared_statements() == 1

    def test_is_sent_whole_where_another_connection_may_get_each_statement(
        self, total: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As a pool that forgets: what was prepared is gone when it is to be used.
        monkeypatch.setattr(total, "_prepare", "SELECT 1")

        assert [total.row([2, 3, []]) for _ in range(2)] == [(5, 0), (5, 0)]
        assert prepared_statements() == 0

    def test_is_sent_whole_once_what_it_means_has_changed(self) -> None:
        connection.ensure_connection()
        drop_prepared()
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE changing AS SELECT 1 AS one")
        everything = Prepared("SELECT * FROM changing")
        before = everything.row()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE changing ADD COLUMN two int DEFAULT 2")

        after = everything.row()

        assert (before, after) == ((1,), (1, 2))

    def test_raises_the_errors_of_django(self) -> None:
        connection.ensure_connection()

        with pytest.raises(ProgrammingError):
            Prepared("SELECT nothing FROM nowhere").row()

    def test_leaves_a_transaction_whole(self, total: Prepared) -> None:

        with transaction.atomic():
            assert total.row([1, 2, ["a"]]) == (3, 1)

        assert prepared_statements() == 0
