from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0016_events_of_printing")]

    # The order of a run's page, whole: the vouchers of most runs are worth the same.
    operations = [
        migrations.RemoveIndex(model_name="issuinggrant", name="issuing_grant_highest_first"),
        migrations.AddIndex(
            model_name="issuinggrant",
            index=models.Index(
                fields=["run", "-amount", "-percent", "id"], name="issuing_grant_highest_first"
            ),
        ),
    ]
