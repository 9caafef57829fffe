"""Segments of customers who hold something that ends within some days."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from customers.segments.statements import customers_of
from customers.segments.tree import read_tree
from loyalty.models import AccountKind
from retail.selectors.company import company_zone
from tests.builders import build_customer, build_stored_value, build_stored_value_type

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
# The last day is the 27th by the company's clocks, São Paulo's.
ENDS = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def holder(name, *, ends=ENDS, **values):
    customer = build_customer(name=name)
    build_stored_value(
        values.pop("kind", AccountKind.GIFT_CARD), at=NOW, customer=customer, expires_at=ends, **values
    )
    return customer


def names(first, last, operator="is_set", **more):
    condition = {
        "field": "stored_value_ending",
        "operator": operator,
        "period": {"from": first, "until": last},
    }
    tree = read_tree({"all": [condition | more]})
    return set(customers_of(tree, at=NOW, zone=company_zone()).values_list("name", flat=True))


def test_finds_who_holds_what_ends_on_these_days_and_on_no_others():
    holder("27th")
    holder("28th", ends=ENDS + timedelta(days=1))
    holder("never", ends=None)
    holder("percent", kind=AccountKind.VOUCHER, percent=Decimal(10))

    assert names("2026-11-27", "2026-11-27") == {"27th", "percent"}
    assert names("2026-11-28", "2026-12-31") == {"28th"}
    assert names("2026-11-27", "2026-12-31") == {"27th", "28th", "percent"}
    assert names("2026-11-20", "2026-11-26") == set()


def test_leaves_out_what_cannot_be_used():
    blocked = holder("blocked")
    type(blocked.stored_values.get()).objects.update(blocked_at=NOW)
    holder("over", ends=NOW + timedelta(days=1), available_from=NOW + timedelta(hours=1))

    assert names("2026-11-20", "2026-12-31") == set()
    assert names("2026-11-20", "2026-12-31", "is_empty") == {"blocked", "over"}


def test_narrows_to_types_and_counts():
    christmas = build_stored_value_type(code="natal")
    twice = holder("twice", type=christmas)
    build_stored_value(at=NOW, customer=twice, expires_at=ENDS, type=christmas)
    holder("other", type=build_stored_value_type(code="pascoa"))

    assert names("2026-11-27", "2026-11-27", of=["natal"]) == {"twice"}
    assert names("2026-11-27", "2026-11-27", "gte", value="2") == {"twice"}
