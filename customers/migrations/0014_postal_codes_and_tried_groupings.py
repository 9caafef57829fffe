from django.db import migrations, models

FORWARD = """
CREATE FUNCTION postal_key(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN nullif(upper(regexp_replace(value, '[^[:alnum:]]', '', 'g')), '');
"""
BACKWARD = "DROP FUNCTION postal_key(text);"


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_metrics_by_last_purchase")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddField(
            model_name="customergrouping",
            name="refresh_tried_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="refresh tried at"),
        ),
    ]
