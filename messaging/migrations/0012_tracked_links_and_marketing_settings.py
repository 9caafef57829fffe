import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER messaging_trackedlink_unchanged BEFORE UPDATE ON messaging_trackedlink
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE messaging_trackedlink ENABLE ALWAYS TRIGGER messaging_trackedlink_unchanged;
"""
BACKWARD = "DROP TRIGGER messaging_trackedlink_unchanged ON messaging_trackedlink;"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0011_mailings"), ("customers", "0012_consent_texts")]
    operations = [
        migrations.CreateModel(
            name="MarketingSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "track_links",
                    models.BooleanField(
                        default=False,
                        help_text="Links of marketing messages lead through this installation.",
                        verbose_name="count clicks",
                    ),
                ),
                (
                    "track_opens",
                    models.BooleanField(
                        default=False,
                        help_text="Marketing e-mails carry an invisible picture.",
                        verbose_name="count opened e-mails",
                    ),
                ),
                (
                    "attribution_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="Days after a message in which a purchase of its customer is counted for it.",
                        verbose_name="sales count for",
                    ),
                ),
                (
                    "double_opt_in_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="double opt-in since"),
                ),
            ],
            options={
                "verbose_name": "marketing settings",
                "verbose_name_plural": "marketing settings",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="marketing_settings_has_one_row"),
                    models.CheckConstraint(
                        condition=models.Q(("attribution_days__gte", 1), ("attribution_days__lte", 90)),
                        name="marketing_settings_attribution_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackedLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40, verbose_name="source")),
                ("destination", models.TextField(verbose_name="destination")),
                ("digest", models.CharField(max_length=64, verbose_name="digest of the destination")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "tracked link",
                "verbose_name_plural": "tracked links",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "digest"), name="tracked_link_once_per_source")
                ],
            },
        ),
        migrations.AddField(
            model_name="messageevent",
            name="link",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="messaging.trackedlink",
                verbose_name="link",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
