"""Removing what nothing depends on."""

from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError


class InUse(Exception):
    """The object cannot be removed because others need it; it can be switched off instead."""

    code = "in_use"

    def __init__(self, instance: models.Model) -> None:
        super().__init__(f"{instance} is in use")
        self.instance = instance


def delete_unused(*, instance: models.Model) -> None:
    """Remove an object to which nothing refers. Raises InUse."""
    try:
        with transaction.atomic():
            instance.delete()
    except (ProtectedError, RestrictedError) as error:
        raise InUse(instance) from error
