"""Filters by day, and the last day of what ends at a moment, by the installation's clocks."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from retail import formats
from retail.forms.fields import DayField


def start_of(day: date) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time(), timezone.get_current_timezone())


def end_of(day: date) -> datetime:
    """Return the first instant after a day."""
    return start_of(day + timedelta(days=1))


def last_day(end: datetime | None) -> date | None:
    """Return the last day of what ends at a moment: `end` is the first one at which it is over."""
    return None if end is None else formats.in_zone(end - timedelta(microseconds=1)).date()


class DayFilter(django_filters.DateFilter):
    """Keeps moments from the `first` instant of a day on, or up to its `last`."""

    field_class = DayField

    def __init__(self, *args: Any, edge: Literal["first", "last"], **options: Any) -> None:
        super().__init__(*args, **options)
        self.edge = edge

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        if self.edge == "first":
            return qs.filter(**{f"{self.field_name}__gte": start_of(value)})
        return qs.filter(**{f"{self.field_name}__lt": end_of(value)})
