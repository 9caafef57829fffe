"""The answer of one check: satisfied or not, with a code, the numbers, and the lines concerned."""

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Unit(StrEnum):
    """How the numbers of a verdict are to be read and written."""

    NONE = ""
    MONEY = "money"  # integer cents
    QUANTITY = "quantity"  # Decimal
    COUNT = "count"  # int
    TEXT = "text"  # str, or a tuple of str
    INSTANT = "instant"  # aware datetime
    DATE = "date"
    SCHEDULE = "schedule"  # a Schedule: days and hours


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """`code` says what was checked; when not satisfied it is the reason that a till shows.

    `required` is what the campaign asks for, `actual` what was seen, `missing` how far apart they are (only where a
    distance makes sense). `subject` names what is meant (an attribute, a campaign, a product). `lines` are the line
    numbers that made it hold or would have to change.
    """

    satisfied: bool
    code: str
    required: Any = None
    actual: Any = None
    missing: Any = None
    unit: str = ""
    subject: str = ""
    lines: tuple[int, ...] = ()


SATISFIED = Verdict(satisfied=True, code="satisfied")
CUSTOMER_REQUIRED = Verdict(satisfied=False, code="customer_required")
