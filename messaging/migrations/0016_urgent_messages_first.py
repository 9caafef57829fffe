from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# What waits while the column is added; everything else keeps its turn.
_WAITING = """
UPDATE messaging_message SET urgency = CASE occasion WHEN 'recovery' THEN 1 WHEN 'opt_in' THEN 2 ELSE 0 END
 WHERE state = 'queued' AND mailing_id IS NULL
   AND occasion IN ('verification', 'vip_card', 'receipt', 'test', 'recovery', 'opt_in')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0015_answers_to_stop_and_lifted_bounces"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="urgency",
            field=models.PositiveSmallIntegerField(
                db_default=3, default=3, editable=False, verbose_name="urgency"
            ),
        ),
        # Looked through in 0021, while others write.
        AddConstraintNotValid(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("urgency__in", [0, 1, 2, 3])), name="message_urgency_known"
            ),
        ),
        migrations.RunSQL(_WAITING, migrations.RunSQL.noop),
    ]
