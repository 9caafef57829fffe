"""A cancellation settles what was open of its sale; what earlier ones left open is settled here."""

from django.conf import settings
from django.db import migrations, models

SETTLE = """
UPDATE pos_api_saleexception SET resolution = 'cancelled', settled_at = retail_sale.cancelled_at
FROM retail_sale
WHERE retail_sale.id = pos_api_saleexception.sale_id AND retail_sale.state = 'cancelled'
    AND pos_api_saleexception.resolution = ''
"""
OPEN_AGAIN = """
UPDATE pos_api_saleexception SET resolution = '', settled_at = NULL WHERE resolution = 'cancelled'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0010_offline_exceptions"),
        ("retail", "0012_no_index_twice"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="saleexception", name="sale_exception_settled_whole"),
        migrations.AlterField(
            model_name="saleexception",
            name="resolution",
            field=models.CharField(
                blank=True,
                choices=[
                    ("accepted", "The company bears it"),
                    ("collected", "The customer paid it"),
                    ("waived", "The customer's debt is waived"),
                    ("refunded", "The customer got it back"),
                    ("cancelled", "The sale was cancelled"),
                ],
                default="",
                max_length=10,
                verbose_name="resolution",
            ),
        ),
        migrations.AddConstraint(
            model_name="saleexception",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolution", ""), ("settled_at__isnull", True)),
                    models.Q(
                        (
                            "resolution__in",
                            ["accepted", "collected", "waived", "refunded", "cancelled"],
                        ),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="sale_exception_settled_whole",
            ),
        ),
        migrations.RunSQL(SETTLE, OPEN_AGAIN),
    ]
