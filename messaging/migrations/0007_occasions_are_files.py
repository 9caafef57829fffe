from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import messaging.models.occasion

CODE = "^[a-z][a-z_]{1,19}$"


def occasion(**options):
    return models.CharField(
        choices=messaging.models.occasion.occasion_choices, max_length=20, verbose_name="occasion", **options
    )


def is_a_code(model, add=migrations.AddConstraint):
    return add(
        model_name=model,
        constraint=models.CheckConstraint(
            condition=models.Q(("occasion__regex", CODE)), name=f"{model}_occasion_is_a_code"
        ),
    )


class Migration(migrations.Migration):
    """Going back fails once there is a message, text or automation of an occasion that the old constraints do not know."""

    # Which occasions there are is said by the files of messaging.occasions: a new one needs no migration.
    dependencies = [("messaging", "0006_notices_of_vip_cards")]
    operations = [
        migrations.RemoveConstraint(model_name="message", name="message_occasion_known"),
        migrations.RemoveConstraint(model_name="template", name="template_occasion_known"),
        migrations.RemoveConstraint(model_name="automation", name="automation_occasion_automatic"),
        migrations.AlterField(model_name="automation", name="occasion", field=occasion(unique=True)),
        migrations.AlterField(model_name="message", name="occasion", field=occasion()),
        migrations.AlterField(model_name="template", name="occasion", field=occasion()),
        is_a_code("automation"),
        # Looked through in 0021, while others write.
        is_a_code("message", add=AddConstraintNotValid),
        is_a_code("template"),
    ]
