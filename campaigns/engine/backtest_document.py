"""The document of a back-test: drafts, as a simulation gives them, over the recorded sales of a period."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from campaigns.engine import fields
from campaigns.engine.decoding import Reader
from campaigns.engine.drafts import DRAFT_FIELDS, Drafts, read_drafts
from campaigns.engine.fields import DocumentError, attribute_name, declared_fields
from campaigns.engine.marks import gettext_noop

MOST_DAYS = 1_100


@fields.declared
class Scope:
    """Which sales are looked at: whole days in the company's time zone, the last one included."""

    name: str = fields.text(label="Name", default="", maximum=160)
    from_: date = fields.declare("date", label="From")
    until: date = fields.declare("date", label="Until")
    stores: tuple[str, ...] = fields.texts(label="Stores", default=())
    ignore_dates: bool = fields.boolean(label="Ignore the campaigns' dates", default=False)

    def faults(self) -> list[tuple[str, str, str]]:
        # The day after the last one must be a day too, in every time zone.
        if not (1900 <= self.from_.year <= 9000 and 1900 <= self.until.year <= 9000):
            name = "until" if 1900 <= self.from_.year <= 9000 else "from"
            return [(name, "out_of_range", gettext_noop("This date cannot be right."))]
        if self.until < self.from_:
            return [("until", "empty_period", gettext_noop("The last day must not be before the first one."))]
        if (self.until - self.from_).days >= MOST_DAYS:
            return [("until", "too_large", gettext_noop("The period must not be longer than three years."))]
        return []


SCOPE_FIELDS = declared_fields(Scope)


class Question(Struct, frozen=True, kw_only=True):
    """A back-test document, read. `begins` is the first instant of its period, `ends` the first after it."""

    scope: Scope
    drafts: Drafts
    begins: datetime
    ends: datetime


def read_question(document: Any, *, zone: ZoneInfo) -> Question:
    """Read a back-test document. Raises DocumentError with every fault.

    With `ignore_dates` the drafts hold throughout, whatever their documents say of when they start and end.
    """
    reader = Reader()
    mapping = reader.mapping(document, "")
    if mapping is None:
        raise DocumentError(reader.problems)
    asked = {name: value for name, value in mapping.items() if name not in DRAFT_FIELDS}
    values = reader.fields(SCOPE_FIELDS, asked, "")
    scope = (
        None if values is None else Scope(**{attribute_name(name): value for name, value in values.items()})
    )
    if scope is not None:
        for name, code, message in scope.faults():
            reader.refuse(name, code, message)
    drafts = read_drafts(reader, {name: mapping[name] for name in DRAFT_FIELDS if name in mapping})
    if not reader.problems and not drafts.live and not _gives_anything(mapping):
        message = gettext_noop("Give a campaign, or ask for what is live.")
        reader.refuse("campaigns", "required", message)
    if reader.problems or scope is None:
        raise DocumentError(reader.problems)
    if scope.ignore_dates:
        drafts = _always(drafts)
    return Question(
        scope=scope,
        drafts=drafts,
        begins=datetime.combine(scope.from_, time(), zone),
        ends=datetime.combine(scope.until + timedelta(days=1), time(), zone),
    )


def _gives_anything(mapping: Mapping[str, Any]) -> bool:
    return any(mapping.get(name) for name in ("campaigns", "markdowns"))


def _always(drafts: Drafts) -> Drafts:
    return structs.replace(
        drafts,
        campaigns=tuple(replace(campaign, starts_at=None, ends_at=None) for campaign in drafts.campaigns),
        markdowns=tuple(replace(markdown, starts_at=None, ends_at=None) for markdown in drafts.markdowns),
    )
