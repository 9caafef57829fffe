"""Laws of the ledger's arithmetic."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import end_after, owed_for, pay_debts, start_after, take_in_order

AMOUNT = st.integers(min_value=0, max_value=10_000_00)
LOTS = st.lists(AMOUNT, max_size=8).map(lambda amounts: list(enumerate(amounts)))
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


class TestTakeInOrder:
    @given(wanted=AMOUNT, lots=LOTS)
    def test_takes_what_is_wanted_or_all_there_is(self, wanted, lots):
        taken = take_in_order(wanted, lots)

        assert sum(part for _lot, part in taken) == min(wanted, sum(amount for _lot, amount in lots))
        assert all(0 < part <= dict(lots)[lot] for lot, part in taken)

    @given(wanted=AMOUNT, lots=LOTS)
    def test_touches_a_lot_only_when_the_ones_before_are_empty(self, wanted, lots):
        taken = dict(take_in_order(wanted, lots))
        last = max(taken, default=-1)

        assert all(taken.get(lot, 0) == amount for lot, amount in lots if lot < last)


class TestPayDebts:
    @given(earned=LOTS, debts=LOTS)
    def test_pays_the_smaller_of_what_is_earned_and_owed(self, earned, debts):
        paid = pay_debts(earned, debts)

        assert sum(part for _lot, _debt, part in paid) == min(
            sum(amount for _lot, amount in earned), sum(left for _debt, left in debts)
        )
        for lot, amount in earned:
            assert sum(part for payer, _debt, part in paid if payer == lot) <= amount
        for debt, left in debts:
            assert sum(part for _lot, payee, part in paid if payee == debt) <= left

    @given(earned=LOTS, debts=LOTS)
    def test_a_later_debt_is_paid_only_when_the_earlier_ones_are(self, earned, debts):
        paid = pay_debts(earned, debts)
        last = max((debt for _lot, debt, _part in paid), default=-1)

        for debt, left in debts[: max(last, 0)]:
            assert sum(part for _lot, payee, part in paid if payee == debt) == left


class TestOwedFor:
    @given(earned=AMOUNT, shares=st.lists(AMOUNT, max_size=6), spent=AMOUNT)
    def test_any_split_of_a_return_owes_the_same(self, earned, shares, spent):
        whole, before, parts = sum(shares), 0, []
        for share in shares:
            parts.append(owed_for(earned, spent, before, share))
            before += share

        assert all(part >= 0 for part in parts)
        assert sum(parts) == owed_for(earned, spent, 0, whole)

    @given(earned=AMOUNT, spent=AMOUNT)
    def test_a_whole_return_owes_what_was_spent(self, earned, spent):
        assert owed_for(earned, min(spent, earned), 0, earned) == min(spent, earned)

    def test_what_is_kept_covers_what_was_spent_first(self):
        assert owed_for(10_00, 6_00, 0, 4_00) == 0
        assert owed_for(10_00, 6_00, 4_00, 3_00) == 3_00
        assert owed_for(10_00, 6_00, 7_00, 3_00) == 3_00


class TestEndAfter:
    def test_is_the_first_instant_of_the_next_local_day(self):
        evening = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # still the 20th in São Paulo

        assert end_after(evening, 0, SAO_PAULO) == datetime(2026, 11, 21, 3, tzinfo=UTC)
        assert end_after(evening, 30, SAO_PAULO) == datetime(2026, 12, 21, 3, tzinfo=UTC)

    def test_a_day_without_midnight_begins_when_the_clocks_jump(self):
        # On 4 November 2018 the clocks of São Paulo went from midnight to one.
        assert end_after(datetime(2018, 11, 3, 15, tzinfo=UTC), 0, SAO_PAULO) == datetime(
            2018, 11, 4, 3, tzinfo=UTC
        )


class TestStartAfter:
    def test_is_the_first_instant_of_a_later_local_day(self):
        evening = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # still the 20th in São Paulo

        assert start_after(evening, 1, SAO_PAULO) == datetime(2026, 11, 21, 3, tzinfo=UTC)
        assert start_after(evening, 30, SAO_PAULO) == datetime(2026, 12, 20, 3, tzinfo=UTC)

    def test_without_days_is_the_moment_itself(self):
        evening = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)

        assert start_after(evening, 0, SAO_PAULO) == evening
