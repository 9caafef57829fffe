"""Removing what nothing depends on."""

from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _


class InUse(Exception):
    """The object cannot be removed because others need it."""

    code = "in_use"

    def __init__(self, instance: models.Model) -> None:
        super().__init__(_("%(name)s is in use and cannot be removed.") % {"name": instance})
        self.instance = instance


def delete_unused(*, instance: models.Model) -> None:
    """Remove an object to which nothing refers. Raises InUse."""
    try:
        with transaction.atomic():
            instance.delete()
    except (ProtectedError, RestrictedError) as error:
        raise InUse(instance) from error
