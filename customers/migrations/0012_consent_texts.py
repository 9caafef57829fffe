import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The function refuse_change() comes with the consents (0003).
FORWARD = """
CREATE TRIGGER customers_consenttext_append_only BEFORE UPDATE OR DELETE ON customers_consenttext
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE customers_consenttext ENABLE ALWAYS TRIGGER customers_consenttext_append_only;
"""
BACKWARD = "DROP TRIGGER customers_consenttext_append_only ON customers_consenttext;"

PURPOSES = [
    ("promotions", "Benefits of promotional campaigns"),
    ("loyalty", "Loyalty program"),
    ("marketing", "Marketing messages"),
    ("profiling", "Purchase profile"),
    ("sharing", "Sharing with partners"),
]
CHANNELS = [("", "Every channel"), ("email", "E-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_customers_by_city"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="consent",
            name="text_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=64,
                verbose_name="digest of the text",
            ),
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(choices=PURPOSES, max_length=20, verbose_name="purpose")),
                (
                    "channel",
                    models.CharField(
                        blank=True, choices=CHANNELS, default="", max_length=10, verbose_name="channel"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("pt-br", "Portuguese (Brazil)"), ("en", "English")],
                        max_length=8,
                        verbose_name="language",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("version", models.CharField(max_length=40, unique=True, verbose_name="version")),
                ("text", models.TextField(verbose_name="text")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("written_at", models.DateTimeField(verbose_name="written at")),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent text",
                "verbose_name_plural": "consent texts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("purpose", "channel", "language", "number"), name="consent_text_once_per_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purpose__in", [code for code, _label in PURPOSES])),
                        name="consent_text_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", [code for code, _label in CHANNELS])),
                        name="consent_text_channel_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="consent_text_says_something"
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
