"""Indexes on tables that tills write to while an update runs."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


class BuildIndexConcurrently(AddIndexConcurrently):
    """Build an index while others write; its migration needs ``atomic = False``.

    A build that was interrupted leaves an index that nothing reads and that stands in the way of the next one. It is dropped
    first, so that such a migration is repeated by running `migrate` again.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if self.allow_migrate_model(
            schema_editor.connection.alias, to_state.apps.get_model(app_label, self.model_name)
        ):
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", params=None)
        super().database_forwards(app_label, schema_editor, from_state, to_state)
