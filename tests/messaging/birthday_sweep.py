"""Birthdays under a moving clock: planner and sender tick by tick over years and zones, held against a reckoning of its own.

The reckoning shares nothing with the planner: it looks for the first quarter of an hour at which the clocks of a place show
an hour, and walks through the same ticks with the people in memory.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from customers.models import Consent, Customer
from messaging.channels import CHANNELS
from messaging.channels.base import Outgoing, Receipt, Send
from messaging.models import Channel, Message
from messaging.schedule import birthdays_kept_on
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from tests.builders import build_store
from tests.messaging.builders import build_automation

# Daylight saving that begins at midnight, none, both hemispheres, and fourteen hours before UTC.
ZONES = ("America/Sao_Paulo", "America/Noronha", "Europe/Paris", "Pacific/Apia", "America/New_York")
START, DAYS = date(2018, 1, 1), 800
BORN, ADULT = 1980, 18
_QUARTER, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
_LONG_AGO = datetime(2017, 1, 1, tzinfo=UTC)

Planner = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment at which the clock of the server is read; a planner or sender that is down misses it."""

    at: datetime
    plans: bool = True
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    key: int
    zone: str
    born: date


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a row of the outbox comes to."""

    due_at: datetime
    planned_at: datetime
    expires_at: datetime
    state: str = "queued"
    reason: str = ""
    began_at: datetime | None = None


# --- The clock ------------------------------------------------------------------------------------------


def steady(start: date, days: int, every: timedelta = _HOUR) -> list[Tick]:
    """Return ticks at equal distances, from the first moment of a day in UTC."""
    first = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return [Tick(first + number * every) for number in range(int(days * _DAY / every))]


def disturbed(ticks: list[Tick], seed: int) -> list[Tick]:
    """Let a planner or a sender be down for up to thirty hours, about once a week, and set the clock back or ahead."""
    random, told = Random(seed), list[Tick]()
    down = {"plans": _LONG_AGO, "sends": _LONG_AGO}
    for tick in ticks:
        for name in down:
            if random.random() < 0.006:
                down[name] = tick.at + random.randrange(1, 31) * _HOUR
        told.append(Tick(tick.at, plans=tick.at >= down["plans"], sends=tick.at >= down["sends"]))
        if random.random() < 0.01:
            # Wrong for two looks, then right again.
            wrong = random.choice((-2, -1, 1, 2)) * _HOUR
            told += [Tick(tick.at + wrong), Tick(tick.at + wrong + 5 * timedelta(minutes=1))]
    return told


# --- The people -----------------------------------------------------------------------------------------


def invite(birthdays: Iterable[tuple[int, int]], *, zones: Iterable[str] = ZONES) -> list[Person]:
    """Make one customer for each birthday in each zone, and two in each zone who come of age during the sweep."""
    born = [date(BORN, month, day) for month, day in birthdays] + [date(2000, 2, 29), date(2001, 2, 16)]
    people = []
    for zone in zones:
        store = build_store(time_zone=zone)
        for birth_date in born:
            number = 10_000_000 + len(people)
            people.append(
                Customer(
                    name=f"{birth_date} {zone}",
                    birth_date=birth_date,
                    home_store=store,
                    phone=f"+55119{number}",
                )
            )
    Customer.objects.bulk_create(people)
    Consent.objects.bulk_create(
        Consent(
            customer=customer,
            purpose="marketing",
            channel=Channel.SMS,
            granted=True,
            source="till",
            given_at=_LONG_AGO,
        )
        for customer in people
    )
    return [
        Person(customer.pk, customer.home_store.time_zone, customer.birth_date)
        for customer in people
        if customer.home_store and customer.birth_date
    ]


# --- The reckoning --------------------------------------------------------------------------------------


def celebrated(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


@cache
def shown(zone: str, day: date, moment: time) -> datetime:
    """Return the first quarter of an hour at which the clocks of a place show a moment of a day, or one after it."""
    place, instant = ZoneInfo(zone), datetime(day.year, day.month, day.day, tzinfo=UTC) - 15 * _HOUR
    while True:
        local = instant.astimezone(place)
        if local.date() > day or (local.date() == day and local.time() >= moment):
            return instant
        instant += _QUARTER


@cache
def days_of(span: str, day: date) -> tuple[date, ...]:
    """Return the days whose birthdays are greeted together with those of a day."""
    around = [day + number * _DAY for number in range(-31, 32)]
    if span == "week":
        return tuple(one for one in around if one.isocalendar()[:2] == day.isocalendar()[:2])
    if span == "month":
        return tuple(one for one in around if (one.year, one.month) == (day.year, day.month))
    return (day,)


class Reckoning:
    """Who must have which row, by customer and year, when all of it works as it should."""

    def __init__(self, people: Iterable[Person], *, span: str, send_at: time) -> None:
        self.rows: dict[tuple[int, str], Greeting] = {}
        self._waiting: dict[tuple[int, str], Person] = {}
        self._span, self._send_at = span, send_at
        self._celebrating = defaultdict(list)
        for person in people:
            for year in range(START.year - 1, START.year + 4):
                self._celebrating[person.zone, celebrated(person.born, year)].append(person)

    def tick(self, tick: Tick) -> None:
        if tick.plans:
            for zone in ZONES:
                self._plan(zone, tick.at)
        if tick.sends:
            for key in [key for key in self._waiting if self.rows[key].due_at <= tick.at]:
                self.rows[key] = _sent(self.rows[key], self._waiting.pop(key), tick.at)

    def _plan(self, zone: str, at: datetime) -> None:
        today = at.astimezone(ZoneInfo(zone)).date()
        due_at = shown(zone, today, self._send_at)
        if at < due_at:
            return
        days = days_of(self._span, today)
        for day in days:
            for person in self._celebrating.get((zone, day), ()):
                key = person.key, str(day.year)
                if key not in self.rows and day.year - person.born.year >= ADULT:
                    self.rows[key] = Greeting(due_at, at, shown(zone, days[-1] + _DAY, time(0)))
                    self._waiting[key] = person


def _sent(row: Greeting, person: Person, at: datetime) -> Greeting:
    today = at.astimezone(ZoneInfo(person.zone)).date()
    if today < celebrated(person.born, person.born.year + ADULT):
        return replace(row, state="suppressed", reason="minor")
    if at >= row.expires_at:
        return replace(row, state="suppressed", reason="too_late")
    return replace(row, state="sent", began_at=at)


# --- The sweep ------------------------------------------------------------------------------------------


@dataclass
class _Recorder:
    """A provider that takes everything and remembers whose messages it took."""

    taken: list[UUID] = field(default_factory=list)

    def is_available(self) -> bool:
        return True

    def session(self) -> AbstractContextManager[Send]:
        return nullcontext(self.send)

    def send(self, outgoing: Outgoing) -> Receipt:
        self.taken.append(outgoing.uuid)
        return Receipt("recorder", f"R{len(self.taken)}")


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep came to: how many looks and greetings there were, and each difference from the reckoning."""

    ticks: int
    sent: int
    missed: int
    differences: list[str]


