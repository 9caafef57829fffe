from django.db import migrations, models

# Who keeps products in memory has to learn that they changed, whoever changed them and however. Each statement leaves a
# row of its own; the numbers of the rows that a reader sees are the catalogue's version. A counter would make writers
# wait for each other until the end of their transactions, and a sequence alone would show a change before it is
# committed. Numbers are never used twice, so old rows may go: who removes some adds one.
TABLES = (
    "retail_product",
    "retail_category",
    "retail_productgrouping",
    "retail_productgrouping_products",
)
FUNCTIONS = """
CREATE FUNCTION note_catalogue_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    INSERT INTO retail_cataloguechange DEFAULT VALUES RETURNING id INTO newest;
    DELETE FROM retail_cataloguechange WHERE id IN (
        SELECT id FROM retail_cataloguechange WHERE id < newest - 20 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
CREATE FUNCTION catalogue_version() RETURNS text LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM retail_cataloguechange);
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION catalogue_version(); DROP FUNCTION note_catalogue_change();"
CREATE = """
CREATE TRIGGER {table}_catalogue AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION note_catalogue_change();
"""
DROP = "DROP TRIGGER {table}_catalogue ON {table};"


class Migration(migrations.Migration):
    dependencies = [("retail", "0006_price_changes_are_append_only")]

    operations = [
        migrations.CreateModel(
            name="CatalogueChange",
            fields=[("id", models.BigAutoField(primary_key=True, serialize=False))],
            options={"verbose_name": "catalogue change", "verbose_name_plural": "catalogue changes"},
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(migrations.RunSQL(CREATE.format(table=table), DROP.format(table=table)) for table in TABLES),
    ]
