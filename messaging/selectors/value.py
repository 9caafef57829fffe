"""Value of customers that a message can be about: lots that end or were made on a day, and what is left of them now."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from customers.models import Customer
from loyalty.models import STORED_KINDS, Account, Lot, LotSource, StoredValueCode
from loyalty.querysets import LotQuerySet
from loyalty.services.stored_values import codes_again
from messaging.schedule import start_of_day
from messaging.selectors.zones import lives_in, zones
from retail.models import Store

# What ends at an instant could last be used this much before.
TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is left of some lots that belong together. `amount` is money or points; a voucher in percent has `percent`.

    `name` is that of the stored value's type or the program; `code` is secret, and empty where nobody can read it.
    """

    customer: Customer
    store: Store | None
    amount: Decimal
    ends_at: datetime | None
    name: str = ""
    percent: Decimal | None = None
    last4: str = ""
    code: str = ""

    @property
    def last_instant(self) -> datetime | None:
        """The last moment at which it can be used: on the last day, not on the one after."""
        return None if self.ends_at is None else self.ends_at - TICK


def owner_path(kind: str) -> str:
    """Return where a lot of this kind names its customer."""
    return "account__stored_value__customer" if kind in STORED_KINDS else "account__customer"


def open_lots(kinds: Sequence[str], *, at: datetime) -> LotQuerySet:
    """Return lots of known, active customers that hold something at a moment. Kinds are all with a code, or all without."""
    owner = owner_path(kinds[0])
    known = Q(**{f"{owner}__isnull": False, f"{owner}__is_active": True})
    lots = Lot.objects.filter(known, account__kind__in=kinds).open().alive(at=at)
    loaded = ["account", f"{owner}__home_store"]
    if kinds[0] in STORED_KINDS:
        lots = lots.filter(account__stored_value__blocked_at__isnull=True)
        loaded += ["account__stored_value__type", "account__stored_value__store"]
    else:
        loaded += ["account__program"]
    return lots.select_related(*loaded)


def ending(lots: QuerySet[Lot], *, since: datetime, until: datetime) -> QuerySet[Lot]:
    """Return those whose last instant is at `since` or later, and before `until`.

    What a return gave back late has days of grace and its own conditions; nobody is reminded of that.
    """
    return lots.filter(expires_at__gt=since, expires_at__lte=until, grace_until__isnull=True)


def made(lots: QuerySet[Lot], *, since: datetime, until: datetime) -> QuerySet[Lot]:
    """Return those that were made between two moments; what only moved from another account was not."""
    return lots.filter(created_at__gte=since, created_at__lt=until).exclude(source=LotSource.TRANSFER)


def ending_on_days(
    lots: QuerySet[Lot], kinds: Sequence[str], first: date, last: date, *, store: Store | None = None
) -> QuerySet[Lot]:
    """Return those whose last day is one of these, by the clocks of each customer's home store; with `store` those of its messages."""
    owner = owner_path(kinds[0])
    wanted = Q()
    for zone in zones():
        wanted |= lives_in(zone, customer=owner) & Q(
            expires_at__gt=start_of_day(first, zone), expires_at__lte=start_of_day(last + _DAY, zone)
        )
    found = lots.filter(wanted, grace_until__isnull=True)
    if store is None:
        return found
    of_store = Q(**{f"{owner}__home_store": store})
    if kinds[0] in STORED_KINDS:
        of_store |= Q(**{f"{owner}__home_store__isnull": True, "account__stored_value__store": store})
    return found.filter(of_store)


def owner_of(lot: Lot) -> Customer:
    """Return the customer of a lot of `open_lots`."""
    holder: Any = lot.account.stored_value if lot.account.kind in STORED_KINDS else lot.account
    customer: Customer = holder.customer
    return customer


def store_of(lot: Lot) -> Store | None:
    """Return the store that a message about a lot is from: the customer's home store, else where it was made."""
    home = owner_of(lot).home_store
    if home is not None or lot.account.kind not in STORED_KINDS:
        return home
    return lot.account.stored_value.store


def value_of(lots: Collection[Lot], *, at: datetime, with_code: bool = False) -> Value | None:
    """Return what is left at a moment of lots of one account, apart from what reservations keep; None for nothing."""
    return values_of({0: lots}, at=at, with_code=with_code).get(0)


def values_of(
    groups: Mapping[Key, Collection[Lot]], *, at: datetime, with_code: bool = False
) -> dict[Key, Value]:
    """Return what is left of many groups of lots, each of one account, in three queries; of what nothing is left is missing."""
    every = [lot for lots in groups.values() for lot in lots]
    if not every:
        return {}
    left = {
        lot.pk: lot.remaining - lot.held
        for lot in Lot.objects.filter(pk__in=[lot.pk for lot in every]).with_held(at=at)
    }
    stored = {lot.account.stored_value.pk for lot in every if lot.account.kind in STORED_KINDS}
    known = StoredValueCode.objects.filter(stored_value__in=stored, ended_at__isnull=True)
    last4 = dict(known.values_list("stored_value_id", "last4")) if stored else {}
    codes = codes_again(stored) if with_code and stored else {}
    found = {}
    for key, lots in groups.items():
        amount = sum((left.get(lot.pk, Decimal(0)) for lot in lots), Decimal(0))
        if amount > 0:
            found[key] = _value(lots, amount, last4, codes)
    return found


def _value(
    lots: Collection[Lot], amount: Decimal, last4: Mapping[int, str], codes: Mapping[int, str]
) -> Value:
    first = next(iter(lots))
    account: Account = first.account
    facts: dict[str, Any] = {"name": account.program.name if account.program else ""}
    if account.kind in STORED_KINDS:
        stored: Any = account.stored_value
        facts = {
            "name": stored.type.name,
            "percent": stored.percent,
            "last4": last4.get(stored.pk, ""),
            "code": codes.get(stored.pk, ""),
        }
    return Value(
        customer=owner_of(first),
        store=store_of(first),
        amount=amount,
        ends_at=min((lot.ends_at for lot in lots if lot.ends_at is not None), default=None),
        **facts,
    )


def sample_lots(kinds: Sequence[str], *, at: datetime, pks: Iterable[int] | None = None) -> list[Lot]:
    """Return real lots to look at a text with, the newest first; with `pks` these."""
    lots = open_lots(kinds, at=at).order_by("-pk")
    return list(lots.filter(pk__in=list(pks))) if pks is not None else list(lots[:20])


def masked(value: Value) -> str:
    """Return a code as managers and stored texts show it: its last four."""
    return f"••••{value.last4}"
