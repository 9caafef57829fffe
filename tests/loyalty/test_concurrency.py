"""Real processes on one account: exactly the balance is granted."""

from decimal import Decimal

import pytest
from django.db import connection

from loyalty.models import EntryKind, Lot
from tests.builders import NOON, build_account, build_credit
from tests.loyalty.spenders import fresh, in_processes, read_check_write, spend_one_by_one, spend_unlocked

PROCESSES = 8
ATTEMPTS = 10


@pytest.mark.breaks_world("entry_says_what_caused_it")  # these spend without a sale
class TestOneAccount:
    def test_grants_exactly_its_balance(self, committed_db):
        account = build_account()
        for _number in range(5):
            build_credit(account, 10_00)

        granted = in_processes(
            spend_one_by_one,
            [(committed_db, account.customer_id, str(name), ATTEMPTS, NOON) for name in range(PROCESSES)],
        )

        account.refresh_from_db()
        assert sum(granted) == 50 < PROCESSES * ATTEMPTS
        assert account.balance == 0
        assert account.entries.filter(kind=EntryKind.REDEEM).count() == 50

    def test_the_database_refuses_the_rest_even_when_nobody_locks(self, committed_db):
        account = build_account()
        lots = [build_credit(account, 25_00).lot_id for _number in range(2)]

        granted = in_processes(
            spend_unlocked, [(committed_db, lots, str(name), ATTEMPTS, NOON) for name in range(PROCESSES)]
        )

        account.refresh_from_db()
        assert sum(granted) == 50
        assert account.balance == 0
        assert list(Lot.objects.values_list("remaining", flat=True)) == [Decimal(0)] * 2

    def test_reading_before_writing_grants_more(self, committed_db):
        """The control: the same processes against a balance that is read, compared and written grant too much."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE naive_account AS SELECT 10::numeric AS balance")
        with fresh.Manager() as manager:
            barrier = manager.Barrier(4)

            granted = in_processes(read_check_write, [(committed_db, 5, barrier)] * 4)

        assert sum(granted) > 10
