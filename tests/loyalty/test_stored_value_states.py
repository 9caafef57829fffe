"""Ending stored values and giving them to customers: what is over, what can still be refused, whose they become."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from loyalty.models import AdjustmentRequest, Entry, EntryKind, StoredValue, StoredValueEvent
from loyalty.selectors.verification import problems
from loyalty.services.adjustment_decisions import refuse
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import lock_accounts, spend
from loyalty.services.refusals import (
    CustomerMerged,
    CustomerUnknown,
    StoredValueExpired,
    StoredValueReduced,
    StoredValueUsed,
)
from loyalty.services.second_person import adjust_or_ask, adjust_stored_value_or_ask, issue_or_ask
from loyalty.services.stored_value_by_hand import Issue, adjust_stored_value
from loyalty.services.stored_value_states import assign, void
from retail.models import Company
from tests.builders import NOON, build_card, build_customer, build_sale, build_stored_value_type, build_user

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


class TestVoid:
    @pytest.mark.parametrize("is_posted", [False, True])
    def test_is_refused_of_what_has_expired_whatever_job_has_run(self, is_posted):
        card = build_card(expires_at=NOON + A_DAY)
        if is_posted:
            post_expired(at=NOON + A_DAY)

        with pytest.raises(StoredValueExpired):
            void(card, reason="Mistake", at=NOON + A_DAY)

    def test_of_what_was_only_adjusted_by_hand_says_so(self):
        purse = build_card(type=build_stored_value_type(kind="e_purse"))
        self.adjust(purse, -20_00)

        with pytest.raises(StoredValueReduced) as refusal:
            void(purse, reason="Mistake", at=NOON)
        assert refusal.value.code == "reduced"
        self.adjust(purse, -30_00)

        purse.account.refresh_from_db()
        assert purse.account.balance == 0
        assert problems() == []

    def test_of_what_paid_says_that_it_was_used_whatever_else_was_done(self):
        purse = build_card(type=build_stored_value_type(kind="e_purse"))
        self.adjust(purse, -20_00)
        sale = build_sale()
        with transaction.atomic():
            lock_accounts(None, [purse.account_id])
            lot = purse.account.lots.get()
            spend([(lot.pk, 5_00)], cause=f"sale:{sale.pk}", sale_id=sale.pk, occurred_at=NOON, at=NOON)

        with pytest.raises(StoredValueUsed) as refusal:
            void(purse, reason="Mistake", at=NOON)

        assert refusal.value.code == "already_used"

    def adjust(self, purse: StoredValue, amount: int) -> None:
        adjust_stored_value(
            purse, amount=amount, reason="Acerto", actor_id=build_user().pk, operation=str(amount), at=NOON
        )

    def test_takes_what_lives(self):
        card = build_card(expires_at=NOON + A_DAY)

        assert void(card, reason="Mistake", at=NOON + A_DAY - timedelta(seconds=1)) == 50_00
        assert problems() == []


class TestRefusal:
    """A stored value that waits for a second person can be refused, whatever became of it meanwhile."""

    def ask(self) -> AdjustmentRequest:
        Company.objects.update(adjustment_limit=100)
        issue = Issue(
            type=build_stored_value_type(kind="voucher"),
            customer_id=build_customer().pk,
            operation="1",
            reason="Goodwill",
            amount=500_00,
            expires_at=NOON + A_DAY,
        )
        _issued, asked = issue_or_ask(issue, actor_id=build_user().pk, at=NOON)
        assert asked is not None
        return asked

    @pytest.mark.parametrize("is_posted", [False, True])
    def test_after_it_has_expired(self, is_posted):
        asked = self.ask()
        if is_posted:
            post_expired(at=NOON + A_DAY)

        decided = refuse(asked.pk, actor_id=build_user().pk, at=NOON + A_DAY, comment="Too late")

        assert decided.state == AdjustmentRequest.State.REFUSED
        assert Entry.objects.get(kind=EntryKind.EXPIRE).amount == -500
        assert problems() == []

    def test_after_whoever_asked_has_changed_it_below_the_limit(self):
        asked = self.ask()
        stored = asked.account.stored_value
        adjust_stored_value_or_ask(
            stored, amount=-1, reason="Cent", actor_id=asked.requested_by_id, operation="2", at=NOON
        )

        refuse(asked.pk, actor_id=build_user().pk, at=NOON, comment="No")

        assert Entry.objects.get(kind=EntryKind.VOID).amount == Decimal("-499.99")
        assert StoredValueEvent.objects.filter(stored_value=stored, kind="voided").count() == 1
        assert problems() == []


class TestRecords:
    def test_nothing_is_asked_for_a_record_that_was_merged(self):
        Company.objects.update(adjustment_limit=100)
        kept = build_customer(document=None)
        absorbed = build_customer(document=None, is_active=False, merged_into=kept)

        with pytest.raises(CustomerMerged):
            adjust_or_ask(
                customer_id=absorbed.pk,
                key=("cashback", None),
                amount=500_00,
                reason="Goodwill",
                actor_id=build_user().pk,
                operation="1",
                at=NOON,
            )

        assert not AdjustmentRequest.objects.exists()

    def test_a_card_is_given_to_no_record_that_was_merged(self):
        kept = build_customer(document=None)
        absorbed = build_customer(document=None, is_active=False, merged_into=kept)

        with pytest.raises(CustomerUnknown):
            assign(build_card(), customer_id=absorbed.pk, reason="Hers", at=NOON)
