"""A role with the rights of the application posts value and cannot rewrite it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from loyalty.models import Entry, Lot
from loyalty.services.adjustments import adjust, answer_review
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import lock_accounts, spend
from loyalty.services.returns import Withdrawal, restore, withdraw
from retail.models import Sale
from tests.builders import (
    NOON,
    build_account,
    build_card,
    build_credit,
    build_program,
    build_sale,
    build_user,
)

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
WHEN = {"occurred_at": NOON, "at": NOON}
ROLE = "fiel_app_of_a_test"


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """Run what follows as the role, as if the application had connected as it."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The end of the transaction, or of the savepoint that an error rolls back to, ends it.
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")


@pytest.fixture
def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
    call_command("grant_ledger_rights", ROLE, stdout=StringIO())
    return ROLE


class TestTheRole:
    def test_posts_every_kind_of_value(self, role):
        program = build_program(clawback="debt", expired_restore="grace_days", grace_days=2)
        account, user = build_account(program=program), build_user()
        sale, other = build_sale(customer=account.customer), build_sale(customer=account.customer)

        with as_role(role):
            lot = build_credit(
                account, 50_00, cause=f"sale:{sale.pk}", sale_id=sale.pk, expires_at=NOON + A_DAY
            )
            waiting = build_credit(account, 5_00, awaits_review=True)
            lock_accounts(account.customer_id)
            spend([(lot.lot_id, 20_00)], cause="sale:2", sale_id=other.pk, **WHEN)
            late = {"occurred_at": NOON + 2 * A_DAY, "at": NOON + 2 * A_DAY}
            restore([(lot.lot_id, 1_00)], cause="return:1", sale_id=other.pk, **late)
            withdraw([Withdrawal(lot_id=lot.lot_id, amount=50_00)], cause="return:2", sale_id=sale.pk, **WHEN)
            adjust(
                customer_id=account.customer_id,
                key=("points", program.pk),
                amount=30_00,
                reason="Goodwill",
                actor_id=user.pk,
                operation="1",
                at=NOON,
            )
            answer_review([waiting.lot_id], at=NOON)
            build_credit(account, 2_00, expires_at=NOON)
            expired = post_expired(at=NOON)
            Sale.objects.filter(pk=sale.pk).update(operation="sale")

        account.refresh_from_db()
        assert expired == 1
        assert (account.balance, account.owed) == (16, 0)

    def test_makes_stored_values(self, role):
        with as_role(role):
            card = build_card(30_00)

        card.account.refresh_from_db()
        assert card.account.balance == 30

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE loyalty_entry SET amount = 1",
            "DELETE FROM loyalty_entry",
            "TRUNCATE loyalty_entry CASCADE",
            "ALTER TABLE loyalty_entry DISABLE TRIGGER USER",
            "UPDATE loyalty_settlement SET amount = 1",
            "DELETE FROM loyalty_settlement",
            'UPDATE loyalty_receivable SET "left" = 0',
            "DELETE FROM loyalty_receivable",
            "UPDATE loyalty_lot SET remaining = 1",
            "UPDATE loyalty_lot SET expires_at = NULL",
            "DELETE FROM loyalty_lot",
            "UPDATE loyalty_account SET balance = 1",
            "UPDATE loyalty_account SET created_at = now()",
            "DELETE FROM loyalty_account",
            "DELETE FROM django_migrations",
            "SET session_replication_role = replica",
        ],
    )
    def test_rewrites_nothing(self, role, statement):
        build_credit(build_account(), 30_00)
        connection.check_constraints()

        with (
            pytest.raises(DatabaseError, match=r"denied|must be owner|by entries only"),
            as_role(role),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert (Entry.objects.get().amount, Lot.objects.get().remaining) == (30, 30)


class TestTheCommand:
    def test_wants_a_role_that_exists(self):
        with pytest.raises(CommandError, match="no role nobody"):
            call_command("grant_ledger_rights", "nobody")

    def test_wants_a_role_that_rights_can_be_kept_from(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            owner = cursor.fetchone()[0]

        with pytest.raises(CommandError, match="superuser or owns"):
            call_command("grant_ledger_rights", owner)
