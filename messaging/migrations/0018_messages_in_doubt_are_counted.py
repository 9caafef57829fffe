from django.db import migrations, models

from retail.index_building import BuildIndexConcurrently


class Migration(migrations.Migration):
    # Others write messages meanwhile.
    atomic = False
    dependencies = [
        ("messaging", "0017_reasons_of_silence_stand_side_by_side"),
    ]

    operations = [
        BuildIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "in_doubt")), fields=["id"], name="message_in_doubt"
            ),
        ),
    ]
