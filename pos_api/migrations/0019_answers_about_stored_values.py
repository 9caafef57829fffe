import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0018_snapshot_with_vip_cards"),
        ("loyalty", "0019_prices_of_loads"),
        ("retail", "0012_no_index_twice"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredValueOperation",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("sale", "Sold"), ("load", "Loaded")], max_length=4, verbose_name="kind"
                    ),
                ),
                ("reference", models.CharField(max_length=255, verbose_name="reference")),
                ("fingerprint", models.CharField(max_length=64, verbose_name="fingerprint")),
                ("body", models.TextField(verbose_name="answer")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "stored_value",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loyalty.storedvalue",
                        verbose_name="stored value",
                    ),
                ),
                (
                    "terminal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="retail.terminal",
                        verbose_name="terminal",
                    ),
                ),
            ],
            options={
                "verbose_name": "operation on a stored value",
                "verbose_name_plural": "operations on stored values",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("terminal", "kind", "reference"),
                        name="stored_value_operation_once_per_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("sale", "load"))),
                        name="stored_value_operation_kind_known",
                    ),
                ],
            },
        ),
    ]
