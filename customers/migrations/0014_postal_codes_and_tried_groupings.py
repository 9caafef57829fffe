from django.db import migrations, models

import retail.models.search

FORWARD = """
CREATE FUNCTION postal_key(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN nullif(upper(regexp_replace(value, '[^[:alnum:]]', '', 'g')), '');
"""
BACKWARD = "DROP FUNCTION postal_key(text);"


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_metrics_by_last_purchase")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(retail.models.search.PostalKey("postal_code"), name="customer_by_postal_code"),
        ),
        migrations.AddField(
            model_name="customergrouping",
            name="refresh_tried_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="refresh tried at"),
        ),
    ]
