"""Win-back: who has bought nothing for so many days is written to once, until they buy again."""

from datetime import UTC, datetime, timedelta

import pytest

from customers.services.metrics import recount
from messaging.models import Message
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.previews import todays_messages
from retail.models import Sale
from tests.builders import build_consent, build_customer, build_sale, build_store
from tests.messaging.builders import build_automation, build_pool, build_reachable_customer

pytestmark = pytest.mark.django_db

# 10:00 in São Paulo, the hour that is proposed.
TEN = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# Ninety days earlier, in the evening.
THEN = datetime(2026, 8, 22, 22, 0, tzinfo=UTC)


def bought(customer=None, at=THEN, **values) -> Sale:
    customer = customer or build_reachable_customer()
    return build_sale(customer=customer, occurred_at=at, received_at=at, business_date=at.date(), **values)


def send(at=TEN):
    return deliver_due(clock=lambda: at)


class TestPlanning:
    @pytest.mark.parametrize(
        ("at", "planned"),
        [
            (TEN - timedelta(seconds=1), 0),
            (TEN, 1),
            (TEN + DAY, 1),
            # A planner that was down for longer leaves it unsaid.
            (TEN + DAY + timedelta(seconds=1), 0),
            (TEN - DAY, 0),
        ],
    )
    def test_writes_so_many_days_after_the_last_purchase(self, at, planned):
        build_automation(occasion="win_back")
        bought()

        assert plan("win_back", at=at) == planned

    def test_counts_days_by_the_clocks_of_the_home_store(self):
        build_automation(occasion="win_back")
        acre = build_store(time_zone="America/Rio_Branco")
        bought(build_reachable_customer(home_store=acre))

        assert plan("win_back", at=TEN + timedelta(hours=2) - timedelta(seconds=1)) == 0
        assert plan("win_back", at=TEN + timedelta(hours=2)) == 1

    def test_writes_once_for_each_absence(self, sms):
        build_automation(occasion="win_back", settings={"days": 7}, enabled_at=THEN)
        customer = build_reachable_customer()
        bought(customer)

        for day in range(5, 30):
            at = datetime(2026, 8, 22, 13, 0, tzinfo=UTC) + day * DAY
            plan("win_back", at=at)
            send(at)
        assert len(sms.sent) == 1

        bought(customer, at=THEN + 40 * DAY)
        for day in range(45, 60):
            at = datetime(2026, 8, 22, 13, 0, tzinfo=UTC) + day * DAY
            plan("win_back", at=at)
            send(at)
        assert len(sms.sent) == 2

    def test_does_not_make_up_for_the_time_while_it_was_off(self):
        build_automation(occasion="win_back", enabled_at=TEN + timedelta(minutes=1))
        bought()

        assert plan("win_back", at=TEN + timedelta(hours=1)) == 0

    def test_leaves_out_who_cannot_be_reached_and_stores_where_it_is_off(self):
        off = build_store()
        build_automation(occasion="win_back", stores_off=[off])
        bought(build_customer(phone="", email=""))
        bought(build_reachable_customer(home_store=off))
        bought(build_reachable_customer(is_active=False))

        assert plan("win_back", at=TEN) == 0

    def test_says_why_somebody_gets_nothing(self):
        build_automation(occasion="win_back")
        bought(build_reachable_customer(channels=[]))

        plan("win_back", at=TEN)

        assert Message.objects.get().reason == "no_consent"

    def test_misses_nobody_who_refused_to_be_watched(self):
        build_automation(occasion="win_back")
        customer = build_reachable_customer()
        build_consent(customer=customer, purpose="profiling", granted=False)
        bought(customer)

        plan("win_back", at=TEN)

        assert Message.objects.get().reason == "profiling_refused"

    def test_shows_who_gets_what_today(self):
        automation = build_automation(occasion="win_back")
        bought(build_reachable_customer(name="Ana Souza"))

        [shown] = todays_messages(automation, at=TEN - timedelta(hours=3))

        assert "22/08/2026" in shown.text
        assert not Message.objects.exists()


class TestLastLook:
    def test_writes_to_nobody_who_bought_meanwhile(self, sms):
        build_automation(occasion="win_back")
        customer = build_reachable_customer()
        bought(customer)
        plan("win_back", at=TEN)
        bought(customer, at=TEN - timedelta(minutes=1))

        send()

        assert Message.objects.get().reason == "bought"
        assert not sms.sent

    def test_writes_to_nobody_who_refuses_to_be_watched_meanwhile(self, sms):
        build_automation(occasion="win_back")
        customer = build_reachable_customer()
        bought(customer)
        plan("win_back", at=TEN)
        build_consent(customer=customer, purpose="profiling", granted=False)

        send()

        assert Message.objects.get().reason == "profiling_refused"
        assert not sms.sent

    def test_a_cancelled_purchase_does_not_end_an_absence(self, sms):
        build_automation(occasion="win_back")
        customer = build_reachable_customer()
        bought(customer)
        later = bought(customer, at=TEN - DAY)
        Sale.objects.filter(pk=later.pk).update(state="cancelled", cancelled_at=TEN)
        recount([customer.pk], at=TEN)

        plan("win_back", at=TEN)
        send()

        assert len(sms.sent) == 1

    def test_brings_a_code_of_its_own(self, sms):
        build_automation(occasion="win_back", pool=build_pool())
        bought()
        plan("win_back", at=TEN)

        send()

        message = Message.objects.get()
        assert message.promo_code is not None
        assert message.promo_code.code in sms.sent[0].text
        assert message.promo_code.expires_at == TEN + timedelta(days=7)
