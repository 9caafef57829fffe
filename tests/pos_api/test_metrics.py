"""The metrics of customers after anything that tills and managers do: what their sales come to, to the cent."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import CategoryTotal, Customer, CustomerMetrics
from customers.services.metrics import let_old_sales_leave
from customers.verification import differences
from loyalty.models import CustomerMerge
from pos_api.baskets import SALE_DECODER
from pos_api.demo.sales import caller_of
from pos_api.problems import Problem
from pos_api.returned_units import RETURN_DECODER
from pos_api.services.cancel import cancel_sale, cancel_ticket
from pos_api.services.commit import record_sale
from pos_api.services.customer_merges import MergeRefused, merge_customers, undo_merge
from pos_api.services.returns import return_sale
from retail.models import Sale
from tests.builders import NOON, build_terminal, build_user
from tests.pos_api.till import Till, line, sale

CPF = "39053344705"
CARDS = ["CARTAO-1", "CARTAO-2", "CARTAO-3"]


def metrics_of(document: str = CPF) -> CustomerMetrics:
    return CustomerMetrics.objects.get(customer__document=document)


def totals() -> dict[tuple[str, date], tuple[Decimal, Decimal]]:
    return {(row.category, row.month): (row.quantity, row.amount) for row in CategoryTotal.objects.all()}


class TestOneCustomer:
    @pytest.fixture
    def sold(self, till: Till) -> dict[str, Any]:
        bought = [line(1, quantity="2", category="camisas"), line(2, unit_price="50.00", category="meias")]
        answer = till.sell(sale(*bought, total="250.00", customer={"document": CPF}))
        assert answer.status_code == 201
        return answer.json()

    def test_counts_a_sale_with_its_lines(self, till: Till, sold: dict[str, Any]) -> None:
        row = metrics_of()
        month = date.fromisoformat(sold["business_date"]).replace(day=1)

        assert (row.turnover, row.visits, row.turnover_total, row.visits_total) == (250, 1, 250, 1)
        assert row.oldest_at == row.first_at == row.last_at == Sale.objects.get().occurred_at
        assert totals() == {("camisas", month): (2, 200), ("meias", month): (1, 50)}

    def test_takes_the_units_that_came_back_off_their_category_only(
        self, till: Till, sold: dict[str, Any]
    ) -> None:
        assert till.give_back(sold["sale"], {1: "1", 2: "1"}).status_code == 201

        # Campaigns count a sale whole until all of it came back, and so do these.
        assert (metrics_of().turnover, metrics_of().visits) == (250, 1)
        assert [(key[0], value) for key, value in totals().items()] == [("camisas", (1, 100))]

    def test_forgets_a_sale_of_which_everything_came_back(self, till: Till, sold: dict[str, Any]) -> None:
        till.sell(sale(total="100.00", customer={"document": CPF}))
        till.give_back(sold["sale"], {1: "2"})

        till.give_back(sold["sale"], {2: "1"})

        assert (metrics_of().turnover, metrics_of().visits_total) == (100, 1)
        assert totals() == {}

    def test_forgets_a_cancelled_sale_and_its_moments(self, till: Till, sold: dict[str, Any]) -> None:
        till.cancel(sold["sale"])

        row = metrics_of()
        assert (row.turnover, row.visits, row.oldest_at, row.first_at, row.last_at) == (
            0,
            0,
            None,
            None,
            None,
        )
        assert totals() == {}

    def test_does_not_count_what_was_cancelled_before_it_arrived(self, till: Till) -> None:
        day = "2026-11-20"
        assert till.cancel_ticket("TARDE", day).status_code == 200
        late = sale(total="100.00", customer={"document": CPF}, ticket="TARDE", business_date=day)
        late.pop("occurred_at")
        assert till.sell(late).status_code in (200, 201)

        assert not CustomerMetrics.objects.exists()
        assert differences() == []


@pytest.fixture
def shop(db: None) -> "Shop":
    return Shop()


class Shop:
    """A till of long ago, whose clock only goes forward."""

    def __init__(self) -> None:
        self.caller = caller_of(build_terminal())
        self.manager = build_user()
        self.now = NOON - timedelta(days=1_500)
        self.tickets = count(1)
        self.sold: list[UUID] = []

    def sell(self, who: int, days_ago: int, units: list[tuple[int, int]]) -> None:
        lines = [
            line(place, quantity=str(quantity), unit_price=f"{price}.37", category=f"c{price % 3}")
            for place, (quantity, price) in enumerate(units, start=1)
        ]
        total = sum(quantity * (Decimal(price) + Decimal("0.37")) for quantity, price in units)
        document = sale(
            *lines, total=str(total), customer={"card": CARDS[who]}, ticket=f"M{next(self.tickets)}"
        )
        document |= {
            "occurred_at": (self.now - timedelta(days=days_ago)).isoformat(),
            "offline": days_ago > 0,
        }
        body = record_sale(SALE_DECODER.convert(document), self.caller, now=self.now).body
        self.sold.append(UUID(body["sale"]))

    def cancel(self, which: int) -> None:
        cancel_sale(sale=self.sold[which % len(self.sold)], caller=self.caller, now=self.now)

    def cancel_early(self, days_ago: int) -> None:
        day = (self.now - timedelta(days=days_ago)).date()
        ticket = f"M{next(self.tickets)}"
        cancel_ticket(ticket=ticket, business_date=day, caller=self.caller, now=self.now)

    def give_back(self, which: int, number: int) -> None:
        lines = [{"line": number, "quantity": "1"}]
        document = RETURN_DECODER.convert({"return": f"R{next(self.tickets)}", "lines": lines})
        return_sale(
            sale=self.sold[which % len(self.sold)], document=document, caller=self.caller, now=self.now
        )

    def merge(self, kept: int, absorbed: int) -> None:
        ids = dict(Customer.objects.values_list("card", "pk"))
        merge_customers(
            kept_id=ids[CARDS[kept]],
            absorbed_id=ids[CARDS[absorbed]],
            reason="Same person",
            actor=self.manager,
            at=self.now,
        )

    def undo(self, which: int) -> None:
        merges = list(CustomerMerge.objects.order_by("pk"))
        undo_merge(merge_id=merges[which % len(merges)].pk, actor=self.manager, at=self.now)

    def roll(self) -> None:
        let_old_sales_leave(at=self.now)
        since = self.now - timedelta(days=365)
        assert not CustomerMetrics.objects.filter(oldest_at__lte=since).exists()
        # What is not behind is what the sales of the last twelve months come to.
        for row in CustomerMetrics.objects.all():
            recent = Sale.objects.real().filter(
                customer=row.customer_id,
                occurred_at__gt=since,
                state__in=["committed", "partially_returned"],
            )
            assert (row.visits, row.turnover) == (recent.count(), sum(one.net for one in recent))


_who, _which = st.integers(0, len(CARDS) - 1), st.integers(0, 50)
_units = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 99)), min_size=1, max_size=3)
STEPS = st.one_of(
    st.tuples(st.just("sell"), _who, st.sampled_from([0, 0, 0, 5, 200, 390]), _units),
    st.tuples(st.just("sell"), _who, st.just(0), _units),
    st.tuples(st.just("cancel"), _which),
    st.tuples(st.just("cancel_early"), st.integers(0, 3)),
    st.tuples(st.just("give_back"), _which, st.integers(1, 3)),
    st.tuples(st.just("merge"), _who, _who),
    st.tuples(st.just("undo"), _which),
    st.tuples(st.just("wait"), st.integers(1, 250)),
    st.tuples(st.just("roll")),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=25))
def test_any_sequence_leaves_what_the_sales_come_to(shop: Shop, steps: list[tuple[Any, ...]]) -> None:
    savepoint = transaction.savepoint()
    shop.now, shop.sold = NOON - timedelta(days=1_500), []

    for name, *arguments in steps:
        shop.now += timedelta(minutes=1)
        if name == "wait":
            shop.now += timedelta(days=arguments[0])
            continue
        # Nothing to cancel, to return or to merge: refused, and nothing happened.
        with suppress(Problem, MergeRefused, KeyError, ZeroDivisionError):
            getattr(shop, name)(*arguments)
        assert differences() == []
    shop.roll()

    transaction.savepoint_rollback(savepoint)


def test_a_sale_leaves_the_window_and_stays_in_all(shop: Shop) -> None:
    shop.sell(0, 0, [(1, 10)])
    shop.now += timedelta(days=200)
    shop.sell(0, 0, [(1, 20)])
    shop.now += timedelta(days=200)

    assert let_old_sales_leave(at=shop.now) == 1
    assert let_old_sales_leave(at=shop.now) == 0

    row = CustomerMetrics.objects.get()
    assert (row.turnover, row.visits) == (Decimal("20.37"), 1)
    assert (row.turnover_total, row.visits_total) == (Decimal("30.74"), 2)
    assert row.oldest_at == row.last_at > datetime(2023, 1, 1, tzinfo=UTC)
