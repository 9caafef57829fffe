"""What must hold while value lives (test_value_machine.py): the machine's ledger in memory against the database."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from campaigns.models import CampaignCounter, PromoCode
from loyalty.models import Entry, Lot, Receivable, StoredValue
from loyalty.selectors.balances import balances
from loyalty.selectors.stored_values import held
from retail import money
from retail.models import Sale as StoredSale
from tests.builders import NOON
from tests.pos_api.value_model import Account, Sale, Stored
from tests.pos_api.value_shop import KINDS, Shop
from tests.world import assert_world

Body = dict[str, Any]


class Model:
    """Everything that the machine remembers; copied before a step that may be refused."""

    def __init__(self, clawback: str, grace_days: int) -> None:
        self.accounts = [
            {kind: Account(kind, clawback, grace_days) for kind in KINDS} for _customer in (0, 1)
        ]
        self.grace_days = grace_days
        self.values: list[Stored] = []
        self.sales: list[Sale] = []
        self.discounted: dict[int, Any] = {}  # sale: the day on which its use of DEZ was counted
        self.with_code: set[int] = set()
        self.answered: set[int] = set()


class ValueInvariants(RuleBasedStateMachine):
    """A run: a transaction of its own, and what is asked after its steps."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        # A transaction of its own, taken back at the end: in one for all runs, what each left dead would slow the next.
        self.transaction: Any = transaction.atomic()
        # As Django's TestCase does: what insists on being the outermost transaction may run inside this one.
        self.transaction._from_testcase = True
        self.transaction.__enter__()
        self.steps = 0
        self.now: datetime = NOON
        self.sent: list[tuple[Any, Body]] = []
        self.stored: list[StoredSale] = []
        self.returned: list[tuple[int, Any, Body]] = []
        self.adjusted: list[dict[str, Any]] = []
        self.entries: list[tuple[Any, ...]] = []

    # --- After every step ------------------------------------------------------------

    @invariant()
    def world_is_whole(self) -> None:
        """Ask the whole database in every tenth step; the end of each run asks again."""
        self.steps += 1
        if self.steps % 10 == 0:
            assert_world()

    @invariant()
    def ledger_is_as_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        left, debts = defaultdict(list), defaultdict(list)
        for account_id, amount in Lot.objects.order_by("pk").values_list("account_id", "remaining"):
            left[account_id].append(money.from_decimal(amount))
        for account_id, amount in Receivable.objects.order_by("pk").values_list("account_id", "left"):
            debts[account_id].append(money.from_decimal(amount))
        for place, kinds in enumerate(self.model.accounts):
            for kind, account in kinds.items():
                account_id = self.shop.account_ids[place, kind]
                assert left[account_id] == [lot.remaining for lot in account.lots], (kind, place)
                assert debts[account_id] == account.debts
        for value in self.model.values:
            held_now = left[value.account_id]
            assert held_now == [lot.remaining for lot in value.account.lots], (value.kind, value.number)

    @invariant()
    def balances_are_as_the_model_says(self) -> None:
        """Look the balances up in every third step."""
        if not hasattr(self, "model") or self.steps % 3:
            return
        for owner, kinds in zip(self.shop.customers, self.model.accounts, strict=True):
            known = {one.kind: one for one in balances(owner.pk, at=self.now)}
            for kind, account in kinds.items():
                assert known[kind].available == account.available(self.now)
                assert known[kind].pending == account.pending(self.now)
        rows = StoredValue.objects.filter(account__in=[value.account_id for value in self.model.values])
        found = held(rows.select_related("type", "account").order_by("account_id"), at=self.now)
        for one, value in zip(found, sorted(self.model.values, key=lambda v: v.account_id), strict=True):
            assert one.balance.available == value.account.available(self.now)
            assert one.last4 == value.code[-4:]
            assert (one.stored.blocked_at is not None) == value.is_blocked

    @invariant()
    def limits_are_as_the_model_says(self) -> None:
        if hasattr(self, "model"):
            used = dict(
                CampaignCounter.objects.filter(campaign__code="DEZ", scope="total").values_list(
                    "scope", "used"
                )
            )
            assert used.get("total", Decimal(0)) == len(self.model.discounted)
            assert PromoCode.objects.get(code="BEMVINDO").used == len(self.model.with_code)

    @invariant()
    def entries_are_never_altered(self) -> None:
        rows = list(Entry.objects.order_by("pk").values_list("pk", "lot", "kind", "amount", "cause", "sale"))
        assert rows[: len(self.entries)] == self.entries
        self.entries = rows

    def teardown(self) -> None:
        try:
            if not transaction.get_rollback():
                assert_world()
                connection.check_constraints()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
