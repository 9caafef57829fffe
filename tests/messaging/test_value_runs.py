"""The list of what ends within some days, and the reminders that somebody asks for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from campaigns.models import Job
from campaigns.services.jobs import run_job
from loyalty.models import AccountKind
from messaging.forms.value_run import WAYS
from messaging.models import Automation, Channel, Message
from messaging.services.automations import AutomationRefused
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.value_runs import REMINDERS, Run, ending_lots, request_run
from tests.builders import build_account, build_credit, build_store, build_stored_value, build_user
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db

# 12:00 in São Paulo.
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
# The last day is the 27th.
ENDS = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WEEK = {"first": date(2026, 11, 27), "last": date(2026, 11, 30)}


def card(customer, *, ends=ENDS, kind=AccountKind.GIFT_CARD, **values):
    made = build_stored_value(kind, at=NOW - timedelta(days=20), customer=customer, expires_at=ends, **values)
    return made.stored


def ask(occasion="gift_card_reminder", *, channels=("sms",), at=NOW, **values):
    run = Run(**WEEK | {"channels": channels} | values)
    job = request_run(occasion=occasion, run=run, by=build_user(), at=at)
    run_job(job_id=job.pk, clock=lambda: at)
    return Job.objects.get(pk=job.pk)


def send(at=NOW):
    return deliver_due(clock=lambda: at)


def channels_of(customer):
    return sorted(tuple(row.channels) for row in Message.objects.filter(customer=customer))


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


class TestEndingLots:
    def found(self, first, last, **values):
        kind = REMINDERS["gift_card_reminder"]
        return ending_lots(kind, date.fromisoformat(first), date.fromisoformat(last), at=NOW, **values)

    @pytest.mark.parametrize(
        ("first", "last", "count"),
        [
            ("2026-11-27", "2026-11-27", 1),
            ("2026-11-20", "2026-11-26", 0),
            ("2026-11-28", "2026-12-31", 0),
            ("2026-11-01", "2026-12-31", 1),
        ],
    )
    def test_are_those_whose_last_day_is_one_of_these(self, first, last, count):
        build_automation(occasion="gift_card_reminder")
        card(build_reachable_customer())

        assert self.found(first, last).count() == count

    def test_by_the_clocks_of_the_home_store(self):
        build_automation(occasion="gift_card_reminder")
        acre = build_store(time_zone="America/Rio_Branco")
        card(build_reachable_customer(home_store=acre))

        # There the 27th ends two hours later, so the last instant is still on the 27th, and the card of São Paulo's clocks, too.
        assert self.found("2026-11-27", "2026-11-27").count() == 1
        card(build_reachable_customer(home_store=acre), ends=ENDS + timedelta(hours=2))
        assert self.found("2026-11-27", "2026-11-27").count() == 2
        card(build_reachable_customer(), ends=ENDS + timedelta(hours=2))
        assert self.found("2026-11-27", "2026-11-27").count() == 2

    def test_of_one_store_by_home_or_else_by_who_issued_it(self):
        build_automation(occasion="gift_card_reminder")
        home, other = build_store(), build_store()
        mine = card(build_reachable_customer(home_store=home), store_id=other.pk)
        issued = card(build_reachable_customer(), store_id=home.pk)
        card(build_reachable_customer(home_store=other), store_id=home.pk)

        accounts = {lot.account_id for lot in self.found("2026-11-27", "2026-11-27", store=home)}

        assert accounts == {mine.account_id, issued.account_id}

    def test_are_not_those_of_nobody_or_what_is_blocked(self):
        build_automation(occasion="gift_card_reminder")
        card(None)
        blocked = card(build_reachable_customer())
        type(blocked).objects.filter(pk=blocked.pk).update(blocked_at=NOW)

        assert not self.found("2026-11-27", "2026-11-27").exists()


class TestRun:
    @pytest.mark.parametrize(
        ("way", "both", "only_phone", "only_email"),
        [
            ({"channels": ["email"]}, [("email",)], [], [("email",)]),
            ({"channels": ["sms"]}, [("sms",)], [("sms",)], []),
            ({"channels": ["email", "sms"]}, *[[("email", "sms")]] * 3),
            ({"channels": ["sms", "email"]}, *[[("sms", "email")]] * 3),
            (
                {"channels": ["email", "sms"], "every_channel": True},
                [("email",), ("sms",)],
                [("sms",)],
                [("email",)],
            ),
        ],
        ids=["email", "sms", "email_else_sms", "sms_else_email", "both"],
    )
    def test_the_five_ways(self, way, both, only_phone, only_email):
        build_automation(occasion="gift_card_reminder", channels=["email", "sms"])
        has_both, by_phone, by_email = (
            build_reachable_customer(),
            build_reachable_customer(email=""),
            build_reachable_customer(phone=""),
        )
        for customer in (has_both, by_phone, by_email):
            card(customer)

        ask(**way)

        assert channels_of(has_both) == both
        assert channels_of(by_phone) == only_phone
        assert channels_of(by_email) == only_email

    def test_leaves_with_what_is_left_and_the_last_day(self, sms):
        build_automation(
            occasion="gift_card_reminder", settings={"rule": "by_hand", "sender": "cartoes@example.com"}
        )
        card(build_reachable_customer(name="Ana Souza"), amount=70_00)

        job = ask()
        send()

        assert job.result == {"messages": 1}
        assert "R$ 70,00" in sms.sent[0].text
        assert Message.objects.get().expires_at == NOW + timedelta(days=3)

    def test_asked_twice_reminds_once(self):
        build_automation(occasion="gift_card_reminder")
        card(build_reachable_customer())

        jobs = [ask(), ask(again=True), ask()]

        assert [job.result["messages"] for job in jobs] == [1, 0, 0]

    def test_leaves_out_who_was_told_that_it_ends_unless_asked_again(self, sms):
        build_automation(occasion="gift_card_reminder", settings={"days": 7})
        card(build_reachable_customer())
        plan("gift_card_reminder", at=NOW)
        send()

        assert ask().result == {"messages": 0}
        assert ask(again=True).result == {"messages": 1}

    def test_who_was_told_that_it_was_made_is_told_that_it_ends(self, sms):
        build_automation(
            occasion="gift_card_reminder",
            settings={"rule": "after_creation", "days": 20, "send_at": "10:00:00"},
        )
        card(build_reachable_customer())
        assert plan("gift_card_reminder", at=NOW) == 1

        assert ask().result == {"messages": 1}

    def test_all_of_an_account_that_ends_on_a_day_is_one_message(self, sms):
        build_automation(occasion="cashback_reminder")
        account = build_account(customer=build_reachable_customer())
        for cents in (10_00, 5_50):
            build_credit(account, cents, available_from=NOW - timedelta(days=1), expires_at=ENDS)
        build_credit(account, 99, available_from=NOW - timedelta(days=1), expires_at=ENDS + timedelta(days=1))

        ask("cashback_reminder")
        send()

        assert sorted(text.count("R$ 15,50") for text in (one.text for one in sms.sent)) == [0, 1]
        assert len(sms.sent) == 2

    def test_keeps_to_consent_stores_and_hold_out(self):
        off = build_store()
        automation = build_automation(occasion="gift_card_reminder", stores_off=[off])
        card(build_reachable_customer(channels=()))
        card(build_reachable_customer(home_store=off))
        ask()
        assert [row.reason for row in Message.objects.all()] == ["no_consent"]

        Automation.objects.filter(pk=automation.pk).update(holdout_percent=Decimal("99.99"))
        card(build_reachable_customer())
        ask()

        assert sorted(row.reason for row in Message.objects.all()) == ["held_out", "no_consent"]

    def test_by_hand_alone_plans_nothing_by_itself(self):
        build_automation(occasion="gift_card_reminder", settings={"rule": "by_hand"})
        card(build_reachable_customer())

        assert plan("gift_card_reminder", at=NOW) == 0

    def test_a_worker_that_takes_over_queues_nothing_twice(self):
        build_automation(occasion="gift_card_reminder")
        for _ in range(3):
            card(build_reachable_customer())
        job = ask()
        Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None, claim=None)

        run_job(job_id=job.pk, clock=lambda: NOW)

        assert Message.objects.count() == 3
        assert Job.objects.get(pk=job.pk).result == {"messages": 3}

    @pytest.mark.parametrize(
        ("values", "field", "code"),
        [
            ({"first": date(2026, 12, 1)}, "last", "days_in_order"),
            ({"channels": ["whatsapp"]}, "channels", "no_template"),
            ({"channels": []}, "channels", "no_channel"),
            ({"first": date(2026, 11, 29)}, "first", "nobody"),
        ],
    )
    def test_refuses(self, values, field, code):
        build_automation(occasion="gift_card_reminder")
        card(build_reachable_customer())

        with pytest.raises(AutomationRefused) as refusal:
            ask(**values)

        assert (refusal.value.field, refusal.value.code) == (field, code)

    def test_refuses_while_the_automation_is_off(self):
        build_automation(occasion="gift_card_reminder", enabled=False)
        card(build_reachable_customer())

        with pytest.raises(AutomationRefused) as refusal:
            ask()

        assert refusal.value.code == "automation_off"


@pytest.mark.usefixtures("clock")
class TestPages:
    PERMISSIONS = ("messaging.view_automation", "customers.view_customer", "loyalty.view_lot")

    @pytest.fixture
    def manager(self, client, clock):
        client.force_login(build_user(is_superuser=True))
        client.cookies["django_language"] = "en"
        return client

    def test_lists_whose_what_until_when_and_by_what(self, manager):
        build_automation(occasion="gift_card_reminder")
        card(build_reachable_customer(name="Ana Souza"), amount=70_00)
        card(build_reachable_customer(name="Rui Dias", channels=()))
        card(build_reachable_customer(name="Zoe Later"), ends=ENDS + timedelta(days=40))

        page = manager.get("/automations/gift_card_reminder/ending/").content.decode()

        assert "Ana Souza" in page
        assert "R$" in page
        assert "E-mail, SMS, WhatsApp" in page
        assert "has not agreed to marketing" in page
        assert "Zoe Later" not in page

    def test_narrows_to_days_and_a_store(self, manager):
        build_automation(occasion="gift_card_reminder")
        home = build_store()
        card(build_reachable_customer(name="Ana Souza", home_store=home))
        card(build_reachable_customer(name="Rui Dias"))
        url = "/automations/gift_card_reminder/ending/"

        page = manager.get(f"{url}?first=2026-11-27&last=2026-11-27&store={home.pk}").content.decode()

        assert "Ana Souza" in page
        assert "Rui Dias" not in page
        assert "Ana Souza" not in manager.get(f"{url}?first=2026-11-28&last=2026-12-05").content.decode()
        assert manager.get(f"{url}?first=never").status_code == 200

    def test_the_file_names_nobody(self, manager):
        build_automation(occasion="gift_card_reminder")
        customer = build_reachable_customer(name="Ana Souza")
        card(customer, amount=70_00)

        answer = manager.get("/automations/gift_card_reminder/ending/?export=csv")
        content = b"".join(answer.streaming_content).decode("utf-8-sig")

        assert "Ana" not in content
        assert str(customer.pk) in content
        assert "70" in content

    @pytest.mark.parametrize("occasion", ["cashback_reminder", "points_reminder", "voucher_reminder"])
    def test_there_is_one_for_each_reminder(self, manager, occasion):
        build_automation(occasion=occasion)

        assert manager.get(f"/automations/{occasion}/ending/").status_code == 200
        assert f"/automations/{occasion}/ending/" in manager.get(f"/automations/{occasion}/").content.decode()

    def test_there_is_none_of_what_is_no_reminder(self, manager):
        assert manager.get("/automations/birthday/ending/").status_code == 404
        assert manager.get("/automations/birthday/ending/remind/").status_code == 404

    def test_reminds_by_the_way_that_was_chosen(self, manager):
        build_automation(occasion="gift_card_reminder", channels=["email", "sms"])
        customer = build_reachable_customer()
        card(customer)
        url = "/automations/gift_card_reminder/ending/remind/"
        asked = {"first": "2026-11-27", "last": "2026-11-30", "store": "", "way": "email+sms"}

        assert "SMS, else e-mail" in manager.get(url).content.decode()
        answer = manager.post(url, asked)
        job = Job.objects.get(kind="remind_of_value")
        run_job(job_id=job.pk, clock=lambda: NOW)

        assert answer.url == f"/jobs/{job.pk}/"
        assert manager.get(answer.url).status_code == 200
        assert channels_of(customer) == [("email",), ("sms",)]

    def test_says_at_the_field_why_not(self, manager):
        build_automation(occasion="gift_card_reminder")
        card(build_reachable_customer())
        asked = {"first": "2026-11-27", "last": "2026-11-30", "store": "", "way": "whatsapp"}

        answer = manager.post("/automations/gift_card_reminder/ending/remind/", asked)

        assert answer.status_code == 422
        assert "Write the text for WhatsApp first." in answer.content.decode()

    def test_reading_is_not_reminding(self, client):
        build_automation(occasion="gift_card_reminder")
        client.force_login(build_user(permissions=self.PERMISSIONS))

        page = client.get("/automations/gift_card_reminder/ending/")

        assert page.status_code == 200
        assert "remind/" not in page.content.decode()
        assert client.get("/automations/gift_card_reminder/ending/remind/").status_code == 403


def test_every_channel_has_a_way() -> None:
    named = {channel for way, _label in WAYS for channel in way.replace("+", ",").split(",")}
    assert named == set(Channel.values)
