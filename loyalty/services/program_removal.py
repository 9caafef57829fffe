"""Removing a program that nobody has taken part in."""

from django.db import transaction

from loyalty.models import LevelGift, PointsProgram
from retail.services.deletion import delete_unused


@transaction.atomic
def remove_program(program: PointsProgram) -> None:
    """Remove a program with its levels and what is attached to them. Raises InUse when customers have accounts in it."""
    LevelGift.objects.filter(level__program=program).delete()
    delete_unused(instance=program)
