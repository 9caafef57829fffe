from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0019_cost_of_messages_and_counts_of_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="automation",
            name="holdout_percent",
            field=models.DecimalField(
                db_default=Decimal("0"),
                decimal_places=2,
                default=Decimal("0"),
                max_digits=5,
                verbose_name="hold-out",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("holdout_percent__gte", 0), ("holdout_percent__lt", 100)),
                name="automation_hold_out_leaves_somebody",
            ),
        ),
    ]
