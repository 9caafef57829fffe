"""What came of messages, as pages draw it and as files hold it: figures, sales by how they came to count, charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext

from loyalty.periods import Step, slot_of, slots_between, step_for
from messaging.models import Channel
from messaging.reasons import REASONS
from messaging.selectors.attribution import WAYS, Attribution, Counted
from messaging.selectors.mailings import Progress, Results
from messaging.selectors.marketing import marketing_settings
from messaging.selectors.outcomes import AutomationResults, Outcome
from retail import formats
from retail.views.charts import Chart, Series, bar_chart
from retail.views.files import csv_response, xlsx_response

WAY_LABELS = {
    "code": _("With the message's code"),
    "value": _("With the value that it told of"),
    "purchase": _("Bought afterwards"),
}
FILES = ("csv", "xlsx")


@dataclass(frozen=True, slots=True)
class Figure:
    """One result: what it is called, its number, and whether that is an amount of reais."""

    label: str
    value: Decimal | int | None
    is_money: bool = False

    @property
    def text(self) -> str:
        return formats.money(self.value) if self.is_money else formats.number(self.value)


def mailing_figures(results: Results) -> list[Figure]:
    """Return every number of a mailing's results, in the order of a file."""
    return [
        *_progress(results.progress),
        *outcome_figures(results.outcome),
        *_attributed(results.attribution),
        *_compared(results),
    ]


def _compared(results: Results | AutomationResults) -> list[Figure]:
    """Return the part that was written to and the one that was held out, and the difference where there is one."""
    written_to, held_out, compared = results.written_to, results.held_out, results.uplift
    figures = [
        Figure(_now("Written to: people"), written_to.people),
        Figure(_now("Written to: bought"), written_to.buyers),
        Figure(_now("Written to: revenue"), written_to.revenue, is_money=True),
        Figure(_now("Held out: people"), held_out.people),
        Figure(_now("Held out: bought"), held_out.buyers),
        Figure(_now("Held out: revenue"), held_out.revenue, is_money=True),
    ]
    if compared is not None:
        figures += [
            Figure(_now("Buyers more in a hundred people"), compared.points),
            Figure(_now("Interval (95 %): from"), compared.low),
            Figure(_now("Interval (95 %): to"), compared.high),
            Figure(_now("Revenue more"), compared.extra_revenue, is_money=True),
        ]
    return figures


def automation_figures(results: AutomationResults) -> list[Figure]:
    """Return every number of an automation's results, in the order of a file."""
    traffic = results.traffic
    return [
        Figure(_now("Waiting"), traffic.waiting),
        Figure(pgettext("messages", "Sent"), traffic.sent),
        Figure(pgettext("messages", "Delivered"), traffic.arrived),
        Figure(pgettext("messages", "Not sent"), traffic.not_sent),
        Figure(pgettext("messages", "Failed"), traffic.failed),
        Figure(_now("In doubt"), traffic.in_doubt),
        *outcome_figures(results.outcome),
        *(_attributed(results.attribution) if results.attribution else []),
        *(_compared(results) if results.held_out.people else []),
    ]


def outcome_figures(outcome: Outcome, *, knows_opened: bool = True) -> list[Figure]:
    """Return what people did with messages; segments and cost where there are any. Only e-mails say that they were opened."""
    opened = [Figure(pgettext("messages", "Opened"), outcome.opened)] if knows_opened else []
    figures = [
        *opened,
        Figure(pgettext("messages", "Clicked"), outcome.clicked),
        Figure(pgettext("messages", "Bounced"), outcome.bounced),
        Figure(pgettext("messages", "Marked as unwanted"), outcome.complained),
        Figure(pgettext("messages", "Unsubscribed"), outcome.unsubscribed),
    ]
    if outcome.segments:
        figures.append(Figure(_now("Segments of text messages"), outcome.segments))
    if outcome.cost is not None:
        figures.append(Figure(_now("Cost of sending"), outcome.cost, is_money=True))
    return figures


def untracked() -> str:
    """Say what no result counts because it is switched off: nothing then means that nobody looked. Empty when all is on."""
    decided = marketing_settings()
    if decided.track_opens and decided.track_links:
        return ""
    if decided.track_links:
        return _now("Opened e-mails are not counted: that is switched off.")
    if decided.track_opens:
        return _now("Clicks are not counted: that is switched off.")
    return _now("Opened e-mails and clicks are not counted: that is switched off.")


def attribution_context(found: Attribution) -> dict[str, Any]:
    """Return what attribution.html draws: sales by way, their sum, and their revenue by day."""
    return {
        "days": found.days,
        "ways": [(WAY_LABELS[way], found.by_way[way]) for way in WAYS],
        "total": found.total,
        "chart": _revenue_chart(found.by_day) if found.by_day else None,
    }


