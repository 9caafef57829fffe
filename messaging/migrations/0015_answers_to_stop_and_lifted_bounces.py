import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("messaging", "0014_mailings_by_profile"),
    ]

    operations = [
        migrations.AddField(
            model_name="marketingsettings",
            name="stop_answer",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=160, verbose_name="answer to SAIR"
            ),
        ),
        migrations.AlterModelOptions(
            name="suppression",
            options={
                "permissions": [("lift_suppression", "Can let bounced addresses be written to again")],
                "verbose_name": "opt-out",
                "verbose_name_plural": "opt-outs",
            },
        ),
        migrations.AddField(
            model_name="suppression",
            name="lift_reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="why it was lifted"
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="lifted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="lifted by",
            ),
        ),
    ]
