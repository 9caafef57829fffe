"""The return of a whole sale settles what was open of it; what earlier ones left open is settled here."""

from django.conf import settings
from django.db import migrations, models

SETTLE = """
UPDATE pos_api_saleexception SET resolution = 'returned', settled_at = r.returned_at
FROM (SELECT sale_id, max(returned_at) AS returned_at FROM retail_salereturn GROUP BY sale_id) AS r
JOIN retail_sale s ON s.id = r.sale_id
WHERE r.sale_id = pos_api_saleexception.sale_id AND s.state = 'returned' AND pos_api_saleexception.resolution = ''
"""
OPEN_AGAIN = """
UPDATE pos_api_saleexception SET resolution = '', settled_at = NULL WHERE resolution = 'returned'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0019_answers_about_stored_values"),
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
                    ("returned", "All of the sale was returned"),
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
                            ["accepted", "collected", "waived", "refunded", "cancelled", "returned"],
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
