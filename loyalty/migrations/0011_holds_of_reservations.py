import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0010_merged_customers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reservation', models.UUIDField(verbose_name='reservation')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('lot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='loyalty.lot', verbose_name='lot')),
            ],
            options={
                'verbose_name': 'hold',
                'verbose_name_plural': 'holds',
                'indexes': [models.Index(fields=['lot', 'expires_at'], name='hold_by_lot')],
                'constraints': [models.UniqueConstraint(fields=('reservation', 'lot'), name='hold_once_per_reservation'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='hold_positive')],
            },
        ),
    ]
