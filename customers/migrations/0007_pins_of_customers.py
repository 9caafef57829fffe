import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_merged_records'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerPin',
            fields=[
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pin', serialize=False, to='customers.customer', verbose_name='customer')),
                ('password', models.CharField(max_length=256, verbose_name='hash')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('locked_until', models.DateTimeField(null=True, verbose_name='locked until')),
                ('set_at', models.DateTimeField(verbose_name='set at')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='set by')),
            ],
            options={
                'verbose_name': 'PIN of a customer',
                'verbose_name_plural': 'PINs of customers',
            },
        ),
    ]
