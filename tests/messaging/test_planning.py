from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging.models import CartState, Message, MessageState
from messaging.services.planning import plan
from tests.builders import NOON, build_consent, build_customer, build_sale, build_store
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_message,
    build_pool,
    build_reachable_customer,
    build_shop,
)

pytestmark = pytest.mark.django_db


def only_message():
    return Message.objects.get()


class TestPlanRecoveries:
    def test_queues_a_cart_once_its_delay_is_over(self):
        build_automation(settings={"delay_minutes": 30})
        cart = build_cart(last_interaction_at=NOON)

        assert plan("recovery", at=NOON + timedelta(minutes=29, seconds=59)) == 0
        assert plan("recovery", at=NOON + timedelta(minutes=30)) == 1

        message = only_message()
        assert (message.state, message.cart, message.person) == ("queued", cart, f"c:{cart.customer_id}")
        assert message.due_at == NOON + timedelta(minutes=30)
        assert message.expires_at == NOON + timedelta(minutes=40)

    def test_planning_again_adds_nothing(self):
        build_automation()
        build_cart()

        counts = [plan("recovery", at=NOON + timedelta(minutes=30 + n)) for n in range(5)]

        assert counts == [1, 0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"phone": "", "email": ""}, "no_address"),
            ({"channels": ("email",)}, "no_consent"),
            ({"channels": ()}, "no_consent"),
        ],
    )
    def test_says_why_somebody_gets_nothing(self, change, reason):
        build_automation(channels=["sms"])
        build_cart(customer=build_reachable_customer(**change))

        plan("recovery", at=NOON + timedelta(minutes=31))

        assert (only_message().state, only_message().reason) == ("suppressed", reason)

    def test_the_newest_answer_about_consent_counts(self):
        build_automation()
        customer = build_reachable_customer()
        build_consent(customer=customer, purpose="marketing", channel="sms", granted=False)
        build_cart(customer=customer)

        plan("recovery", at=NOON + timedelta(minutes=31))

        assert only_message().reason == "no_consent"

    def test_leaves_stores_without_an_online_shop_alone(self):
        build_automation()
        build_cart(store=build_store(online_shop=False))

        assert plan("recovery", at=NOON + timedelta(minutes=31)) == 0

    def test_leaves_stores_alone_where_it_is_off(self):
        store = build_shop()
        build_automation(stores_off=[store])
        build_cart(store=store)

        assert plan("recovery", at=NOON + timedelta(minutes=31)) == 0

    def test_does_nothing_while_it_is_off(self):
        build_automation(enabled=False)
        build_cart()

        assert plan("recovery", at=NOON + timedelta(minutes=31)) == 0

    def test_does_not_make_up_for_the_time_while_it_was_off(self):
        build_automation(enabled_at=NOON + timedelta(hours=2))
        build_cart()

        assert plan("recovery", at=NOON + timedelta(hours=2, minutes=1)) == 0

    def test_says_so_when_the_moment_was_missed(self):
        build_automation(settings={"delay_minutes": 5})
        build_cart()

        plan("recovery", at=NOON + timedelta(minutes=15))

        assert (only_message().state, only_message().reason) == ("suppressed", "too_late")

    def test_says_so_when_the_customer_has_bought_and_closes_the_cart(self):
        build_automation()
        cart = build_cart()
        build_sale(customer=cart.customer, occurred_at=NOON + timedelta(minutes=10))

        plan("recovery", at=NOON + timedelta(minutes=31))

        cart.refresh_from_db()
        assert only_message().reason == "bought"
        assert cart.state == CartState.BOUGHT

    def test_a_sale_of_before_the_cart_does_not_count(self):
        build_automation()
        cart = build_cart()
        build_sale(
            customer=cart.customer,
            occurred_at=NOON - timedelta(minutes=1),
            received_at=NOON - timedelta(minutes=1),
        )

        plan("recovery", at=NOON + timedelta(minutes=31))

        assert only_message().state == MessageState.QUEUED

    def test_a_cancelled_sale_does_not_count(self):
        build_automation()
        cart = build_cart()
        later = NOON + timedelta(minutes=10)
        build_sale(customer=cart.customer, occurred_at=later, state="cancelled", cancelled_at=later)

        plan("recovery", at=NOON + timedelta(minutes=31))

        assert only_message().state == MessageState.QUEUED

    @pytest.mark.parametrize(("hours_ago", "reason"), [(23, "too_frequent"), (24, "")])
    def test_respects_how_often_one_customer_may_be_written_to(self, hours_ago, reason):
        build_automation(settings={"frequency_hours": 24})
        customer = build_reachable_customer()
        now = NOON + timedelta(minutes=30)
        earlier = now - timedelta(hours=hours_ago)
        old = build_cart(customer=customer, last_interaction_at=earlier, state="deleted", closed_at=earlier)
        build_message(cart=old, state="sent", sent_at=earlier, call_began_at=earlier)
        new = build_cart(customer=customer)

        plan("recovery", at=now)

        assert Message.objects.get(cart=new).reason == reason

    def test_a_visitor_without_a_record_counts_by_the_address(self):
        build_automation()
        cart = build_cart(customer=build_customer(), phone="+5511987650000", accepts_marketing=True)
        cart.customer = None
        cart.save()

        plan("recovery", at=NOON + timedelta(minutes=31))

        message = only_message()
        assert message.state == MessageState.QUEUED
        assert message.person.startswith("p:")
        assert "98765" not in message.person

    def test_notices_a_cart_that_was_bought_after_the_message(self):
        build_automation()
        cart = build_cart()
        sent_at = NOON + timedelta(minutes=30)
        build_message(cart=cart, state="sent", planned_at=sent_at, sent_at=sent_at, call_began_at=sent_at)
        build_sale(customer=cart.customer, occurred_at=sent_at + timedelta(minutes=20))

        plan("recovery", at=sent_at + timedelta(minutes=30))

        cart.refresh_from_db()
        assert cart.state == CartState.RECOVERED


