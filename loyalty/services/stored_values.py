"""Making, loading and ending stored values: gift cards, e-purses, vouchers, credit notes.

Each runs inside the caller's transaction and locks what it moves. The same `operation` of the same `origin` has one effect:
whoever sends it again learns what the first one made. Amounts are integer cents; `at` is when it happens.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from loyalty import stored_codes
from loyalty.models import (
    Account,
    AccountKind,
    EntryKind,
    Lot,
    LotSource,
    StoredValue,
    StoredValueCode,
    StoredValueType,
)
from loyalty.rules import end_after
from loyalty.selectors.stored_values import code_key, digest_of
from loyalty.services.ledger import Credit, credit, lock_accounts
from loyalty.services.refusals import (
    AboveCeiling,
    AmountInvalid,
    CodeInvalid,
    CodeTaken,
    NotReloadable,
    OperationReused,
    StoredValueBlocked,
)
from loyalty.value import HUNDRED
from retail import money
from retail.selectors.company import company_zone

# What one operation may put in: a slip of the finger is refused.
MOST = 1_000_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One stored value to make. `amount` and `price` in cents; with `percent` it is worth that part of one sale.

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
    """Make stored values, in the order given, with a constant number of statements.

    Raises AmountInvalid, AboveCeiling, CodeInvalid, CodeTaken, AlreadyPosted. The same operation must not have been
    made before: ask `made_before` first, with what it would lock held.
    """
    if not makings:
        return []
    for making in makings:
        _check(making)
    nonces = [b"" if making.code else stored_codes.new_nonce() for making in makings]
    codes = [
        making.code or stored_codes.code_of(nonce, key=code_key())
        for making, nonce in zip(makings, nonces, strict=True)
    ]
    digests = [digest_of(code) for code in codes]
    if len(set(digests)) < len(digests):
        raise CodeTaken
    accounts = Account.objects.bulk_create([Account(kind=making.kind, created_at=at) for making in makings])
    values = StoredValue.objects.bulk_create(
        [
            _stored_value(making, account, actor_id, at)
            for making, account in zip(makings, accounts, strict=True)
        ]
    )
    _add_codes(values, codes, digests, nonces, at)
    zone = company_zone()
    ends = [
        making.expires_at or (end_after(at, making.type.valid_days, zone) if making.type.valid_days else None)
        for making in makings
    ]
    credited = credit(
        [
            Credit(
                account=account,
                cause=f"issue:{making.origin}:{making.operation}"[:120],
                amount=making.hundredths,
                available_from=making.available_from or occurred_at or at,
                expires_at=end,
                sale_id=making.sale_id,
                campaign=making.earned_by,
                source=making.source,
            )
            for making, account, end in zip(makings, accounts, ends, strict=True)
        ],
        occurred_at=occurred_at or at,
        at=at,
        kind=EntryKind.LOAD,
        actor_id=actor_id,
        reason=reason,
    )
    return [
        Made(stored=value, code=code, lot_id=lot.lot_id, expires_at=end)
        for value, code, lot, end in zip(values, codes, credited, ends, strict=True)
    ]


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
    nonce = b"" if code else stored_codes.new_nonce()
    given = code or stored_codes.code_of(nonce, key=code_key())
    _add_codes([stored], [given], [digest_of(given)], [nonce], at)
    return given


def _check(making: Making) -> None:
    if making.percent is None and not 0 < making.amount <= MOST:
        raise AmountInvalid
    ceiling = making.type.ceiling
    if making.percent is None and ceiling is not None and making.amount > money.from_decimal(ceiling):
        raise AboveCeiling(ceiling=money.from_decimal(ceiling), balance=0)
    if making.code and not stored_codes.is_own(making.code):
        raise CodeInvalid


def _stored_value(making: Making, account: Account, actor_id: int | None, at: datetime) -> StoredValue:
    return StoredValue(
        type=making.type,
        account=account,
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
        created_at=at,
    )


def _add_codes(
    values: Sequence[StoredValue],
    codes: Sequence[str],
    digests: Sequence[str],
    nonces: Sequence[bytes],
    at: datetime,
) -> None:
    try:
        with transaction.atomic():
            StoredValueCode.objects.bulk_create(
                [
                    StoredValueCode(
                        stored_value=value,
                        digest=digest,
                        last4=stored_codes.last4(code),
                        nonce=nonce or None,
                        created_at=at,
                    )
                    for value, code, digest, nonce in zip(values, codes, digests, nonces, strict=True)
                ]
            )
    except IntegrityError as error:
        if "digest" in getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""):
            raise CodeTaken from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was put into a stored value, and whether it had been before."""

    stored: StoredValue
    amount: int
    lot_id: int
    expires_at: datetime | None
    replayed: bool = False


def load(
    stored: StoredValue, *, amount: int, origin: str, operation: str, at: datetime, reason: str = ""
) -> Loaded:
    """Put more into an e-purse. Its type and account are loaded; the account is locked here.

    Raises NotReloadable, StoredValueBlocked, AmountInvalid, AboveCeiling, and OperationReused for another amount.
    """
    lock_accounts(None, [stored.account_id])
    stored.refresh_from_db(fields=["blocked_at"])
    cause = f"load:{origin}:{operation}"[:120]
    known = Lot.objects.filter(account_id=stored.account_id, cause=cause).first()
    if known is not None:
        if money.from_decimal(known.earned) != amount:
            raise OperationReused
        return Loaded(
            stored=stored, amount=amount, lot_id=known.pk, expires_at=known.expires_at, replayed=True
        )
    if not stored.type.is_reloadable:
        raise NotReloadable
    if stored.blocked_at is not None:
        raise StoredValueBlocked
    if not 0 < amount <= MOST:
        raise AmountInvalid
    held = alive(stored.account_id, at)
    if stored.type.ceiling is not None:
        ceiling = money.from_decimal(stored.type.ceiling)
        if held + amount > ceiling:
            raise AboveCeiling(ceiling=ceiling, balance=held)
    days = stored.type.valid_days
    end = end_after(at, days, company_zone()) if days else None
    [credited] = credit(
        [
            Credit(
                account=stored.account,
                cause=cause,
                amount=amount,
                available_from=at,
                expires_at=end,
                source=LotSource.ISSUE,
            )
        ],
        occurred_at=at,
        at=at,
        kind=EntryKind.LOAD,
        reason=reason,
    )
    return Loaded(stored=stored, amount=amount, lot_id=credited.lot_id, expires_at=end)


def alive(account_id: int, at: datetime) -> int:
    """Return the hundredths that an account holds at a moment, pending ones included."""
    lots = Lot.objects.filter(account_id=account_id).open().alive(at=at)
    return sum(money.from_decimal(left) for left in lots.values_list("remaining", flat=True))
