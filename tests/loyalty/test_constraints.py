"""Every named constraint of loyalty, and what the database says to whoever tries to break it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from loyalty.models import (
    STORED_KINDS,
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Lot,
    Settlement,
    StoredValue,
    StoredValueCode,
    StoredValueType,
)
from loyalty.selectors.stored_values import usual_type
from loyalty.services.expiry import post_expired
from loyalty.services.stored_values import Making, give_code, make
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_debt,
    build_program,
    build_stamp_plan,
)
from tests.constraints import named_constraints
from tests.loyalty.constraint_attempts import BESIDE_THE_LEDGER, IN_EACH_WAY

pytestmark = pytest.mark.django_db


def _stored(kind: str = AccountKind.E_PURSE, **values: Any) -> StoredValue:
    """Make a stored value of 30.00 (of one use, where it is in percent)."""
    if kind == AccountKind.RATE_VOUCHER:
        kind, values = AccountKind.VOUCHER, {"percent": Decimal(10), "amount": 0} | values
    defaults = {"origin": "test", "operation": f"{StoredValue.objects.count()}", "amount": 30_00}
    [made] = make([Making(type=usual_type(AccountKind(kind)), **defaults | values)], at=NOON)
    return made.stored


def _type(**values: Any) -> Callable[[], object]:
    return lambda: StoredValueType.objects.create(**{"code": "t", "name": "T", "kind": "e_purse"} | values)


def _account(**values: Any) -> Callable[[], object]:
    return lambda: Account.objects.create(
        **{"customer": build_customer(), "kind": "cashback", "created_at": NOON} | values
    )


def _twice(**unit: Any) -> None:
    customer = build_customer()
    for _number in range(2):
        build_account(customer=customer, **unit)


def _without_guards(table: str, change: str, build: Callable[[], Any]) -> Callable[[], None]:
    """What the triggers would refuse before the constraint is asked."""

    def attempt() -> None:
        build()
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608 - constants of this file

    return attempt


def _lot(**values: Any) -> Lot:
    defaults = {"source": "issue", "cause": "x", "earned": 1, "available_from": NOON, "created_at": NOON}
    return Lot.objects.create(**{"account": build_account()} | defaults | values)


def _second_lot() -> None:
    _lot(account=_lot().account)


def _entry(**values: Any) -> Entry:
    account = build_account()
    lot = Lot.objects.get(pk=build_credit(account, 30_00).lot_id)
    return _post(lot, **values)


def _post(lot: Lot, **values: Any) -> Entry:
    defaults = {"kind": "redeem", "amount": -1, "cause": "x", "occurred_at": NOON, "recorded_at": NOON}
    return Entry.objects.create(lot=lot, account_id=lot.account_id, **defaults | values)


def _second_entry() -> None:
    _post(_entry().lot)


def _second_debt() -> None:
    build_debt(build_debt(build_account(), cause="x").account, cause="x")


def _second_of_one_operation() -> None:
    for _number in range(2):
        _stored(operation="1")


def _settlement(**values: Any) -> None:
    defaults = {"receivable": build_debt(build_account()), "amount": 0, "recorded_at": NOON}
    Settlement.objects.create(**defaults | values)


def _paid_and_moved() -> None:
    _settlement(amount=1, entry=_entry(kind="settle"), moved_to=build_debt(build_account()))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "account_balance_not_negative": _without_guards("loyalty_account", "balance = -1", build_account),
    "account_owed_not_negative": _without_guards("loyalty_account", "owed = -1", build_account),
    "account_kind_has_its_unit": _account(kind="points"),
    "account_kind_has_its_owner": _account(customer=None),
    "account_once_per_program": lambda: _twice(program=build_program()),
    "account_once_per_plan": lambda: _twice(plan=build_stamp_plan()),
    "account_cashback_once": _twice,
    "lot_once_per_cause": _second_lot,
    "lot_earned_positive": lambda: _lot(earned=0),
    "lot_remaining_within_earned": lambda: _entry(amount=-31),
    "lot_of_a_transfer_has_its_origin": lambda: _lot(source="transfer"),
    "entry_once_per_cause": _second_entry,
    "entry_sign_of_its_kind": lambda: _entry(amount=1),
    "entry_not_zero": lambda: _entry(kind="adjust", amount=0),
    "entry_has_a_cause": lambda: _entry(cause=""),
    "receivable_once_per_cause": _second_debt,
    "receivable_left_within_amount": lambda: build_debt(build_account(), left=6),
    "settlement_positive": _settlement,
    "settlement_pays_or_moves": _paid_and_moved,
    "stored_value_type_kind_known": _type(kind="cashback"),
    "stored_value_type_amounts_positive": _type(ceiling=0),
    "stored_value_type_load_within_ceiling": _type(fixed_load=60, ceiling=50),
    "stored_value_type_price_of_a_load": _type(fixed_price=50),
    "stored_value_type_reloads_e_purse": _type(kind="gift_card", is_reloadable=True),
    "stored_value_type_policies_known": _type(clawback="ignore"),
    "stored_value_once_per_operation": _second_of_one_operation,
    "stored_value_percent_in_range": lambda: _stored("rate_voucher", percent=Decimal("100.0001")),
    "stored_value_price_not_negative": lambda: _stored(price=-1),
    "stored_value_has_one_code": lambda: give_code(_stored(), at=NOON),
    **BESIDE_THE_LEDGER,
}


def test_every_constraint_has_an_attempt() -> None:
    assert set(ATTEMPTS) == named_constraints("loyalty")


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_database_refuses(name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ATTEMPTS[name]()


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("stored_value_type_amounts_positive", _type(fixed_load=0)),
        ("stored_value_type_amounts_positive", _type(fixed_load=5, fixed_price=-1)),
        ("stored_value_type_policies_known", _type(expired_restore="forever")),
        ("stored_value_percent_in_range", lambda: _stored("rate_voucher", percent=Decimal(0))),
        ("stored_value_type_reloads_e_purse", _type(kind="voucher", is_reloadable=True)),
        ("account_kind_has_its_unit", _account(kind="stamps")),
        *[("account_kind_has_its_owner", _account(kind=kind)) for kind in STORED_KINDS],
        *IN_EACH_WAY,
    ],
)
def test_refuses_it_in_each_of_its_ways(name: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        attempt()


@pytest.mark.parametrize("field", ["program", "plan"])
@pytest.mark.parametrize("kind", STORED_KINDS)
def test_what_a_code_holds_is_of_no_program(kind: str, field: str) -> None:
    unit = build_program() if field == "program" else build_stamp_plan()

    with pytest.raises(IntegrityError, match="account_kind_has_its_unit"), transaction.atomic():
        Account.objects.create(kind=kind, created_at=NOON, **{field: unit})


class TestUniqueFields:
    def test_a_type_has_its_code_alone(self) -> None:
        _type()()

        with pytest.raises(IntegrityError, match="code"), transaction.atomic():
            _type(kind="voucher")()

    def test_an_account_is_of_one_stored_value(self) -> None:
        first = _stored()

        with pytest.raises(IntegrityError, match="account_id"), transaction.atomic():
            StoredValue.objects.create(
                type=first.type, account=first.account, origin="o", operation="2", created_at=NOON
            )

    def test_a_code_that_has_ended_is_given_to_nobody_else(self) -> None:
        first = StoredValueCode.objects.get(stored_value=_stored(code="CARD-0001"))
        StoredValueCode.objects.update(ended_at=NOON)

        with pytest.raises(IntegrityError, match="digest"), transaction.atomic():
            StoredValueCode.objects.create(
                stored_value=_stored(), digest=first.digest, last4="0001", created_at=NOON, ended_at=NOON
            )


@pytest.mark.parametrize("kind", STORED_KINDS)
class TestLedgerOfWhatACodeHolds:
    """The triggers of the ledger know nothing of kinds: they hold for each."""

    def lot(self, kind: str, **values: Any) -> Lot:
        return Lot.objects.get(account=_stored(kind, **values).account)

    def test_making_it_is_a_load_that_moves_lot_and_account(self, kind: str) -> None:
        lot = self.lot(kind)

        entry = Entry.objects.get()
        assert (entry.kind, entry.amount) == (EntryKind.LOAD, lot.earned)
        assert lot.earned == lot.remaining == lot.account.balance > 0
        assert (lot.account.kind, lot.account.customer_id) == (kind, None)

    @pytest.mark.parametrize("entry_kind", [EntryKind.REDEEM, EntryKind.FORFEIT, EntryKind.VOID])
    def test_no_entry_takes_more_than_it_holds(self, kind: str, entry_kind: str) -> None:
        lot = self.lot(kind)
        _post(lot, kind=entry_kind, amount=-lot.earned)

        with pytest.raises(IntegrityError, match="lot_remaining_within_earned"), transaction.atomic():
            _post(lot, kind=entry_kind, amount=Decimal("-0.01"), cause="y")

        lot.account.refresh_from_db()
        assert lot.account.balance == 0

    @pytest.mark.parametrize("entry_kind", EntryKind)
    def test_an_entry_has_the_sign_of_its_kind(self, kind: str, entry_kind: str) -> None:
        adds = entry_kind in (EntryKind.EARN, EntryKind.LOAD, EntryKind.RESTORE)
        lot = self.lot(kind)
        if entry_kind in (EntryKind.ADJUST, EntryKind.TRANSFER):
            _post(lot, kind=entry_kind, amount=Decimal("-0.01"))
            return

        with pytest.raises(IntegrityError, match="entry_sign_of_its_kind"), transaction.atomic():
            _post(lot, kind=entry_kind, amount=Decimal("-0.01") if adds else Decimal("0.01"))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE loyalty_entry SET amount = 1",
            "DELETE FROM loyalty_entry",
            "UPDATE loyalty_lot SET remaining = 0",
            "UPDATE loyalty_lot SET expires_at = NULL",
            "UPDATE loyalty_account SET balance = 99",
            "UPDATE loyalty_account SET kind = 'gift_card', customer_id = 1",
            "DELETE FROM loyalty_account",
        ],
    )
    def test_nothing_else_moves_it(self, kind: str, statement: str) -> None:
        self.lot(kind)

        with (
            pytest.raises(DatabaseError, match=r"never changed|by entries only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_expires_as_every_lot_does(self, kind: str) -> None:
        lot = self.lot(kind, expires_at=NOON + timedelta(days=1))

        assert post_expired(at=NOON + timedelta(days=1)) == 1

        lot.refresh_from_db()
        lot.account.refresh_from_db()
        assert (lot.remaining, lot.account.balance) == (0, 0)
        assert Entry.objects.filter(kind=EntryKind.EXPIRE).get().amount == -lot.earned
