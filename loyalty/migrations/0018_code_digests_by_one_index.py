"""A code is found by its whole hash: the second index, for LIKE, only made issuing slower."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0017_grants_highest_first")]

    operations = [
        migrations.AlterField(
            model_name="storedvaluecode",
            name="digest",
            field=models.CharField(max_length=64, verbose_name="keyed hash"),
        ),
        migrations.AddConstraint(
            model_name="storedvaluecode",
            constraint=models.UniqueConstraint(fields=("digest",), name="stored_value_code_digest_once"),
        ),
    ]
