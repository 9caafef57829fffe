"""Sending a template to oneself, through the same outbox, sender and provider as everything else."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from messaging.addresses import person_key
from messaging.models import Channel, Message, Template
from messaging.occasions.test import Trial
from messaging.services.composition import compose_with
from messaging.services.templates import check_template
from retail.models import Company


@transaction.atomic
def queue_test(*, template: Template, context: dict[str, Any], to: str, at: datetime) -> Message:
    """Queue one message with a template's text as it stands, saved or not. Raises TemplateInvalid, TextTooLong."""
    check_template(template)
    composed = compose_with(template, context, company=Company.objects.get())
    is_email = template.channel == Channel.EMAIL
    return Message.objects.create(
        occasion=Trial.code,
        occasion_key=f"test:{uuid.uuid4().hex}",
        person=person_key(customer_id=None, email=to if is_email else "", phone="" if is_email else to),
        channels=[template.channel],
        urgency=Trial.urgency,
        channel=template.channel,
        language=template.language,
        to=to,
        subject=composed.subject,
        text=composed.text,
        html=composed.html,
        due_at=at,
        planned_at=at,
    )
