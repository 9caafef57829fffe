"""An update migrates while tills sell: no migration holds the writers of a large table up for as long as it reads it."""

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, models
from django.db.migrations import AddConstraint, AddIndex
from django.db.migrations.loader import MigrationLoader

from retail.index_building import BuildIndexConcurrently
from retail.models import Store

# The last migration of each package that was written while nobody had large tables.
BEFORE = {"campaigns": 18, "customers": 8, "loyalty": 22, "messaging": 6, "pos_api": 21, "retail": 16}
LARGE = {
    "campaigns": {"activation", "adjustment", "promocode", "promocodeuse"},
    "customers": {"customer", "consent"},
    "loyalty": {"account", "entry", "lot", "customertier"},
    "messaging": {"message", "messageevent"},
    "retail": {"sale", "saleline", "salereturn"},
}


def test_indexes_and_constraints_of_large_tables_let_others_write() -> None:
    held_up = [
        f"{app}.{name}: {operation.describe()}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in LARGE and int(name[:4]) > BEFORE[app]
        for operation in migration.operations
        if isinstance(operation, AddIndex | AddConstraint)
        and not isinstance(operation, AddIndexConcurrently | AddConstraintNotValid)
        and operation.model_name.lower() in LARGE[app]
    ]

    assert held_up == []


@pytest.mark.django_db(transaction=True)
class TestBuildIndexConcurrently:
    def test_takes_the_place_of_what_an_interrupted_build_left(self) -> None:
        operation = BuildIndexConcurrently("store", models.Index(fields=["name"], name="store_by_name_again"))
        before = MigrationLoader(None).project_state()
        after = before.clone()
        operation.state_forwards("retail", after)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX store_by_name_again ON {Store._meta.db_table} (code)")

        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards("retail", editor, before, after)

        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'store_by_name_again'")
            assert cursor.fetchone()[0].endswith("(name)")
