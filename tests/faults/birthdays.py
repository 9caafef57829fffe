"""T46: eight hundred days of birthdays in five zones, hour by hour, planned and sent by the product's own planner and sender."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import Rig

# Looks at greetings of a week or a month may be rarer: they leave on its first day, and on each of its days to who is late.
_RHYTHM = {"day": timedelta(hours=1), "week": timedelta(hours=6), "month": timedelta(hours=6)}
_QUICK_DAYS = 40


def birthdays(rig: Rig, *, quick: bool) -> list[Result]:
    """T46: each person once a year, on the right date and at the right hour, whatever clocks, planners and senders do."""
    from tests.messaging.birthday_sweep import DAYS, START, ZONES, by_fixed_offsets, by_utc_date

    days = _QUICK_DAYS if quick else DAYS
    took, swept, people = Stopwatch("T46"), {}, 0
    for span in _RHYTHM:
        people, swept[span, "steady"] = _sweep(rig, days, span=span)
        took.note(f"greetings for the {span}")
    _people, swept["day", "disturbed"] = _sweep(rig, days, span="day", is_disturbed=True)
    took.note("planners and senders down, clocks set back and ahead")
    naive = [
        len(_sweep(rig, min(days, 90), span="day", planner=planner)[1].differences)
        for planner in (by_utc_date, by_fixed_offsets)
    ]
    took.note("controls")
    wrong = sum(len(one.differences) for one in swept.values())
    steady, disturbed = swept["day", "steady"], swept["day", "disturbed"]
    outcome = Outcome(
        what=f"{days} days from {START:%Y-%m-%d}, {len(ZONES)} zones, somebody born on each day in each: {people:,} people; planner and sender look "
        f"{steady.ticks:,} times for greetings on the day, {swept['week', 'steady'].ticks:,} for those of the week and of the month; once more with "
        "either down for up to thirty hours about once a week, and the clock set back and ahead by up to two",
        figure=f"{steady.sent:,} greetings on the day, {swept['week', 'steady'].sent:,} in the week, {swept['month', 'steady'].sent:,} in the month; "
        f"disturbed: {disturbed.sent:,}, {disturbed.missed} not sent because their day had ended; {wrong} on another date, at another hour, "
        "twice or missing"
        + "".join(
            f"; {span}, {way}: {one.differences[0]}" for (span, way), one in swept.items() if one.differences
        ),
        is_reached=wrong == 0 and steady.sent > 0 and disturbed.sent < steady.sent,
    )
    return [
        outcome.against(
            test="T46",
            target="each row as a reckoning of its own has it: once a year, on the local date, at nine by the local clock, never on another day",
            control=f"the date by UTC: {naive[0]:,} differences; offsets that never change: {naive[1]:,}",
            control_failed=all(naive),
        )
    ]


def _sweep(rig: Rig, days: int, *, span: str, is_disturbed: bool = False, **values: Any) -> tuple[int, Any]:
    from tests.messaging.birthday_sweep import START, disturbed, invite, steady, sweep

    rig.clone("t46", "fiel")
    people = invite(_every_day())
    ticks = steady(START, days, _RHYTHM[span])
    if is_disturbed:
        ticks = disturbed(ticks, seed=46)
    return len(people), sweep(people, ticks, span=span, send_at=time(9), **values)


def _every_day() -> Sequence[tuple[int, int]]:
    first = date(2020, 1, 1)
    days = [first + timedelta(days=number) for number in range(366)]
    return [(day.month, day.day) for day in days]
