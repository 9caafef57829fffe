import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pos_api', '0014_snapshot_follows_merges'),
        ('retail', '0014_company_reservation_minutes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='id')),
                ('reference', models.CharField(max_length=255, verbose_name='reference')),
                ('is_test', models.BooleanField(default=False, verbose_name='test')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='fingerprint')),
                ('state', models.CharField(choices=[('open', 'Open'), ('used', 'Used by a sale'), ('released', 'Given up')], default='open', max_length=10, verbose_name='state')),
                ('content', models.JSONField(default=dict, verbose_name='content')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('sale', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.sale', verbose_name='sale')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.store', verbose_name='store')),
                ('terminal', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.terminal', verbose_name='terminal')),
            ],
            options={
                'verbose_name': 'reservation',
                'verbose_name_plural': 'reservations',
                'indexes': [models.Index(fields=['created_at'], name='reservation_by_age')],
                'constraints': [models.UniqueConstraint(fields=('terminal', 'reference', 'is_test'), name='reservation_once_per_reference'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'open')), models.Q(('ended_at__isnull', False), ('state__in', ('used', 'released'))), _connector='OR'), name='reservation_state_known')],
            },
        ),
    ]
