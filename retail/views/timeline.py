"""Histories, as components/timeline.html draws them, and the names of the people in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from retail import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One line of a history. `at` is written for people, `datetime` for programs; `tone` is that of a badge."""

    title: Any
    at: str
    datetime: str
    icon: str
    tone: str
    text: str
    url: str


def event_at(
    moment: datetime,
    title: Any,
    *,
    text: str = "",
    icon: str = "clock",
    tone: str = "",
    url: str = "",
    zone: ZoneInfo | None = None,
) -> TimelineEvent:
    """Return a line of a history, its moment written in a zone; without one, in the installation's."""
    return TimelineEvent(
        title=title,
        at=formats.moment(moment, zone),
        datetime=moment.isoformat(),
        icon=icon,
        tone=tone,
        text=text,
        url=url,
    )


def person_name(user: User | None) -> str:
    """Return what a history calls somebody: the name, else the user name; empty for nobody."""
    return user.get_full_name() or user.get_username() if user else ""
