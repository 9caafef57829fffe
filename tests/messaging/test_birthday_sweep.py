"""Everybody is greeted once a year, on their day and at the hour of their place, whatever the clock does.

Here around the days that matter; `make faults` goes through all 800 days, hour by hour (tests/faults/birthdays.py).
"""

from datetime import date, time, timedelta

import pytest

from tests.messaging.birthday_sweep import (
    ZONES,
    by_fixed_offsets,
    by_utc_date,
    disturbed,
    invite,
    steady,
    sweep,
)

pytestmark = pytest.mark.django_db

# The clocks change in one of the zones (São Paulo, Paris, Apia, both São Paulo and New York, São Paulo), a year ends, February
# has 28 days, then 29.
MATTERS = [
    date(2018, 2, 17), date(2018, 3, 25), date(2018, 4, 1), date(2018, 11, 4), date(2018, 12, 31), date(2019, 2, 16),
    date(2019, 2, 28), date(2020, 2, 28),
]  # fmt: skip
AT_MIDNIGHT = [date(2018, 11, 4), date(2019, 2, 16)]
LENGTH = 3
THREE_HOURS, SIX_HOURS = timedelta(hours=3), timedelta(hours=6)


def days_around(places):
    return [place + timedelta(days=number) for place in places for number in range(-1, LENGTH - 1)]


def ticks_around(places, every):
    return [tick for place in places for tick in steady(place - timedelta(days=1), LENGTH, every)]


def birthdays(places):
    """Return each birthday around these days, and 29 February."""
    return sorted({(day.month, day.day) for day in days_around(places)} | {(2, 29)})


@pytest.mark.parametrize(
    ("places", "send_at"), [(MATTERS, time(9)), (AT_MIDNIGHT, time(0))], ids=["nine", "midnight"]
)
def test_each_person_once_a_year_on_the_day_at_the_hour_of_their_place(places, send_at):
    people = invite(birthdays(places))

    swept = sweep(people, ticks_around(places, THREE_HOURS), send_at=send_at)

    assert swept.differences == []
    assert swept.missed == 0
    assert swept.sent > len(people) * 3 / 4


@pytest.mark.parametrize("span", ["week", "month"])
def test_each_person_once_in_the_week_or_the_month_of_the_day(span):
    places = [date(2018, 2, 28), date(2018, 12, 31), date(2020, 2, 28)]
    people = invite(birthdays(places))

    swept = sweep(people, ticks_around(places, SIX_HOURS), span=span)

    assert swept.differences == []
    assert swept.sent > len(people)


def test_whoever_is_late_greets_until_the_day_ends_and_never_on_the_next():
    people = invite([(3, number) for number in range(10, 25)])

    swept = sweep(people, disturbed(steady(date(2018, 3, 10), 15, THREE_HOURS), seed=32))

    assert swept.differences == []
    assert swept.missed > 0
    assert swept.sent < len(ZONES) * 15


@pytest.mark.parametrize("naive", [by_utc_date, by_fixed_offsets])
def test_what_somebody_would_write_first_is_caught(naive):
    people = invite([(3, number) for number in range(10, 13)])

    swept = sweep(people, steady(date(2018, 3, 10), 3, THREE_HOURS), planner=naive)

    assert swept.differences
