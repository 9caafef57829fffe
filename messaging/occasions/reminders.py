"""What reminders of value have in common: value of a customer that is about to end, or was made some days ago.

Each kind of value is an occasion of its own, in its own file, with its own switch, texts and days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models import Value as Text
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from loyalty.models import Lot
from messaging.batches import whole_rows
from messaging.facts import Facts
from messaging.models import Automation, Channel, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import (
    Candidate,
    FurtherPage,
    LastLook,
    NotNow,
    Setting,
)
from messaging.occasions.value_variables import NO_VALUE, amount_of, value_words
from messaging.purposes import MessagePurpose
from messaging.schedule import SCAN_EVERY, Window, first_instant
from messaging.selectors import value as values
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.selectors.value import Value, masked
from messaging.selectors.zones import lives_in, zones
from retail.models import Store
from retail.selectors.company import company_zone

# How late a planner still reminds of what was due, and for how long a reminder that was held back is of use.
MISSED = timedelta(hours=24)
PATIENCE = timedelta(days=3)
LONGEST_DAYS = 365
_JUST_NOW = 2 * SCAN_EVERY
_MIDNIGHT = time(0, 0)
_DAY = timedelta(days=1)


# What stands behind a key: nothing for a chain, the channel with one message by each.
_VARIANTS = ("", *(f":{channel}" for channel in Channel.values))


class ReminderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When customers are reminded of value, whether one channel of the chain tells them or all, and whom e-mails come from."""

    rule: Literal["before_expiry", "after_creation", "by_hand"] = "before_expiry"
    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)] = 7
    send_at: time = time(10, 0)
    every_channel: bool = False
    sender: Annotated[str, msgspec.Meta(max_length=254)] = ""


