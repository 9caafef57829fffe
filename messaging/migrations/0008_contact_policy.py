import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "messaging_contactpolicyrevision"
FORWARD = f"""
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_append_only;
"""
BACKWARD = f"DROP TRIGGER {TABLE}_append_only ON {TABLE};"


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("messaging", "0007_occasions_are_files"),
    ]
    operations = [
        migrations.CreateModel(
            name="ContactPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.JSONField(default=dict, verbose_name="document")),
                ("number", models.PositiveIntegerField(default=0, verbose_name="number")),
                ("updated_at", models.DateTimeField(verbose_name="updated at")),
            ],
            options={
                "verbose_name": "contact policy",
                "verbose_name_plural": "contact policy",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="contact_policy_has_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPolicyRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="number")),
                ("document", models.JSONField(verbose_name="document")),
                ("saved_at", models.DateTimeField(verbose_name="saved at")),
                (
                    "saved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saved by",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact policy revision",
                "verbose_name_plural": "contact policy revisions",
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
