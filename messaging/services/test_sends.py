"""Sending a template to oneself, through the same outbox, sender and provider as everything else."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Customer
from messaging.addresses import person_key
from messaging.models import Channel, Message, Template
from messaging.occasions.test import Trial
from messaging.rendering import TemplateRefused
from messaging.selectors.contacts import recipients
from messaging.services.composition import compose_with
from messaging.services.templates import check_template
from retail.models import Company

# Enough to write a text by, and too few to write to people with: to one address, and by one author to all of them.
MOST_A_DAY = 30
MOST_BY_ONE = 100
_DAY = timedelta(hours=24)


@transaction.atomic
def queue_test(
    *, template: Template, context: dict[str, Any], to: str, by: User | None, at: datetime
) -> Message:
    """Queue one message with a template's text as it stands, saved or not; its key names who asked for it.

    A test is no way around consent: an address that a customer has takes it when they agreed to marketing there, or when it is
    the address of one of our own people. Raises TemplateInvalid, TextTooLong, and TemplateRefused: `test_no_consent`,
    `too_many_tests` beyond 30 in 24 hours to one address, `too_many_tests_by_one` beyond 100 by one person.
    """
    check_template(template)
    if _is_customer_without_consent(template.channel, to):
        raise TemplateRefused("test_no_consent")
    composed = compose_with(template, context, company=Company.objects.get())
    is_email = template.channel == Channel.EMAIL
    person = person_key(customer_id=None, email=to if is_email else "", phone="" if is_email else to)
    before = Message.objects.filter(occasion=Trial.code, person=person, planned_at__gt=at - _DAY)
    if before.count() >= MOST_A_DAY:
        raise TemplateRefused("too_many_tests", limit=MOST_A_DAY)
    own = f"test:{by.pk if by else 0}:"
    mine = Message.objects.filter(occasion=Trial.code, occasion_key__startswith=own, planned_at__gt=at - _DAY)
    if mine.count() >= MOST_BY_ONE:
        raise TemplateRefused("too_many_tests_by_one", limit=MOST_BY_ONE)
    return Message.objects.create(
        occasion=Trial.code,
        occasion_key=f"{own}{uuid.uuid4().hex}",
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


def _is_customer_without_consent(channel: str, to: str) -> bool:
    """Whether customers have an address, none of whom agreed to marketing there, and no user of the back-office has it."""
    name = "email" if channel == Channel.EMAIL else "phone"
    customers = list(Customer.objects.active().known_by(**{name: to}).order_by("pk"))
    if not customers or (name == "email" and User.objects.filter(email__iexact=to, is_active=True).exists()):
        return False
    return not any(channel in recipient.consented for recipient in recipients(customers).values())
