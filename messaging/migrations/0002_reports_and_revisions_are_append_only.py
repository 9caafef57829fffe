from django.db import migrations

TABLES = ("messaging_messageevent", "messaging_templaterevision", "messaging_automationrevision")

FORWARD = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
"""
    for table in TABLES
)
BACKWARD = "".join(f"DROP TRIGGER {table}_append_only ON {table};\n" for table in TABLES)


class Migration(migrations.Migration):
    # The function refuse_change() comes with the consents.
    dependencies = [("messaging", "0001_initial"), ("customers", "0003_consents_are_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
