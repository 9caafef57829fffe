from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retail', '0013_credit_notes_of_returns'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='reservation_minutes',
            field=models.PositiveSmallIntegerField(db_default=15, default=15, help_text='How long codes and value are kept for a basket when the till does not say. At most 1440: a day.', verbose_name='reservations last (minutes)'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('reservation_minutes__gte', 1), ('reservation_minutes__lte', 1440)), name='company_reservation_minutes_in_range'),
        ),
    ]
