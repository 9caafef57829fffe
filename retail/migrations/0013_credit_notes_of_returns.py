from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retail', '0012_no_index_twice'),
    ]

    operations = [
        migrations.AddField(
            model_name='salereturn',
            name='credited',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='given as a credit note'),
        ),
        migrations.RemoveConstraint(
            model_name='salereturn',
            name='sale_return_not_negative',
        ),
        migrations.AddConstraint(
            model_name='salereturn',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('credited__gte', 0), ('value__gte', 0), ('withheld__gte', 0)), name='sale_return_not_negative'),
        ),
    ]
