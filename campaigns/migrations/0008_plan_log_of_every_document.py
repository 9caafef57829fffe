import django.db.models.deletion
from django.db import migrations, models

# The log refuses changes; this one gives its rows the columns that replace the campaign's key.
_NAME_DOCUMENTS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE campaigns_planchange DISABLE TRIGGER campaigns_planchange_append_only;
UPDATE campaigns_planchange SET code = campaign.code
    FROM campaigns_campaign campaign WHERE campaign.id = campaigns_planchange.campaign_id;
UPDATE campaigns_planchange SET kind = 'policy' WHERE campaign_id IS NULL;
ALTER TABLE campaigns_planchange ENABLE ALWAYS TRIGGER campaigns_planchange_append_only;
"""
# Steps of associations and markdowns become steps that changed no campaign: that version has none of them.
_NAME_CAMPAIGNS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE campaigns_planchange DISABLE TRIGGER campaigns_planchange_append_only;
UPDATE campaigns_planchange SET campaign_id = campaign.id
    FROM campaigns_campaign campaign
    WHERE campaign.code = campaigns_planchange.code AND campaigns_planchange.kind = 'campaign';
ALTER TABLE campaigns_planchange ENABLE ALWAYS TRIGGER campaigns_planchange_append_only;
"""

_IMMUTABLE = ("campaigns_associationrevision", "campaigns_markdownrevision", "campaigns_markdownprices")
_REFUSE_CHANGES = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
"""
    for table in _IMMUTABLE
)
_ALLOW_CHANGES = "".join(
    f"DROP TRIGGER {table}_no_truncate ON {table}; DROP TRIGGER {table}_append_only ON {table};"
    for table in _IMMUTABLE
)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_associations_and_markdowns")]

    operations = [
        migrations.RenameField(
            model_name="planchange", old_name="revision", new_name="campaign_revision"
        ),
        migrations.AlterField(
            model_name="planchange",
            name="campaign_revision",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.campaignrevision",
                verbose_name="campaign revision",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="code",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="code"),
        ),
        migrations.AddField(
            model_name="planchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("campaign", "Campaign"),
                    ("association", "Association"),
                    ("markdown", "Price markdown"),
                    ("policy", "Calculation policy"),
                ],
                default="campaign",
                max_length=12,
                verbose_name="kind",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_NAME_DOCUMENTS, _NAME_CAMPAIGNS),
        migrations.RemoveIndex(model_name="planchange", name="plan_change_by_campaign"),
        migrations.RemoveField(model_name="planchange", name="campaign"),
        migrations.AddField(
            model_name="planchange",
            name="association_revision",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.associationrevision",
                verbose_name="association revision",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="markdown_revision",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.markdownrevision",
                verbose_name="markdown revision",
            ),
        ),
        migrations.AddIndex(
            model_name="planchange",
            index=models.Index(fields=["kind", "code", "-version"], name="plan_change_by_document"),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["campaign", "association", "markdown", "policy"]),
                name="plan_change_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "campaign"), ("campaign_revision__isnull", True), _connector="OR"),
                    models.Q(("kind", "association"), ("association_revision__isnull", True), _connector="OR"),
                    models.Q(("kind", "markdown"), ("markdown_revision__isnull", True), _connector="OR"),
                ),
                name="plan_change_revision_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", ""), ("kind", "policy")),
                    models.Q(
                        models.Q(("kind", "policy"), _negated=True), models.Q(("code", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="plan_change_names_a_document",
            ),
        ),
        migrations.RunSQL(_REFUSE_CHANGES, _ALLOW_CHANGES),
    ]
