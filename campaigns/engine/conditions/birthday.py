"""`birthday`: the customer's birthday falls in a period around today."""

from calendar import monthrange
from datetime import date, timedelta
from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict

UNIT_CHOICES = (
    ("day", gettext_noop("day")),
    ("week", gettext_noop("week")),
    ("month", gettext_noop("month")),
)
WHICH_CHOICES = (
    ("previous", gettext_noop("previous")),
    ("current", gettext_noop("current")),
    ("next", gettext_noop("next")),
)


@fields.declared
class Birthday(Condition):
    """Local days, ISO weeks (Monday first) and calendar months; the period begins `tolerance_days` earlier.

    29 February is kept on 28 February in common years.
    """

    kind: ClassVar[str] = "birthday"
    label: ClassVar[str] = gettext_noop("Birthday")
    doc: ClassVar[str] = gettext_noop(
        "The birthday falls in the previous, current or next day, week or month."
    )
    codes: ClassVar[tuple[str, ...]] = ("birthday", "birth_date_required", "customer_required")

    unit: str = fields.choice(
        UNIT_CHOICES, label=gettext_noop("Period"), help=gettext_noop("Day, week or month."), default="day"
    )
    which: str = fields.choice(
        WHICH_CHOICES,
        label=gettext_noop("Which"),
        help=gettext_noop("The period before this one, this one, or the next."),
        default="current",
    )
    tolerance_days: int = fields.integer(
        label=gettext_noop("Tolerance (days)"),
        help=gettext_noop("The period begins so many days earlier."),
        default=0,
        minimum=0,
        maximum=366,
    )

    def check(self, scene: Scene, campaign: str) -> Verdict:
        shopper = scene.shopper
        if shopper is None:
            return CUSTOMER_REQUIRED
        if shopper.birth_date is None:
            return Verdict(satisfied=False, code="birth_date_required")
        first, last = period(self.unit, self.which, scene.today)
        first -= timedelta(days=self.tolerance_days)
        birthday = next_birthday(shopper.birth_date, first)
        return Verdict(
            satisfied=birthday <= last,
            code="birthday",
            required=(first, last),
            actual=birthday,
            missing=None if birthday <= last else (birthday - last).days,
            unit=Unit.DATE,
        )

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("with a birthday in the %(which)s %(unit)s"),
            {
                "which": ("label", dict(WHICH_CHOICES)[self.which]),
                "unit": ("label", dict(UNIT_CHOICES)[self.unit]),
            },
        )


def period(unit: str, which: str, today: date) -> tuple[date, date]:
    """Return the first and last day of the previous, current or next day, week or month."""
    step = {"previous": -1, "current": 0, "next": 1}[which]
    if unit == "day":
        day = today + timedelta(days=step)
        return day, day
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return monday, monday + timedelta(days=6)
    months = today.year * 12 + today.month - 1 + step
    year, month = months // 12, months % 12 + 1
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def celebrated(birth_date: date, year: int) -> date:
    """Return the day on which a birthday is kept in a year."""
    if (birth_date.month, birth_date.day) == (2, 29) and monthrange(year, 2)[1] == 28:
        return date(year, 2, 28)
    return birth_date.replace(year=year)


def next_birthday(birth_date: date, start: date) -> date:
    """Return the first birthday on or after a day."""
    this_year = celebrated(birth_date, start.year)
    return this_year if this_year >= start else celebrated(birth_date, start.year + 1)


def age_on(birth_date: date, day: date) -> int:
    """Return completed years of life on a day."""
    return day.year - birth_date.year - (day < celebrated(birth_date, day.year))
