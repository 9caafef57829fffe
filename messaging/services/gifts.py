"""Vouchers that messages bring: made when the message leaves, once for each person and occasion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.models import AccountKind, StoredValueCode, StoredValueType
from loyalty.rules import end_after
from loyalty.services.stored_values import Making, code_again, made_before, make
from messaging.facts import format_money
from messaging.models import Message
from retail import formats, money

NO_GIFT: Mapping[str, Any] = {"code": None, "amount": None, "valid_until": None}
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is given: an amount in whole reais, or a percentage of one purchase, for so many days."""

    type_code: str
    amount: int = 0
    percent: int = 0
    valid_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A voucher as a message shows it. `ends_at` is the first instant at which it is not valid any more."""

    code: str
    last4: str
    amount: Decimal | None
    percent: Decimal | None
    ends_at: datetime | None


def usable_type(terms: Terms) -> StoredValueType | None:
    """Return the type that such vouchers are made of; None when there is none, it is off, or holds less."""
    found = StoredValueType.objects.filter(
        code=terms.type_code, kind=AccountKind.VOUCHER, is_active=True
    ).first()
    too_much = found and not terms.percent and found.ceiling is not None and terms.amount > found.ceiling
    return None if too_much else found


def type_choices() -> list[tuple[str, Promise | str]]:
    """Return the types that vouchers can be made of, by code, after the choice of none."""
    types = StoredValueType.objects.filter(kind=AccountKind.VOUCHER, is_active=True).order_by("name", "pk")
    return [("", _("None")), *types.values_list("code", "name")]


def promised(terms: Terms, *, at: datetime, zone: ZoneInfo) -> Gift:
    """Return what such a voucher would be, without making one."""
    return Gift(
        code="",
        last4="",
        amount=None if terms.percent else Decimal(terms.amount),
        percent=Decimal(terms.percent) if terms.percent else None,
        ends_at=end_after(at, terms.valid_days, zone),
    )


def give_voucher(message: Message, terms: Terms, *, at: datetime, zone: ZoneInfo) -> Gift | None:
    """Make the voucher of a message, or return the one that it has; None where none can be made.

    Runs in the transaction that holds the message. A message that is tried again keeps its voucher with its last day.
    """
    customer = message.customer
    kind = usable_type(terms)
    if customer is None or kind is None:
        return None
    # The message is there once for each occasion and person, so its voucher is.
    origin, operation = f"message:{message.occasion}", str(message.uuid)
    stored = made_before(origin, operation)
    if stored is None:
        [made] = make(
            [
                Making(
                    type=kind,
                    origin=origin,
                    operation=operation,
                    amount=0 if terms.percent else money.from_decimal(Decimal(terms.amount)),
                    percent=Decimal(terms.percent) if terms.percent else None,
                    customer_id=customer.pk,
                    store_id=message.store_id,
                    expires_at=end_after(at, terms.valid_days, zone),
                    earned_by=message.occasion,
                )
            ],
            at=at,
        )
        stored = made.stored
    lot = stored.account.lots.order_by("pk").first()
    code = StoredValueCode.objects.filter(stored_value=stored, ended_at__isnull=True).first()
    return Gift(
        code=code_again(stored),
        last4=code.last4 if code else "",
        amount=None if stored.percent is not None else (lot.earned if lot else Decimal(0)),
        percent=stored.percent,
        ends_at=lot.ends_at if lot else None,
    )


def written(gift: Gift | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return the variables of a gift, in the active language; without its code, its last four."""
    if gift is None:
        return dict(NO_GIFT)
    worth = format_money(gift.amount) if gift.amount is not None else formats.percent(gift.percent)
    last = (gift.ends_at - _TICK).astimezone(zone).date() if gift.ends_at else None
    return {
        "code": gift.code or f"••••{gift.last4}",
        "amount": worth,
        "valid_until": formats.day(last) if last else None,
    }
