"""Making lots, spending them, and paying debts first."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, Entry, EntryKind, Lot, Receivable, Settlement
from loyalty.selectors.balances import balances
from loyalty.services.ledger import Credit, credit, lock_accounts, open_accounts, spend
from loyalty.services.refusals import AlreadyPosted, InsufficientValue
from tests.builders import NOON, build_account, build_credit, build_customer, build_program, build_stamp_plan

pytestmark = pytest.mark.django_db

WHEN = {"occurred_at": NOON, "at": NOON}
A_DAY = timedelta(days=1)


def build_debt(account: Account, amount: str, cause: str = "return:1") -> Receivable:
    return Receivable.objects.create(
        account=account, cause=cause, amount=Decimal(amount), left=Decimal(amount), created_at=NOON
    )


def remaining(lot_id: int) -> Decimal:
    return Lot.objects.values_list("remaining", flat=True).get(pk=lot_id)


class TestOpenAccounts:
    def test_makes_what_is_missing_and_returns_every_account_by_kind_and_unit(self):
        customer, program, plan = build_customer(), build_program(), build_stamp_plan()
        existing = build_account(customer=customer)

        with transaction.atomic():
            opened = open_accounts(customer.pk, [("points", program.pk), ("stamps", plan.pk)], at=NOON)

        assert opened[("cashback", None)] == existing
        assert opened[("points", program.pk)].program == program
        assert opened[("stamps", plan.pk)].plan == plan
        with transaction.atomic():
            assert lock_accounts(customer.pk) == opened

    def test_makes_nothing_when_nothing_is_missing(self):
        account = build_account()

        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            opened = open_accounts(account.customer_id, [("cashback", None)], at=NOON)

        assert list(opened.values()) == [account]
        assert [query["sql"].split()[0] for query in queries].count("SELECT") == 1
        assert not any(query["sql"].startswith("INSERT") for query in queries)


class TestCredit:
    def test_makes_a_lot_whose_whole_amount_was_earned(self):
        account = build_account()

        credited = build_credit(
            account, 12_34, expires_at=NOON + A_DAY, campaign="volta", terms={"max_percent": "10"}
        )

        lot = Lot.objects.get(pk=credited.lot_id)
        entry = lot.entries.get()
        assert (lot.earned, lot.remaining, lot.campaign) == (Decimal("12.34"), Decimal("12.34"), "volta")
        assert (entry.pk, entry.kind, entry.cause) == (credited.entry_id, EntryKind.EARN, lot.cause)

    def test_says_that_a_cause_has_posted_before(self):
        account = build_account()
        build_credit(account, cause="sale:1")

        with pytest.raises(AlreadyPosted) as refused, transaction.atomic():
            build_credit(account, cause="sale:1")

        assert refused.value.cause == "sale:1"

    def test_pays_the_oldest_debt_first_and_keeps_the_rest(self):
        account = build_account()
        first, second = build_debt(account, "20.00"), build_debt(account, "30.00", "return:2")

        credited = build_credit(account, 35_00)

        account.refresh_from_db()
        paid = [(one.receivable_id, one.amount) for one in Settlement.objects.order_by("pk")]
        assert credited.settled == 35_00
        assert paid == [(first.pk, Decimal("20.00")), (second.pk, Decimal("15.00"))]
        assert (account.balance, account.owed) == (0, Decimal("15.00"))

    def test_what_waits_for_a_review_pays_nothing_yet(self):
        account = build_account()
        build_debt(account, "20.00")

        credited = build_credit(account, 35_00, awaits_review=True)

        assert (credited.settled, remaining(credited.lot_id)) == (0, Decimal("35.00"))

    @pytest.mark.parametrize("owes", [False, True])
    def test_makes_as_many_statements_for_fifty_lots_as_for_one(self, owes):
        counts = []
        for lots in (1, 50):
            account = build_account()
            if owes:
                build_debt(account, "500.00")
                account.refresh_from_db()
            wanted = [
                Credit(account=account, cause=f"sale:1:c:{n}", amount=5_00, available_from=NOON)
                for n in range(lots)
            ]
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                credit(wanted, **WHEN)
            counts.append(len(queries))

        assert counts[0] == counts[1] <= (5 if owes else 2)

    def test_refuses_a_lot_of_nothing(self):
        with pytest.raises(ValueError, match="more than nothing"):
            build_credit(build_account(), 0)


class TestSpend:
    def test_takes_from_lots_and_says_which_entry_took(self):
        account = build_account()
        one, two = build_credit(account, 10_00), build_credit(account, 20_00)

        entries = spend([(one.lot_id, 10_00), (two.lot_id, 5_50)], cause="sale:9", **WHEN)

        account.refresh_from_db()
        assert account.balance == Decimal("14.50")
        assert {lot: Entry.objects.get(pk=entry).amount for lot, entry in entries.items()} == {
            one.lot_id: Decimal("-10.00"),
            two.lot_id: Decimal("-5.50"),
        }

    def test_refuses_more_than_is_left(self):
        lot = build_credit(build_account(), 10_00)

        with pytest.raises(InsufficientValue) as refused, transaction.atomic():
            spend([(lot.lot_id, 10_01)], cause="sale:9", **WHEN)

        assert refused.value.lots == [lot.lot_id]
        assert remaining(lot.lot_id) == Decimal("10.00")

    @pytest.mark.parametrize(
        "terms",
        [
            {"available_from": NOON + timedelta(seconds=1)},
            {"expires_at": NOON},
            {"awaits_review": True},
        ],
    )
    def test_refuses_what_is_not_usable_at_the_moment_of_the_sale(self, terms):
        lot = build_credit(build_account(), 10_00, **terms)

        with pytest.raises(InsufficientValue), transaction.atomic():
            spend([(lot.lot_id, 1_00)], cause="sale:9", **WHEN)

        assert remaining(lot.lot_id) == Decimal("10.00")

    def test_a_sale_that_arrives_after_the_expiry_may_not_use_it_though_no_job_has_posted_it(self):
        lot = build_credit(build_account(), 10_00, expires_at=NOON + A_DAY)

        with pytest.raises(InsufficientValue):
            spend([(lot.lot_id, 1_00)], cause="sale:9", occurred_at=NOON, at=NOON + 3 * A_DAY)

        assert remaining(lot.lot_id) == Decimal("10.00")

    def test_says_that_a_cause_has_taken_before(self):
        lot = build_credit(build_account(), 10_00)
        spend([(lot.lot_id, 1_00)], cause="sale:9", **WHEN)

        with pytest.raises(AlreadyPosted), transaction.atomic():
            spend([(lot.lot_id, 1_00)], cause="sale:9", **WHEN)

    def test_makes_one_statement_however_many_lots(self):
        account = build_account()
        takes = [(build_credit(account, 1_00).lot_id, 50) for _number in range(20)]

        with CaptureQueriesContext(connection) as queries:
            spend(takes, cause="sale:9", **WHEN)

        assert len(queries) == 1


class TestBalances:
    def test_tells_available_pending_expiring_and_owed_apart(self):
        program = build_program(name="Clube")
        account = build_account(program=program)
        build_credit(account, 100_00)
        soon = build_credit(account, 7_00, expires_at=NOON + 3 * A_DAY)
        build_credit(account, 5_00, expires_at=NOON + 60 * A_DAY)
        build_credit(account, 11_00, available_from=NOON + A_DAY)
        build_credit(account, 13_00, awaits_review=True)
        build_credit(account, 17_00, expires_at=NOON)
        build_debt(account, "2.00")

        [balance] = balances(account.customer_id, at=NOON)

        assert (balance.kind, balance.code, balance.name) == ("points", program.code, "Clube")
        assert (balance.available, balance.pending, balance.expiring) == (112_00, 24_00, 7_00)
        assert (balance.owed, balance.next_expiry) == (2_00, NOON + 3 * A_DAY)
        assert balance.lots[0].id == soon.lot_id

    def test_lists_lots_as_they_are_spent(self):
        account = build_account()
        never = build_credit(account, 1_00)
        late = build_credit(account, 1_00, expires_at=NOON + 2 * A_DAY)
        twin = build_credit(account, 1_00, expires_at=NOON + 2 * A_DAY)
        early = build_credit(account, 1_00, expires_at=NOON + A_DAY)

        [balance] = balances(account.customer_id, at=NOON)

        order = [early.lot_id, late.lot_id, twin.lot_id, never.lot_id]
        assert [lot.id for lot in balance.lots] == order

    def test_asks_the_database_twice_however_much_there_is(self, django_assert_num_queries):
        customer = build_customer()
        for _number in range(3):
            account = build_account(customer=customer, program=build_program())
            for _lot in range(3):
                build_credit(account)

        with django_assert_num_queries(2):
            balances(customer.pk, at=NOON)
