from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_consent_texts"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customermetrics",
            index=models.Index(fields=["last_at"], name="customer_metrics_by_last"),
        ),
    ]
