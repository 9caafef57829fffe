from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from campaigns.models import Activation, PromoCode
from campaigns.services.promo_codes import Terms, generate_codes
from loyalty.models import AccountKind
from loyalty.services.ledger import lock_accounts, spend
from messaging.models import Mailing, MarketingSettings
from messaging.selectors.attribution import (
    Counted,
    attributed_sales,
    attribution,
    of_mailing,
    of_message,
    of_occasion,
)
from retail.models import SaleState
from tests.builders import NOON, build_campaign, build_sale, build_stored_value
from tests.messaging.builders import (
    build_cart,
    build_mailing,
    build_message,
    build_pool,
    build_reachable_customer,
)

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


def found(*messages):
    """Ask for each message by itself: how it came to count for which sale."""
    return [
        (sale.message_id, sale.sale_id, sale.way)
        for message in messages
        for sale in attributed_sales(of_message(message))
    ]


def test_a_sale_within_the_days_counts_with_its_net(customer):
    message = sent(customer)
    sale = bought(customer, at=NOON + timedelta(days=7))

    [one] = attributed_sales(of_message(message))

    assert (one.message_id, one.sale_id, one.net, one.way) == (
        message.pk, sale.pk, Decimal("50.00"), "purchase",
    )  # fmt: skip
    assert (one.uuid, one.ticket) == (sale.uuid, sale.ticket)


def test_the_days_are_the_companys(customer):
    message = sent(customer)
    bought(customer, at=NOON + timedelta(days=9))
    assert found(message) == []

    MarketingSettings.objects.create(pk=1, attribution_days=9)

    assert len(found(message)) == 1


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


def test_the_message_that_brought_the_voucher_goes_before_the_last(customer):
    with_gift = sent(customer, occasion="birthday", occasion_key="birthday:2026")
    last = sent(customer, at=NOON + timedelta(days=1))
    stored = build_stored_value(
        AccountKind.VOUCHER, customer=customer, origin="message:birthday", operation=str(with_gift.uuid)
    ).stored
    sale = bought(customer, at=NOON + timedelta(days=2))
    lot = stored.account.lots.get()
    with transaction.atomic():
        lock_accounts(customer.pk)
        spend([(lot.pk, 10_00)], cause=f"sale:{sale.pk}", sale_id=sale.pk, occurred_at=NOON, at=NOON)

    assert found(with_gift, last) == [(with_gift.pk, sale.pk, "value")]


class TestSums:
    def test_of_a_mailing_are_by_way_and_by_day(self, customer):
        mailing = build_mailing()
        Mailing.objects.filter(pk=mailing.pk).update(started_at=NOON)
        mailing.refresh_from_db()
        message = sent(customer, mailing=mailing, occasion="mailing", occasion_key=mailing.occasion_key)
        sent(build_reachable_customer())
        bought(customer, at=NOON + timedelta(days=1))
        bought(customer, at=NOON + timedelta(days=2))
        bought(build_reachable_customer(), at=NOON + timedelta(days=1))

        sums = attribution(of_mailing(mailing))

        assert sums.total == Counted(2, Decimal("100.00"))
        assert sums.by_way == {
            "code": Counted(),
            "value": Counted(),
            "purchase": Counted(2, Decimal("100.00")),
        }
        assert {day: ways["purchase"].sales for day, ways in sums.by_day.items()} == {
            (NOON + timedelta(days=1)).date(): 1,
            (NOON + timedelta(days=2)).date(): 1,
        }
        assert message.pk

    def test_of_an_automation_leave_out_what_was_planned_before(self, customer):
        sent(customer)
        bought(customer, at=NOON + timedelta(days=1))

        def sales(since):
            return attribution(of_occasion("recovery", since=since)).total.sales

        assert (sales(NOON), sales(NOON + timedelta(hours=1))) == (1, 0)

    def test_count_a_sale_for_one_mailing_only(self, customer):
        mailings = [build_mailing(), build_mailing()]
        Mailing.objects.update(started_at=NOON)
        for day, mailing in enumerate(mailings):
            sent(
                customer, at=NOON + timedelta(days=day), mailing=mailing, occasion="mailing",
                occasion_key=mailing.occasion_key,
            )  # fmt: skip
        bought(customer, at=NOON + timedelta(days=2))

        counted = [attribution(of_mailing(mailing)).total.sales for mailing in Mailing.objects.order_by("pk")]

        assert counted == [0, 1]
