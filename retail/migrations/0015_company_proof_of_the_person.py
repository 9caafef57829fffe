from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retail', '0014_company_reservation_minutes'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='proof_above',
            field=models.DecimalField(blank=True, decimal_places=2, help_text="A sale that uses more of a customer's value than this needs a code or a PIN. Empty: none does.", max_digits=14, null=True, verbose_name='proof of the person above'),
        ),
        migrations.AddField(
            model_name='company',
            name='proof_method',
            field=models.CharField(choices=[('otp', 'A code that is sent to the customer'), ('pin', "The customer's PIN")], db_default='otp', default='otp', max_length=4, verbose_name='how customers show who they are'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proof_above__isnull', True), ('proof_above__gte', 0), _connector='OR'), ('proof_method__in', ['otp', 'pin'])), name='company_proof_in_range'),
        ),
    ]