class TestPlanBirthdays:
    AUTOMATION = {"occasion": "birthday", "settings": {"send_at": "09:00:00"}}

    def test_queues_at_the_hour_of_the_home_store(self):
        build_automation(**self.AUTOMATION)
        acre = build_store(time_zone="America/Rio_Branco")
        customer = build_reachable_customer(birth_date=date(1990, 11, 20), home_store=acre)

        assert plan("birthday", at=datetime(2026, 11, 20, 13, 59, tzinfo=UTC)) == 0
        assert plan("birthday", at=datetime(2026, 11, 20, 14, 0, tzinfo=UTC)) == 1

        message = only_message()
        assert (message.customer, message.occasion_key, message.store) == (customer, "2026", acre)

    def test_never_greets_the_day_after(self):
        build_automation(**self.AUTOMATION)
        build_reachable_customer(birth_date=date(1990, 11, 20))
        midnight = datetime(2026, 11, 21, 0, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))

        assert plan("birthday", at=midnight) == 0
        assert plan("birthday", at=midnight - timedelta(seconds=1)) == 1

    def test_leaves_out_who_cannot_be_reached_at_all(self):
        build_automation(**self.AUTOMATION)
        build_customer(birth_date=date(1990, 11, 20))

        assert plan("birthday", at=NOON) == 0

    def test_leaves_out_inactive_customers_and_stores_where_it_is_off(self):
        store = build_store()
        build_automation(**self.AUTOMATION, stores_off=[store])
        build_reachable_customer(birth_date=date(1990, 11, 20), is_active=False)
        build_reachable_customer(birth_date=date(1990, 11, 20), home_store=store)

        assert plan("birthday", at=NOON) == 0

    @pytest.mark.parametrize(("year", "greeted"), [(2026, 0), (2009, 0), (2008, 1)])
    def test_greets_adults_only(self, year, greeted):
        build_automation(**self.AUTOMATION)
        build_reachable_customer(birth_date=date(year, 11, 20))

        assert plan("birthday", at=NOON) == greeted

    def test_reads_a_constant_number_of_times(self, django_assert_max_num_queries):
        build_automation(**self.AUTOMATION, pool=build_pool())
        for _ in range(20):
            build_reachable_customer(birth_date=date(1990, 11, 20))

        with django_assert_max_num_queries(15):
            assert plan("birthday", at=NOON) == 20
