"""The company's settings for redeeming value."""

from collections.abc import Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from retail.models import Company


@transaction.atomic
def change_redemption(*, company: Company, changed: Sequence[str], user: User) -> None:
    """Save the settings that a checked form has changed; the company's history keeps who did it."""
    if not changed:
        return
    company.save(update_fields=list(changed))
    fields = [str(getattr(Company._meta.get_field(name), "verbose_name", name)) for name in changed]
    LogEntry.objects.log_actions(
        user.pk, [company], CHANGE, [{"changed": {"fields": fields}}], single_object=True
    )
