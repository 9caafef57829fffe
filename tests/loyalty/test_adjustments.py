"""What managers do by hand, and answered reviews."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from loyalty.models import Account, Entry, EntryKind, Lot, LotSource, Receivable, Settlement
from loyalty.selectors.balances import balances
from loyalty.services.adjustments import MOST, adjust, answer_review, write_off
from loyalty.services.refusals import (
    AlreadyPosted,
    AlreadySettled,
    AmountInvalid,
    InsufficientValue,
    ReasonRequired,
    StampsAreWhole,
)
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_program,
    build_stamp_plan,
    build_user,
)

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


def change(account: Account, amount: int, **values: Any):
    key = (account.kind, account.program_id or account.plan_id)
    whole = {
        "customer_id": account.customer_id,
        "key": key,
        "reason": "Compensation for a late delivery",
        "actor_id": values.pop("actor_id", None) or build_user().pk,
        "operation": "1",
        "at": NOON,
    }
    return adjust(amount=amount, **whole | values)


def build_debt(account: Account, amount: str = "20.00") -> Receivable:
    return Receivable.objects.create(
        account=account, cause="return:1", amount=Decimal(amount), left=Decimal(amount), created_at=NOON
    )


class TestAdjust:
    def test_an_addition_is_a_lot_with_its_reason_and_its_author(self):
        user = build_user()
        account = build_account()

        adjusted = change(account, 12_50, actor_id=user.pk, reason="  Gift of the house ")

        lot = Lot.objects.get(pk=adjusted.lots[0])
        entry = lot.entries.get()
        assert (lot.source, lot.remaining, lot.expires_at) == (LotSource.ADJUSTMENT, Decimal("12.50"), None)
        assert (entry.kind, entry.actor, entry.reason) == (EntryKind.ADJUST, user, "Gift of the house")

    def test_opens_the_account_of_a_customer_who_has_none(self):
        customer, plan = build_customer(), build_stamp_plan()

        adjust(
            customer_id=customer.pk,
            key=("stamps", plan.pk),
            amount=3_00,
            reason="Paper card",
            actor_id=build_user().pk,
            operation="1",
            at=NOON,
        )

        assert balances(customer.pk, at=NOON)[0].available == 3_00

    def test_an_addition_lives_as_long_as_what_is_earned_today(self):
        account = build_account(program=build_program(valid_days=30))

        adjusted = change(account, 5_00)

        # Noon of 20 November, to the end of 20 December in São Paulo.
        assert Lot.objects.get(pk=adjusted.lots[0]).expires_at == NOON.replace(month=12, day=21, hour=3)

    def test_an_addition_pays_a_debt_first(self):
        account = build_account()
        build_debt(account, "20.00")

        assert change(account, 25_00).settled == 20_00

    def test_takes_from_what_expires_first_and_from_what_is_pending_last(self):
        account = build_account()
        pending = build_credit(account, 10_00, available_from=NOON + A_DAY, expires_at=NOON + 2 * A_DAY)
        late, early = build_credit(account, 10_00), build_credit(account, 10_00, expires_at=NOON + A_DAY)

        change(account, -25_00)

        left = {lot: int(Lot.objects.get(pk=lot.lot_id).remaining) for lot in (pending, late, early)}
        assert list(left.values()) == [5, 0, 0]

    def test_does_not_take_more_than_there_is(self):
        account = build_account()
        build_credit(account, 10_00)
        build_credit(account, 10_00, expires_at=NOON)

        with pytest.raises(InsufficientValue):
            change(account, -10_01)

        assert not Entry.objects.filter(kind=EntryKind.ADJUST).exists()

    @pytest.mark.parametrize("amount", [5_00, -5_00])
    def test_the_same_operation_twice_is_said_to_be_so(self, amount):
        account = build_account()
        build_credit(account, 5_00)
        build_credit(account, 5_00)
        change(account, amount)

        with pytest.raises(AlreadyPosted):
            change(account, amount)

        account.refresh_from_db()
        assert account.balance * 100 == 10_00 + amount

    @pytest.mark.parametrize(
        ("amount", "values", "error"),
        [
            (5_00, {"reason": " "}, ReasonRequired),
            (0, {}, AmountInvalid),
            (MOST + 1, {}, AmountInvalid),
            (-MOST - 1, {}, AmountInvalid),
        ],
    )
    def test_refuses(self, amount, values, error):
        with pytest.raises(error):
            change(build_account(), amount, **values)

    def test_stamps_are_whole(self):
        with pytest.raises(StampsAreWhole):
            change(build_account(plan=build_stamp_plan()), 1_50)


class TestWriteOff:
    def test_lets_the_customer_off_with_a_reason(self):
        user, account = build_user(), build_account()
        debt = build_debt(account, "20.00")
        build_credit(account, 5_00)

        written_off = write_off(receivable_id=debt.pk, reason="Goodwill", actor_id=user.pk, at=NOON)

        account.refresh_from_db()
        settlement = Settlement.objects.get(entry=None)
        assert (written_off, account.owed) == (15_00, 0)
        assert (settlement.amount, settlement.actor, settlement.reason) == (
            Decimal("15.00"),
            user,
            "Goodwill",
        )

    def test_once_only_and_with_a_reason(self):
        user = build_user()
        debt = build_debt(build_account())
        with pytest.raises(ReasonRequired):
            write_off(receivable_id=debt.pk, reason="", actor_id=user.pk, at=NOON)
        write_off(receivable_id=debt.pk, reason="Goodwill", actor_id=user.pk, at=NOON)

        with pytest.raises(AlreadySettled):
            write_off(receivable_id=debt.pk, reason="Goodwill", actor_id=user.pk, at=NOON)


class TestAnswerReview:
    def test_makes_usable_what_waited_once(self):
        account = build_account()
        lot = build_credit(account, 10_00, awaits_review=True)
        other = build_credit(account, 10_00)
        before = balances(account.customer_id, at=NOON)[0].available

        answered = answer_review([lot.lot_id, other.lot_id], at=NOON)

        assert answered == [lot.lot_id]
        assert (before, balances(account.customer_id, at=NOON)[0].available) == (10_00, 20_00)
        assert answer_review([lot.lot_id], at=NOON + A_DAY) == []

    def test_pays_then_what_the_account_owes(self):
        account = build_account()
        build_debt(account, "20.00")
        lot = build_credit(account, 30_00, awaits_review=True)

        answer_review([lot.lot_id], at=NOON)

        account.refresh_from_db()
        assert (account.balance, account.owed) == (Decimal("10.00"), 0)

    def test_what_has_expired_pays_nothing(self):
        account = build_account()
        build_debt(account, "20.00")
        lot = build_credit(account, 30_00, awaits_review=True, expires_at=NOON + A_DAY)

        answer_review([lot.lot_id], at=NOON + A_DAY)

        account.refresh_from_db()
        assert account.owed == Decimal("20.00")
        assert balances(account.customer_id, at=NOON + A_DAY)[0].available == 0
