"""Sending a template to oneself, through the same outbox, sender and provider as everything else."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from messaging.addresses import person_key
from messaging.models import Channel, Message, Template
from messaging.occasions.test import Trial
from messaging.rendering import TemplateRefused
from messaging.services.composition import compose_with
from messaging.services.templates import check_template
from retail.models import Company

# Enough to write a text by, and too few to write to somebody with.
MOST_A_DAY = 30
_DAY = timedelta(hours=24)


@transaction.atomic
def queue_test(*, template: Template, context: dict[str, Any], to: str, at: datetime) -> Message:
    """Queue one message with a template's text as it stands, saved or not, to an address that has not asked for silence.

    Raises TemplateInvalid, TextTooLong, and TemplateRefused(`too_many_tests`) beyond 30 a day to one address.
    """
    check_template(template)
    composed = compose_with(template, context, company=Company.objects.get())
    is_email = template.channel == Channel.EMAIL
    person = person_key(customer_id=None, email=to if is_email else "", phone="" if is_email else to)
    before = Message.objects.filter(occasion=Trial.code, person=person, planned_at__gt=at - _DAY)
    if before.count() >= MOST_A_DAY:
        raise TemplateRefused("too_many_tests", limit=MOST_A_DAY)
    return Message.objects.create(
        occasion=Trial.code,
        occasion_key=f"test:{uuid.uuid4().hex}",
        person=person,
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
