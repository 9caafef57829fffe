"""What the database itself promises of the ledger, whatever the code does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.models import Account, Entry, Lot
from tests.builders import NOON, build_customer

pytestmark = pytest.mark.django_db


def build_lot(earned: str = "30.00") -> Lot:
    account, _ = Account.objects.get_or_create(
        customer=build_customer(), kind="cashback", defaults={"created_at": NOON}
    )
    lot = Lot.objects.create(
        account=account,
        source="adjustment",
        cause="adjustment:1",
        earned=Decimal(earned),
        available_from=NOON,
        expires_at=NOON + timedelta(days=30),
        created_at=NOON,
    )
    post(lot, "earn", earned, "adjustment:1")
    lot.refresh_from_db()
    return lot


def post(lot: Lot, kind: str, amount: str, cause: str) -> Entry:
    return Entry.objects.create(
        lot=lot,
        account_id=lot.account_id,
        kind=kind,
        amount=Decimal(amount),
        cause=cause,
        occurred_at=NOON,
        recorded_at=NOON,
    )


def refused(statement: str, match: str) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


class TestEntries:
    def test_an_entry_moves_its_lot_and_its_account(self):
        lot = build_lot("30.00")

        post(lot, "redeem", "-10.00", "sale:1")

        lot.refresh_from_db()
        lot.account.refresh_from_db()
        assert (lot.remaining, lot.account.balance) == (Decimal("20.00"), Decimal("20.00"))

    def test_no_entry_takes_more_than_is_left(self):
        lot = build_lot("30.00")

        with pytest.raises(DatabaseError, match="lot_remaining_within_earned"), transaction.atomic():
            post(lot, "redeem", "-30.01", "sale:1")

    def test_the_same_cause_never_posts_twice(self):
        lot = build_lot("30.00")
        post(lot, "redeem", "-10.00", "sale:1")

        with pytest.raises(DatabaseError, match="entry_once_per_cause"), transaction.atomic():
            post(lot, "redeem", "-10.00", "sale:1")

    def test_an_entry_names_the_account_of_its_lot(self):
        lot = build_lot()
        other = Account.objects.create(customer=build_customer(), kind="cashback", created_at=NOON)

        with pytest.raises(DatabaseError, match="another account"), transaction.atomic():
            Entry.objects.create(
                lot=lot,
                account=other,
                kind="redeem",
                amount=-1,
                cause="sale:1",
                occurred_at=NOON,
                recorded_at=NOON,
            )


class TestNothingElseMovesABalance:
    @pytest.mark.parametrize(
        ("statement", "match"),
        [
            ("UPDATE loyalty_entry SET amount = 1", "never changed"),
            ("DELETE FROM loyalty_entry", "never changed"),
            ("TRUNCATE loyalty_entry CASCADE", "never changed"),
            ("UPDATE loyalty_lot SET remaining = 5", "by entries only"),
            ("UPDATE loyalty_lot SET earned = 5000", "by entries only"),
            ("UPDATE loyalty_lot SET expires_at = NULL", "by entries only"),
            ("DELETE FROM loyalty_lot", "never changed"),
            ("TRUNCATE loyalty_lot CASCADE", "never changed"),
            ("UPDATE loyalty_account SET balance = 5", "by entries only"),
            ("UPDATE loyalty_account SET owed = 5", "by entries only"),
            ("UPDATE loyalty_account SET customer_id = 0", "by entries only"),
            ("DELETE FROM loyalty_account", "never changed"),
            ("TRUNCATE loyalty_account CASCADE", "never changed"),
        ],
    )
    def test_the_database_refuses(self, statement, match):
        build_lot()
        # What waits for the end of the transaction would refuse TRUNCATE before our trigger can.
        connection.check_constraints()

        refused(statement, match)

    @pytest.mark.parametrize(
        ("table", "added_later"),
        [
            ("loyalty_lot", {"reviewed_at", "grace_until"}),
            ("loyalty_account", set()),
            ("loyalty_receivable", set()),
        ],
    )
    def test_every_column_is_guarded_but_what_is_added_later(self, table, added_later):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " EXCEPT SELECT event_object_column FROM information_schema.triggered_update_columns"
                " WHERE event_object_table = %s",
                [table, table],
            )
            assert {name for (name,) in cursor.fetchall()} == added_later

    def test_a_new_row_holds_nothing_whatever_it_says(self):
        account = Account.objects.create(
            customer=build_customer(), kind="cashback", balance=100, owed=5, created_at=NOON
        )

        account.refresh_from_db()

        assert (account.balance, account.owed) == (0, 0)
