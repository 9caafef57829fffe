from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0013_conversations")]
    operations = [
        migrations.AddField(
            model_name="mailing",
            name="by_profile",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                verbose_name="chooses by what people bought or read",
            ),
        ),
    ]
