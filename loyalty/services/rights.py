"""The rights of a database role that the application can run as: it can post value, and rewrite none of it."""

from django.db import connection, transaction

# What the application may do with the tables of the ledger; what is not here it may not. The balances are moved by
# triggers, which run with the rights of the tables' owner.
LEDGER_RIGHTS = {
    "loyalty_entry": ["SELECT", "INSERT"],
    "loyalty_settlement": ["SELECT", "INSERT"],
    "loyalty_receivable": ["SELECT", "INSERT"],
    "loyalty_lot": ["SELECT", "INSERT", "UPDATE (reviewed_at, grace_until)"],
    # Locking a row takes the right to update one of its columns; the trigger refuses to change this one.
    "loyalty_account": ["SELECT", "INSERT", "UPDATE (created_at)"],
    "loyalty_storedvalueload": ["SELECT", "INSERT"],
}
# What only migrations write.
READ_ONLY = ("django_migrations",)


class UnknownRole(Exception):
    """The database has no such role."""


class RoleHasMore(Exception):
    """The role is a superuser or owns the ledger, so that nothing can be kept from it."""


@transaction.atomic
def grant_rights(role: str) -> None:
    """Give an existing role what the application needs in this database, and take the rest from it.

    Raises UnknownRole, and RoleHasMore for a role that no right can be kept from. After a migration it is called again:
    new tables have new rights.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        if found is None:
            raise UnknownRole(role)
        cursor.execute(
            "SELECT bool_or(pg_has_role(%s, tableowner, 'MEMBER')) FROM pg_tables WHERE tablename = ANY(%s)",
            [role, list(LEDGER_RIGHTS)],
        )
        if found[0] or cursor.fetchone()[0]:
            raise RoleHasMore(role)
        cursor.execute("SELECT current_schema()")
        name, schema = (connection.ops.quote_name(text) for text in (role, cursor.fetchone()[0]))
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        for table in READ_ONLY:
            cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.{table} FROM {name}")
        for table, rights in LEDGER_RIGHTS.items():
            cursor.execute(f"REVOKE ALL ON {schema}.{table} FROM {name}")
            cursor.execute(f"GRANT {', '.join(rights)} ON {schema}.{table} TO {name}")
