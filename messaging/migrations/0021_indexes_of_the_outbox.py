from django.contrib.postgres.operations import RemoveIndexConcurrently, ValidateConstraint
from django.db import migrations, models

from retail.index_building import BuildIndexConcurrently


def index(name, fields, include=None, **condition):
    return BuildIndexConcurrently(
        model_name="message",
        index=models.Index(
            fields=fields, include=include, name=name, condition=models.Q(**condition) if condition else None
        ),
    )


class Migration(migrations.Migration):
    # Tills and senders write messages meanwhile. The old index of what is due goes when the new ones stand.
    atomic = False
    dependencies = [("messaging", "0020_automations_hold_out")]
    operations = [
        index("message_due_by_urgency", ["urgency", "due_at", "id"], mailing__isnull=True, state="queued"),
        index("message_due_of_mailing", ["mailing", "due_at", "id"], mailing__isnull=False, state="queued"),
        index(
            "message_by_mailing",
            ["mailing", "state", "reason"],
            include=["id", "sent_at", "segments", "cost"],
            mailing__isnull=False,
        ),
        index(
            "message_by_occasion",
            ["occasion", "planned_at"],
            include=["id", "state", "reason", "sent_at", "segments", "cost"],
        ),
        RemoveIndexConcurrently(model_name="message", name="message_due"),
        BuildIndexConcurrently(
            model_name="messageevent",
            index=models.Index(
                condition=models.Q(("kind__in", ["opened", "clicked"])),
                fields=["occurred_at"],
                name="message_event_touched",
            ),
        ),
        BuildIndexConcurrently(
            model_name="messageevent",
            index=models.Index(
                condition=models.Q(("kind__in", ("opened", "clicked", "bounced", "complained", "unsubscribed"))),
                fields=["message", "kind"],
                name="message_event_of_people",
            ),
        ),
        ValidateConstraint(model_name="message", name="message_occasion_is_a_code"),
        ValidateConstraint(model_name="message", name="message_urgency_known"),
        ValidateConstraint(model_name="message", name="message_cost_not_negative"),
    ]
