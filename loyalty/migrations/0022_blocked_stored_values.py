from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0021_second_person_for_runs_and_write_offs")]

    operations = [
        migrations.AddIndex(
            model_name="storedvalue",
            index=models.Index(
                fields=["id"], name="stored_value_blocked", condition=models.Q(("blocked_at__isnull", False))
            ),
        ),
    ]
