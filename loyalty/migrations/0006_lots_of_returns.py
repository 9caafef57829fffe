from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0005_no_index_twice")]

    operations = [
        migrations.AlterField(
            model_name="lot",
            name="source",
            field=models.CharField(
                choices=[("sale", "Sale"), ("adjustment", "Adjustment"), ("return", "Return")],
                max_length=12,
                verbose_name="source",
            ),
        )
    ]
