import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP_REPORTS = """
CREATE TRIGGER campaigns_backtest_report_stays BEFORE UPDATE ON campaigns_backtest
    FOR EACH ROW WHEN (OLD.report IS NOT NULL) EXECUTE FUNCTION refuse_change();
ALTER TABLE campaigns_backtest ENABLE ALWAYS TRIGGER campaigns_backtest_report_stays;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0008_plan_log_of_every_document"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backtest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=160, verbose_name="name")),
                (
                    "campaign",
                    models.CharField(
                        blank=True, db_index=True, default="", max_length=64, verbose_name="campaign"
                    ),
                ),
                ("document", models.JSONField(verbose_name="question")),
                ("from_date", models.DateField(verbose_name="from")),
                ("until_date", models.DateField(verbose_name="until")),
                ("last_sale", models.BigIntegerField(verbose_name="newest sale")),
                ("report", models.JSONField(null=True, verbose_name="report")),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="backtest",
                        to="campaigns.job",
                        verbose_name="job",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "back-test",
                "verbose_name_plural": "back-tests",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_date__lte", models.F("until_date"))),
                        name="backtest_period_not_empty",
                    )
                ],
            },
        ),
        # refuse_change() is a function of customers' migrations, on which earlier ones of campaigns depend.
        migrations.RunSQL(KEEP_REPORTS, "DROP TRIGGER campaigns_backtest_report_stays ON campaigns_backtest"),
    ]
