"""Filters by day, and the last day of what ends at a moment."""

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from loyalty import days
from loyalty.days import last_day
from loyalty.models import Lot
from retail.forms.fields import DayField


def start_of(day: date, zone: ZoneInfo | None = None) -> datetime:
    """Return the first instant of a day, by the installation's clocks without a zone."""
    return days.start_of(day, zone or timezone.get_current_timezone())


def end_of(day: date, zone: ZoneInfo | None = None) -> datetime:
    """Return the first instant after a day."""
    return days.end_of(day, zone or timezone.get_current_timezone())


def last_day_of(lot: Lot, company: ZoneInfo) -> date | None:
    """Return the last day on which a lot can be used, by the clocks by which it ends.

    A campaign's cashback ends by those of the store that gave it; points, stamps, graces and what was given by hand
    by those of the `company`.
    """
    is_stores = lot.campaign and lot.sale is not None and lot.ends_at == lot.expires_at
    return last_day(lot.ends_at, lot.sale.store.zone if is_stores and lot.sale else company)


class DayFilter(django_filters.DateFilter):
    """Keeps moments from the `first` instant of a day on, or up to its `last`: in `zone`, if a page sets one."""

    field_class = DayField

    def __init__(self, *args: Any, edge: Literal["first", "last"], **options: Any) -> None:
        super().__init__(*args, **options)
        self.edge = edge
        self.zone: ZoneInfo | None = None

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        if self.edge == "first":
            return qs.filter(**{f"{self.field_name}__gte": start_of(value, self.zone)})
        return qs.filter(**{f"{self.field_name}__lt": end_of(value, self.zone)})
