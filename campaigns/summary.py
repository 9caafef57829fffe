"""What a campaign will do, in the reader's language: sentences for the builder, the review and the list.

The kinds say themselves what they mean (`Phrase`); here the phrases become text, and the rest of the document too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from campaigns.cautions import cautions
from campaigns.engine.campaign import (
    EXCHANGE_CHOICES,
    PER_CHOICES,
    Campaign,
    Group,
    Limit,
    Node,
)
from campaigns.engine.markdowns import Markdown
from campaigns.explanations import enumerated, operation_name, phrase_text, written
from retail import formats

# The first day and month of each text are those of ISO: 1 is Monday.
_MONDAY = date(2024, 1, 1)


Names = Mapping[str, str]
NO_NAMES: Names = {}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line; `parts` are the lines that belong under it."""

    text: str
    parts: "list[Sentence]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of lines. `icon` is a picture's name."""

    title: str
    icon: str
    sentences: list[Sentence]


@dataclass(frozen=True, slots=True)
class Summary:
    """`headline` is what the customer gets, in a line; `warnings` are what a manager should look at twice."""

    headline: str
    sections: list[Section]
    warnings: list[str]


def summarize(campaign: Campaign, *, at: datetime, names: Names = NO_NAMES) -> Summary:
    """Say what a campaign does. `at` decides what already began; `names` say what the codes of a document stand for."""
    sections = [
        Section(_("For whom, buying what"), "customer", _who(campaign, names)),
        Section(_("When and where"), "calendar", _when(campaign, at, names)),
        Section(_("How often"), "target", _how_often(campaign)),
    ]
    if len(campaign.benefits) > 1:
        benefits = [
            Sentence(_capitalized(phrase_text(benefit.phrase(), names))) for benefit in campaign.benefits
        ]
        sections.insert(0, Section(_("What the customer gets"), "gift", benefits))
    together = _together(campaign)
    if together:
        sections.append(Section(_("Together with others"), "layers", together))
    return Summary(
        headline(campaign, names), sections, [caution.text for caution in cautions(campaign, at=at)]
    )


def headline(campaign: Campaign, names: Names = NO_NAMES) -> str:
    """Say what the customer gets, in one line."""
    if not campaign.benefits:
        return _("No discount")
    return _capitalized("; ".join(phrase_text(benefit.phrase(), names) for benefit in campaign.benefits))


def _who(campaign: Campaign, names: Names) -> list[Sentence]:
    found = []
    if campaign.conditions is None:
        found.append(Sentence(_("Every sale, with any product and any customer.")))
    elif isinstance(campaign.conditions, Group) and campaign.conditions.operator == "all":
        found += [_rule(child, names) for child in campaign.conditions.children]
    else:
        found.append(_rule(campaign.conditions, names))
    thresholds = [
        (campaign.minimum_quantity, "quantity", _("At least %(value)s units of what qualifies.")),
        (campaign.minimum_amount, "money", _("At least %(value)s of what qualifies.")),
        (campaign.maximum_amount, "money", _("At most %(value)s of what qualifies.")),
    ]
    found += [
        Sentence(text % {"value": written(unit, value)})
        for value, unit, text in thresholds
        if value is not None
    ]
    if campaign.skip_discounted:
        found.append(Sentence(_("Products that are already discounted do not count.")))
    if campaign.requires_consent:
        found.append(
            Sentence(
                _("Only customers who gave their consent (%(purpose)s).")
                % {"purpose": campaign.requires_consent}
            )
        )
    if campaign.optional:
        found.append(Sentence(_("Only when the operator accepts it at the till.")))
    return found


def _rule(node: Node, names: Names) -> Sentence:
    if not isinstance(node, Group):
        return Sentence(_capitalized(phrase_text(node.phrase(), names)))
    text = _("All of these:") if node.operator == "all" else _("At least one of these:")
    return Sentence(text, [_rule(child, names) for child in node.children])


def _from_moment(value: datetime) -> str:
    """Return a moment as people say when something begins: without the hour when it is midnight."""
    local = formats.in_zone(value)
    return formats.moment(value) if local.time() != time() else formats.day(local.date())


def _until(value: datetime) -> str:
    """Say a first moment after the end as people do: midnight closes the day before."""
    local = formats.in_zone(value)
    if local.time() != time():
        return _("until %(moment)s.") % {"moment": formats.moment(value)}
    return _("until the end of %(day)s.") % {"day": formats.day(local.date() - timedelta(days=1))}


