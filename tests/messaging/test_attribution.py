from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.models import Activation, PromoCode
from campaigns.services.promo_codes import Terms, generate_codes
from messaging.selectors.attribution import attributed_sales
from retail.models import SaleState
from tests.builders import NOON, build_campaign, build_sale
from tests.messaging.builders import build_cart, build_message, build_pool, build_reachable_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return build_reachable_customer()


def sent(customer, *, at=NOON, **values):
    cart = build_cart(customer=customer, last_interaction_at=at - timedelta(minutes=30))
    return build_message(
        **{"cart": cart, "state": "delivered", "sent_at": at, "call_began_at": at, "due_at": at,
           "expires_at": at + timedelta(minutes=10), "channel": "sms"}
        | values
    )  # fmt: skip


def bought(customer, *, at, **values):
    return build_sale(customer=customer, occurred_at=at, received_at=at, **values)


def found(*messages, days=7):
    return [
        (sale.message_id, sale.sale_id, sale.how)
        for sale in attributed_sales([message.pk for message in messages], days)
    ]


def test_a_sale_within_the_days_counts_with_its_net(customer):
    message = sent(customer)
    sale = bought(customer, at=NOON + timedelta(days=7))

    [one] = attributed_sales([message.pk], 7)

    assert (one.message_id, one.sale_id, one.net, one.how) == (
        message.pk, sale.pk, Decimal("50.00"), "purchase",
    )  # fmt: skip


@pytest.mark.parametrize("moment", [-timedelta(days=1), timedelta(0), timedelta(days=7, seconds=1)])
def test_a_sale_of_another_time_does_not(customer, moment):
    message = sent(customer)
    bought(customer, at=NOON + moment)

    assert found(message) == []


@pytest.mark.parametrize(
    "values", [{"is_test": True}, {"state": SaleState.CANCELLED, "cancelled_at": NOON + timedelta(days=2)}]
)
def test_tests_and_cancelled_sales_do_not(customer, values):
    message = sent(customer)
    bought(customer, at=NOON + timedelta(days=1), **values)

    assert found(message) == []


def test_a_message_that_nobody_surely_got_does_not_count(customer):
    message = sent(customer, state="in_doubt")
    bought(customer, at=NOON + timedelta(days=1))

    assert found(message) == []


def test_the_last_message_before_the_purchase_counts(customer):
    first, last = sent(customer), sent(customer, at=NOON + timedelta(days=1))
    sale = bought(customer, at=NOON + timedelta(days=2))
    sent(customer, at=NOON + timedelta(days=3))

    assert found(first, last) == [(last.pk, sale.pk, "purchase")]
    # Also when nobody asks about the last one: no sale counts twice.
    assert found(first) == []


def test_the_message_whose_code_was_used_goes_before_the_last(customer):
    (code,) = generate_codes(pool=build_pool(), count=1, terms=Terms(), at=NOON)
    promo_code = PromoCode.objects.get(code=code)
    with_code = sent(customer, promo_code=promo_code)
    last = sent(customer, at=NOON + timedelta(days=1))
    sale = bought(customer, at=NOON + timedelta(days=2))
    campaign = build_campaign(publish=True)
    Activation.objects.create(
        sale=sale,
        campaign=campaign,
        revision=campaign.live_revision,
        promo_code=promo_code,
        activated_at=NOON + timedelta(days=2),
    )

    assert found(with_code, last) == [(with_code.pk, sale.pk, "code")]


def test_two_purchases_count_by_themselves(customer):
    message = sent(customer)
    sales = [bought(customer, at=NOON + timedelta(days=day)) for day in (1, 2)]

    assert found(message) == [(message.pk, sale.pk, "purchase") for sale in sales]


def test_another_customer_counts_for_nothing(customer):
    message = sent(customer)
    bought(build_reachable_customer(), at=NOON + timedelta(days=1))

    assert found(message) == []


def test_asking_about_nothing_finds_nothing():
    assert attributed_sales([], 7) == []
