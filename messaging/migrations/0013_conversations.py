from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0012_tracked_links_and_marketing_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="is_conversation",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Somebody talked to the shop's bot: it counts as left also without lines.",
                verbose_name="conversation",
            ),
        ),
    ]