def _when(campaign: Campaign, at: datetime, names: Names) -> list[Sentence]:
    found = [Sentence(text) for text in when_and_where(campaign, at, names)]
    if campaign.operations:
        operations = enumerated([operation_name(code) for code in campaign.operations])
        found.append(Sentence(_("Sales of these categories: %(names)s.") % {"names": operations}))
    exchange = dict(EXCHANGE_CHOICES)[campaign.exchange]
    found.append(Sentence(_("When items are exchanged: %(what)s.") % {"what": _(exchange)}))
    return found


def when_and_where(document: Campaign | Markdown, at: datetime, names: Names = NO_NAMES) -> list[str]:
    """Say in which period, on which days and hours, and in which stores a document holds."""
    if document.starts_at is None:
        start = _("From its publication")
    elif document.starts_at <= at:
        start = _("Since %(moment)s") % {"moment": _from_moment(document.starts_at)}
    else:
        start = _("From %(moment)s") % {"moment": _from_moment(document.starts_at)}
    end = _("without an end.")
    if document.ends_at is not None:
        end = _until(document.ends_at)
    found = [f"{start}, {end}"]
    schedule = document.schedule
    if schedule is not None and schedule.weekdays:
        days = [date_format(_MONDAY + timedelta(days=day - 1), "l") for day in sorted(schedule.weekdays)]
        found.append(_("Only on %(days)s.") % {"days": enumerated(days, 7)})
    if schedule is not None and (schedule.from_ or schedule.until):
        hours = {
            "from": schedule.from_.isoformat("minutes") if schedule.from_ else "00:00",
            "until": schedule.until.isoformat("minutes") if schedule.until else "24:00",
        }
        found.append(_("From %(from)s to %(until)s, local time.") % hours)
    found.append(_stores(document.stores, names))
    return found


def _stores(stores: tuple[str, ...], names: Names) -> str:
    if not stores:
        return _("In every store.")
    prefix = "grouping:"
    shown = [
        _("grouping %(name)s") % {"name": names.get(store, store.removeprefix(prefix))}
        if store.startswith(prefix)
        else names.get(store, store)
        for store in stores
    ]
    return _("In these stores: %(names)s.") % {"names": enumerated(shown)}


def _how_often(campaign: Campaign) -> list[Sentence]:
    found = [Sentence(limit_text(limit)) for limit in campaign.limits]
    if campaign.budget is not None:
        found.append(
            Sentence(_("It ends when %(amount)s were given.") % {"amount": written("money", campaign.budget)})
        )
    return found or [Sentence(_("As often as it applies, without a limit."))]


_LIMITS = {
    ("total", "sale"): gettext_noop("Sales in all: at most %(max)s, per %(per)s."),
    ("total", "item"): gettext_noop("Items in all: at most %(max)s, per %(per)s."),
    ("customer", "sale"): gettext_noop("Sales for each customer: at most %(max)s, per %(per)s."),
    ("customer", "item"): gettext_noop("Items for each customer: at most %(max)s, per %(per)s."),
    ("store", "sale"): gettext_noop("Sales in each store: at most %(max)s, per %(per)s."),
    ("store", "item"): gettext_noop("Items in each store: at most %(max)s, per %(per)s."),
    ("code", "sale"): gettext_noop("Sales with each code: at most %(max)s, per %(per)s."),
    ("code", "item"): gettext_noop("Items with each code: at most %(max)s, per %(per)s."),
}


def limit_text(limit: Limit) -> str:
    """Say one limit: "Sales for each customer: at most 2, per month."."""
    per = _(dict(PER_CHOICES)[limit.per])
    return _(_LIMITS[limit.scope, limit.counts]) % {"max": formats.number(limit.max), "per": per}


def _together(campaign: Campaign) -> list[Sentence]:
    found = []
    if campaign.exclusive:
        found.append(Sentence(_("When it activates, no other campaign does.")))
    if campaign.priority:
        found.append(
            Sentence(_("Priority %(number)s; lower numbers apply first.") % {"number": campaign.priority})
        )
    if campaign.stop_further == "basket":
        found.append(Sentence(_("No campaign of a later priority applies after it.")))
    elif campaign.stop_further == "lines":
        found.append(Sentence(_("No campaign of a later priority applies to the same products.")))
    if not campaign.combinable_order_discount:
        found.append(Sentence(_("It does not add to another discount on the whole sale.")))
    return found


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
