from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retail", "0017_company_sms_segment_price"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="sms_sender",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The name that text messages come from. Empty: the number that the provider chooses.",
                max_length=11,
                verbose_name="sender of SMS",
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="whatsapp_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="What one message from an approved template costs. Empty: no costs are shown.",
                max_digits=8,
                null=True,
                verbose_name="price of a WhatsApp message",
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sms_sender", ""),
                    ("sms_sender__regex", "^[0-9A-Za-z ]*[A-Za-z][0-9A-Za-z ]*$"),
                    _connector="OR",
                ),
                name="company_sms_sender_has_letters",
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("whatsapp_price__isnull", True), ("whatsapp_price__gte", 0), _connector="OR"
                ),
                name="company_whatsapp_price_not_negative",
            ),
        ),
    ]
