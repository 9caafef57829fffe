"""Inserting an entry is what moves a lot and its account; nothing else may.

The triggers run as the owner of the tables, so that a least-privilege role needs INSERT and SELECT only.
"""

from django.db import migrations

APPEND_ONLY = ("loyalty_entry", "loyalty_settlement")
GUARDED = {
    # A review is answered, a return gives grace: the only two facts that are added to a lot later.
    "loyalty_lot": ("remaining", "reviewed_at", "grace_until"),
    "loyalty_receivable": ("left",),
    "loyalty_account": ("balance", "owed"),
}
# Columns that only the triggers below write.
KEPT = {"loyalty_lot": ("remaining",), "loyalty_receivable": ("left",), "loyalty_account": ("balance", "owed")}

MOVE = """
CREATE FUNCTION loyalty_post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM posted p JOIN loyalty_lot l ON l.id = p.lot_id WHERE l.account_id <> p.account_id) THEN
        RAISE EXCEPTION 'an entry names another account than its lot' USING ERRCODE = 'check_violation';
    END IF;
    UPDATE loyalty_lot l SET remaining = l.remaining + m.moved
      FROM (SELECT lot_id, sum(amount) AS moved FROM posted GROUP BY lot_id) m WHERE l.id = m.lot_id;
    UPDATE loyalty_account a SET balance = a.balance + m.moved
      FROM (SELECT account_id, sum(amount) AS moved FROM posted GROUP BY account_id) m WHERE a.id = m.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER loyalty_entry_posts AFTER INSERT ON loyalty_entry REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION loyalty_post_entries();

CREATE FUNCTION loyalty_post_receivables() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE loyalty_account a SET owed = a.owed + m.moved
      FROM (SELECT account_id, sum("left") AS moved FROM posted GROUP BY account_id) m WHERE a.id = m.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER loyalty_receivable_posts AFTER INSERT ON loyalty_receivable REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION loyalty_post_receivables();

CREATE FUNCTION loyalty_post_settlements() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE loyalty_receivable r SET "left" = r."left" - m.paid
      FROM (SELECT receivable_id, sum(amount) AS paid FROM posted GROUP BY receivable_id) m
     WHERE r.id = m.receivable_id;
    UPDATE loyalty_account a SET owed = a.owed - m.paid
      FROM (SELECT r.account_id, sum(p.amount) AS paid FROM posted p JOIN loyalty_receivable r ON r.id = p.receivable_id
             GROUP BY r.account_id) m
     WHERE a.id = m.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER loyalty_settlement_posts AFTER INSERT ON loyalty_settlement REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION loyalty_post_settlements();

-- A new row starts at nothing: what it holds comes from entries alone.
CREATE FUNCTION loyalty_start_at_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'loyalty_lot' THEN
        NEW.remaining := 0;
    ELSE
        NEW.balance := 0;
        NEW.owed := 0;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loyalty_lot_starts BEFORE INSERT ON loyalty_lot
    FOR EACH ROW EXECUTE FUNCTION loyalty_start_at_nothing();
CREATE TRIGGER loyalty_account_starts BEFORE INSERT ON loyalty_account
    FOR EACH ROW EXECUTE FUNCTION loyalty_start_at_nothing();

-- Depth 1 is a statement of the application; deeper is one of the functions above.
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


def guards() -> str:
    parts = []
    for table, free in GUARDED.items():
        parts.append(f"""
CREATE TRIGGER {table}_guarded BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION loyalty_guard_kept('{",".join(free)}', '{",".join(KEPT[table])}');
CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guarded;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_kept;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
""")
    for table in APPEND_ONLY:
        parts.append(f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
""")
    for trigger, table in (
        ("loyalty_entry_posts", "loyalty_entry"),
        ("loyalty_receivable_posts", "loyalty_receivable"),
        ("loyalty_settlement_posts", "loyalty_settlement"),
        ("loyalty_lot_starts", "loyalty_lot"),
        ("loyalty_account_starts", "loyalty_account"),
    ):
        parts.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};\n")
    return "".join(parts)


def backward() -> str:
    parts = [
        f"DROP TRIGGER {table}_no_truncate ON {table}; DROP TRIGGER {table}_append_only ON {table};\n"
        for table in APPEND_ONLY
    ]
    parts += [
        f"DROP TRIGGER {table}_no_truncate ON {table}; DROP TRIGGER {table}_kept ON {table};"
        f" DROP TRIGGER {table}_guarded ON {table};\n"
        for table in GUARDED
    ]
    parts.append("""
DROP TRIGGER loyalty_account_starts ON loyalty_account;
DROP TRIGGER loyalty_lot_starts ON loyalty_lot;
DROP TRIGGER loyalty_settlement_posts ON loyalty_settlement;
DROP TRIGGER loyalty_receivable_posts ON loyalty_receivable;
DROP TRIGGER loyalty_entry_posts ON loyalty_entry;
DROP FUNCTION loyalty_guard_kept(), loyalty_start_at_nothing(), loyalty_post_settlements(),
    loyalty_post_receivables(), loyalty_post_entries();
""")
    return "".join(parts)


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_ledger"),
        # Its function refuse_change() is used again here.
        ("customers", "0003_consents_are_append_only"),
    ]
    operations = [migrations.RunSQL(MOVE + guards(), backward())]
