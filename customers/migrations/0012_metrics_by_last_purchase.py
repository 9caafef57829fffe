from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_customers_by_city"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customermetrics",
            index=models.Index(fields=["last_at"], name="customer_metrics_by_last"),
        ),
    ]
