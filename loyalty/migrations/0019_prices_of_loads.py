import django.db.models.deletion
from django.db import migrations, models

# What was paid when it was sold is known of every stored value; of loads nobody kept it.
OF_SALES = """
INSERT INTO loyalty_storedvalueload (lot_id, price, terminal_id)
SELECT l.id, v.price, v.terminal_id
  FROM loyalty_storedvalue v JOIN loyalty_lot l ON l.account_id = v.account_id
 WHERE v.price IS NOT NULL AND starts_with(l.cause, 'issue:')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0018_code_digests_by_one_index"),
        ("retail", "0012_no_index_twice"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredValueLoad",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("price", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="price")),
                (
                    "lot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="load",
                        to="loyalty.lot",
                        verbose_name="lot",
                    ),
                ),
                (
                    "terminal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="retail.terminal",
                        verbose_name="terminal",
                    ),
                ),
            ],
            options={
                "verbose_name": "load of a stored value",
                "verbose_name_plural": "loads of stored values",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price__gte", 0)), name="stored_value_load_price_not_negative"
                    )
                ],
            },
        ),
        migrations.RunSQL(OF_SALES, migrations.RunSQL.noop),
    ]
