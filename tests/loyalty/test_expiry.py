"""Posting what has expired: late, twice, side by side, killed. Nobody can spend it in any case."""

import signal
import subprocess
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import Entry, EntryKind, Lot
from loyalty.selectors.balances import balances
from loyalty.selectors.verification import problems
from loyalty.services import expiry
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import spend
from loyalty.services.refusals import InsufficientValue
from loyalty.services.returns import restore
from loyalty.tasks import expire_value
from tests.builders import NOON, build_account, build_credit, build_customer, build_program, build_sale
from tests.processes import output, start_command, wait_for

A_DAY = timedelta(days=1)


def expiries() -> list[tuple[int, Decimal, str]]:
    found = Entry.objects.filter(kind=EntryKind.EXPIRE).order_by("lot_id", "pk")
    return list(found.values_list("lot_id", "amount", "cause"))


@pytest.mark.django_db
class TestPostExpired:
    def test_takes_what_is_left_at_the_end_and_says_when_it_ended(self):
        account = build_account()
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        spend([(lot.lot_id, 12_50)], cause="sale:1", occurred_at=NOON, at=NOON)

        posted = post_expired(at=NOON + 3 * A_DAY)

        account.refresh_from_db()
        entry = Entry.objects.get(kind=EntryKind.EXPIRE)
        assert (posted, entry.amount, account.balance) == (1, Decimal("-17.50"), 0)
        assert (entry.occurred_at, entry.recorded_at) == (NOON + A_DAY, NOON + 3 * A_DAY)

    def test_leaves_what_has_not_ended(self):
        account = build_account()
        build_credit(account, expires_at=NOON + timedelta(microseconds=1))
        build_credit(account)

        assert post_expired(at=NOON) == 0

    @pytest.mark.parametrize("times", [1, 10])
    def test_posts_the_same_however_often_it_runs(self, times):
        account = build_account()
        lots = [build_credit(account, 1_00 + n, expires_at=NOON).lot_id for n in range(3)]

        for _run in range(times):
            post_expired(at=NOON)

        assert expiries() == [(lot, Decimal(-100 - n) / 100, "expiry:1") for n, lot in enumerate(lots)]

    def test_works_in_batches_each_of_as_many_statements(self, monkeypatch):
        monkeypatch.setattr(expiry, "BATCH", 4)
        account = build_account()
        for _number in range(10):
            build_credit(account, expires_at=NOON)

        with CaptureQueriesContext(connection) as queries:
            posted = post_expired(at=NOON)

        inserts = [query for query in queries if "INSERT INTO loyalty_entry" in query["sql"]]
        assert (posted, len(inserts)) == (10, 3)

    def test_posts_no_more_than_asked_for_and_the_oldest_end_first(self):
        account = build_account()
        late = build_credit(account, expires_at=NOON)
        early = build_credit(account, expires_at=NOON - A_DAY)

        assert post_expired(at=NOON, limit=1) == 1

        assert [lot for lot, _amount, _cause in expiries()] == [early.lot_id]
        assert Lot.objects.get(pk=late.lot_id).remaining == Decimal("30.00")

    def test_value_in_days_of_grace_expires_once_more(self):
        account = build_account(program=build_program(expired_restore="grace_days", grace_days=2))
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        sale = build_sale(customer=account.customer)
        spend([(lot.lot_id, 10_00)], cause="sale:1", sale_id=sale.pk, occurred_at=NOON, at=NOON)
        post_expired(at=NOON + A_DAY)
        late = NOON + 5 * A_DAY
        restore([(lot.lot_id, 10_00)], cause="return:1", sale_id=sale.pk, occurred_at=late, at=late)

        in_grace = post_expired(at=late + A_DAY)
        after_grace = post_expired(at=late + 3 * A_DAY)

        assert (in_grace, after_grace) == (0, 1)
        assert [(amount, cause) for _lot, amount, cause in expiries()] == [
            (Decimal("-20.00"), "expiry:1"),
            (Decimal("-10.00"), "expiry:2"),
        ]

    def test_the_task_and_the_command_post_what_is_due_now(self, capsys):
        account = build_account()
        build_credit(account, 5_00, expires_at=timezone.now() - A_DAY)
        expire_value()
        build_credit(account, 7_00, expires_at=timezone.now() - A_DAY)
        call_command("expire_value")

        assert [amount for _lot, amount, _cause in expiries()] == [Decimal("-5.00"), Decimal("-7.00")]
        assert capsys.readouterr().out.strip() == "expired=1"


@pytest.mark.django_db
class TestASchedulerThatIsDown:
    """Nothing has been posted; the time has passed."""

    def test_gives_nothing_away(self):
        account = build_account()
        lot = build_credit(account, 30_00, expires_at=NOON)

        with pytest.raises(InsufficientValue), transaction.atomic():
            spend([(lot.lot_id, 1)], cause="sale:1", occurred_at=NOON, at=NOON)

        [balance] = balances(account.customer_id, at=NOON)
        assert (balance.available, balance.pending, balance.lots) == (0, 0, [])

    def test_keeps_nothing_back(self):
        account = build_account()
        lot = build_credit(account, 30_00, available_from=NOON + A_DAY)

        spend([(lot.lot_id, 30_00)], cause="sale:1", occurred_at=NOON + A_DAY, at=NOON + A_DAY)

        assert Lot.objects.get(pk=lot.lot_id).remaining == 0


def start_worker(database_url: str) -> subprocess.Popen[str]:
    return start_command(database_url, "expire_value")


class TestProcesses:
    def build_due(self, lots: int) -> None:
        """Twenty customers and their lots, in bulk: the rows matter here, not how they came about."""
        ended = timezone.now() - A_DAY
        accounts = [build_account(customer=build_customer()) for _number in range(20)]
        rows = Lot.objects.bulk_create(
            Lot(
                account=accounts[number % 20],
                source="adjustment",
                cause=f"adjustment:{number}",
                earned=Decimal("1.00"),
                available_from=ended,
                expires_at=ended + timedelta(microseconds=number),
                created_at=ended,
            )
            for number in range(lots)
        )
        Entry.objects.bulk_create(
            Entry(
                lot=row,
                account_id=row.account_id,
                kind="earn",
                amount=row.earned,
                cause=row.cause,
                occurred_at=ended,
                recorded_at=ended,
            )
            for row in rows
        )

    def test_four_side_by_side_post_each_lot_once(self, committed_db):
        self.build_due(6_000)

        printed = [output(worker) for worker in [start_worker(committed_db) for _number in range(4)]]
        post_expired(at=timezone.now())

        assert sum(int(text.strip().rpartition("=")[2]) for text in printed) <= 6_000
        assert len({lot for lot, _amount, _cause in expiries()}) == len(expiries()) == 6_000
        assert not Lot.objects.open().exists()
        assert problems() == []

    def test_one_killed_in_the_middle_is_gone_on_with(self, committed_db):
        self.build_due(20_000)
        worker = start_worker(committed_db)
        wait_for(lambda: len(expiries()) >= expiry.BATCH)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        posted = len(expiries())
        assert posted % expiry.BATCH == 0
        assert posted < 20_000

        def go_on() -> bool:
            # The server may take a moment to notice that the client of the last batch is gone.
            post_expired(at=timezone.now())
            return not Lot.objects.open().exists()

        wait_for(go_on)

        assert len({lot for lot, _amount, _cause in expiries()}) == len(expiries()) == 20_000
        assert problems() == []
