"""T14: three schedulers at once, on the days when clocks change, with clocks that jump two hours ahead and back."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.faults import naive_schedulers
from tests.faults.audit import world
from tests.faults.people import compare, fill_people
from tests.faults.provider import Provider
from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import Rig
from tests.faults.schedulers import STEP, run_schedulers

TOLERANCE = timedelta(minutes=10)
_DAY, _JUMP = timedelta(days=1), timedelta(hours=2)
_WAIT = timedelta(minutes=30)


@dataclass(frozen=True)
class Change:
    """A day on which the clocks of a zone change, and a time of that day that they skip or show twice."""

    zone: ZoneInfo
    day: date
    shown: time

    @property
    def name(self) -> str:
        return f"{self.zone.key} {self.day}"


CHANGES = (
    Change(ZoneInfo("America/Sao_Paulo"), date(2018, 11, 4), time(0, 30)),
    Change(ZoneInfo("America/Sao_Paulo"), date(2019, 2, 16), time(23, 30)),
    Change(ZoneInfo("Europe/Paris"), date(2026, 3, 29), time(2, 30)),
    Change(ZoneInfo("Europe/Paris"), date(2026, 10, 25), time(2, 30)),
)


def clock_changes(rig: Rig, *, quick: bool) -> list[Result]:
    """T14: birthdays, recoveries, reminders and the expiry of value around each change of clocks."""
    hours, each = (6, 5) if quick else (26, 25)
    changes = CHANGES[::3] if quick else CHANGES
    took = Stopwatch("T14")
    sums: Counter[str] = Counter()
    moments = 0
    for number, change in enumerate(changes):
        url = rig.clone(f"t14_{number}", "fiel")
        rig.provider.begin()
        track = moments_around(change, hours=hours)
        moments += len(track)
        environment = os.environ | {"DATABASE_URL": url}
        sums += sweep(change, track, environment=environment, provider=rig.provider, each=each)
        sums["broken"] += world()[0]
        took.note(change.name)
    doubled, missed = naive_schedulers.by_local_time(url, changes)
    wrong = {
        name: sums[name] for name in ("twice", "missed", "unexpected", "another_day", "unsent", "broken")
    }
    outcome = Outcome(
        what=f"3 schedulers side by side with clocks 20 seconds apart, {moments:,} moments within {hours} hours of "
        + ", ".join(change.name for change in changes)
        + "; at two of them each the clock jumps two hours ahead and back again, at two others two hours back and ahead again",
        figure=f"{sums['birthday']} birthdays, {sums['recovery']} recoveries, {sums['reminder']} reminders sent, {sums['expired']} lots expired: "
        f"{wrong['twice']} twice, {wrong['missed']} missed, {wrong['unexpected']} that should not be, {wrong['another_day']} on another day, "
        f"{wrong['broken']} broken promises; {sums['too_late']} recoveries whose ten minutes a wrong clock had passed say so",
        is_reached=not any(wrong.values())
        and sums["birthday"] > 0
        and sums["recovery"] > 0
        and sums["expired"] > 0,
    )
    return [
        outcome.against(
            test="T14",
            target="none twice, none missed",
            control=f"three schedulers that greet when local clocks show the time, and look before they greet: {doubled} greeted twice, {missed} never",
            control_failed=doubled > 0 and missed > 0,
        )
    ]


def moments_around(change: Change, *, hours: int) -> list[datetime]:
    """Return what the clocks of the schedulers show, one after the other: every five minutes, and jumps of two hours ahead and back."""
    from messaging.schedule import first_instant

    middle = first_instant(change.day, change.shown, change.zone)
    begin, steps = middle - timedelta(hours=hours), int(timedelta(hours=2 * hours) / STEP)
    ahead, back = {steps // 4, steps // 2 - 6}, {steps // 2, 3 * steps // 4}
    track = []
    for number in range(steps):
        at = begin + number * STEP
        track.append(at)
        for sign, places in ((1, ahead), (-1, back)):
            if number in places:
                track += [at + sign * _JUMP + extra * STEP for extra in range(3)]
    return track


def sweep(
    change: Change, track: list[datetime], *, environment: Mapping[str, str], provider: Provider, each: int
) -> Counter[str]:
    """Fill the database at hand, run the schedulers through all moments, and hold what became of it against what should."""
    greeted = _fill_birthdays(change, each)
    carts = _fill_carts(change, track, each)
    lots = _fill_lots(change, each)
    run_schedulers(environment, track, number=3)
    expected = {f"birthday {pk}" for pk, day in greeted.items() if _any_in(track, _birthday(change, day))}
    expected |= {
        f"reminder {pk}" for pk, ends_at in lots.values() if _any_in(track, _reminder(change, ends_at))
    }
    late = set()
    for pk, due_at in carts.items():
        first = next(at for at in track if at >= due_at)
        (expected if first < due_at + TOLERANCE else late).add(f"recovery {pk}")
    return _held_against(change, expected, late, greeted, lots, track, provider)


# --- What there is -------------------------------------------------------------------------------


def _fill_birthdays(change: Change, each: int) -> dict[int, date]:
    """Add customers who celebrate the day before, on it and the day after; return the day of each."""
    from messaging.schedule import start_of_day
    from tests.builders import build_store
    from tests.messaging.builders import build_automation, build_company

    enabled_at = start_of_day(change.day - 30 * _DAY, change.zone)
    at = change.shown.isoformat()
    build_automation(occasion="birthday", enabled_at=enabled_at, settings={"send_at": at})
    build_automation(occasion="recovery", enabled_at=enabled_at)
    build_automation(occasion="cashback_reminder", enabled_at=enabled_at, settings={"days": 1, "send_at": at})
    build_company(time_zone=change.zone.key)
    store = build_store(time_zone=change.zone.key, online_shop=True)
    found = {}
    for day in (change.day - _DAY, change.day, change.day + _DAY):
        for person in fill_people(each, birth_date=day.replace(year=1980), home_store=store):
            found[person.pk] = day
    return found


def _fill_carts(change: Change, track: list[datetime], each: int) -> dict[int, datetime]:
    """Add carts that become due all along, between two looks of the schedulers; return when, by customer."""
    from retail.models import Store
    from tests.messaging.builders import build_cart

    store = Store.objects.get()
    first, last = min(track), max(track) - timedelta(hours=3)
    people = fill_people(3 * each, home_store=store)
    found = {}
    for number, person in enumerate(people):
        slots = int((last - first) / STEP) * number // len(people)
        due_at = first + slots * STEP + timedelta(minutes=2, seconds=30)
        build_cart(customer=person, store=store, last_interaction_at=due_at - _WAIT)
        found[person.pk] = due_at
    return found


def _fill_lots(change: Change, each: int) -> dict[int, tuple[int, datetime]]:
    """Give cashback that ends with the day before, the day itself and the day after; return whose it is and when, by lot."""
    from messaging.schedule import start_of_day
    from retail.models import Store
    from tests.builders import build_account, build_credit

    found = {}
    for day in (change.day, change.day + _DAY, change.day + 2 * _DAY):
        ends_at = start_of_day(day, change.zone)
        for person in fill_people(each, home_store=Store.objects.get()):
            earned_at = ends_at - timedelta(days=20)
            lot = build_credit(build_account(customer=person), available_from=earned_at, expires_at=ends_at)
            found[lot.lot_id] = (person.pk, ends_at)
    return found


# --- What should be ------------------------------------------------------------------------------


def _birthday(change: Change, day: date) -> tuple[datetime, datetime]:
    from messaging.schedule import first_instant, start_of_day

    return first_instant(day, change.shown, change.zone), start_of_day(day + _DAY, change.zone)


def _reminder(change: Change, ends_at: datetime) -> tuple[datetime, datetime]:
    from messaging.schedule import first_instant

    last_day = (ends_at - timedelta(microseconds=1)).astimezone(change.zone).date()
    due_at = first_instant(last_day - _DAY, change.shown, change.zone)
    return due_at, min(due_at + _DAY, ends_at)


def _any_in(track: list[datetime], period: tuple[datetime, datetime]) -> bool:
    return any(period[0] <= at < period[1] for at in track)


def _held_against(
    change: Change,
    expected: set[str],
    late: set[str],
    greeted: dict[int, date],
    lots: dict[int, tuple[int, datetime]],
    track: list[datetime],
    provider: Provider,
) -> Counter[str]:
    from loyalty.models import Entry
    from messaging.models import Message

    found: Counter[str] = Counter()
    names = {"birthday": "birthday", "recovery": "recovery", "cashback_reminder": "reminder"}
    sent: Counter[str] = Counter()
    said_late: set[str] = set()
    for occasion, person, state, reason, sent_at in Message.objects.values_list(
        "occasion", "customer", "state", "reason", "sent_at"
    ):
        name = f"{names[occasion]} {person}"
        if state == "sent":
            sent[name] += 1
            found[names[occasion]] += 1
            if occasion == "birthday":
                found["another_day"] += sent_at.astimezone(change.zone).date() != greeted[person]
        elif reason == "too_late":
            said_late.add(name)
        else:
            found["unsent"] += 1
    received = compare(provider.received())
    found["twice"] = received["twice"] + sum(times - 1 for times in sent.values())
    found["missed"] = len(expected - set(sent)) + len(late - said_late) + received["lost"]
    found["unexpected"] = len(set(sent) - expected) + len(said_late - late)
    found["too_late"] = len(said_late)
    posted = Counter(Entry.objects.filter(kind="expire").values_list("lot", flat=True))
    ended = {lot for lot, (_person, ends_at) in lots.items() if ends_at <= max(track)}
    found["expired"] = len(posted)
    found["twice"] += sum(times - 1 for times in posted.values())
    found["missed"] += len(ended - set(posted))
    found["unexpected"] += len(set(posted) - ended)
    return found
