import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0022_blocked_stored_values")]
    operations = [
        migrations.AddIndex(
            model_name="lot",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="lot_by_creation"),
        ),
        migrations.AddIndex(
            model_name="customertier",
            index=models.Index(fields=["since"], name="customer_tier_by_since"),
        ),
    ]
