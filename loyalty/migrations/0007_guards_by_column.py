"""What may not change is named by column, so that an entry pays for no comparison of whole rows.

The guard of 0002 wrote each row as JSON twice whenever a balance moved, which was more than half of what its triggers cost.
"""

from django.db import migrations

# Facts that never change, by table; the columns that do are written by entries, or added to a lot once.
FIXED = {
    "loyalty_lot": (
        *("id", "account_id", "source", "cause", "sale_id", "campaign", "earned", "available_from", "expires_at"),
        *("awaits_review", "terms", "created_at"),
    ),
    "loyalty_receivable": ("id", "account_id", "cause", "sale_id", "amount", "created_at"),
    "loyalty_account": ("id", "customer_id", "kind", "program_id", "plan_id", "created_at"),
}
KEPT = {"loyalty_lot": ("remaining",), "loyalty_receivable": ('"left"',), "loyalty_account": ("balance", "owed")}

REFUSE = """
CREATE FUNCTION loyalty_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows change by entries only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def forward() -> str:
    parts = [REFUSE]
    for table, columns in FIXED.items():
        parts.append(f"""
DROP TRIGGER {table}_guarded ON {table};
CREATE TRIGGER {table}_guarded BEFORE UPDATE OF {", ".join(columns)} ON {table}
    FOR EACH ROW EXECUTE FUNCTION loyalty_refuse_change();
-- Depth 0 is a statement of the application; deeper is one of the functions that entries call.
CREATE TRIGGER {table}_moved_by_entries BEFORE UPDATE OF {", ".join(KEPT[table])} ON {table}
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION loyalty_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guarded;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_moved_by_entries;
""")
    return "".join(parts) + "DROP FUNCTION loyalty_guard_kept();\n"


BEFORE = """
CREATE FUNCTION loyalty_guard_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := string_to_array(TG_ARGV[0], ',');
    kept text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    IF to_jsonb(OLD) - free <> to_jsonb(NEW) - free
       OR (pg_trigger_depth() = 1
           AND (SELECT jsonb_object_agg(k, to_jsonb(OLD) -> k) FROM unnest(kept) k)
               <> (SELECT jsonb_object_agg(k, to_jsonb(NEW) -> k) FROM unnest(kept) k)) THEN
        RAISE EXCEPTION '% rows change by entries only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
FREE = {"loyalty_lot": ",reviewed_at,grace_until"}


def backward() -> str:
    parts = [BEFORE]
    for table, columns in KEPT.items():
        kept = ",".join(columns).replace('"', "")
        parts.append(f"""
DROP TRIGGER {table}_moved_by_entries ON {table};
DROP TRIGGER {table}_guarded ON {table};
CREATE TRIGGER {table}_guarded BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION loyalty_guard_kept('{kept}{FREE.get(table, "")}', '{kept}');
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guarded;
""")
    return "".join(parts) + "DROP FUNCTION loyalty_refuse_change();\n"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0006_lots_of_returns")]
    operations = [migrations.RunSQL(forward(), backward())]
