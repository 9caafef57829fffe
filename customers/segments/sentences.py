"""A tree in words, as lists and pages show it: one line a condition, with how deep it stands."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from customers.segments.kinds import Amount, DayOfYear, Kind
from customers.segments.operators import VALUES
from customers.segments.tree import Condition, Group, SegmentPeriod
from retail import formats

_SHOWN = 8


def sentences(tree: Group, level: int = 0) -> list[tuple[int, str]]:
    """Return (level, text) of each line."""
    return list(_lines(tree, level))


def _lines(group: Group, level: int) -> Iterator[tuple[int, str]]:
    if not group.parts:
        yield level, _("Every customer")
        return
    if len(group.parts) > 1:
        yield level, _("At least one of these holds:") if group.any else _("All of these hold:")
        level += 1
    for part in group.parts:
        if isinstance(part, Group):
            yield from _lines(part, level)
        else:
            yield level, sentence(part)


def sentence(condition: Condition) -> str:
    """Return one condition in words."""
    field = condition.field
    kind = field.kind_of(condition.measure)
    words = [str(field.label)]
    if condition.of:
        words.append(f"({_listed(condition.of)})")
    if condition.measure and VALUES[condition.operator] != 0:
        words.append(f"[{field.measures[condition.measure]}]")
    what, words = " ".join(words), []
    if condition.operator == "between":
        low, high = (_written(kind, value) for value in condition.values)
        words.append(_("is from %(low)s to %(high)s") % {"low": low, "high": high})
    else:
        words.append(str(field.kind.operators[condition.operator]))
        words += [_listed([_written(kind, value) for value in condition.values])] * bool(condition.values)
    if condition.period is not None:
        words.append(_period(condition.period))
    # Some languages part the two.
    return pgettext("condition", "%(what)s %(words)s") % {"what": what, "words": " ".join(words)}


def _listed(values: Any) -> str:
    shown = ", ".join(values[:_SHOWN])
    more = len(values) - _SHOWN
    return f"{shown} … (+{more})" if more > 0 else shown


def _written(kind: Kind, value: Any) -> str:
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(kind, DayOfYear):
        return f"{value[3:]}/{value[:2]}"
    if isinstance(kind, Amount):
        amount = Decimal(value)
        # With all its places: 1.125 kilograms are no 1.13.
        exact = amount == round(amount, 2)
        return formats.number(amount, 0 if amount % 1 == 0 else 2 if exact else kind.places)
    for option, label in kind.choices() if kind.input == "select" else ():
        if option == str(value):
            return str(label)
    return str(value)


def _period(period: SegmentPeriod) -> str:
    if period.days is not None:
        text = ngettext("in the last day", "in the last %(count)d days", period.days)
        return text % {"count": period.days}
    if period.months is not None:
        text = ngettext("this month", "in the last %(count)d months", period.months)
        return text % {"count": period.months}
    dates = {"from": formats.day(period.starts), "until": formats.day(period.until)}
    if period.starts is None:
        return _("until %(until)s") % dates
    if period.until is None:
        return _("since %(from)s") % dates
    return pgettext("dates", "from %(from)s to %(until)s") % dates
