"""Filters that write values for people: `{{ sale.net|money }}`, `{{ sale.occurred_at|moment:sale.store.zone }}`."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template

from retail import formats

register = template.Library()

register.filter("money", formats.money)
register.filter("number", formats.number)
register.filter("percent", formats.percent)
register.filter("day", formats.day)
register.filter("short_day", formats.short_day)
register.filter("clock", formats.clock)


@register.filter
def moment(value: datetime | None, zone: ZoneInfo | str | None = None) -> str:
    """Write date and time in the store's zone, or the installation's."""
    return formats.moment(value or None, zone)


@register.filter
def absolute(value: Any) -> Any:
    """Drop the sign: arrows and colours already tell it."""
    return abs(value)
