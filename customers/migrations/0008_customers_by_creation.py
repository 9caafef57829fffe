from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_pins_of_customers")]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["created_at"], name="customer_by_creation"),
        ),
    ]
