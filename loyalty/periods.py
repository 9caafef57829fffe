"""The slots of a report: days, weeks that begin on Monday, or months between two days. Pure."""

from datetime import date, timedelta
from enum import StrEnum


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# What a chart can show side by side.
MOST_SLOTS = 62


def slot_of(day: date, step: str) -> date:
    """Return the first day of the slot in which a day lies."""
    if step == Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == Step.MONTH else day


def next_slot(slot: date, step: str) -> date:
    """Return the first day of the slot after this one."""
    if step == Step.DAY:
        return slot + timedelta(days=1)
    if step == Step.WEEK:
        return slot + timedelta(days=7)
    return (slot.replace(day=1) + timedelta(days=32)).replace(day=1)


def slots_between(first: date, last: date, step: str) -> list[date]:
    """Return the slots from that of `first` to that of `last`, the latest MOST_SLOTS of them."""
    slot, end = slot_of(first, step), slot_of(last, step)
    slots = []
    while slot <= end:
        slots.append(slot)
        slot = next_slot(slot, step)
    return slots[-MOST_SLOTS:]


def step_for(first: date, last: date) -> Step:
    """Return the step in which a period is drawn without becoming too dense."""
    days = (last - first).days
    return Step.DAY if days <= 45 else Step.WEEK if days <= 300 else Step.MONTH
