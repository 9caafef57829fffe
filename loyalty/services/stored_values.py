"""Making stored values, and reading their codes again: gift cards, e-purses, vouchers, credit notes.

Each runs inside the caller's transaction and locks what it moves. The same `operation` of the same `origin` has one effect:
whoever sends it again learns what the first one made. Amounts are integer cents; `at` is when it happens.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.models import Model

from loyalty import stored_codes
from loyalty.models import (
    Account,
    AccountKind,
    EntryKind,
    LotSource,
    StoredValue,
    StoredValueCode,
    StoredValueLoad,
    StoredValueType,
)
from loyalty.rules import end_after
from loyalty.selectors.stored_values import code_key
from loyalty.services.ledger import Credit, credit, usable_at_once
from loyalty.services.refusals import (
    AboveCeiling,
    AmountInvalid,
    CodeInvalid,
    CodeTaken,
)
from loyalty.stored_codes import Coded
from loyalty.value import HUNDRED
from retail import money
from retail.selectors.company import company_zone

# What one operation may put in: a slip of the finger is refused.
MOST = 1_000_000_00
Written = TypeVar("Written", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One stored value to make. `amount` and `price` in cents, no price for what nobody paid; with `percent` it is worth that part of one sale.

    Without a `code` one is generated. Without `expires_at` it lives as long as its type says. `earned_by` names the
    campaign or rule that gave it, `reason` why somebody did.
    """

    type: StoredValueType
    origin: str
    operation: str
    amount: int = 0
    percent: Decimal | None = None
    price: int | None = None
    code: str = ""
    customer_id: int | None = None
    store_id: int | None = None
    terminal_id: int | None = None
    sale_id: int | None = None
    store_codes: Sequence[str] = ()
    available_from: datetime | None = None
    expires_at: datetime | None = None
    earned_by: str = ""
    source: LotSource = LotSource.ISSUE

    @property
    def kind(self) -> AccountKind:
        """The kind of its account."""
        return AccountKind(self.type.kind) if self.percent is None else AccountKind.RATE_VOUCHER

    @property
    def hundredths(self) -> int:
        """What is put in: cents, or the one use of a voucher in percent."""
        return self.amount if self.percent is None else HUNDRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A stored value that was made, and its code, which nobody can read again when its nonce is gone."""

    stored: StoredValue
    code: str
    lot_id: int
    expires_at: datetime | None


def make(
    makings: Sequence[Making],
    *,
    at: datetime,
    occurred_at: datetime | None = None,
    actor_id: int | None = None,
    reason: str = "",
) -> list[Made]:
    """Make stored values, in the order given, in two statements, one more for what was paid: one or thousands, a sale's or a run's.

    Raises AmountInvalid, AboveCeiling, CodeInvalid, CodeTaken, AlreadyPosted. The same operation must not have been
    made before: ask `made_before` first, with what it would lock held.
    """
    if not makings:
        return []
    for making in makings:
        _check(making)
    codes = [_coded(making.code) for making in makings]
    if len({code.digest for code in codes}) < len(codes):
        raise CodeTaken
    values = _write(makings, codes, actor_id, at)
    ends = _ends(makings, at)
    credited = credit(
        [
            Credit(
                account=value.account,
                cause=f"issue:{making.origin}:{making.operation}"[:120],
                amount=making.hundredths,
                available_from=making.available_from or usable_at_once(occurred_at or at),
                expires_at=end,
                sale_id=making.sale_id,
                campaign=making.earned_by,
                source=making.source,
            )
            for making, value, end in zip(makings, values, ends, strict=True)
        ],
        occurred_at=occurred_at or at,
        at=at,
        kind=EntryKind.LOAD,
        actor_id=actor_id,
        reason=reason,
    )
    record_prices(
        [
            (lot.lot_id, making.price, making.terminal_id)
            for making, lot in zip(makings, credited, strict=True)
            if making.price is not None
        ]
    )
    return [
        Made(stored=value, code=code.code, lot_id=lot.lot_id, expires_at=end)
        for value, code, lot, end in zip(values, codes, credited, ends, strict=True)
    ]


def record_prices(paid: Sequence[tuple[int, int, int | None]]) -> None:
    """Keep what was paid for lots: (lot id, cents, terminal id)."""
    StoredValueLoad.objects.bulk_create(
        StoredValueLoad(lot_id=lot_id, price=money.to_decimal(price), terminal_id=terminal_id)
        for lot_id, price, terminal_id in paid
    )


def made_before(origin: str, operation: str) -> StoredValue | None:
    """Return what an operation has made, with its type and account; None when it was not done."""
    made = StoredValue.objects.select_related("type", "account", "customer")
    return made.filter(origin=origin, operation=operation).first()


def code_again(stored: StoredValue) -> str:
    """Return the generated code of a stored value once more while its nonce is kept; empty when nobody can read it."""
    code = StoredValueCode.objects.filter(stored_value=stored, ended_at__isnull=True).first()
    if code is None or code.nonce is None:
        return ""
    return stored_codes.code_of(bytes(code.nonce), key=code_key())


def codes_again(stored_ids: Collection[int]) -> dict[int, str]:
    """Return the generated codes of stored values, as people read them, of those that can still be made. One query."""
    kept = StoredValueCode.objects.filter(
        stored_value__in=stored_ids, ended_at__isnull=True, nonce__isnull=False
    )
    return {
        code.stored_value_id: stored_codes.code_of(bytes(code.nonce or b""), key=code_key()) for code in kept
    }


def give_code(stored: StoredValue, *, code: str = "", at: datetime) -> str:
    """Give a stored value that has none a code: this one, or a generated one. Return it. Raises CodeTaken."""
    coded = _coded(code)
    with _refusals_of_codes():
        StoredValueCode.objects.create(
            stored_value=stored,
            digest=coded.digest,
            last4=coded.last4,
            nonce=coded.nonce or None,
            created_at=at,
        )
    return coded.code


def _check(making: Making) -> None:
    if making.percent is None and not 0 < making.amount <= MOST:
        raise AmountInvalid
    ceiling = making.type.ceiling
    if making.percent is None and ceiling is not None and making.amount > money.from_decimal(ceiling):
        raise AboveCeiling(ceiling=money.from_decimal(ceiling), balance=0)
    if making.code and not stored_codes.is_own(making.code):
        raise CodeInvalid


def _ends(makings: Sequence[Making], at: datetime) -> list[datetime | None]:
    """Return when each expires; what is of one type and made at one moment ends at one moment."""
    zone = company_zone()
    usual: dict[int | None, datetime] = {
        days: end_after(at, days, zone) for days in {making.type.valid_days for making in makings} if days
    }
    return [making.expires_at or usual.get(making.type.valid_days) for making in makings]


def _coded(own: str) -> Coded:
    """Return somebody's own code; without one a new code."""
    key = code_key()
    return stored_codes.own(own, key=key) if own else stored_codes.generate(key=key)


