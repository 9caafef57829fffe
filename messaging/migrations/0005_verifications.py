import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0017_holds_of_promo_codes'),
        ('customers', '0007_pins_of_customers'),
        ('messaging', '0004_cart_is_test'),
        ('retail', '0015_company_proof_of_the_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='id')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('whatsapp', 'WhatsApp')], max_length=10, verbose_name='channel')),
                ('digest', models.CharField(max_length=64, verbose_name='keyed hash')),
                ('nonce', models.BinaryField(max_length=16, verbose_name='nonce')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='wrong tries')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('used_at', models.DateTimeField(null=True, verbose_name='used at')),
            ],
            options={
                'verbose_name': 'verification',
                'verbose_name_plural': 'verifications',
            },
        ),
        migrations.RemoveConstraint(
            model_name='message',
            name='message_occasion_known',
        ),
        migrations.RemoveConstraint(
            model_name='template',
            name='template_occasion_known',
        ),
        migrations.AlterField(
            model_name='automation',
            name='occasion',
            field=models.CharField(choices=[('birthday', 'Birthday'), ('recovery', 'Cart recovery'), ('verification', 'Proof of the person'), ('test', 'Test')], max_length=20, unique=True, verbose_name='occasion'),
        ),
        migrations.AlterField(
            model_name='message',
            name='occasion',
            field=models.CharField(choices=[('birthday', 'Birthday'), ('recovery', 'Cart recovery'), ('verification', 'Proof of the person'), ('test', 'Test')], max_length=20, verbose_name='occasion'),
        ),
        migrations.AlterField(
            model_name='template',
            name='occasion',
            field=models.CharField(choices=[('birthday', 'Birthday'), ('recovery', 'Cart recovery'), ('verification', 'Proof of the person'), ('test', 'Test')], max_length=20, verbose_name='occasion'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('occasion__in', ['birthday', 'recovery', 'verification', 'test'])), name='message_occasion_known'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.CheckConstraint(condition=models.Q(('occasion__in', ['birthday', 'recovery', 'verification', 'test'])), name='template_occasion_known'),
        ),
        migrations.AddField(
            model_name='verification',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='verifications', to='customers.customer', verbose_name='customer'),
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(fields=['customer', '-created_at'], name='verification_by_customer'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'whatsapp'])), name='verification_channel_known'),
        ),
    ]
