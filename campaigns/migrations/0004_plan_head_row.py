from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_revisions_are_immutable")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO campaigns_planhead (id, version) VALUES (1, 0)", "DELETE FROM campaigns_planhead"
        )
    ]