def stages_chart(progress: Progress, outcome: Outcome, channels: Sequence[str]) -> Chart:
    """Draw how far the messages of a mailing came, each stage over the same people: those that its channels can tell of."""
    stages = [
        (_now("Messages"), progress.messages),
        (pgettext("messages", "Sent"), progress.sent),
        (pgettext("messages", "Delivered"), progress.arrived),
        *([(pgettext("messages", "Read"), progress.read)] if Channel.WHATSAPP in channels else []),
        *([(pgettext("messages", "Opened"), outcome.opened)] if Channel.EMAIL in channels else []),
        (pgettext("messages", "Clicked"), outcome.clicked),
        (pgettext("messages", "Unsubscribed"), outcome.unsubscribed),
    ]
    return bar_chart(
        title=_now("How far the messages came"),
        slot_heading=_now("Stage"),
        slots=[label for label, _number in stages],
        series=[Series(_now("Messages"), [number for _label, number in stages])],
        write=formats.number,
        write_axis=formats.compact,
    )


def sent_chart(by_day: Mapping[date, int]) -> Chart:
    """Draw how many messages left on each day."""
    slots, step = _slots(by_day)
    return bar_chart(
        title=_now("Messages sent"),
        slot_heading=_now("Period"),
        slots=[formats.short_day(slot) for slot in slots],
        slot_names=[formats.day(slot) for slot in slots],
        series=[Series(pgettext("messages", "Sent"), [_of_slot(by_day, slot, step, 0) for slot in slots])],
        write=formats.number,
        write_axis=formats.compact,
    )


def file_of(name: str, figures: Sequence[Figure], kind: str) -> HttpResponseBase:
    """Return figures as a file, one in each row."""
    rows = [(figure.label, figure.value) for figure in figures]
    respond = xlsx_response if kind == "xlsx" else csv_response
    return respond(name, [_now("Figure"), _now("Value")], rows)


def _progress(progress: Progress) -> list[Figure]:
    return [
        Figure(_now("People"), progress.people),
        Figure(_now("Held out"), progress.held_out),
        Figure(_now("Waiting"), progress.waiting),
        Figure(pgettext("messages", "Sent"), progress.sent),
        Figure(pgettext("messages", "Delivered"), progress.arrived),
        Figure(pgettext("messages", "Read"), progress.read),
        Figure(pgettext("messages", "Failed"), progress.failed),
        Figure(_now("In doubt"), progress.in_doubt),
        *(
            Figure(_now("Not sent: %(reason)s") % {"reason": REASONS.get(reason, reason)}, number)
            for reason, number in progress.not_sent.items()
        ),
    ]


def _attributed(found: Attribution) -> list[Figure]:
    sales = ngettext("Sales within %(days)s day", "Sales within %(days)s days", found.days)
    revenue = ngettext("Revenue within %(days)s day", "Revenue within %(days)s days", found.days)
    figures = [
        Figure(sales % {"days": found.days}, found.total.sales),
        Figure(revenue % {"days": found.days}, found.total.revenue, is_money=True),
    ]
    for way in WAYS:
        label, counted = WAY_LABELS[way], found.by_way[way]
        figures += [
            Figure(_now("%(way)s: sales") % {"way": label}, counted.sales),
            Figure(_now("%(way)s: revenue") % {"way": label}, counted.revenue, is_money=True),
        ]
    return figures


def _revenue_chart(by_day: Mapping[date, Mapping[str, Counted]]) -> Chart:
    slots, step = _slots(by_day)

    def revenue(way: str) -> list[Decimal]:
        of_way = {day: ways[way].revenue for day, ways in by_day.items()}
        return [_of_slot(of_way, slot, step, Decimal(0)) for slot in slots]

    return bar_chart(
        title=_now("Revenue of the sales that count"),
        slot_heading=_now("Period"),
        slots=[formats.short_day(slot) for slot in slots],
        slot_names=[formats.day(slot) for slot in slots],
        series=[Series(str(WAY_LABELS[way]), revenue(way)) for way in WAYS],
        write=formats.money,
        write_axis=formats.compact,
        stacked=True,
    )


def _slots(days: Mapping[date, Any]) -> tuple[list[date], Step]:
    first, last = min(days), max(days)
    step = step_for(first, last)
    return slots_between(first, last, step), step


def _of_slot(values: Mapping[date, Any], slot: date, step: Step, nothing: Any) -> Any:
    return sum((value for day, value in values.items() if slot_of(day, step) == slot), nothing)
