"""Changing the contact policy."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from messaging.contact_policy import Policy, check_policy, write_policy
from messaging.models import ContactPolicy, ContactPolicyRevision


@transaction.atomic
def save_policy(*, policy: Policy, by: User | None, at: datetime) -> ContactPolicy:
    """Save the policy and keep the revision; the present policy again changes nothing. Raises PolicyRefused."""
    check_policy(policy)
    ContactPolicy.objects.bulk_create([ContactPolicy(pk=1, updated_at=at)], ignore_conflicts=True)
    stored = ContactPolicy.objects.select_for_update().get(pk=1)
    document = write_policy(policy)
    if stored.number and stored.document == document:
        return stored
    stored.document = document
    stored.number += 1
    stored.updated_at = at
    stored.save()
    ContactPolicyRevision.objects.create(number=stored.number, document=document, saved_by=by, saved_at=at)
    return stored