# Accounts, values and codes together. Ids are given in the order of the rows, so that the n-th account is the n-th value's.
_MAKE = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(makings)s) AS g(place bigint, kind text, type bigint, customer bigint,
           percent numeric, price numeric, stores text[], origin text, operation text, store bigint, terminal bigint,
           sale bigint, digest text, last4 text, nonce text)),
opened AS (
    INSERT INTO loyalty_account (kind, created_at) SELECT kind, %(at)s FROM given ORDER BY place
    RETURNING id),
placed AS MATERIALIZED (SELECT id AS account, row_number() OVER (ORDER BY id) AS place FROM opened),
made AS (
    INSERT INTO loyalty_storedvalue (type_id, account_id, customer_id, percent, price, store_codes, origin, operation,
                                     store_id, terminal_id, sale_id, actor_id, blocked_reason, created_at)
    SELECT type, account, customer, percent, price, stores, origin, operation, store, terminal, sale, %(actor)s, '', %(at)s
      FROM given JOIN placed USING (place) ORDER BY place
    RETURNING id, account_id),
coded AS (
    INSERT INTO loyalty_storedvaluecode (stored_value_id, digest, last4, nonce, reason, created_at)
    SELECT made.id, digest, last4, decode(nonce, 'hex'), '', %(at)s
      FROM made JOIN placed ON placed.account = made.account_id JOIN given USING (place) ORDER BY made.id)
SELECT made.id, made.account_id FROM made ORDER BY made.account_id
"""


def _write(
    makings: Sequence[Making], codes: Sequence[Coded], actor_id: int | None, at: datetime
) -> list[StoredValue]:
    """Write stored values with their accounts, which hold nothing yet, and their codes."""
    rows = [
        _row(place, making, code) for place, (making, code) in enumerate(zip(makings, codes, strict=True), 1)
    ]
    with _refusals_of_codes(), connection.cursor() as cursor:
        cursor.execute(_MAKE, {"makings": msgspec.json.encode(rows).decode(), "actor": actor_id, "at": at})
        made = cursor.fetchall()
    return [
        _stored_value(making, value_id, account_id, actor_id, at)
        for making, (value_id, account_id) in zip(makings, made, strict=True)
    ]


def _row(place: int, making: Making, code: Coded) -> dict[str, Any]:
    return {
        "place": place,
        "kind": making.kind.value,
        "type": making.type.pk,
        "customer": making.customer_id,
        "percent": making.percent,
        "price": None if making.price is None else money.text(making.price),
        "stores": making.store_codes,
        "origin": making.origin,
        "operation": making.operation,
        "store": making.store_id,
        "terminal": making.terminal_id,
        "sale": making.sale_id,
        "digest": code.digest,
        "last4": code.last4,
        "nonce": code.nonce.hex() or None,
    }


def _stored_value(
    making: Making, value_id: int, account_id: int, actor_id: int | None, at: datetime
) -> StoredValue:
    """Return what was written as the model that callers work with, as cheaply as it would be read."""
    nothing = Decimal(0)
    account = _read(
        Account, id=account_id, kind=making.kind.value, balance=nothing, owed=nothing, created_at=at
    )
    stored = _read(
        StoredValue,
        id=value_id,
        type_id=making.type.pk,
        account_id=account_id,
        customer_id=making.customer_id,
        percent=making.percent,
        price=None if making.price is None else money.to_decimal(making.price),
        store_codes=list(making.store_codes),
        origin=making.origin,
        operation=making.operation,
        store_id=making.store_id,
        terminal_id=making.terminal_id,
        sale_id=making.sale_id,
        actor_id=actor_id,
        blocked_reason="",
        created_at=at,
    )
    stored.type, stored.account = making.type, account
    return stored


def _read(model: type[Written], **values: Any) -> Written:
    """Return a row that was written as if it had been read, which costs a third of making it by its fields."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(DEFAULT_DB_ALIAS, names, [values.get(name) for name in names])


@contextmanager
def _refusals_of_codes() -> Iterator[None]:
    """Say that a code is taken, leaving the caller's transaction as it was before."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "digest" in getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""):
            raise CodeTaken from error
        raise
