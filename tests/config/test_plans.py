"""Pages of a chain with a million customers: what they ask first comes from an index, whatever a table holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.views.customer import CustomerList
from messaging.models import Message
from messaging.selectors.mailings import progress_of
from messaging.selectors.messages import traffic
from messaging.selectors.outcomes import outcome_of
from messaging.views.mailing_list import MailingPeople
from messaging.views.message import MessageList
from pos_api.views.pages.sale import SaleList
from retail.models import Sale, Store, Terminal
from retail.views.lists import ListPage, may_be_null
from tests.builders import NOON
from tests.messaging.builders import build_mailing

pytestmark = pytest.mark.django_db
WEEK = NOON - timedelta(days=7)


@pytest.fixture(autouse=True)
def _many_rows() -> None:
    """Let the planner choose as it does where tables are large: neither reading nor sorting them is cheap."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")


def plans(work: Callable[[], Any]) -> str:
    """Return how the database answers everything that some work asks."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        work()
    lines = []
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (COSTS OFF) {query['sql']}")
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


class TestLists:
    @pytest.mark.parametrize(
        ("page", "index"),
        [(MessageList, "message_newest"), (SaleList, "sale_by_moment"), (CustomerList, "customer_by_name")],
    )
    def test_take_their_first_rows_from_an_index(self, page: type[ListPage], index: str) -> None:
        view = page()

        plan = plans(lambda: list(view.order(page.model._default_manager.all(), view.default_order)[:25]))

        assert f"using {index} " in plan

    def test_the_people_of_a_mailing_too(self) -> None:
        view = MailingPeople()
        view.mailing = build_mailing()

        plan = plans(lambda: list(view.order(view.get_queryset(), view.default_order)[:25]))

        assert "using mailing_member_once " in plan

    @pytest.mark.parametrize(
        ("model", "order_by", "expected"),
        [
            (Sale, "occurred_at", False),
            (Sale, "pk", False),
            (Terminal, "store__name", False),
            (Sale, "customer__name", True),
            (Sale, "made_up", True),
            (Store, object(), True),
        ],
    )
    def test_put_nothing_behind_what_is_always_there(self, model: Any, order_by: Any, expected: bool) -> None:
        assert may_be_null(model, order_by) is expected


class TestCountsOfMessages:
    def test_of_a_month_of_an_automation_read_no_message(self) -> None:
        asked = plans(lambda: traffic(since=WEEK, occasion="birthday"))

        assert "message_by_occasion" in asked

    def test_of_a_mailing_read_no_message(self) -> None:
        mailing = build_mailing()

        assert "Index Only Scan using message_by_mailing" in plans(lambda: progress_of(mailing))

    def test_of_answers_read_what_people_did_alone(self) -> None:
        mailing = build_mailing()

        assert "message_event_of_people" in plans(lambda: outcome_of(Message.objects.filter(mailing=mailing)))
