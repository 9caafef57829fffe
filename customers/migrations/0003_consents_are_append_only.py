from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER customers_consent_append_only BEFORE UPDATE OR DELETE ON customers_consent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customers_consent_no_truncate BEFORE TRUNCATE ON customers_consent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE customers_consent ENABLE ALWAYS TRIGGER customers_consent_append_only;
ALTER TABLE customers_consent ENABLE ALWAYS TRIGGER customers_consent_no_truncate;
"""
BACKWARD = """
DROP TRIGGER customers_consent_no_truncate ON customers_consent;
DROP TRIGGER customers_consent_append_only ON customers_consent;
DROP FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_customer_stores_and_consents")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
