"""Days, birthdays and periods of the reference evaluator."""

from datetime import date, timedelta


def days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def birthday(born: date, year: int) -> date:
    """The day on which it is kept: 29 February on the 28th in common years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def period(today: date, unit: str, which: str) -> tuple[date, date]:
    step = {"previous": -1, "current": 0, "next": 1}[which]
    if unit == "day":
        day = today + timedelta(days=step)
        return day, day
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return monday, monday + timedelta(days=6)
    month = today.year * 12 + today.month - 1 + step
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first, following - timedelta(days=1)
