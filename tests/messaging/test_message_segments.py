from datetime import timedelta

import pytest

from customers.segments.statements import customers_of
from customers.segments.tree import read_tree
from messaging.models import OWN, MessageEvent
from retail.selectors.company import company_zone
from tests.builders import NOON, build_consent
from tests.messaging.builders import build_cart, build_company, build_message, build_reachable_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(db):
    build_company()


def members(field, operator, *, value=None, **more):
    condition = {"field": field, "operator": operator} | more
    if value is not None:
        condition["value"] = value
    tree = read_tree({"all": [condition]})
    found = customers_of(tree, at=NOON, zone=company_zone())
    return set(found.values_list("pk", flat=True))


def got(*, at=NOON - timedelta(days=2), **values):
    """A customer who got one message."""
    customer = build_reachable_customer()
    cart = build_cart(customer=customer, last_interaction_at=at - timedelta(minutes=30))
    message = build_message(
        **{"cart": cart, "state": "delivered", "sent_at": at, "due_at": at,
           "expires_at": at + timedelta(minutes=10)}
        | values
    )  # fmt: skip
    return customer, message


def note(message, kind, *, at=NOON - timedelta(days=1), key="1"):
    MessageEvent.objects.create(
        message=message, provider=OWN, event_key=f"{kind}:{message.pk}:{key}", kind=kind, occurred_at=at
    )


def test_who_got_a_message_and_who_did_not():
    customer, _message = got()
    held, _message = got(state="suppressed", reason="no_consent", sent_at=None)

    assert members("message_received", "is_set") == {customer.pk}
    assert members("message_received", "is_empty") == {held.pk}


@pytest.mark.parametrize("kind", ["opened", "clicked"])
def test_messages_count_once_however_often_they_were_touched(kind):
    customer, message = got()
    for key in "12":
        note(message, kind, key=key)
    other, _message = got()

    assert members(f"message_{kind}", "eq", value="1") == {customer.pk}
    assert members(f"message_{kind}", "is_empty") == {other.pk}
    assert members(f"message_{kind}", "lt", value="1") == {other.pk}


def test_who_stopped_marketing():
    customer = build_reachable_customer()
    build_consent(customer=customer, purpose="marketing", channel="sms", granted=False, given_at=NOON)
    other = build_reachable_customer()
    build_consent(customer=other, purpose="profiling", granted=False, given_at=NOON)

    assert members("unsubscribed", "is_set") == {customer.pk}


def test_a_period_counts_days_of_the_company():
    recent, _message = got(at=NOON - timedelta(days=2))
    got(at=NOON - timedelta(days=40))

    assert members("message_received", "is_set", period={"days": 30}) == {recent.pk}
