"""VIP cards: made for a customer, changed, blocked. What they give is decided by the engine and counted by sales."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.phones import to_e164
from loyalty.models import VIP_PREFIX, VipCard
from loyalty.rules import end_after
from loyalty.services.stamp_plans import Percent
from retail.rows import MISSING, Column, Day, FieldError, FieldRefused, Flag, Row, read_row, read_text
from retail.selectors.company import company_zone

MOST_PEOPLE = 10
_CODE = re.compile(r"#VIP#[0-9A-Z][0-9A-Z._-]*", re.ASCII)
# Neither 0, O, 1, I nor L: the number is read out at the counter.
_SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_MADE_LENGTH = 10


class VipCardRefused(Exception):
    """A card cannot be written; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("")
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class VipCode:
    """`#VIP#` and at least one letter or digit, kept in upper case."""

    default: Any = ""

    def read(self, value: Any) -> str:
        code = read_text(value, VipCard.MAX_LENGTH, strict=True).upper()
        if code and not _CODE.fullmatch(code):
            raise FieldRefused(
                "vip_code",
                _(
                    "This must begin with #VIP# and a letter or digit, such as “#VIP#1001”; then letters, digits, “.”, “-”, “_”."
                ),
            )
        return code

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": VipCard.MAX_LENGTH, "examples": ["#VIP#1001"]}


@dataclass(frozen=True, slots=True)
class People:
    """A list of telephones and e-mails, each once."""

    default: Any = ()

    def read(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise FieldRefused("type", _("This must be a list of telephones and e-mails."))
        people = list(dict.fromkeys([_address(one) for one in value if one.strip()]))
        if len(people) > MOST_PEOPLE:
            raise FieldRefused(
                "too_many", _("At most %(number)d people can be notified.") % {"number": MOST_PEOPLE}
            )
        return people

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "maxItems": MOST_PEOPLE,
            "items": {"type": "string", "maxLength": 254},
            "examples": [["+5511987654321", "gerente@example.com"]],
        }


def _address(text: str) -> str:
    text = read_text(text, 254, strict=True)
    try:
        if "@" in text:
            validate_email(text)
            return text.lower()
        return to_e164(text)
    except (ValidationError, ValueError) as error:
        message = _("“%(text)s” is neither a telephone number nor an e-mail.") % {"text": text}
        raise FieldRefused("address", message) from error


# What may be changed later; code and customer belong to the card for good.
CHANGE_COLUMNS: dict[str, Column] = {
    "percent": Percent(),
    "valid_until": Day(default=MISSING),
    "is_active": Flag(default=True),
    "notify": People(),
}
COLUMNS: dict[str, Column] = {"code": VipCode(), **CHANGE_COLUMNS}


def create_vip_card(*, customer: Customer, values: Any, at: datetime, user: User | None = None) -> VipCard:
    """Make a customer's card of ``code`` (made up when empty), ``percent``, ``valid_until`` and ``notify``.

    It holds to the end of the day ``valid_until``. Raises VipCardRefused, also when the code exists.
    """
    zone = company_zone()
    fields = _read(values, COLUMNS, required=("percent", "valid_until"), not_before=_today(at, zone))
    code = fields.pop("code", "") or VIP_PREFIX + "".join(
        secrets.choice(_SYMBOLS) for _number in range(_MADE_LENGTH)
    )
    card = VipCard(
        code=code, customer=customer, created_by=user, created_at=at, updated_at=at, **_columns(fields, zone)
    )
    try:
        with transaction.atomic():
            card.save(force_insert=True)
    except IntegrityError as error:
        taken = FieldError("code", "duplicate", _("Another card has this code."))
        raise VipCardRefused([taken]) from error
    return card


@transaction.atomic
def change_vip_card(*, card: VipCard, values: Any, at: datetime, version: int | None = None) -> VipCard:
    """Change the rate, the last day and the people to notify of a card, block it or let it be used again.

    Sales that were made keep what they were given. Raises VipCardRefused, also when the card has another version by now
    than ``version`` (`version_conflict`).
    """
    locked = VipCard.objects.select_for_update(of=("self",)).select_related("customer").get(pk=card.pk)
    if version is not None and version != locked.version:
        message = _("Somebody else changed this meanwhile.")
        raise VipCardRefused([FieldError("", "version_conflict", message)])
    zone = company_zone()
    fields = _columns(_read(values, CHANGE_COLUMNS), zone)
    changed = {name: value for name, value in fields.items() if value != getattr(locked, name)}
    if changed:
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.version += 1
        locked.updated_at = at
        locked.save(update_fields=[*changed, "version", "updated_at"])
    return locked


def _today(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _columns(fields: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return the fields as the model keeps them: the last day as the moment at which it has ended."""
    columns = dict(fields)
    if "valid_until" in columns:
        noon = datetime.combine(columns.pop("valid_until"), time(12), zone)
        columns["expires_at"] = end_after(noon, 0, zone)
    return columns


def _read(
    values: Any,
    columns: Mapping[str, Column],
    *,
    required: Sequence[str] = (),
    not_before: date | None = None,
) -> dict[str, Any]:
    row: Row = read_row(0, values, columns)
    refused = {error.path for error in row.errors}
    for name in required:
        if name not in row.values and name not in refused:
            row.refuse(name, "required", _("This is required."))
    if "valid_until" in row.values:
        last = row.values["valid_until"]
        if last is None:
            row.refuse("valid_until", "required", _("This is required."))
        elif not_before is not None and last < not_before:
            row.refuse("valid_until", "range", _("This day is over."))
    if row.errors:
        raise VipCardRefused(row.errors)
    return row.values
