"""The value ledger's part of a simulation: what the shopper holds, what is to be redeemed, programs and stamp plans."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.engine import fields
from campaigns.engine.decoding import Reader, join, read_decimal, report_faults
from campaigns.engine.marks import gettext_noop
from campaigns.engine.simulation_document import ProgramDocument, StampPlanDocument, normalise_code
from loyalty.redemption import MAX, RedeemRequest, RewardRequest, StoredValueRequest, Wanted
from loyalty.value import (
    HUNDRED,
    Balances,
    CashbackLot,
    CashbackTerms,
    RewardOffer,
    StoredValue,
    UnitAccount,
    UnitLot,
)
from retail import money

APPLY = (("sale", ""), ("item", ""))
REMAINDERS = (("kept", ""), ("forfeited", ""))
STORED_KINDS = (("gift_card", ""), ("e_purse", ""), ("voucher", ""), ("credit_note", ""))
LARGEST = 10**12  # hundredths: what numeric(14,2) can hold

REDEEM_FIELDS = frozenset({"cashback", "points", "stored_values", "rewards"})
BALANCE_FIELDS = frozenset({"cashback", "points", "stamps", "stored_values"})


@fields.declared
class CashbackDocument:
    """A credit of cashback, with the terms that its campaign wrote."""

    amount: int = fields.money(label="Amount")
    campaign: str = fields.text(label="Campaign", default="")
    available_from: datetime | None = fields.instant(label="Available from", default=None)
    expires_at: datetime | None = fields.instant(label="Expires at", default=None)
    starts_at: datetime | None = fields.instant(label="Redeem from", default=None)
    ends_at: datetime | None = fields.instant(label="Redeem until", default=None)
    max_percent: int | None = fields.percent(label="Redeem at most", default=None)
    minimum_purchase: int | None = fields.money(label="Smallest purchase", default=None)
    apply_to: str = fields.choice(APPLY, label="Redeemed on", default="sale")
    average_price: bool = fields.boolean(label="On the average price", default=False)
    accumulate: bool = fields.boolean(label="Accumulates", default=True)
    remainder: str = fields.choice(REMAINDERS, label="What is not redeemed", default="kept")
    requires_review: bool = fields.boolean(label="After the review", default=False)
    reviewed: bool = fields.boolean(label="Reviewed", default=False)


@fields.declared
class StoredValueDocument:
    code: str = fields.text(label="Code", minimum=1)
    kind: str = fields.choice(STORED_KINDS, label="Kind")
    balance: int = fields.money(label="Balance")
    expires_at: datetime | None = fields.instant(label="Expires at", default=None)
    percent: int | None = fields.percent(label="Part of the sale", default=None)
    minimum_purchase: int | None = fields.money(label="Smallest purchase", default=None)
    categories: tuple[str, ...] = fields.texts(label="Categories", default=())
    groupings: tuple[str, ...] = fields.texts(label="Groupings", default=())


@fields.declared
class RewardDocument:
    program: str = fields.text(label="Program", minimum=1)
    sku: str = fields.text(label="SKU", default="")


def read_balances(
    reader: Reader,
    value: Any,
    path: str,
    programs: Sequence[ProgramDocument],
    plans: Sequence[StampPlanDocument],
    *,
    known: bool,
) -> Balances:
    """Read what the shopper holds. Each program and plan of the document has an account, whether it holds any or not."""
    mapping = {} if value is None else reader.mapping(value, path) or {}
    reader.unknown(mapping, BALANCE_FIELDS, path)
    if not known:
        for name in ("cashback", "points", "stamps"):
            if mapping.get(name):
                message = gettext_noop("An anonymous shopper holds stored values only.")
                reader.refuse(join(path, name), "customer_required", message)
    points = _units(reader, mapping.get("points"), join(path, "points"))
    stamps = _units(reader, mapping.get("stamps"), join(path, "stamps"))
    accounts = [_program_account(program, points.get(program.code, 0)) for program in programs]
    accounts += [_plan_account(plan, stamps.get(plan.code, 0)) for plan in plans]
    cashback = _objects(reader, CashbackDocument, mapping.get("cashback"), join(path, "cashback"))
    stored = _objects(reader, StoredValueDocument, mapping.get("stored_values"), join(path, "stored_values"))
    _refuse_repeated(reader, [row.code for row in stored], join(path, "stored_values"))
    return Balances(
        known=known,
        cashback=tuple(_lot(row, number) for number, row in enumerate(cashback, 1)),
        accounts=tuple(accounts),
        stored_values=tuple(
            StoredValue(
                code=normalise_code(row.code),
                kind=row.kind,
                balance=row.balance,
                expires_at=row.expires_at,
                # The one use of what is worth a part of a sale.
                lots=() if row.percent is None else (UnitLot(id=1, amount=HUNDRED),),
                percent=row.percent,
                minimum_purchase=row.minimum_purchase,
                categories=frozenset(row.categories),
                groupings=frozenset(row.groupings),
            )
            for row in stored
        ),
    )


def read_redeem(reader: Reader, value: Any, path: str, balances: Balances) -> RedeemRequest | None:
    """Read what is to be redeemed; None when nothing is asked for."""
    if value is None:
        return None
    mapping = reader.mapping(value, path)
    if not mapping:
        return None
    reader.unknown(mapping, REDEEM_FIELDS, path)
    known = {account.program for account in balances.accounts}
    cashback = mapping.get("cashback")
    return RedeemRequest(
        cashback=None if cashback is None else _wanted(reader, cashback, join(path, "cashback"), _amount),
        points=_points_wanted(reader, mapping.get("points"), join(path, "points"), known),
        stored_values=_stored_wanted(reader, mapping.get("stored_values"), join(path, "stored_values")),
        rewards=_rewards_wanted(reader, mapping.get("rewards"), join(path, "rewards"), known),
    )


def _points_wanted(reader: Reader, value: Any, path: str, known: set[str]) -> dict[str, Wanted]:
    mapping = {} if value is None else reader.mapping(value, path) or {}
    found = {}
    for program, wanted in mapping.items():
        if program not in known:
            reader.refuse(join(path, program), "unknown", gettext_noop("There is no such program."))
        else:
            found[program] = _wanted(reader, wanted, join(path, program), _hundredths)
    return found


def _stored_wanted(reader: Reader, value: Any, path: str) -> tuple[StoredValueRequest, ...]:
    found = []
    for position, item in enumerate(_listed(reader, value, path)):
        here = join(path, position)
        mapping = reader.mapping(item, here)
        if mapping is None:
            continue
        reader.unknown(mapping, frozenset({"code", "amount"}), here)
        code = mapping.get("code")
        if not isinstance(code, str) or not 0 < len(normalise_code(code)) <= 200:
            reader.refuse(join(here, "code"), "required", gettext_noop("This field is required."))
            continue
        amount = mapping.get("amount", MAX)
        found.append(
            StoredValueRequest(
                code=normalise_code(code), amount=_wanted(reader, amount, join(here, "amount"), _amount)
            )
        )
    _refuse_repeated(reader, [request.code for request in found], path)
    return tuple(found)


def _rewards_wanted(reader: Reader, value: Any, path: str, known: set[str]) -> tuple[RewardRequest, ...]:
    found = []
    for position, row in enumerate(_objects(reader, RewardDocument, value, path)):
        if row.program not in known:
            message = gettext_noop("There is no such program.")
            reader.refuse(join(join(path, position), "program"), "unknown", message)
        found.append(RewardRequest(program=row.program, sku=row.sku))
    return tuple(found)


# --- Accounts ---


def _program_account(program: ProgramDocument, held: int) -> UnitAccount:
    return UnitAccount(
        program=program.code,
        lots=(UnitLot(id=1, amount=held),) if held else (),
        point_value=program.point_value,
        redeem_step=100 if program.redeem_step is None else int(program.redeem_step * 100),
        offers=tuple(
            RewardOffer(kind="gift", cost=int(level.points * 100), sku=sku, name=level.name)
            for level in program.levels
            for sku in level.gifts
        ),
    )


def _plan_account(plan: StampPlanDocument, held: int) -> UnitAccount:
    offer = RewardOffer(kind=plan.reward, cost=plan.orders * 100, sku=plan.product, percent=plan.percent)
    return UnitAccount(
        program=plan.code, unit="stamps", lots=(UnitLot(id=1, amount=held),) if held else (), offers=(offer,)
    )


def _lot(row: CashbackDocument, number: int) -> CashbackLot:
    starts = [moment for moment in (row.available_from, row.starts_at) if moment is not None]
    ends = [moment for moment in (row.expires_at, row.ends_at) if moment is not None]
    return CashbackLot(
        id=number,
        amount=row.amount,
        campaign=row.campaign,
        available_from=max(starts, default=None),
        expires_at=min(ends, default=None),
        reviewed=row.reviewed,
        terms=CashbackTerms(
            max_percent=row.max_percent,
            minimum_purchase=row.minimum_purchase,
            apply_to=row.apply_to,
            average_price=row.average_price,
            requires_review=row.requires_review,
            remainder=row.remainder,
        ),
    )


# --- Reading ---


def _listed(reader: Reader, value: Any, path: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        reader.refuse(path, "invalid_type", gettext_noop("Must be a list."))
        return ()
    return value


def _objects(reader: Reader, cls: Any, value: Any, path: str) -> list[Any]:
    found = []
    for position, item in enumerate(_listed(reader, value, path)):
        values = reader.fields(cls.fields, item, join(path, position))
        if values is not None:
            found.append(cls(**values))
            report_faults(reader, found[-1], join(path, position))
    return found


def _units(reader: Reader, value: Any, path: str) -> dict[str, int]:
    """Read hundredths of points or stamps by the code of their program."""
    mapping: Mapping[str, Any] = {} if value is None else reader.mapping(value, path) or {}
    found = {}
    for code, number in mapping.items():
        hundredths = _hundredths(reader, number, join(path, code))
        if hundredths is not None:
            found[code] = hundredths
    return found


def _wanted(reader: Reader, value: Any, path: str, read: Callable[[Reader, Any, str], int | None]) -> Wanted:
    """Read "max" or a number; what cannot be read was refused, and asks for nothing."""
    return MAX if value == MAX else read(reader, value, path) or 0


def _amount(reader: Reader, value: Any, path: str) -> int | None:
    try:
        cents = money.parse(value)
    except money.MoneyError:
        message = gettext_noop('Must be "max" or an amount such as "12.50", exact to the cent.')
        reader.refuse(path, "invalid_amount", message)
        return None
    return _in_range(reader, cents, path)


def _hundredths(reader: Reader, value: Any, path: str) -> int | None:
    number = read_decimal(value)
    if number is None or number * 100 != int(number * 100):
        message = gettext_noop("Must be a number with at most two decimals.")
        reader.refuse(path, "invalid_number", message)
        return None
    return _in_range(reader, int(number * 100), path)


def _in_range(reader: Reader, hundredths: int, path: str) -> int | None:
    if hundredths < 0:
        reader.refuse(path, "too_small", gettext_noop("Must be at least %(minimum)s."), minimum="0")
        return None
    if hundredths >= LARGEST:
        most = str(Decimal(LARGEST - 1) / 100)
        reader.refuse(path, "too_large", gettext_noop("Must be at most %(maximum)s."), maximum=most)
        return None
    return hundredths


def _refuse_repeated(reader: Reader, codes: Sequence[str], path: str) -> None:
    if len({normalise_code(code) for code in codes}) < len(codes):
        reader.refuse(path, "repeated", gettext_noop("Contains the same code twice."))
