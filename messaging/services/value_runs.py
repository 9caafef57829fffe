"""Reminding customers of what ends within some days because somebody asks for it: a background job that queues the messages.

The rules of the outbox hold as for what planners find: consent and the contact policy are asked when each message leaves, and who is
held out of the automation gets none. Started anew, the job comes to the same keys and queues nothing twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Job
from campaigns.services.jobs import JobFailed, Progress, request_job
from loyalty.models import Lot
from messaging.batches import BATCH, batches
from messaging.models import Automation, Channel, Message, MessageState, Template
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import Candidate
from messaging.occasions.reminders import PATIENCE, ValueReminder
from messaging.schedule import Window
from messaging.selectors import value as values
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from messaging.services.automations import AutomationRefused
from messaging.services.planning import queue
from retail.models import Store
from retail.selectors.company import company_zone

RUN = "remind_of_value"
REMINDERS: dict[str, ValueReminder] = {
    code: kind for code, kind in AUTOMATIC.items() if isinstance(kind, ValueReminder)
}
# What was made some days ago is another thing to be told than what ends.
_OF_ENDS = ("before_expiry", "by_hand")
# Lots that one message tells of, and its key up to the rule.
_Group = tuple[str, list[Lot]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Of which value to remind, and how: what ends from `first` to `last`, of all stores or one, by a chain of channels or by each.

    Whoever was reminded of the same before is left out, unless `again`.
    """

    first: date
    last: date
    store: Store | None = None
    channels: Sequence[str]
    every_channel: bool = False
    again: bool = False


def ending_lots(
    kind: ValueReminder, first: date, last: date, *, store: Store | None = None, at: datetime
) -> QuerySet[Lot]:
    """Return what ends within some days, can be used now and belongs to a known customer."""
    usable = values.open_lots(kind.kinds, at=at).usable(at=at)
    return values.ending_on_days(usable, kind.kinds, first, last, store=store)


def last_day_of(lot: Lot, away: ZoneInfo) -> date | None:
    """Return the last day of a lot by the clocks of its customer's home store, `away` without one; None for a lot without end."""
    if lot.ends_at is None:
        return None
    home = values.owner_of(lot).home_store
    return (lot.ends_at - values.TICK).astimezone(home.zone if home else away).date()


@transaction.atomic
def request_run(*, occasion: str, run: Run, by: User, at: datetime) -> Job:
    """Ask for the reminders. Raises AutomationRefused: `days_in_order`, `automation_off`, `no_channel`, `no_template` (channel), `nobody`."""
    kind = REMINDERS[occasion]
    automation = Automation.objects.filter(occasion=kind.code).first()
    if run.last < run.first:
        raise AutomationRefused("last", "days_in_order")
    if automation is None or not automation.enabled:
        raise AutomationRefused("", "automation_off")
    if not run.channels:
        raise AutomationRefused("channels", "no_channel")
    written = set(Template.objects.in_use(kind.code).values_list("channel", flat=True))
    for channel in run.channels:
        if channel not in written:
            raise AutomationRefused("channels", "no_template", channel=Channel(channel).label)
    if not ending_lots(kind, run.first, run.last, store=run.store, at=at).exists():
        raise AutomationRefused("first", "nobody")
    arguments = {
        "occasion": kind.code,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "store": run.store.pk if run.store else None,
        "channels": list(run.channels),
        "every_channel": run.every_channel,
        "again": run.again,
    }
    return request_job(kind=RUN, arguments=arguments, user=by, at=at)


def remind(job: Job, progress: Progress) -> dict[str, Any]:
    """Queue the messages of a run, as of the moment when it was asked for; `messages` of the result is how many."""
    kind, run = REMINDERS[job.arguments["occasion"]], _run_of(job.arguments)
    automation = Automation.objects.filter(occasion=kind.code, enabled=True).first()
    if automation is None:
        raise JobFailed(_("The automation was switched off."))
    at = job.created_at
    lots = ending_lots(kind, run.first, run.last, store=run.store, at=at)
    total, done, queued = lots.count(), 0, int(job.result.get("messages", 0) if job.result else 0)
    progress(done, total)
    for batch in batches(_groups(kind, lots)):
        with transaction.atomic():
            queued += queue(
                kind.code, automation, list(_candidates(kind, automation, run, batch, at=at)), at=at
            )
            done += sum(len(group) for _key, group in batch)
            progress(min(done, total), total, {"messages": queued})
    return {"messages": queued}


def _run_of(arguments: dict[str, Any]) -> Run:
    return Run(
        first=date.fromisoformat(arguments["first"]),
        last=date.fromisoformat(arguments["last"]),
        store=Store.objects.filter(pk=arguments["store"]).first() if arguments["store"] else None,
        channels=arguments["channels"],
        every_channel=arguments["every_channel"],
        again=arguments["again"],
    )


def _groups(kind: ValueReminder, lots: QuerySet[Lot]) -> Iterator[_Group]:
    """Yield what one message each tells of: a lot with a code, or all of an account that ends on a day."""
    ordered = lots.order_by("account_id", "expires_at", "pk").iterator(chunk_size=BATCH)
    away = company_zone()

    def stem(lot: Lot) -> str:
        return f"lot:{lot.pk}" if kind.by_lot else f"account:{lot.account_id}:{last_day_of(lot, away)}"

    for key, group in groupby(ordered, key=stem):
        yield key, list(group)


def _candidates(
    kind: ValueReminder, automation: Automation, run: Run, batch: Sequence[_Group], *, at: datetime
) -> Iterator[Candidate]:
    owners = {group[0].pk: values.owner_of(group[0]) for _stem, group in batch}
    known = recipients(list({owner.pk: owner for owner in owners.values()}.values()))
    told = set() if run.again else _told(kind, {owner.pk for owner in owners.values()})
    off = set(automation.stores_off.values_list("pk", flat=True))
    asked_on = at.astimezone(company_zone()).date()
    for stem, group in batch:
        person, store = known[owners[group[0].pk].pk], values.store_of(group[0])
        if stem in told or (store is not None and store.pk in off):
            continue
        ends = [lot.ends_at for lot in group if lot.ends_at is not None]
        for chain in _chains(run, person):
            yield Candidate(
                recipient=person,
                occasion_key=f"{stem}:by_hand:{asked_on}" + (f":{chain[0]}" if run.every_channel else ""),
                window=Window(at, min(at + PATIENCE, *ends)),
                reason=why_no_channel(person, chain, kind.purpose),
                store_id=store.pk if store else None,
                channels=chain,
            )


def _chains(run: Run, person: Recipient) -> list[list[str]]:
    """Return the chains of channels of a person's messages: none for whoever has no address at all."""
    chains = [[channel] for channel in run.channels] if run.every_channel else [list(run.channels)]
    return [chain for chain in chains if any(person.address(channel) for channel in chain)]


def _told(kind: ValueReminder, customer_ids: set[int]) -> set[str]:
    """Return what customers were reminded of before, or will be, as keys up to the rule: that it ends, not that it was made."""
    messages = Message.objects.filter(occasion=kind.code, customer__in=customer_ids)
    keys = messages.exclude(state__in=[MessageState.SUPPRESSED, MessageState.FAILED]).values_list(
        "occasion_key", flat=True
    )
    told = set()
    for key in keys:
        parts = key.split(":")
        place = 2 if kind.by_lot else 3
        if parts[place] in _OF_ENDS:
            told.add(":".join(parts[:place]))
    return told
