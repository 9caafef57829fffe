from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0015_adjustment_requests")]

    operations = [
        migrations.AlterField(
            model_name="storedvalueevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("blocked", "Blocked"),
                    ("unblocked", "Unblocked"),
                    ("replaced", "New code"),
                    ("assigned", "Given to a customer"),
                    ("released", "Taken off the customer"),
                    ("voided", "Voided"),
                    ("printed", "Code printed"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
