from django.db import migrations, models


class Migration(migrations.Migration):
    """Going back fails once an address has two reasons: the old constraint knows one."""

    dependencies = [
        ("messaging", "0016_urgent_messages_first"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=("channel", "address_hash", "reason"),
                name="suppression_once_per_address_and_reason",
            ),
        ),
        migrations.RemoveConstraint(model_name="suppression", name="suppression_once_per_address"),
    ]
