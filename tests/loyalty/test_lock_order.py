"""The ledger locks accounts, in the order of their ids, before anything else of it moves."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, Receivable
from loyalty.services.adjustment_decisions import approve
from loyalty.services.adjustments import adjust, answer_review, write_off
from loyalty.services.expiry import post_expired
from loyalty.services.ledger import Credit, credit, lock_accounts, open_accounts, spend
from loyalty.services.returns import Withdrawal, restore, withdraw
from loyalty.services.second_person import adjust_or_ask
from loyalty.services.stored_value_by_hand import Issue, issue_by_hand
from loyalty.services.stored_value_states import assign
from retail.models import Company
from tests.builders import (
    NOON,
    build_account,
    build_card,
    build_credit,
    build_customer,
    build_program,
    build_sale,
    build_stamp_plan,
    build_user,
)

pytestmark = pytest.mark.django_db

WHEN = {"occurred_at": NOON, "at": NOON}
_LOCKS = re.compile(
    r'^\s*(?:WITH \w+ AS \(\s*)?(?:(?:UPDATE|INSERT INTO) "?(\w+)"?|SELECT.* FROM "?(\w+)"?.*FOR (?:NO KEY )?UPDATE)',
    re.S,
)


def locked(work: Callable[[], object]) -> list[tuple[str, str]]:
    """Return `(table, statement)` of everything that takes a row lock, in the order in which it is taken."""
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        work()
    found = []
    for query in queries:
        if match := _LOCKS.match(query["sql"]):
            found.append((match[1] or match[2], query["sql"]))
    return found


def tables(work: Callable[[], object]) -> list[str]:
    return list(dict.fromkeys(table for table, _statement in locked(work)))


class TestAccounts:
    def test_are_locked_by_id_in_one_statement(self):
        customer = build_customer()
        for unit in ({"program": build_program()}, {"plan": build_stamp_plan()}, {}):
            build_account(customer=customer, **unit)

        [(table, statement)] = locked(lambda: lock_accounts(customer.pk))

        assert table == "loyalty_account"
        assert statement.endswith("ORDER BY id FOR NO KEY UPDATE")

    def test_are_opened_in_one_order_whatever_is_asked_for(self):
        units = [("stamps", build_stamp_plan().pk), ("points", build_program().pk), ("cashback", None)]
        customers = [build_customer(), build_customer()]

        for customer, wanted in zip(customers, (units, units[::-1]), strict=True):
            with transaction.atomic():
                open_accounts(customer.pk, wanted, at=NOON)

        first, second = (
            list(Account.objects.filter(customer=customer).order_by("pk").values_list("kind", flat=True))
            for customer in customers
        )
        assert first == second == ["cashback", "points", "stamps"]


class TestPostings:
    def test_a_sale_and_its_return_lock_accounts_before_lots_and_entries(self):
        account = build_account()
        lot = build_credit(account, 50_00)
        sale = build_sale(customer=account.customer)

        def work() -> None:
            held = lock_accounts(account.customer_id)["cashback", None]
            spend([(lot.lot_id, 20_00)], cause="sale:1", sale_id=sale.pk, **WHEN)
            earning = Credit(
                account=held, cause="sale:1:c", amount=5_00, available_from=NOON, sale_id=sale.pk
            )
            [made] = credit([earning], **WHEN)
            restore([(lot.lot_id, 20_00)], cause="return:1", sale_id=sale.pk, **WHEN)
            withdraw([Withdrawal(lot_id=made.lot_id, amount=5_00)], cause="return:1", sale_id=sale.pk, **WHEN)

        # A lot is made in one statement with the entry that fills it.
        assert tables(work) == ["loyalty_account", "loyalty_entry", "loyalty_lot"]

    @pytest.mark.parametrize("amount", [5_00, -5_00])
    def test_an_adjustment(self, amount):
        account, user = build_account(), build_user()
        build_credit(account, 50_00)

        order = tables(
            lambda: adjust(
                customer_id=account.customer_id,
                key=("cashback", None),
                amount=amount,
                reason="Goodwill",
                actor_id=user.pk,
                operation="1",
                at=NOON,
            )
        )

        assert order[:2] == ["customers_customer", "loyalty_account"]
        assert order[-1] == ("loyalty_lot" if amount > 0 else "loyalty_entry")

    def test_a_written_off_debt(self):
        user, account = build_user(), build_account()
        debt = Receivable.objects.create(
            account=account, cause="return:1", amount=Decimal(5), left=Decimal(5), created_at=NOON
        )

        order = tables(lambda: write_off(receivable_id=debt.pk, reason="Goodwill", actor_id=user.pk, at=NOON))

        assert order == ["loyalty_account", "loyalty_settlement"]

    def test_an_answered_review(self):
        lot = build_credit(build_account(), 5_00, awaits_review=True)

        assert tables(lambda: answer_review([lot.lot_id], at=NOON)) == ["loyalty_account", "loyalty_lot"]

    def test_expiry_locks_accounts_only_and_waits_for_none(self):
        build_credit(build_account(), 5_00, expires_at=NOON)

        found = locked(lambda: post_expired(at=NOON))

        # One round that posts and one, with fewer than a batch, that is not made.
        assert [table for table, _statement in found] == ["loyalty_lot", "loyalty_entry"]
        assert found[0][1].rstrip().endswith("FOR NO KEY UPDATE OF a SKIP LOCKED")


class TestSecondPerson:
    def test_a_request_and_its_decision_lock_the_customer_before_the_account(self):
        Company.objects.update(adjustment_limit=100)
        customer, asker, other = build_customer(), build_user(), build_user()
        asked = []

        asking = tables(
            lambda: asked.append(
                adjust_or_ask(
                    customer_id=customer.pk,
                    key=("cashback", None),
                    amount=150_00,
                    reason="Goodwill",
                    actor_id=asker.pk,
                    operation="1",
                    at=NOON,
                )
            )
        )
        deciding = tables(lambda: approve(asked[0].pk, actor_id=other.pk, at=NOON))

        assert asking[:2] == deciding[:2] == ["customers_customer", "loyalty_account"]


class TestStoredValues:
    def test_whoever_is_given_one_is_locked_first(self):
        customer, user, card = build_customer(), build_user(), build_card()
        issue = Issue(type=card.type, customer_id=customer.pk, operation="1", reason="Goodwill", amount=5_00)

        giving = tables(lambda: issue_by_hand(issue, actor_id=user.pk, at=NOON))
        assigning = tables(lambda: assign(card, customer_id=customer.pk, reason="Hers", at=NOON))

        assert giving[0] == "customers_customer"
        assert assigning[:2] == ["customers_customer", "loyalty_account"]
