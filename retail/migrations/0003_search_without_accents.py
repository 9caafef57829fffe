import django.contrib.postgres.indexes
from django.db import migrations

import retail.models.search

# The dictionary is bound when the function is made: it does not depend on the caller's search path.
FORWARD = """
CREATE FUNCTION searchable(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN upper(unaccent('unaccent'::regdictionary, value));
"""
BACKWARD = "DROP FUNCTION searchable(text);"


class Migration(migrations.Migration):
    dependencies = [("retail", "0002_company_row")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveIndex(model_name="product", name="product_name_search"),
        migrations.AddIndex(
            model_name="product",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    retail.models.search.Searchable("name"), name="gin_trgm_ops"
                ),
                name="product_name_search",
            ),
        ),
    ]
