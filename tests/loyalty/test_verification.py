"""The proof of the ledger holds after every kind of posting, and names each row that somebody has corrupted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from customers.models import Customer
from loyalty.models import (
    STORED_KINDS,
    Account,
    AccountKind,
    CustomerMerge,
    Entry,
    EntryKind,
    Lot,
    Receivable,
    Settlement,
    StoredValue,
)
from loyalty.selectors.stored_values import usual_type
from loyalty.selectors.verification import CHECK_NAMES, figures, problems
from loyalty.services.adjustments import adjust, write_off
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import spend
from loyalty.services.merge import move_value, move_value_back
from loyalty.services.returns import Withdrawal, restore, withdraw
from loyalty.services.stored_value_loads import load
from loyalty.services.stored_value_states import void
from loyalty.services.stored_values import Making, make
from retail.models import Sale
from tests.builders import (
    NOON,
    build_account,
    build_card,
    build_credit,
    build_customer,
    build_program,
    build_sale,
    build_user,
)

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
WHEN = {"occurred_at": NOON, "at": NOON}


class Story:
    """Every kind of posting on one account of points, in the life of a few sales."""

    def __init__(self) -> None:
        self.account = build_account(program=build_program(clawback="debt"))
        self.user = build_user()
        self.first = self.sale()
        self.earned = build_credit(
            self.account,
            100_00,
            cause=f"sale:{self.first.pk}",
            sale_id=self.first.pk,
            expires_at=NOON + A_DAY,
        )
        self.second = self.sale()
        spend([(self.earned.lot_id, 80_00)], cause="sale:2", sale_id=self.second.pk, **WHEN)
        spend(
            [(self.earned.lot_id, 5_00)],
            kind=EntryKind.FORFEIT,
            cause="sale:2",
            sale_id=self.second.pk,
            **WHEN,
        )
        restore([(self.earned.lot_id, 8_00)], cause="return:1", sale_id=self.second.pk, **WHEN)
        withdraw(
            [Withdrawal(lot_id=self.earned.lot_id, amount=100_00)],
            cause="return:2",
            sale_id=self.first.pk,
            **WHEN,
        )
        self.debt = Receivable.objects.get()
        self.added = self.adjust(100_00, "1")
        self.adjust(2_00, "2", expires_at=NOON + A_DAY)
        self.adjust(-1_00, "3")
        post_expired(at=NOON + A_DAY)

    def merge(self) -> tuple[CustomerMerge, Lot]:
        """Merge the customer into another record; return the merge and a lot that it moved."""
        kept = build_customer(document=None)
        absorbed = self.account.customer
        merge = CustomerMerge.objects.create(
            kept=kept,
            absorbed=absorbed,
            actor=self.user,
            reason="Same person",
            merged_at=NOON,
            moved={"rows": {}},
        )
        move_value(merge, at=NOON + A_DAY)
        Customer.objects.filter(pk=absorbed.pk).update(is_active=False, merged_into=kept)
        self.account.refresh_from_db()
        return merge, Lot.objects.filter(account__customer=kept).earliest("pk")

    def sale(self) -> Sale:
        return build_sale(customer=self.account.customer)

    def adjust(self, amount: int, operation: str, **values) -> int:
        adjusted = adjust(
            customer_id=self.account.customer_id,
            key=("points", self.account.program_id),
            amount=amount,
            reason="Goodwill",
            actor_id=self.user.pk,
            operation=operation,
            at=NOON,
            **values,
        )
        return adjusted.lots[0]


class StoredStory:
    """Every operation on stored values of one kind: of one, half was redeemed in the end, a fifth lost."""

    def __init__(self, kind: str) -> None:
        self.kind = AccountKind(kind)
        self.sale = build_sale()
        self.whole = 1_00 if kind == AccountKind.RATE_VOUCHER else 100_00
        half, tenth = self.whole // 2, self.whole // 10
        self.used, self.untouched = self.make("used"), self.make("untouched")
        self.make("due", expires_at=NOON + A_DAY)
        self.posted = self.make("expired", expires_at=NOON + A_DAY)
        self.taken_back = self.make("taken back")
        lot = Lot.objects.get(account=self.used.account)
        of_the_sale = {"cause": "sale:1", "sale_id": self.sale.pk, **WHEN}
        spend([(lot.pk, half + tenth)], **of_the_sale)
        spend([(lot.pk, 2 * tenth)], kind=EntryKind.FORFEIT, **of_the_sale)
        restore([(lot.pk, 2 * tenth)], cause="return:1", sale_id=self.sale.pk, **WHEN)
        spend([(lot.pk, tenth)], cause="sale:2", sale_id=build_sale().pk, **WHEN)
        void(self.taken_back, reason="Mistake", at=NOON)
        if kind == AccountKind.E_PURSE:
            load(self.used, amount=half, origin="test", operation="load", at=NOON)

    def make(self, operation: str, **values) -> StoredValue:
        in_percent = self.kind == AccountKind.RATE_VOUCHER
        worth = {"percent": Decimal(10)} if in_percent else {"amount": self.whole}
        type_ = usual_type(AccountKind.VOUCHER if in_percent else self.kind)
        [made] = make([Making(type=type_, origin="test", operation=operation, **worth, **values)], at=NOON)
        return made.stored


def corrupt(table: str, change: str, row: int, without: str = "") -> None:
    """Change a row (DELETE: remove it) behind the back of every guard, as a superuser or a disk can."""
    statement = f"DELETE FROM {table}" if change == "DELETE" else f"UPDATE {table} SET {change}"  # noqa: S608
    connection.check_constraints()
    with connection.cursor() as cursor:
        if without:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {without}")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"{statement} WHERE id = %s", [row])
    connection.check_constraints()


def found(check: str) -> list[int]:
    return [problem.row for problem in problems() if problem.check == check]


class TestProof:
    def test_holds_for_an_empty_ledger(self):
        assert problems() == []

    def test_holds_after_every_kind_of_posting(self):
        Story()
        StoredStory("e_purse")

        assert problems() == []
        # What a merge moves is proven below.
        kinds = set(Entry.objects.values_list("kind", flat=True)) | {EntryKind.TRANSFER}
        assert kinds == set(EntryKind.values)

    def test_holds_after_value_moved_and_moved_back(self):
        story = Story()
        merge, lot = story.merge()

        assert problems() == []
        assert lot.remaining == lot.earned > 0
        [moved] = figures(at=NOON)
        assert moved.earned == moved.accounted_for == 202
        move_value_back(merge, actor_id=story.user.pk, at=NOON + A_DAY)
        Customer.objects.filter(merged_into=merge.kept).update(is_active=True, merged_into=None)
        CustomerMerge.objects.update(undone_at=NOON, undone_by=story.user, given_back={"rows": {}})
        assert problems() == []
        story.account.refresh_from_db()
        assert figures(at=NOON)[0].available == story.account.balance > 0

    def test_accounts_for_all_that_was_earned(self):
        story = Story()

        [points] = figures(at=NOON)

        story.account.refresh_from_db()
        assert (points.kind, points.accounts, points.lots) == ("points", 1, 3)
        assert points.earned == points.accounted_for == 202
        assert points.available == story.account.balance

    def test_the_command_prints_the_figures(self, capsys):
        Story()

        call_command("verify_ledger")

        printed = capsys.readouterr().out
        assert "points: accounts=1 lots=3 earned=202.00" in printed
        assert f"{len(CHECK_NAMES)} checks passed" in printed

    @pytest.mark.parametrize("is_posted", [False, True])
    @pytest.mark.parametrize("kind", STORED_KINDS)
    def test_of_each_stored_kind_what_was_issued_is_outstanding_or_gone(self, kind, is_posted, capsys):
        story = StoredStory(kind)
        if is_posted:
            post_expired(at=NOON + A_DAY)

        [found] = figures(at=NOON + A_DAY)

        whole = Decimal(story.whole) / 100
        loaded = whole / 2 if kind == "e_purse" else 0
        assert (found.kind, found.accounts, found.earned) == (kind, 5, 5 * whole + loaded)
        # Of one half was redeemed and a fifth lost; of what two days end with, nothing; one was taken back.
        gone = (found.redeemed + found.forfeited, found.expired, found.voided)
        assert gone == (whole * 7 / 10, 2 * whole, whole)
        assert found.outstanding == found.earned - sum(gone)
        open_accounts = Account.objects.exclude(stored_value__operation__in=["due", "expired"])
        assert found.outstanding == sum(open_accounts.values_list("balance", flat=True))
        assert problems() == []
        call_command("verify_ledger")
        assert f"{kind}: accounts=5" in capsys.readouterr().out

    def test_a_liability_that_is_not_what_was_issued_is_told(self, capsys):
        story = StoredStory("gift_card")
        corrupt("loyalty_lot", "earned = 1000", Lot.objects.get(account=story.untouched.account).pk)

        with pytest.raises(CommandError, match="does not add up"):
            call_command("verify_ledger")

        assert "all_that_was_earned_is_accounted_for" in capsys.readouterr().err

    def test_what_is_due_but_not_posted_counts_as_expired(self):
        account = build_account()
        build_credit(account, 30_00, expires_at=NOON)

        [cashback] = figures(at=NOON)

        assert (cashback.available, cashback.expired, cashback.earned) == (0, 30, 30)


class TestNegativeControls:
    """Each corrupts one row, and the check of that name must name it."""

    def test_every_check_has_a_control(self):
        controls = {name.removeprefix("test_") for name in dir(self) if name.startswith("test_")}

        assert set(CHECK_NAMES) <= controls

    def test_lot_is_the_sum_of_its_entries(self):
        story = Story()
        corrupt("loyalty_lot", "remaining = remaining + 1", story.earned.lot_id)

        assert found("lot_is_the_sum_of_its_entries") == [story.earned.lot_id]

    def test_lot_is_between_nothing_and_what_was_earned(self):
        story = Story()
        corrupt("loyalty_lot", "remaining = -1", story.earned.lot_id, "lot_remaining_within_earned")

        assert found("lot_is_between_nothing_and_what_was_earned") == [story.earned.lot_id]

    def test_lot_earned_what_was_put_in(self):
        story = Story()
        corrupt("loyalty_lot", "earned = 1000", story.added)

        assert found("lot_earned_what_was_put_in") == [story.added]

    def test_account_is_the_sum_of_its_lots(self):
        story = Story()
        corrupt("loyalty_account", "balance = balance + 1", story.account.pk)

        assert found("account_is_the_sum_of_its_lots") == [story.account.pk]

    def test_account_is_the_sum_of_its_entries(self):
        story = Story()
        corrupt("loyalty_entry", "DELETE", Entry.objects.get(lot_id=story.added, kind="adjust").pk)

        assert found("account_is_the_sum_of_its_entries") == [story.account.pk]

    def test_entry_is_in_the_account_of_its_lot(self):
        story, other = Story(), build_account()
        entry = Entry.objects.filter(lot_id=story.added).earliest("pk")
        corrupt("loyalty_entry", f"account_id = {other.pk}", entry.pk)

        assert found("entry_is_in_the_account_of_its_lot") == [entry.pk]

    def test_entry_has_the_sign_of_its_kind(self):
        story = Story()
        entry = Entry.objects.get(lot_id=story.earned.lot_id, kind="redeem")
        corrupt("loyalty_entry", "amount = 1", entry.pk, "entry_sign_of_its_kind")

        assert found("entry_has_the_sign_of_its_kind") == [entry.pk]

    @pytest.mark.parametrize(
        ("kind", "change"),
        [("adjust", "reason = ''"), ("redeem", "sale_id = NULL"), ("reverse", "cause = ''")],
    )
    def test_entry_says_what_caused_it(self, kind, change):
        Story()
        entry = Entry.objects.filter(kind=kind).earliest("pk")
        corrupt("loyalty_entry", change, entry.pk, "entry_has_a_cause")

        assert found("entry_says_what_caused_it") == [entry.pk]

    def test_nothing_comes_back_that_was_not_taken(self):
        story = Story()
        corrupt("loyalty_entry", "amount = 85.01", Entry.objects.get(kind="restore").pk)

        assert found("nothing_comes_back_that_was_not_taken") == [story.earned.lot_id]

    def test_account_owes_what_its_receivables_say(self):
        story = Story()
        corrupt("loyalty_account", "owed = owed + 1", story.account.pk)

        assert found("account_owes_what_its_receivables_say") == [story.account.pk]

    def test_receivable_is_what_was_not_settled(self):
        story = Story()
        corrupt("loyalty_receivable", '"left" = 1', story.debt.pk)

        assert found("receivable_is_what_was_not_settled") == [story.debt.pk]

    def test_settlement_is_an_entry_or_somebodys_decision(self):
        Story()
        other = build_account()
        debt = Receivable.objects.create(account=other, cause="return:9", amount=5, left=5, created_at=NOON)
        write_off(receivable_id=debt.pk, reason="Goodwill", actor_id=build_user().pk, at=NOON)
        assert problems() == []
        decision = Settlement.objects.get(entry=None)
        corrupt("loyalty_settlement", "reason = ''", decision.pk)

        assert found("settlement_is_an_entry_or_somebodys_decision") == [decision.pk]

    def test_entry_that_pays_a_debt_has_its_settlement(self):
        Story()
        entry = Entry.objects.get(kind=EntryKind.SETTLE)
        corrupt("loyalty_settlement", "DELETE", entry.settlement.pk)

        assert found("entry_that_pays_a_debt_has_its_settlement") == [entry.pk]

    def test_stored_value_is_of_the_kind_of_its_type(self):
        card, lost = (
            StoredStory("gift_card").untouched,
            Account.objects.create(kind="voucher", created_at=NOON),
        )
        corrupt("loyalty_account", "kind = 'e_purse'", card.account_id)

        assert sorted(found("stored_value_is_of_the_kind_of_its_type")) == [card.account_id, lost.pk]

    @pytest.mark.parametrize("change", ["blocked_at = NULL", ""])
    def test_stored_value_that_was_voided_is_over(self, change):
        voided = StoredStory("gift_card").taken_back
        if change:
            StoredValue.objects.filter(pk=voided.pk).update(blocked_at=None)
        else:
            corrupt("loyalty_account", "balance = 1", voided.account_id)

        assert found("stored_value_that_was_voided_is_over") == [voided.pk]

    def test_stored_value_belongs_to_a_record_that_stands(self):
        story = Story()
        story.merge()
        card = build_card(customer_id=story.account.customer_id)

        assert found("stored_value_belongs_to_a_record_that_stands") == [card.pk]

    def test_what_expires_first_was_spent_first(self):
        account = build_account(program=build_program())
        late = build_credit(account, 10_00, expires_at=NOON + 2 * A_DAY)
        build_credit(account, 10_00, expires_at=NOON + A_DAY)
        sale = build_sale(customer=account.customer)

        entries = spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        assert found("what_expires_first_was_spent_first") == [entries[late.lot_id]]

    def test_a_review_of_the_same_instant_may_have_come_after_the_sale(self):
        account = build_account(program=build_program())
        late = build_credit(account, 10_00, expires_at=NOON + 2 * A_DAY)
        waiting = build_credit(account, 10_00, expires_at=NOON + A_DAY, awaits_review=True)
        sale = build_sale(customer=account.customer)
        entries = spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        Lot.objects.filter(pk=waiting.lot_id).update(reviewed_at=WHEN["at"])
        assert problems() == []

        Lot.objects.filter(pk=waiting.lot_id).update(reviewed_at=WHEN["at"] - A_DAY)
        assert found("what_expires_first_was_spent_first") == [entries[late.lot_id]]

    def test_what_leaves_an_account_arrives_in_another(self):
        merge, lot = Story().merge()
        corrupt("loyalty_entry", "DELETE", lot.entries.get().pk)

        left = Entry.objects.filter(kind="transfer", cause=merge.cause).earliest("pk")
        assert found("what_leaves_an_account_arrives_in_another") == [left.pk]

    def test_transferred_lot_keeps_its_unit_time_and_conditions(self):
        _merge, lot = Story().merge()
        corrupt("loyalty_lot", "available_from = now()", lot.pk)

        assert found("transferred_lot_keeps_its_unit_time_and_conditions") == [lot.pk]

    def test_merged_customer_holds_and_owes_nothing(self):
        story = Story()
        story.merge()
        corrupt("loyalty_account", "owed = 1", story.account.pk)

        assert found("merged_customer_holds_and_owes_nothing") == [story.account.pk]

    def test_merged_customer_has_the_merge_that_says_so(self):
        story = Story()
        story.merge()
        Customer.objects.filter(pk=story.account.customer_id).update(merged_into=None)

        assert found("merged_customer_has_the_merge_that_says_so") == [story.account.customer_id]

    def test_guards_are_in_force(self):
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE loyalty_entry DISABLE TRIGGER loyalty_entry_append_only")
            cursor.execute("ALTER TABLE loyalty_lot DISABLE TRIGGER loyalty_lot_guarded")

        assert sorted(problem.detail for problem in problems()) == [
            "loyalty_entry has lost loyalty_entry_append_only",
            "loyalty_lot has lost loyalty_lot_guarded",
        ]

    def test_the_command_names_the_row_and_exits_with_1(self, capsys):
        story = Story()
        corrupt("loyalty_account", "balance = balance + 1", story.account.pk)

        with pytest.raises(CommandError, match="does not add up") as refused:
            call_command("verify_ledger")

        assert refused.value.returncode == 1
        assert f"loyalty_account {story.account.pk}: balance" in capsys.readouterr().err


class TestFirstExpiringFirst:
    """What the check of the order must not take for a breach."""

    def build(self, **late_terms):
        account = build_account(program=build_program())
        late = build_credit(account, 10_00, expires_at=NOON + 2 * A_DAY)
        early = build_credit(account, 10_00, **({"expires_at": NOON + A_DAY} | late_terms))
        return account, late, early, build_sale(customer=account.customer)

    def test_a_lot_that_this_sale_emptied(self):
        _account, late, early, sale = self.build()

        spend([(late.lot_id, 1_00), (early.lot_id, 10_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        assert problems() == []

    @pytest.mark.parametrize(
        "terms",
        [{"available_from": NOON + timedelta(seconds=1)}, {"awaits_review": True}, {"expires_at": NOON}],
    )
    def test_a_lot_that_could_not_be_used_then(self, terms):
        _account, late, _early, sale = self.build(**terms)

        spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        assert problems() == []

    def test_a_lot_that_came_later_or_was_refilled_later(self):
        account, late, early, sale = self.build()
        spend([(early.lot_id, 10_00)], cause="sale:0", sale_id=sale.pk, **WHEN)
        spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)
        restore([(early.lot_id, 10_00)], cause="return:1", sale_id=sale.pk, **WHEN)
        build_credit(account, 10_00, expires_at=NOON + A_DAY)

        assert problems() == []

    def test_cashback_that_its_conditions_may_have_held_back(self):
        account = build_account()
        late = build_credit(account, 10_00, campaign="b")
        build_credit(
            account, 10_00, campaign="a", expires_at=NOON + A_DAY, terms={"minimum_purchase": "500.00"}
        )
        sale = build_sale(customer=account.customer)

        spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        assert problems() == []

    def test_cashback_of_one_campaign_is_judged(self):
        account = build_account()
        late = build_credit(account, 10_00, campaign="a")
        build_credit(account, 10_00, campaign="a", expires_at=NOON + A_DAY)
        sale = build_sale(customer=account.customer)

        entries = spend([(late.lot_id, 1_00)], cause="sale:1", sale_id=sale.pk, **WHEN)

        assert [problem.row for problem in problems()] == list(entries.values())
