"""Finding stored values by their codes, and what they hold at a moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from loyalty import stored_codes
from loyalty.models import AccountKind, Lot, StoredValue, StoredValueCode, StoredValueType
from loyalty.selectors.balances import Balance, balances_of
from loyalty.value import NEVER

# More than anybody carries; a customer of many years has more that are used up than a counter can show.
SHOWN = 50

# What a kind is when nobody has said anything else (the manual's e-purse holds at most 150.00).
USUAL: dict[AccountKind, dict[str, Any]] = {
    AccountKind.GIFT_CARD: {},
    AccountKind.E_PURSE: {"is_reloadable": True, "ceiling": Decimal("150.00")},
    AccountKind.VOUCHER: {},
    AccountKind.CREDIT_NOTE: {},
}


def code_key() -> bytes:
    """Return the key of the codes: whoever has the database alone can neither read nor guess one."""
    return settings.KEY_PEPPER.encode()


def digest_of(code: str) -> str:
    """Return the keyed hash of a code, by which it is found."""
    return stored_codes.digest(code, key=code_key())


def held_by_codes(codes: Iterable[str]) -> list[int]:
    """Return the ids of the accounts behind codes that are in use, in their order."""
    digests = [digest_of(code) for code in codes]
    found = StoredValueCode.objects.filter(digest__in=digests, ended_at__isnull=True)
    return sorted(found.values_list("stored_value__account_id", flat=True))


def known_codes(codes: Iterable[str]) -> list[str]:
    """Return those of some texts that are, or were, the code of a stored value, in their order."""
    digests = {code: digest_of(code) for code in codes}
    if not digests:
        return []
    found = StoredValueCode.objects.filter(digest__in=digests.values())
    known = set(found.values_list("digest", flat=True))
    return [code for code, digest in digests.items() if digest in known]


def can_be_read(stored: StoredValue) -> bool:
    """Say whether the code of a stored value can be made once more, to print it."""
    return StoredValueCode.objects.filter(
        stored_value=stored, ended_at__isnull=True, nonce__isnull=False
    ).exists()


def find_by_code(code: str) -> StoredValue | None:
    """Return the stored value of a code that is in use, whatever its state."""
    if stored_codes.is_mistyped(code):
        return None
    wanted = StoredValueCode.objects.filter(digest=digest_of(code), ended_at__isnull=True)
    return StoredValue.objects.select_related("type", "account", "customer").filter(codes__in=wanted).first()


def find_usable(code: str, *, store: str, at: datetime) -> StoredValue | None:
    """Return the stored value of a code that can be used, or loaded, in a store at a moment.

    One query, whatever keeps it from being usable: neither an answer nor the time that it takes tells which codes exist.
    """
    if stored_codes.is_mistyped(code):
        return None
    wanted = StoredValueCode.objects.filter(digest=digest_of(code), ended_at__isnull=True)
    holds = Exists(Lot.objects.filter(account_id=OuterRef("account_id")).open().alive(at=at))
    everywhere = Q(store_codes=[], type__store_codes=[])
    here = Q(store_codes__contains=[store]) | Q(store_codes=[], type__store_codes__contains=[store])
    return (
        StoredValue.objects.select_related("type", "account", "customer")
        .filter(everywhere | here, holds | Q(type__is_reloadable=True), codes__in=wanted, blocked_at=None)
        .first()
    )


def usual_type(kind: AccountKind, *, for_anybody: bool = False) -> StoredValueType:
    """Return the type that is meant when only a kind is named: its oldest active one, made when there is none yet.

    `for_anybody` prefers one that needs no customer. Where all of a kind are switched off it is one of those: nobody wants a
    new one then.
    """
    order = ("-is_active", *(("is_personal",) if for_anybody else ()), "pk")
    found = StoredValueType.objects.filter(kind=kind).order_by(*order).first()
    if found is not None:
        return found
    made, _created = StoredValueType.objects.get_or_create(
        code=kind.value.replace("_", "-"), defaults={"kind": kind, "name": str(kind.label), **USUAL[kind]}
    )
    return made


def types_on_offer(kinds: Iterable[AccountKind]) -> list[StoredValueType]:
    """Return the active types of these kinds by name; where a kind has none at all, the usual one, which is not stored yet."""
    wanted = list(kinds)
    found = list(StoredValueType.objects.filter(kind__in=wanted).order_by("name", "pk"))
    known = {one.kind for one in found}
    usual = [_usual(kind) for kind in wanted if kind not in known]
    return usual + [one for one in found if one.is_active]


def _usual(kind: AccountKind) -> StoredValueType:
    return StoredValueType(
        code=kind.value.replace("_", "-"), kind=kind.value, name=str(kind.label), **USUAL[kind]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A stored value with what it holds at a moment; `last4` is of the code that is in use."""

    stored: StoredValue
    last4: str
    balance: Balance


def held(values: Iterable[StoredValue], *, at: datetime) -> list[Held]:
    """Return what stored values (with type and account loaded) hold at a moment, in their order. Two queries."""
    wanted = list(values)
    codes = dict(
        StoredValueCode.objects.filter(stored_value__in=wanted, ended_at__isnull=True).values_list(
            "stored_value_id", "last4"
        )
    )
    found = balances_of([value.account for value in wanted], at=at)
    return [
        Held(stored=value, last4=codes.get(value.pk, ""), balance=balance)
        for value, balance in zip(wanted, found, strict=True)
    ]


def usable_by(customer_id: int, *, at: datetime) -> list[Held]:
    """Return the stored values of a customer that hold something or can be loaded, those that expire first first.

    Three queries, however many there are.
    """
    values = (
        StoredValue.objects.held_by(customer_id)
        .filter(Q(account__balance__gt=0) | Q(type__is_reloadable=True), blocked_at__isnull=True)
        .select_related("type", "account")[:SHOWN]
    )
    found = [
        one
        for one in held(values, at=at)
        if one.stored.type.is_reloadable
        or one.balance.available + one.balance.reserved + one.balance.pending > 0
    ]
    return sorted(found, key=lambda one: (one.balance.next_expiry or NEVER, one.stored.pk))
