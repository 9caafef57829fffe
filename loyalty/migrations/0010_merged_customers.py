"""Value moves between customers by entries; a merge says what it moved, and can only be undone."""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Columns of a lot that never change, with the new one (0007).
LOT = (
    *("id", "account_id", "source", "cause", "sale_id", "campaign", "earned", "available_from", "expires_at"),
    *("awaits_review", "terms", "created_at"),
)
GUARD = """
DROP TRIGGER loyalty_lot_guarded ON loyalty_lot;
CREATE TRIGGER loyalty_lot_guarded BEFORE UPDATE OF {columns} ON loyalty_lot
    FOR EACH ROW EXECUTE FUNCTION loyalty_refuse_change();
ALTER TABLE loyalty_lot ENABLE ALWAYS TRIGGER loyalty_lot_guarded;
"""
# What was moved is written once, in the transaction that moves it.
MERGES = """
CREATE TRIGGER loyalty_customermerge_guarded BEFORE UPDATE ON loyalty_customermerge FOR EACH ROW
    WHEN (OLD.undone_at IS NOT NULL OR (OLD.moved <> '{}' AND OLD.moved <> NEW.moved)
          OR (OLD.id, OLD.kept_id, OLD.absorbed_id, OLD.actor_id, OLD.reason, OLD.merged_at)
             IS DISTINCT FROM (NEW.id, NEW.kept_id, NEW.absorbed_id, NEW.actor_id, NEW.reason, NEW.merged_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loyalty_customermerge_kept BEFORE DELETE ON loyalty_customermerge
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loyalty_customermerge_no_truncate BEFORE TRUNCATE ON loyalty_customermerge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE loyalty_customermerge ENABLE ALWAYS TRIGGER loyalty_customermerge_guarded;
ALTER TABLE loyalty_customermerge ENABLE ALWAYS TRIGGER loyalty_customermerge_kept;
ALTER TABLE loyalty_customermerge ENABLE ALWAYS TRIGGER loyalty_customermerge_no_truncate;
"""
NO_GUARDS_OF_MERGES = """
DROP TRIGGER loyalty_customermerge_no_truncate ON loyalty_customermerge;
DROP TRIGGER loyalty_customermerge_kept ON loyalty_customermerge;
DROP TRIGGER loyalty_customermerge_guarded ON loyalty_customermerge;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_merged_records'),
        ('loyalty', '0009_issuing'),
        ('retail', '0012_no_index_twice'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=240, verbose_name='reason')),
                ('moved', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='moved')),
                ('merged_at', models.DateTimeField(verbose_name='merged at')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='undone at')),
                ('given_back', models.JSONField(blank=True, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='given back')),
            ],
            options={
                'verbose_name': 'merge of customers',
                'verbose_name_plural': 'merges of customers',
            },
        ),
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_sign_of_its_kind',
        ),
        migrations.AddField(
            model_name='lot',
            name='moved_from',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='moved_to', to='loyalty.lot', verbose_name='moved from'),
        ),
        migrations.AddField(
            model_name='settlement',
            name='moved_to',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='moved_by', to='loyalty.receivable', verbose_name='goes on in'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('earn', 'Earned'), ('load', 'Loaded'), ('redeem', 'Redeemed'), ('restore', 'Given back'), ('expire', 'Expired'), ('forfeit', 'Forfeited'), ('reverse', 'Taken back'), ('adjust', 'Adjusted'), ('settle', 'Paid a debt'), ('void', 'Voided'), ('transfer', 'Transferred')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='lot',
            name='source',
            field=models.CharField(choices=[('sale', 'Sale'), ('adjustment', 'Adjustment'), ('return', 'Return'), ('issue', 'Issue'), ('transfer', 'Transfer')], max_length=12, verbose_name='source'),
        ),
        migrations.AddIndex(
            model_name='lot',
            index=models.Index(condition=models.Q(('moved_from__isnull', False)), fields=['moved_from'], name='lot_by_origin'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('kind__in', ('earn', 'load', 'restore'))), ('kind__in', ('adjust', 'transfer')), models.Q(models.Q(('kind__in', ('earn', 'load', 'restore')), _negated=True), ('amount__lt', 0)), _connector='OR'), name='entry_sign_of_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('moved_from__isnull', False), ('source', 'transfer')), models.Q(models.Q(('source', 'transfer'), _negated=True), ('moved_from__isnull', True)), _connector='OR'), name='lot_of_a_transfer_has_its_origin'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('entry__isnull', True), ('moved_to__isnull', True), _connector='OR'), name='settlement_pays_or_moves'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='absorbed',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='merged_by', to='customers.customer', verbose_name='absorbed'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='kept',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='merges', to='customers.customer', verbose_name='kept'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undone by'),
        ),
        migrations.AddIndex(
            model_name='customermerge',
            index=models.Index(fields=['kept', '-id'], name='customer_merge_by_kept'),
        ),
        migrations.AddIndex(
            model_name='customermerge',
            index=models.Index(fields=['absorbed', '-id'], name='customer_merge_by_absorbed'),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.CheckConstraint(condition=models.Q(('kept', models.F('absorbed')), _negated=True), name='customer_merge_of_two'),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='customer_merge_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('given_back__isnull', True), ('undone_at__isnull', True), ('undone_by__isnull', True)), models.Q(('given_back__isnull', False), ('undone_at__isnull', False), ('undone_by__isnull', False)), _connector='OR'), name='customer_merge_undone_whole'),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('absorbed',), name='customer_merge_stands_once'),
        ),
        migrations.RunSQL(
            GUARD.format(columns=", ".join((*LOT, "moved_from_id"))), GUARD.format(columns=", ".join(LOT))
        ),
        migrations.RunSQL(MERGES, NO_GUARDS_OF_MERGES),
    ]
