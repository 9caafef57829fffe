import django.contrib.postgres.indexes
from django.db import migrations, models

from retail.index_building import BuildIndexConcurrently


class Migration(migrations.Migration):
    # Sales write lots and tiers meanwhile.
    atomic = False
    dependencies = [("loyalty", "0022_blocked_stored_values")]
    operations = [
        BuildIndexConcurrently(
            model_name="lot",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="lot_by_creation"),
        ),
        BuildIndexConcurrently(
            model_name="customertier",
            index=models.Index(fields=["since"], name="customer_tier_by_since"),
        ),
    ]