class AfterCreation(ReminderSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same, proposed for value that often has no end."""

    rule: Literal["before_expiry", "after_creation", "by_hand"] = "after_creation"
    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)] = 30


FORM = (
    Setting(
        name="rule",
        label=_("Remind"),
        help=_("What never ends is reminded of after its making only."),
        choices=(
            ("before_expiry", _("before the last day")),
            ("after_creation", _("after it was made")),
            ("by_hand", _("only when somebody asks for it")),
        ),
        width=3,
    ),
    Setting(
        name="days",
        label=_("Days"),
        help=_("So many days before the last one, or after the day when it was made: 1 to 365."),
        unit=ngettext_lazy("%(number)s day", "%(number)s days", "number"),
        width=3,
    ),
    Setting(
        name="send_at",
        label=_("Hour of the day"),
        help=_("In the time zone of the customer's home store."),
        width=3,
    ),
    Setting(
        name="every_channel",
        label=_("One message by each channel"),
        help=_("Off: the first open channel of the chain tells. On: e-mail and SMS both do, for example."),
        width=3,
    ),
    Setting(
        name="sender",
        label=_("Sender of e-mails"),
        help=_("An address that your e-mail provider lets you send from. Empty: the usual one."),
        width=3,
        text="email",
    ),
)


class ValueReminder(AutomaticKind):
    """A reminder of one kind of value. Subclasses say which, and whether its code is told.

    Keys: `lot:<key>:<rule>:<days>` for what has a code; `account:<key>:<day>:<rule>:<days>` for lots of a customer's account that end or
    were made on one day: one message tells of all. With one message by each channel the channel stands behind. Reminders that
    somebody asks for (`messaging.services.value_runs`) have the rule `by_hand` and the day when they were asked for.
    """

    kinds: ClassVar[Sequence[str]]
    # One message for each lot, or for all lots of an account and day.
    by_lot: ClassVar[bool] = True
    tells_code: ClassVar[bool] = False

    icon = "bell"
    purpose = MessagePurpose.MARKETING
    settings = ReminderSettings
    form = FORM
    channels = ("email", "sms")
    when = _("Checked every five minutes.")
    pages = (
        FurtherPage(
            label=_("What ends"),
            url_name="messaging:ending_value",
            icon="calendar",
            permissions=("messaging.view_automation", "customers.view_customer", "loyalty.view_lot"),
        ),
    )

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield whose value is to be reminded of today, or was to be within the last 24 hours."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        settings = self.read(automation)
        if settings.rule == "by_hand":
            return
        off = set(automation.stores_off.values_list("pk", flat=True))
        enabled_at = automation.enabled_at or at
        for zone in zones():
            today = at.astimezone(zone).date()
            for day in [today] if whole_day else [today - _DAY, today]:
                due_at = first_instant(day, settings.send_at, zone)
                if whole_day or (at - MISSED < due_at <= at and enabled_at <= due_at):
                    lots = self._lots(settings, day, zone, at=at).order_by("account_id", "pk")
                    lots = self._not_planned(lots, settings, day, at=at)
                    for batch in whole_rows(lots):
                        yield from self._of_batch(batch, automation, settings, day, due_at, off)

    def _lots(self, settings: ReminderSettings, day: date, zone: ZoneInfo, *, at: datetime) -> QuerySet[Lot]:
        """Return the lots that are reminded of on a local day."""
        usable = values.open_lots(self.kinds, at=at).usable(at=at)
        lots = usable.filter(lives_in(zone, customer=values.owner_path(self.kinds[0])))
        return _within(lots, settings.rule, _told_of(settings, day), zone)

    def _not_planned(
        self, lots: QuerySet[Lot], settings: ReminderSettings, day: date, *, at: datetime
    ) -> QuerySet[Lot]:
        """Leave out what was planned before, so that a day of a million lots is read once and not at each planning.

        What was planned a moment ago is looked at by its keys: a planner may have died between two channels of one lot.
        """
        before, behind = self._key_parts(settings, day)
        of = OuterRef("pk" if self.by_lot else "account_id")
        for variant in _VARIANTS:
            key = Concat(
                Text(before), Cast(of, CharField()), Text(behind + variant), output_field=CharField()
            )
            planned = Message.objects.filter(
                occasion=self.code, occasion_key=key, planned_at__lt=at - _JUST_NOW
            )
            lots = lots.exclude(Exists(planned))
        return lots

    def _of_batch(
        self,
        lots: list[Lot],
        automation: Automation,
        settings: ReminderSettings,
        day: date,
        due_at: datetime,
        off: set[int],
    ) -> Iterator[Candidate]:
        groups = [(self._key(lot, settings, day), lot) for lot in lots]
        known = recipients(list({values.owner_of(lot).pk: values.owner_of(lot) for lot in lots}.values()))
        chains = [[channel] for channel in automation.channels] if settings.every_channel else [[]]
        keys = {key + variant for key, _lot in groups for variant in _VARIANTS}
        planned = set(
            Message.objects.filter(occasion=self.code, occasion_key__in=keys).values_list(
                "occasion_key", flat=True
            )
        )
        for key, group in groupby(groups, key=lambda pair: pair[0]):
            lot = next(group)[1]
            person, store = known[values.owner_of(lot).pk], values.store_of(lot)
            if (store is not None and store.pk in off) or not (person.email or person.phone):
                continue
            for chain in chains:
                names = chain or automation.channels
                # Whoever was told by the chain is not told again by its channels, nor the other way round.
                before = [key, key + _behind(chain)] if chain else [key + variant for variant in _VARIANTS]
                if planned.intersection(before) or (chain and not person.address(chain[0])):
                    continue
                yield Candidate(
                    recipient=person,
                    occasion_key=key + _behind(chain),
                    window=Window(due_at, min(filter(None, (due_at + PATIENCE, lot.ends_at)))),
                    reason=why_no_channel(person, names, self.purpose),
                    store_id=store.pk if store else None,
                    channels=chain,
                )

    def _key(self, lot: Lot, settings: ReminderSettings, day: date) -> str:
        before, behind = self._key_parts(settings, day)
        return f"{before}{lot.pk if self.by_lot else lot.account_id}{behind}"

    def _key_parts(self, settings: ReminderSettings, day: date) -> tuple[str, str]:
        """Return what stands before and behind the number in the keys of a day."""
        rule = f"{settings.rule}:{settings.days}"
        return ("lot:", f":{rule}") if self.by_lot else ("account:", f":{_told_of(settings, day)}:{rule}")

    def subject(self, message: Message, *, at: datetime) -> Any:
        return self.value(message.occasion_key, at=at)

    def value(self, key: str, *, at: datetime) -> Value | None:
        """Return what is left of what a message with this key is about."""
        lots = self._lots_of([key], at=at)
        return values.values_of(lots, at=at, with_code=self.tells_code).get(key)

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        """Return what is left of each, and of its code no more than a manager may see."""
        found = values.values_of(self._lots_of([one.occasion_key for one in candidates], at=at), at=at)
        return [self._masked(found.get(one.occasion_key)) for one in candidates]

    def _masked(self, found: Value | None) -> Value | None:
        return replace(found, code=masked(found) if self.tells_code else "") if found else None

    def _lots_of(self, keys: Sequence[str], *, at: datetime) -> dict[str, list[Lot]]:
        """Return the lots that messages with these keys are about, one query for each zone and day."""
        numbers = {key: int(key.split(":")[1]) for key in keys}
        lots = values.open_lots(self.kinds, at=at).usable(at=at)
        if self.by_lot:
            by_number = {lot.pk: lot for lot in lots.filter(pk__in=numbers.values())}
            return {key: [by_number[number]] for key, number in numbers.items() if number in by_number}
        away = company_zone()
        zones_of = {
            lot.account_id: home.zone if (home := values.owner_of(lot).home_store) else away
            for lot in lots.filter(account__in=numbers.values())
        }
        days: dict[tuple[ZoneInfo, str, str], list[str]] = {}
        for key, number in numbers.items():
            if number in zones_of:
                _what, _number, day, rule, *_rest = key.split(":")
                days.setdefault((zones_of[number], day, rule), []).append(key)
        found: dict[str, list[Lot]] = {}
        for (zone, day, rule), group in days.items():
            own: dict[int, list[str]] = {}
            for key in group:
                own.setdefault(numbers[key], []).append(key)
            of_day = _within(lots.filter(account__in=own), rule, date.fromisoformat(day), zone)
            for lot in of_day.order_by("pk"):
                for key in own[lot.account_id]:
                    found.setdefault(key, []).append(lot)
        return found

    def last_look(self, look: LastLook) -> NotNow | None:
        """Nobody is reminded of what they have used, or of what belongs to somebody else now."""
        if look.subject is None or look.subject.customer.pk != look.message.customer_id:
            return NotNow("value_used")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        subject: Value | None = facts.subject
        if subject is None:
            return {"value": NO_VALUE}
        return {"value": value_words(subject, zone=facts.zone) | {"amount": self.write_amount(subject)}}

    def write_amount(self, value: Value) -> str:
        """Write what is left, in the active language."""
        return amount_of(value)

    def as_stored(self, facts: Facts) -> Facts:
        """A code is worth money to whoever reads it: the stored text has its last four only."""
        if facts.subject is None or not facts.subject.code:
            return facts
        return replace(facts, subject=replace(facts.subject, code=masked(facts.subject)))

    def sender_address(self, settings: Any) -> str:
        address: str = settings.sender
        return address

    def describe(self, settings: Any) -> list[str]:
        if settings.rule == "by_hand":
            return [
                _now("Reminds customers only when somebody asks for it, on the list of what ends."),
                _now("What was used meanwhile is not mentioned."),
            ]
        moment = {"days": settings.days, "time": settings.send_at.strftime("%H:%M")}
        if settings.rule == "before_expiry":
            sentence = ngettext(
                "Reminds customers %(days)s day before the last one, at %(time)s in the time zone of their home store.",
                "Reminds customers %(days)s days before the last one, at %(time)s in the time zone of their home store.",
                settings.days,
            )
        else:
            sentence = ngettext(
                "Reminds customers %(days)s day after it was made, at %(time)s in the time zone of their home store.",
                "Reminds customers %(days)s days after it was made, at %(time)s in the time zone of their home store.",
                settings.days,
            )
        every = [_now("Each channel that is open tells them.")] if settings.every_channel else []
        return [sentence % moment, _now("What was used meanwhile is not mentioned."), *every]

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        lots = values.sample_lots(self.kinds, at=at)
        return [(str(lot.pk), values.owner_of(lot).name) for lot in lots]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        lots = values.sample_lots(self.kinds, at=at, pks=[key])
        found = values.value_of(lots, at=at)
        if found is None:
            return None
        return recipients([found.customer])[found.customer.pk], found.store, self._masked(found)


def _behind(chain: Sequence[str]) -> str:
    return f":{chain[0]}" if chain else ""


def _told_of(settings: ReminderSettings, day: date) -> date:
    """Return the day that value ends or was made on, of which customers are told on `day`."""
    span = timedelta(days=settings.days)
    return day + span if settings.rule == "before_expiry" else day - span


def _within(lots: QuerySet[Lot], rule: str, day: date, zone: ZoneInfo) -> QuerySet[Lot]:
    bounds = {
        "since": first_instant(day, _MIDNIGHT, zone),
        "until": first_instant(day + _DAY, _MIDNIGHT, zone),
    }
    return values.made(lots, **bounds) if rule == "after_creation" else values.ending(lots, **bounds)
