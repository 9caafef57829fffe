from datetime import datetime, timezone

from django.db import migrations


def add_rows(apps, schema_editor):
    # Switched off, with every setting at its default: pages and planners find a row, never nothing.
    automation = apps.get_model("messaging", "Automation")
    for occasion in ("birthday", "recovery"):
        automation.objects.create(
            occasion=occasion,
            channels=["whatsapp", "sms", "email"],
            updated_at=datetime.now(timezone.utc),
        )


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_reports_and_revisions_are_append_only")]
    operations = [migrations.RunPython(add_rows, migrations.RunPython.noop)]
