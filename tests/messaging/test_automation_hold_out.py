"""Who is held out of an automation: planned like the rest, written to never, and compared with those who were."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from messaging.models import Automation, Message
from messaging.occasions import read_settings
from messaging.selectors.outcomes import automation_results
from messaging.services.automations import AutomationRefused, Plan, save_automation, switch_automation
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.previews import todays_messages
from tests.builders import NOON, build_sale, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_company,
    build_message,
    build_reachable_customer,
)

pytestmark = pytest.mark.django_db

HALF = Decimal(50)


def celebrate(count, **values):
    """Customers with a birthday on the day of NOON."""
    born = NOON.date().replace(year=1990)
    return [build_reachable_customer(birth_date=born, **values) for _ in range(count)]


def send(at=NOON):
    return deliver_due(clock=lambda: at)


def held_out():
    return {row.customer_id for row in Message.objects.filter(state="suppressed", reason="held_out")}


class TestPlanning:
    def test_holds_out_the_share_and_writes_to_the_rest(self, sms):
        automation = build_automation(occasion="birthday", holdout_percent=HALF)
        people = celebrate(40)

        plan("birthday", at=NOON)
        send()

        out = held_out()
        assert out == {one.pk for one in people if automation.holds_out(one.pk)}
        assert 8 <= len(out) <= 32
        assert len(sms.sent) == 40 - len(out)

    def test_whoever_would_get_nothing_anyway_is_in_no_part(self):
        build_automation(occasion="birthday", holdout_percent=Decimal("99.99"))
        celebrate(3, channels=())

        plan("birthday", at=NOON)

        assert {row.reason for row in Message.objects.all()} == {"no_consent"}

    def test_a_larger_share_holds_out_the_same_people_and_others(self):
        few = Automation(occasion="birthday", holdout_percent=Decimal(10))
        many = Automation(occasion="birthday", holdout_percent=Decimal(30))

        first = {key for key in range(1, 500) if few.holds_out(key)}
        assert first < {key for key in range(1, 500) if many.holds_out(key)}

    def test_two_automations_hold_out_different_people(self):
        one, other = (
            Automation(occasion=occasion, holdout_percent=HALF) for occasion in ("birthday", "win_back")
        )

        assert [one.holds_out(key) for key in range(1, 100)] != [
            other.holds_out(key) for key in range(1, 100)
        ]

    def test_a_visitor_without_a_record_is_not_held_out(self):
        build_automation(holdout_percent=Decimal("99.99"))
        left = NOON - timedelta(minutes=31)
        build_cart(last_interaction_at=left)
        visitor = build_cart(last_interaction_at=left)
        visitor.customer, visitor.email, visitor.phone = None, "", "+5511987654321"
        visitor.accepts_marketing = True
        visitor.save()

        plan("recovery", at=NOON)

        assert Message.objects.get(cart=visitor).state == "queued"

    def test_the_page_of_today_says_who_is_held_out(self):
        automation = build_automation(occasion="birthday", holdout_percent=HALF)
        celebrate(12)

        reasons = {
            one.candidate.recipient.customer_id: one.reason for one in todays_messages(automation, at=NOON)
        }

        assert {key for key, reason in reasons.items() if reason == "held_out"} == {
            key for key in reasons if automation.holds_out(key)
        }


class TestResults:
    def test_compare_both_parts_over_the_days_after_each_first_message(self, sms):
        build_automation(occasion="birthday", holdout_percent=HALF)
        people = celebrate(40)
        unreachable = celebrate(1, channels=())[0]
        plan("birthday", at=NOON)
        send()
        out = held_out()
        written_to = [one for one in people if one.pk not in out]
        without = [one for one in people if one.pk in out]
        build_sale(customer=written_to[0], occurred_at=NOON + timedelta(days=1))
        build_sale(customer=written_to[0], occurred_at=NOON + timedelta(days=2))
        # The company counts seven days.
        build_sale(customer=written_to[1], occurred_at=NOON + timedelta(days=7))
        build_sale(customer=written_to[1], occurred_at=NOON - timedelta(minutes=1))
        build_sale(customer=written_to[1], occurred_at=NOON + timedelta(minutes=1), is_test=True)
        build_sale(customer=without[0], occurred_at=NOON + timedelta(hours=1))
        build_sale(customer=unreachable, occurred_at=NOON + timedelta(hours=1))

        found = automation_results("birthday", since=NOON - timedelta(days=1))

        assert (found.written_to.people, found.written_to.buyers) == (len(written_to), 1)
        assert found.written_to.revenue == Decimal("100.00")
        assert (found.held_out.people, found.held_out.buyers) == (len(out), 1)
        assert found.uplift is not None
        assert not found.uplift.is_clear

    def test_compare_nothing_while_nobody_is_held_out(self, sms):
        build_automation(occasion="birthday")
        celebrate(2)
        plan("birthday", at=NOON)

        found = automation_results("birthday", since=NOON - timedelta(days=1))

        assert (found.written_to.people, found.held_out.people, found.uplift) == (0, 0, None)


class TestSaving:
    def save(self, automation, percent):
        decided = Plan(
            enabled=False,
            channels=["sms"],
            stores_off=(),
            settings=read_settings(automation.occasion, automation.settings),
            pool=None,
            holdout_percent=Decimal(percent),
        )
        return save_automation(occasion=automation.occasion, plan=decided, by=None, at=NOON)

    @pytest.mark.parametrize("percent", ["-1", "100", "12.345"])
    def test_refuses_what_is_no_share(self, percent):
        automation = build_automation(occasion="birthday")

        with pytest.raises(AutomationRefused) as refusal:
            self.save(automation, percent)

        assert (refusal.value.field, refusal.value.code) == ("holdout_percent", "hold_out_range")

    def test_refuses_to_hold_anybody_out_of_receipts(self):
        build_company()
        automation = build_automation(occasion="receipt", channels=["email"])

        with pytest.raises(AutomationRefused) as refusal:
            self.save(automation, "10")

        assert refusal.value.code == "hold_out_not_marketing"

    def test_switching_keeps_the_share(self):
        build_automation(occasion="birthday", holdout_percent=HALF)

        saved = switch_automation(occasion="birthday", enabled=False, by=None, at=NOON)

        assert Automation.objects.get(pk=saved.pk).holdout_percent == HALF
        assert saved.revisions.get().document["holdout_percent"] == "50.00"


class TestPages:
    @pytest.fixture
    def manager(self, client):
        client.force_login(build_user(is_superuser=True))
        client.cookies["django_language"] = "en"
        return client

    def test_the_form_keeps_the_share_and_the_history_says_so(self, manager):
        build_automation(occasion="win_back", channels=["sms"])
        form = {
            "first_channel": "sms", "second_channel": "", "third_channel": "", "pool": "", "link": "",
            "days": "90", "send_at": "10:00", "code_valid_days": "7", "holdout_percent": "12.5",
        }  # fmt: skip

        manager.post("/automations/win_back/edit/", form)
        page = manager.get("/automations/win_back/").content.decode()

        assert Automation.objects.get(occasion="win_back").holdout_percent == Decimal("12.5")
        assert "Hold out: 12.5%." in page
        assert "12.5% of the customers are held out" in page

    def test_receipts_have_no_such_field(self, manager):
        build_automation(occasion="receipt", channels=["email"])

        assert "holdout_percent" not in manager.get("/automations/receipt/edit/").content.decode()

    def test_results_show_both_parts_and_go_out_as_a_file(self, manager, sms):
        at = timezone.now()
        build_automation(occasion="birthday", holdout_percent=HALF)
        people = [build_reachable_customer(birth_date=at.date().replace(year=1990, day=1)) for _ in range(20)]
        for one in people:
            out = Automation.objects.get(occasion="birthday").holds_out(one.pk)
            build_message(
                occasion="birthday", occasion_key="2026", customer=one, person=f"c:{one.pk}", planned_at=at,
                due_at=at, expires_at=None, state="suppressed" if out else "queued",
                reason="held_out" if out else "", closed_at=at if out else None,
            )  # fmt: skip

        url = "/automations/birthday/results/"
        page = manager.get(url).content.decode()
        file = b"".join(manager.get(f"{url}?export=csv").streaming_content).decode()

        assert "Sales after the messages" in page
        assert "95 % interval" in page
        assert "Held out: people" in file
