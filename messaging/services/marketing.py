"""Changing what the company decided about tracking, attribution, double opt-in and the answer to who says stop."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from messaging.models import MarketingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingDecisions:
    """What a manager decides. `attribution_days` is from 1 to 90; `stop_answer` has up to 160 characters, "" being our own words."""

    track_links: bool
    track_opens: bool
    attribution_days: int
    double_opt_in: bool
    stop_answer: str = ""


@transaction.atomic
def save_marketing_settings(*, decisions: MarketingDecisions, user: User, at: datetime) -> MarketingSettings:
    """Save the decisions. Double opt-in holds for what is agreed to from the moment when it is switched on."""
    MarketingSettings.objects.bulk_create([MarketingSettings(pk=1)], ignore_conflicts=True)
    stored = MarketingSettings.objects.select_for_update().get(pk=1)
    stored.track_links, stored.track_opens = decisions.track_links, decisions.track_opens
    stored.attribution_days = decisions.attribution_days
    stored.stop_answer = decisions.stop_answer
    if not decisions.double_opt_in:
        stored.double_opt_in_since = None
    elif stored.double_opt_in_since is None:
        stored.double_opt_in_since = at
    stored.save()
    LogEntry.objects.log_actions(user.pk, [stored], CHANGE, "marketing", single_object=True)
    return stored
