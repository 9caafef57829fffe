from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0017_reasons_of_silence_stand_side_by_side"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "in_doubt")), fields=["id"], name="message_in_doubt"
            ),
        ),
    ]
