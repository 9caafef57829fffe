"""What a return gives back to lots and takes back from them, by each policy."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, Entry, EntryKind, Lot, Receivable
from loyalty.selectors.balances import balances
from loyalty.selectors.verification import problems
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import Credited, lock_accounts, spend
from loyalty.services.refusals import AlreadyPosted, NothingToRestore, ReturnBlocked
from loyalty.services.returns import TakenBack, Withdrawal, restore, withdraw
from retail.models import Company, Sale
from tests.builders import NOON, build_account, build_credit, build_program, build_sale, build_stamp_plan

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


def build_earning(account: Account, amount: int, **values) -> tuple[Sale, Credited]:
    """A sale, and the lot that it earned."""
    sale = build_sale(customer=account.customer)
    return sale, build_credit(account, amount, cause=f"sale:{sale.pk}", sale_id=sale.pk, **values)


def spend_on_another_sale(account: Account, lot: Credited, amount: int) -> Sale:
    sale = build_sale(customer=account.customer)
    spend([(lot.lot_id, amount)], cause=f"sale:{sale.pk}", sale_id=sale.pk, occurred_at=NOON, at=NOON)
    return sale


def give_back(sale: Sale, lot: Credited, amount: int, *, cause: str = "return:1", at=NOON):
    with transaction.atomic():
        return restore([(lot.lot_id, amount)], cause=cause, sale_id=sale.pk, occurred_at=at, at=at)


def take_back(
    sale: Sale, lot: Credited, amount: int, *, before: int = 0, cause: str = "return:1", at=NOON
) -> TakenBack:
    with transaction.atomic():
        lock_accounts(sale.customer_id)
        [taken] = withdraw(
            [Withdrawal(lot_id=lot.lot_id, amount=amount, before=before)],
            cause=cause,
            sale_id=sale.pk,
            occurred_at=at,
            at=at,
        )
    return taken


def remaining(lot: Credited) -> int:
    return int(Lot.objects.get(pk=lot.lot_id).remaining * 100)


def set_cashback_policy(**values) -> None:
    Company.objects.update(**values)


class TestRestore:
    def test_gives_back_to_the_same_lot_which_keeps_its_expiry(self):
        account = build_account()
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        sale = spend_on_another_sale(account, lot, 20_00)

        [restored] = give_back(sale, lot, 5_00)

        assert (restored.amount, restored.usable_until, restored.kept_expired) == (5_00, NOON + A_DAY, False)
        assert remaining(lot) == 15_00

    def test_what_has_expired_stays_so_by_default(self):
        account = build_account()
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        sale = spend_on_another_sale(account, lot, 20_00)

        [restored] = give_back(sale, lot, 20_00, at=NOON + 2 * A_DAY)

        assert restored.kept_expired
        assert remaining(lot) == 10_00
        assert balances(account.customer_id, at=NOON + 2 * A_DAY)[0].available == 0

    def test_what_has_expired_gets_the_days_of_grace_of_its_program(self):
        program = build_program(expired_restore="grace_days", grace_days=7)
        account = build_account(program=program)
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        sale = spend_on_another_sale(account, lot, 20_00)

        [restored] = give_back(sale, lot, 20_00, at=NOON + 2 * A_DAY)

        # Noon of the 22nd, and seven days more to the end of the 29th in São Paulo.
        assert restored.usable_until == NOON.replace(day=30, hour=3)
        # Not what was left when the lot ended: that is lost, whether a job has posted it or not.
        assert balances(account.customer_id, at=restored.usable_until - A_DAY)[0].available == 20_00
        assert balances(account.customer_id, at=restored.usable_until)[0].available == 0

    def test_days_of_grace_revive_the_same_whether_the_expiry_was_posted_or_not(self):
        program = build_program(expired_restore="grace_days", grace_days=7)
        left = []
        for posts_first in (True, False):
            account = build_account(program=program)
            lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
            sale = spend_on_another_sale(account, lot, 20_00)
            if posts_first:
                post_expired(at=NOON + 2 * A_DAY)
            give_back(sale, lot, 20_00, at=NOON + 2 * A_DAY)
            post_expired(at=NOON + 3 * A_DAY)
            left.append(remaining(lot))

        assert left == [20_00, 20_00]
        assert problems() == []

    def test_cashback_follows_the_company(self):
        set_cashback_policy(cashback_expired_restore="grace_days", cashback_grace_days=1)
        account = build_account()
        lot = build_credit(account, 30_00, expires_at=NOON + A_DAY)
        sale = spend_on_another_sale(account, lot, 20_00)

        [restored] = give_back(sale, lot, 20_00, at=NOON + 2 * A_DAY)

        assert not restored.kept_expired
        assert restored.usable_until == NOON.replace(day=24, hour=3)

    def test_never_gives_back_more_than_the_sale_had_taken(self):
        account = build_account()
        lot = build_credit(account, 30_00)
        sale = spend_on_another_sale(account, lot, 10_00)
        spend_on_another_sale(account, lot, 20_00)
        give_back(sale, lot, 6_00)

        with pytest.raises(NothingToRestore) as refused:
            give_back(sale, lot, 4_01, cause="return:2")

        assert refused.value.lots == [lot.lot_id]
        give_back(sale, lot, 4_00, cause="return:2")
        assert remaining(lot) == 10_00

    def test_says_that_a_return_has_given_back_before(self):
        account = build_account()
        lot = build_credit(account, 30_00)
        sale = spend_on_another_sale(account, lot, 10_00)
        give_back(sale, lot, 5_00)

        with pytest.raises(AlreadyPosted):
            give_back(sale, lot, 5_00)


class TestWithdraw:
    def test_takes_what_is_left_pending_or_not(self):
        account = build_account()
        sale, lot = build_earning(account, 10_00, available_from=NOON + A_DAY)

        taken = take_back(sale, lot, 4_00)

        assert (taken.taken, taken.missing, taken.charge, taken.owed) == (4_00, 0, 0, 0)
        assert remaining(lot) == 6_00

    def test_charges_back_the_value_of_what_was_spent(self):
        account = build_account()
        sale, lot = build_earning(account, 10_00)
        spend_on_another_sale(account, lot, 7_50)

        taken = take_back(sale, lot, 10_00)

        account.refresh_from_db()
        assert (taken.taken, taken.missing, taken.charge) == (2_50, 7_50, 7_50)
        assert (account.balance, account.owed) == (0, 0)

    def test_the_charge_for_points_is_their_value_rounded_down(self):
        account = build_account(program=build_program(point_value=Decimal("0.07")))
        sale, lot = build_earning(account, 10_50)
        spend_on_another_sale(account, lot, 10_50)

        assert take_back(sale, lot, 10_50).charge == 73

    @pytest.mark.parametrize("unit", ["points", "stamps"])
    def test_what_has_no_value_in_money_is_owed_in_kind(self, unit):
        units = {"program": build_program()} if unit == "points" else {"plan": build_stamp_plan()}
        account = build_account(**units)
        sale, lot = build_earning(account, 10_00)
        spend_on_another_sale(account, lot, 10_00)

        taken = take_back(sale, lot, 10_00)

        assert (taken.charge, taken.owed) == (0, 10_00)

    def test_a_debt_is_paid_by_the_next_earning(self):
        set_cashback_policy(cashback_clawback="debt")
        account = build_account()
        sale, lot = build_earning(account, 10_00)
        spend_on_another_sale(account, lot, 10_00)

        taken = take_back(sale, lot, 10_00)
        account.refresh_from_db()
        owed_before = account.owed
        _sale, later = build_earning(account, 25_00)

        account.refresh_from_db()
        assert (taken.owed, owed_before) == (10_00, Decimal("10.00"))
        assert Receivable.objects.get().left == 0
        assert (later.settled, account.balance, account.owed) == (10_00, Decimal("15.00"), 0)

    def test_a_return_may_be_refused_before_anything_is_posted(self):
        set_cashback_policy(cashback_clawback="block")
        account = build_account()
        sale, lot = build_earning(account, 10_00)
        spend_on_another_sale(account, lot, 7_50)

        with pytest.raises(ReturnBlocked) as refused:
            take_back(sale, lot, 10_00)

        assert refused.value.missing == [(account, 7_50)]
        assert not Entry.objects.filter(kind=EntryKind.REVERSE).exists()

    def test_other_lots_of_the_account_cover_what_was_spent(self):
        set_cashback_policy(cashback_clawback="block")
        account = build_account()
        sale, lot = build_earning(account, 10_00, expires_at=NOON + A_DAY)
        late = build_credit(account, 5_00)
        early = build_credit(account, 5_00, expires_at=NOON + 2 * A_DAY)
        pending = build_credit(account, 50_00, available_from=NOON + A_DAY)
        spend_on_another_sale(account, lot, 10_00)

        taken = take_back(sale, lot, 7_00)

        assert (taken.taken, taken.missing) == (7_00, 0)
        assert [remaining(one) for one in (early, late, pending)] == [0, 3_00, 50_00]

    def test_what_was_taken_for_another_sale_counts_as_spent(self):
        account = build_account()
        first, spent = build_earning(account, 10_00)
        second, other = build_earning(account, 10_00)
        spend_on_another_sale(account, spent, 10_00)
        take_back(first, spent, 10_00)

        taken = take_back(second, other, 10_00, cause="return:2")

        assert (taken.taken, taken.charge) == (0, 10_00)

    def test_what_expired_unused_is_owed_by_nobody(self):
        account = build_account()
        sale, lot = build_earning(account, 10_00, expires_at=NOON + A_DAY)
        spend_on_another_sale(account, lot, 4_00)
        Entry.objects.create(
            lot_id=lot.lot_id,
            account=account,
            kind=EntryKind.EXPIRE,
            amount=Decimal("-6.00"),
            cause="expiry:1",
            occurred_at=NOON + A_DAY,
            recorded_at=NOON + A_DAY,
        )

        taken = take_back(sale, lot, 10_00, at=NOON + 2 * A_DAY)

        assert (taken.taken, taken.missing) == (0, 4_00)

    @pytest.mark.parametrize("split", [[10_00], [4_00, 6_00], [6_00, 4_00], [1_00] * 10])
    @pytest.mark.parametrize("spent", [1_00, 5_50, 10_00])
    def test_any_split_ends_at_the_same_amounts(self, split, spent):
        account = build_account()
        sale, lot = build_earning(account, 10_00)
        spend_on_another_sale(account, lot, spent)

        before, parts = 0, []
        for number, amount in enumerate(split):
            parts.append(take_back(sale, lot, amount, before=before, cause=f"return:{number}"))
            before += amount

        assert sum(part.taken for part in parts) == 10_00 - spent
        assert sum(part.charge for part in parts) == spent
        assert remaining(lot) == 0

    def test_makes_as_many_statements_for_many_lots_as_for_one(self):
        set_cashback_policy(cashback_clawback="debt")
        counts = []
        for lots in (1, 12):
            account = build_account()
            sale = build_sale(customer=account.customer)
            made = [
                build_credit(account, 5_00, cause=f"sale:{sale.pk}:c:{number}", sale_id=sale.pk)
                for number in range(lots)
            ]
            for lot in made:
                spend_on_another_sale(account, lot, 3_00)
            takes = [Withdrawal(lot_id=lot.lot_id, amount=5_00) for lot in made]
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                withdraw(takes, cause="return:1", sale_id=sale.pk, occurred_at=NOON, at=NOON)
            counts.append(len(queries))

        assert counts[0] == counts[1] <= 7
