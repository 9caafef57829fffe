import uuid
from decimal import Decimal

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CHANNELS = [('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp')]
STATES = [('draft', 'Draft'), ('awaiting', 'Waiting for approval'), ('scheduled', 'Scheduled'), ('freezing', 'Gathering its people'), ('sending', 'Sending'), ('paused', 'Paused'), ('finished', 'Finished'), ('cancelled', 'Cancelled')]
LANGUAGES = [('pt-br', 'Portuguese (Brazil)'), ('en', 'English')]
FORMATS = [('rich', 'Rich text'), ('mjml', 'MJML')]


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0010_webhooks_out'),
        ('customers', '0009_customer_metrics_and_segments'),
        ('retail', '0013_credit_notes_of_returns'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mailing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='id')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('audience', models.CharField(choices=[('person', 'One person'), ('sales', 'The customers of selected sales'), ('segment', 'A segment')], max_length=10, verbose_name='audience')),
                ('segment_name', models.CharField(blank=True, default='', max_length=120, verbose_name="segment's name")),
                ('tree', models.JSONField(blank=True, null=True, verbose_name='conditions')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=CHANNELS, max_length=10), size=None, verbose_name='channels, in order')),
                ('language', models.CharField(choices=LANGUAGES, max_length=8, verbose_name='language')),
                ('holdout_percent', models.DecimalField(db_default=Decimal('0'), decimal_places=2, default=Decimal('0'), max_digits=5, verbose_name='hold-out')),
                ('result_days', models.PositiveSmallIntegerField(default=14, verbose_name='days in which sales count')),
                ('useful_days', models.PositiveSmallIntegerField(default=3, verbose_name='days in which it is of use')),
                ('send_at', models.DateTimeField(blank=True, null=True, verbose_name='send at')),
                ('state', models.CharField(choices=STATES, default='draft', max_length=10, verbose_name='state')),
                ('paused_from', models.CharField(blank=True, choices=STATES, default='', max_length=10, verbose_name='paused from')),
                ('note', models.CharField(blank=True, default='', max_length=40, verbose_name='why it stands still')),
                ('number', models.PositiveIntegerField(default=1, verbose_name='version')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('updated_at', models.DateTimeField(verbose_name='changed at')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='begun at')),
                ('frozen_at', models.DateTimeField(blank=True, null=True, verbose_name='people gathered at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('reached', models.BigIntegerField(default=0, verbose_name='last customer looked at')),
                ('written', models.BigIntegerField(default=0, verbose_name='last member written to')),
                ('member_count', models.PositiveIntegerField(default=0, verbose_name='people')),
                ('held_out_count', models.PositiveIntegerField(default=0, verbose_name='held out')),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='customer')),
                ('sale', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.sale', verbose_name='sale')),
                ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.segment', verbose_name='segment')),
                ('submitted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='sent for approval by')),
            ],
            options={
                'verbose_name': 'mailing',
                'verbose_name_plural': 'mailings',
                'permissions': [('send_mailing', 'Can send mailings'), ('approve_mailing', 'Can approve mailings')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(state__in=['draft', 'awaiting', 'scheduled', 'freezing', 'sending', 'paused', 'finished', 'cancelled']), name='mailing_state_known'),
                    models.CheckConstraint(condition=models.Q(audience='person') & (models.Q(customer__isnull=False) | models.Q(sale__isnull=False)) | models.Q(audience='sales', customer__isnull=True, sale__isnull=True) | models.Q(audience='segment', customer__isnull=True, sale__isnull=True, tree__isnull=False), name='mailing_audience_is_whole'),
                    models.CheckConstraint(condition=models.Q(channels__contained_by=['email', 'sms', 'whatsapp']) & models.Q(channels__len__gt=0), name='mailing_channels_known'),
                    models.CheckConstraint(condition=models.Q(holdout_percent__gte=0, holdout_percent__lt=100), name='mailing_hold_out_leaves_somebody'),
                    models.CheckConstraint(condition=models.Q(result_days__gte=1, result_days__lte=90) & models.Q(useful_days__gte=1, useful_days__lte=30), name='mailing_days_in_range'),
                    models.CheckConstraint(condition=models.Q(state='paused') & ~models.Q(paused_from='') | ~models.Q(state='paused') & models.Q(paused_from=''), name='mailing_paused_knows_from_where'),
                    models.CheckConstraint(condition=~models.Q(state__in=['sending', 'finished']) | models.Q(frozen_at__isnull=False, started_at__isnull=False), name='mailing_sends_what_is_frozen'),
                    models.CheckConstraint(condition=models.Q(state__in=['finished', 'cancelled'], ended_at__isnull=False) | ~models.Q(state__in=['finished', 'cancelled']) & models.Q(ended_at__isnull=True), name='mailing_end_has_its_moment'),
                ],
                'indexes': [
                    models.Index(fields=['-created_at', '-id'], name='mailing_newest'),
                    models.Index(condition=models.Q(state='sending'), fields=['id'], name='mailing_sending'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MailingText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=CHANNELS, max_length=10, verbose_name='channel')),
                ('subject', models.CharField(blank=True, default='', max_length=200, verbose_name='subject')),
                ('text', models.TextField(blank=True, default='', verbose_name='text')),
                ('html', models.TextField(blank=True, default='', verbose_name='HTML')),
                ('html_format', models.CharField(choices=FORMATS, default='rich', max_length=4, verbose_name='format')),
                ('content_sid', models.CharField(blank=True, default='', max_length=40, verbose_name='approved template')),
                ('mailing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='messaging.mailing', verbose_name='mailing')),
                ('template', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='messaging.template', verbose_name='template')),
            ],
            options={
                'verbose_name': 'text of a mailing',
                'verbose_name_plural': 'texts of mailings',
                'constraints': [
                    models.UniqueConstraint(fields=('mailing', 'channel'), name='mailing_text_once_per_channel'),
                    models.CheckConstraint(condition=~models.Q(channel='whatsapp') | models.Q(template__isnull=False), name='mailing_text_of_whatsapp_has_template'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MailingSale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sales', to='messaging.mailing', verbose_name='mailing')),
                ('sale', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.sale', verbose_name='sale')),
            ],
            options={
                'verbose_name': 'sale of a mailing',
                'verbose_name_plural': 'sales of mailings',
                'constraints': [models.UniqueConstraint(fields=('mailing', 'sale'), name='mailing_sale_once')],
            },
        ),
        migrations.CreateModel(
            name='MailingMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('held_out', models.BooleanField(verbose_name='held out')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='customer')),
                ('mailing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='messaging.mailing', verbose_name='mailing')),
                ('sale', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.sale', verbose_name='sale')),
            ],
            options={
                'verbose_name': 'member of a mailing',
                'verbose_name_plural': 'members of mailings',
                'constraints': [models.UniqueConstraint(fields=('mailing', 'customer'), name='mailing_member_once')],
                'indexes': [models.Index(fields=['mailing', 'id'], name='mailing_member_in_order')],
            },
        ),
        migrations.CreateModel(
            name='MailingChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=20, verbose_name='action')),
                ('detail', models.CharField(blank=True, default='', max_length=500, verbose_name='detail')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('mailing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='messaging.mailing', verbose_name='mailing')),
            ],
            options={
                'verbose_name': 'change of a mailing',
                'verbose_name_plural': 'changes of mailings',
                'indexes': [models.Index(fields=['mailing', 'id'], name='mailing_change_in_order')],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='mailing',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='messaging.mailing', verbose_name='mailing'),
        ),
        migrations.AddField(
            model_name='message',
            name='sale',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retail.sale', verbose_name='sale'),
        ),
        migrations.AddField(
            model_name='message',
            name='segments',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='segments'),
        ),
    ]
