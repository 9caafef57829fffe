import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0015_adjustment_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="issuingrun",
            name="changed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="changed by",
            ),
        ),
        migrations.AddField(
            model_name="adjustmentrequest",
            name="receivable",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="loyalty.receivable",
                verbose_name="receivable",
            ),
        ),
        migrations.AlterField(
            model_name="adjustmentrequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("adjust", "Adjustment"),
                    ("issue", "Given by hand"),
                    ("void", "Voided"),
                    ("write_off", "Debt written off"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "write_off"), ("receivable__isnull", False))
                | models.Q(
                    models.Q(("kind", "write_off"), _negated=True),
                    ("receivable__isnull", True),
                ),
                name="adjustment_request_names_its_debt",
            ),
        ),
    ]
