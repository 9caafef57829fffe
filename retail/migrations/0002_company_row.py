from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("retail", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO retail_company (id, name, time_zone, policy, approval_required, sms_limit)"
            " VALUES (1, 'Fiel', 'America/Sao_Paulo', '{}', false, 150)",
            "DELETE FROM retail_company WHERE id = 1",
        )
    ]