def planner(at: datetime) -> int:
    """Plan as the product does."""
    return plan("birthday", at=at)


def _same(at: datetime) -> datetime:
    return at


def sweep(
    people: list[Person],
    ticks: list[Tick],
    *,
    span: str = "day",
    send_at: time = time(9),
    planner: Planner = planner,
) -> Swept:
    """Tick through, planning and sending, and compare every row, and all that the provider took, with the reckoning."""
    build_automation(
        occasion="birthday", settings={"span": span, "send_at": send_at.isoformat()}, enabled_at=_LONG_AGO
    )
    reckoning = Reckoning(people, span=span, send_at=send_at)
    waiting = Message.objects.filter(state="queued")
    with _recording() as recorder:
        for tick in ticks:
            reckoning.tick(tick)
            if tick.plans:
                planner(tick.at)
            # Nothing to send is nothing to do, thousands of times.
            if tick.sends and waiting.exists():
                deliver_due(clock=partial(_same, tick.at))
    expected = reckoning.rows
    found = {
        (row.customer_id, row.occasion_key): Greeting(
            row.due_at, row.planned_at, row.expires_at, row.state, row.reason, row.call_began_at
        )
        for row in Message.objects.filter(occasion="birthday")
    }
    differences = [
        f"{key}: {found.get(key)} instead of {expected.get(key)}"
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key) != found.get(key)
    ]
    sent = set(Message.objects.filter(state="sent").values_list("uuid", flat=True))
    differences += [
        f"{uuid}: taken {times} times" for uuid, times in Counter(recorder.taken).items() if times > 1
    ]
    differences += [f"{uuid}: not as the provider says" for uuid in sent ^ set(recorder.taken)]
    return Swept(
        ticks=len(ticks),
        sent=len(recorder.taken),
        missed=sum(row.reason == "too_late" for row in found.values()),
        differences=differences,
    )


@contextmanager
def _recording() -> Iterator[_Recorder]:
    recorder, before = _Recorder(), CHANNELS[Channel.SMS]
    CHANNELS[Channel.SMS] = recorder
    try:
        yield recorder
    finally:
        CHANNELS[Channel.SMS] = before


# --- What somebody would write first ----------------------------------------------------------------------


def by_utc_date(at: datetime) -> int:
    """Greet from nine o'clock whoever has a birthday today, without asking where they live."""
    return _queue(at, lambda _zone: timedelta(0))


def by_fixed_offsets(at: datetime) -> int:
    """Greet from nine o'clock by the distance from UTC that each place has in July."""
    return _queue(at, lambda zone: datetime(2018, 7, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0))


def _queue(at: datetime, offset_of: Callable[[str], timedelta]) -> int:
    rows: list[Message] = []
    for zone in ZONES:
        offset = offset_of(zone)
        local = at + offset
        if local.hour < 9:
            continue
        born = Q()
        for month, day in birthdays_kept_on(local.date()):
            born |= Q(birth_date__month=month, birth_date__day=day)
        grown = Q(home_store__time_zone=zone, birth_date__year__lte=local.year - 18)
        midnight = local.replace(hour=0, minute=0) - offset
        rows += [
            Message(
                occasion="birthday",
                occasion_key=str(local.year),
                person=f"c:{customer.pk}",
                customer=customer,
                store=customer.home_store,
                channels=[Channel.SMS],
                language="pt-br",
                due_at=midnight + 9 * _HOUR,
                expires_at=midnight + _DAY,
                planned_at=at,
            )
            for customer in Customer.objects.filter(born, grown).select_related("home_store")
        ]
    return len(Message.objects.bulk_create(rows, ignore_conflicts=True))
