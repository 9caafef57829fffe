"""Reminders of value: who is told of what on which day, on which channels, and of nothing that was used."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.models import AccountKind, CustomerTier, ProgramTier, StoredValue
from loyalty.services.new_customers import welcome_new_customers
from messaging.models import Automation, Message, MessageState, Template
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.previews import todays_messages
from tests.builders import (
    build_account,
    build_credit,
    build_issuing_rule,
    build_program,
    build_store,
    build_stored_value,
)
from tests.messaging.builders import build_automation, build_company, build_reachable_customer

pytestmark = pytest.mark.django_db

# 10:00 in São Paulo, the hour that is proposed.
TEN = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
# The first instant after 27 November, seven days later: the last day is the 27th.
LAST_DAY_ENDS = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def send(at=TEN):
    return deliver_due(clock=lambda: at)


def voucher(
    customer, *, kind=AccountKind.VOUCHER, expires_at=LAST_DAY_ENDS, at=TEN - timedelta(days=20), **values
):
    return build_stored_value(kind, at=at, customer=customer, expires_at=expires_at, **values)


def texts():
    return [message.text for message in Message.objects.order_by("pk")]


class TestDays:
    @pytest.mark.parametrize(
        ("at", "planned"),
        [
            (TEN - timedelta(seconds=1), 0),
            (TEN, 1),
            (TEN + timedelta(hours=23, minutes=59), 1),
            # A planner that was down for longer leaves it unsaid.
            (TEN + timedelta(hours=24, seconds=1), 0),
            (TEN - timedelta(days=1), 0),
        ],
    )
    def test_reminds_so_many_days_before_the_last_one(self, at, planned):
        build_automation(occasion="voucher_reminder")
        voucher(build_reachable_customer())

        assert plan("voucher_reminder", at=at) == planned

    @pytest.mark.parametrize(
        "ends", [LAST_DAY_ENDS - timedelta(days=1), LAST_DAY_ENDS + timedelta(seconds=1)]
    )
    def test_of_no_other_day(self, ends):
        build_automation(occasion="voucher_reminder")
        voucher(build_reachable_customer(), expires_at=ends)

        assert plan("voucher_reminder", at=TEN) == 0

    def test_of_the_day_by_the_clocks_of_the_home_store(self):
        build_automation(occasion="voucher_reminder")
        acre = build_store(time_zone="America/Rio_Branco")
        voucher(build_reachable_customer(home_store=acre))

        assert plan("voucher_reminder", at=TEN + timedelta(hours=2) - timedelta(seconds=1)) == 0
        assert plan("voucher_reminder", at=TEN + timedelta(hours=2)) == 1

    def test_after_so_many_days(self, sms):
        build_automation(occasion="credit_note_reminder", settings={"rule": "after_creation", "days": 30})
        customer = build_reachable_customer()
        for days in (29, 30, 31):
            voucher(
                customer,
                kind=AccountKind.CREDIT_NOTE,
                expires_at=None,
                at=TEN - timedelta(days=days),
                amount=days * 100,
            )

        assert plan("credit_note_reminder", at=TEN) == 1
        send()

        assert "R$ 30,00" in Message.objects.get().text

    def test_twice_planned_is_told_once(self, sms):
        build_automation(occasion="voucher_reminder")
        voucher(build_reachable_customer())

        counts = [plan("voucher_reminder", at=TEN + timedelta(minutes=5 * number)) for number in range(3)]
        for number in range(3):
            send(TEN + timedelta(minutes=5 * number))

        assert counts == [1, 0, 0]
        assert len(sms.sent) == 1

    @pytest.mark.parametrize("every_channel", [False, True])
    @pytest.mark.parametrize("kind", ["voucher", "cashback"])
    def test_what_is_planned_is_not_read_again(self, kind, every_channel):
        build_automation(
            occasion=f"{kind}_reminder", channels=["email", "sms"], settings={"every_channel": every_channel}
        )
        for customer in (build_reachable_customer(), build_reachable_customer(phone="")):
            if kind == "voucher":
                voucher(customer)
            else:
                ends_at = LAST_DAY_ENDS
                build_credit(build_account(customer=customer), available_from=TEN, expires_at=ends_at)
        planned = plan(f"{kind}_reminder", at=TEN)

        with CaptureQueriesContext(connection) as asked:
            again = plan(f"{kind}_reminder", at=TEN + timedelta(minutes=15))

        assert (planned, again) == (3 if every_channel else 2, 0)
        assert not [query for query in asked.captured_queries if "customers_consent" in query["sql"]]

    def test_what_was_due_before_it_was_switched_on_is_not_made_up_for(self):
        build_automation(occasion="voucher_reminder", enabled_at=TEN + timedelta(seconds=1))
        voucher(build_reachable_customer())

        assert plan("voucher_reminder", at=TEN + timedelta(minutes=5)) == 0


class TestWho:
    def test_nobody_is_told_of_what_is_used_blocked_or_nobodys(self):
        build_automation(occasion="voucher_reminder")
        blocked = voucher(build_reachable_customer())
        StoredValue.objects.filter(pk=blocked.stored.pk).update(blocked_at=TEN)
        voucher(None)
        voucher(build_reachable_customer(is_active=False))
        voucher(build_reachable_customer(email="", phone=""))

        assert plan("voucher_reminder", at=TEN) == 0

    def test_whoever_did_not_agree_gets_a_row_that_says_so(self):
        build_automation(occasion="voucher_reminder")
        voucher(build_reachable_customer(channels=()))

        plan("voucher_reminder", at=TEN)

        message = Message.objects.get()
        assert (message.state, message.reason) == ("suppressed", "no_consent")

    def test_not_where_it_is_off(self):
        store = build_store()
        build_automation(occasion="voucher_reminder", stores_off=[store])
        voucher(build_reachable_customer(home_store=store))

        assert plan("voucher_reminder", at=TEN) == 0

    def test_what_was_used_meanwhile_is_not_mentioned(self, sms):
        build_automation(occasion="voucher_reminder")
        made = voucher(build_reachable_customer())
        plan("voucher_reminder", at=TEN)
        StoredValue.objects.filter(pk=made.stored.pk).update(blocked_at=TEN)

        send()

        assert (Message.objects.get().state, Message.objects.get().reason) == ("suppressed", "value_used")
        assert sms.sent == []


class TestChannels:
    @pytest.mark.parametrize(
        ("channels", "every", "left"),
        [
            (["email"], False, ["email"]),
            (["sms"], False, ["sms"]),
            (["email", "sms"], False, ["email"]),
            (["sms", "email"], False, ["sms"]),
            (["email", "sms"], True, ["email", "sms"]),
        ],
    )
    def test_the_five_policies(self, recorders, channels, every, left):
        build_automation(occasion="gift_card_reminder", channels=channels, settings={"every_channel": every})
        voucher(build_reachable_customer(), kind=AccountKind.GIFT_CARD)

        plan("gift_card_reminder", at=TEN)
        send()

        assert sorted(name for name, recorder in recorders.items() if recorder.sent) == left

    def test_the_chain_goes_on_where_there_is_no_address(self, recorders):
        build_automation(occasion="gift_card_reminder", channels=["email", "sms"])
        voucher(build_reachable_customer(email=""), kind=AccountKind.GIFT_CARD)

        plan("gift_card_reminder", at=TEN)
        send()

        assert len(recorders["sms"].sent) == 1

    def test_a_changed_policy_tells_nobody_again(self, recorders):
        build_automation(occasion="gift_card_reminder", channels=["email", "sms"])
        voucher(build_reachable_customer(), kind=AccountKind.GIFT_CARD)
        plan("gift_card_reminder", at=TEN)
        Automation.objects.filter(occasion="gift_card_reminder").update(settings={"every_channel": True})

        assert plan("gift_card_reminder", at=TEN + timedelta(minutes=5)) == 0


class TestTexts:
    def test_a_voucher_comes_with_its_code_and_no_row_keeps_it(self, sms):
        build_automation(occasion="voucher_reminder")
        made = voucher(build_reachable_customer(name="Ana Souza"))

        plan("voucher_reminder", at=TEN)
        send()

        assert sms.sent[0].text == f"Ana: R$ 50,00 {made.code}"
        assert made.code not in Message.objects.get().text
        assert Message.objects.get().text.endswith(made.code[-4:])

    def test_a_gift_card_without_its_code(self, sms):
        build_automation(occasion="gift_card_reminder")
        made = voucher(build_reachable_customer(name="Ana Souza"), kind=AccountKind.GIFT_CARD)

        plan("gift_card_reminder", at=TEN)
        send()

        assert sms.sent[0].text == "Ana: R$ 50,00"
        assert made.code not in sms.sent[0].text

    def test_cashback_of_a_day_is_told_in_one_sum(self, sms):
        build_automation(occasion="cashback_reminder")
        account = build_account(customer=build_reachable_customer(name="Ana Souza"))
        before = TEN - timedelta(days=20)
        for amount in (10_00, 5_50):
            build_credit(account, amount, available_from=before, expires_at=LAST_DAY_ENDS)
        build_credit(account, 70_00, available_from=before, expires_at=LAST_DAY_ENDS + timedelta(days=1))

        assert plan("cashback_reminder", at=TEN) == 1
        send()

        assert sms.sent[0].text == "Ana: R$ 15,50"

    def test_points_are_told_as_points(self, sms):
        automation = build_automation(occasion="points_reminder")
        Template.objects.filter(occasion=automation.occasion).update(
            text="{{ value.amount }} em {{ value.name }}, {{ value.expires }}"
        )
        account = build_account(
            customer=build_reachable_customer(), program=build_program(name="Clube Aurora")
        )
        build_credit(account, 1250_00, available_from=TEN - timedelta(days=20), expires_at=LAST_DAY_ENDS)

        plan("points_reminder", at=TEN)
        send()

        assert sms.sent[0].text == "1.250 pontos em Clube Aurora, 27/11/2026"

    def test_a_voucher_in_percent_is_told_in_percent(self, sms):
        build_automation(occasion="voucher_reminder")
        voucher(build_reachable_customer(), amount=0, percent=Decimal(10))

        plan("voucher_reminder", at=TEN)
        send()

        assert "10%" in sms.sent[0].text


class TestToday:
    def test_shows_who_would_get_what_without_a_code(self):
        automation = build_automation(occasion="voucher_reminder")
        made = voucher(build_reachable_customer(name="Ana Souza"))

        (line,) = todays_messages(automation, at=TEN - timedelta(hours=3))

        assert line.text == f"Ana: R$ 50,00 ••••{made.code[-4:]}"
        assert not Message.objects.exists()


class TestWelcomeVoucher:
    def test_tells_a_new_customer_the_code_once(self, recorders):
        now = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
        with time_machine.travel(now, tick=False):
            build_company()
            build_automation(
                occasion="welcome_voucher", channels=["email"], enabled_at=now - timedelta(days=1)
            )
            build_issuing_rule(
                at=now - timedelta(hours=1),
                trigger="new_customer",
                tiers=[{"from": "0.00", "amount": "15.00"}],
            )
            build_reachable_customer(name="Ana Souza")
            assert welcome_new_customers(at=now) == 1

            counts = [plan("welcome_voucher", at=now + timedelta(minutes=minute)) for minute in range(3)]
            send(now + timedelta(minutes=3))

        assert counts == [1, 0, 0]
        (sent,) = recorders["email"].sent
        message = Message.objects.get()
        # Below it stands the way to choose what one gets.
        code = sent.text.splitlines()[0].split()[-1]
        assert sent.text.startswith("Ana: R$ 15,00")
        assert len(code) >= 16
        assert code not in message.text + message.html
        assert sent.unsubscribe_url

    def test_other_vouchers_are_not_welcomes(self):
        build_automation(occasion="welcome_voucher", channels=["email"])
        voucher(build_reachable_customer(), at=TEN)

        assert plan("welcome_voucher", at=TEN) == 0


class TestVoucherNotice:
    def given(self, customer, *, at=TEN, **values):
        return voucher(customer, at=at, **values)

    @pytest.mark.parametrize(
        ("given_by", "told"),
        [
            ("both", {"rule:901", "campaign:NATAL", "run:5"}),
            ("sales", {"rule:901", "campaign:NATAL"}),
            ("runs", {"run:5"}),
        ],
    )
    def test_tells_of_what_sales_and_runs_gave_and_of_nothing_else(self, given_by, told):
        build_automation(occasion="voucher_notice", settings={"given_by": given_by})
        welcome = build_issuing_rule(trigger="new_customer", tiers=[{"from": "0.00", "amount": "15.00"}])
        people = {
            origin: build_reachable_customer()
            for origin in (
                "rule:901",
                "campaign:NATAL",
                "run:5",
                "user:1",
                "message:birthday",
                welcome.origin,
            )
        }
        for origin, customer in people.items():
            self.given(customer, origin=origin)

        plan("voucher_notice", at=TEN + timedelta(minutes=5))

        written = set(Message.objects.values_list("customer", flat=True))
        assert {origin for origin, customer in people.items() if customer.pk in written} == told

    def test_says_the_code_once_and_keeps_its_last_four(self, sms):
        build_automation(occasion="voucher_notice")
        self.given(build_reachable_customer(name="Ana Souza"), origin="rule:901")

        counts = [plan("voucher_notice", at=TEN + timedelta(minutes=minute)) for minute in (1, 6)]
        send(TEN + timedelta(minutes=7))

        assert counts == [1, 0]
        code = sms.sent[0].text.split()[-1]
        assert len(code) >= 16
        assert code not in Message.objects.get().text

    def test_a_day_later_it_is_no_news(self):
        build_automation(occasion="voucher_notice")
        self.given(build_reachable_customer(), origin="rule:901")

        assert plan("voucher_notice", at=TEN + timedelta(hours=24, seconds=1)) == 0
        assert plan("voucher_notice", at=TEN + timedelta(hours=23)) == 1

    def test_what_was_taken_back_meanwhile_is_not_told(self, sms):
        build_automation(occasion="voucher_notice")
        made = self.given(build_reachable_customer(), origin="rule:901")
        plan("voucher_notice", at=TEN + timedelta(minutes=5))
        StoredValue.objects.filter(pk=made.stored.pk).update(blocked_at=TEN)

        send(TEN + timedelta(minutes=6))

        assert not sms.sent
        assert Message.objects.get().reason == "value_used"


class TestTierNotice:
    def stand(self, customer, *, since=TEN, name="Ouro"):
        program = build_program(name="Clube")
        tier = ProgramTier.objects.create(program=program, number=1, code="t", name=name, threshold=100)
        return CustomerTier.objects.create(
            customer=customer, program=program, tier=tier, since=since, changed_at=since
        )

    def test_tells_of_a_new_tier_once(self, sms):
        automation = build_automation(occasion="tier_notice")
        Template.objects.filter(occasion=automation.occasion).update(
            text="{{ tier.name }}, {{ program.name }}"
        )
        self.stand(build_reachable_customer())

        counts = [plan("tier_notice", at=TEN + timedelta(minutes=minute)) for minute in (1, 6)]
        send(TEN + timedelta(minutes=7))

        assert counts == [1, 0]
        assert texts() == ["Ouro, Clube"]

    def test_what_changed_in_the_night_is_told_in_the_morning(self):
        build_automation(occasion="tier_notice")
        # Midnight in São Paulo.
        midnight = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
        self.stand(build_reachable_customer(), since=midnight)

        counts = [plan("tier_notice", at=midnight + timedelta(hours=hours)) for hours in (0, 8.99, 9, 10)]

        assert counts == [0, 0, 1, 0]
        assert Message.objects.get().due_at == midnight + timedelta(hours=9)

    def test_who_was_told_is_not_read_again(self):
        build_automation(occasion="tier_notice")
        self.stand(build_reachable_customer())
        plan("tier_notice", at=TEN)

        with CaptureQueriesContext(connection) as asked:
            plan("tier_notice", at=TEN + timedelta(minutes=5))

        assert not [query for query in asked.captured_queries if "customers_consent" in query["sql"]]

    def test_of_no_older_one_and_of_none(self):
        build_automation(occasion="tier_notice")
        self.stand(build_reachable_customer(), since=TEN - timedelta(hours=25))
        fallen = self.stand(build_reachable_customer())
        CustomerTier.objects.filter(pk=fallen.pk).update(tier=None, since=None)

        assert plan("tier_notice", at=TEN) == 0

    def test_whoever_stands_elsewhere_by_now_is_not_told(self, sms):
        build_automation(occasion="tier_notice")
        standing = self.stand(build_reachable_customer())
        plan("tier_notice", at=TEN)
        CustomerTier.objects.filter(pk=standing.pk).update(since=TEN + timedelta(minutes=1))

        send(TEN + timedelta(minutes=2))

        message = Message.objects.get()
        assert (message.state, message.reason) == (MessageState.SUPPRESSED, "tier_changed")
