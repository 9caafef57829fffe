import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def name_authors(apps, schema_editor):
    """A campaign that never changed was last changed by whoever created it. Of the others nobody knows."""
    campaigns = apps.get_model("campaigns", "Campaign").objects
    campaigns.filter(version=1).update(updated_by=models.F("created_by"))
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0013_reviews_of_every_document"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "campaign",
            "updated_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="updated by",
            ),
        ),
        migrations.RunPython(name_authors, migrations.RunPython.noop),
    ]
