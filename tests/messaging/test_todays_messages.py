"""Who gets what today: a page that asks no more for many lines than for few."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.models import AccountKind
from messaging.services import previews
from messaging.services.previews import todays_messages
from tests.builders import NOON, build_account, build_credit, build_sale, build_stored_value
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db
# 10:00 in São Paulo, and the first instant after the last day of what is reminded of then.
TEN = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
LAST_DAY_ENDS = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
BEFORE = TEN - timedelta(hours=3)


def voucher():
    build_stored_value(
        AccountKind.VOUCHER,
        at=TEN - timedelta(days=20),
        customer=build_reachable_customer(),
        expires_at=LAST_DAY_ENDS,
    )


def cashback():
    account = build_account(customer=build_reachable_customer())
    build_credit(account, available_from=TEN - timedelta(days=20), expires_at=LAST_DAY_ENDS)


def purchase():
    build_sale(customer=build_reachable_customer(), occurred_at=NOON - timedelta(hours=23))


def birthday():
    build_reachable_customer(birth_date=datetime(1990, 11, 20).date())


KINDS = [
    ("voucher_reminder", voucher),
    ("cashback_reminder", cashback),
    ("review_request", purchase),
    ("birthday", birthday),
]


class TestToday:
    @pytest.mark.parametrize(("occasion", "build"), KINDS, ids=[occasion for occasion, _build in KINDS])
    def test_asks_as_much_for_many_lines_as_for_few(self, occasion, build):
        automation = build_automation(occasion=occasion, channels=["email"])
        asked = []
        for number in (1, 5):
            for _ in range(number):
                build()
            with CaptureQueriesContext(connection) as queries:
                lines = todays_messages(automation, at=BEFORE)
            asked.append((len(lines), len(queries)))
            assert all(line.text for line in lines)

        assert [lines for lines, _queries in asked] == [1, 6]
        assert asked[0][1] == asked[1][1]

    def test_reads_no_more_than_a_thousand(self, monkeypatch):
        monkeypatch.setattr(previews, "MOST_READ", 3)
        automation = build_automation(occasion="birthday")
        for _ in range(5):
            birthday()

        assert len(todays_messages(automation, at=BEFORE)) == 3
