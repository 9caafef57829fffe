"""The contact policy in the last look: held back, never lost, never for what its person asked for."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.contact_hours import Cap, QuietHours, is_quiet
from messaging.contact_policy import CapDocument, Policy, PolicyRefused, QuietDocument
from messaging.models import (
    ContactPolicy,
    ContactPolicyRevision,
    Message,
    MessageState,
)
from messaging.occasions.test import Trial
from messaging.services.contact_policies import save_policy
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from tests.builders import NOON, build_sale, build_store, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_message,
    build_reachable_customer,
)

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NIGHT = QuietDocument(starts="21:00", ends="09:00")
EVENING = datetime(2026, 11, 20, 21, 30, tzinfo=SAO_PAULO)


def decide(**values):
    return save_policy(policy=Policy(**values), by=None, at=NOON - timedelta(days=1))


def send(at):
    return deliver_due(clock=lambda: at)


def greeting(customer, *, at=NOON, ends_at=None, **values):
    """A birthday greeting that is due."""
    defaults = {
        "occasion": "birthday",
        "occasion_key": str(at.year),
        "person": f"c:{customer.pk}",
        "customer": customer,
        "channels": ["sms"],
        "due_at": at,
        "planned_at": at,
        "expires_at": ends_at,
    }
    return Message.objects.create(**defaults | values)


def sent_before(customer, at, **values):
    return greeting(
        customer, at=at, occasion_key=f"{at:%Y%m%d%H%M%S%f}", state=MessageState.SENT, sent_at=at, call_began_at=at,
        channel="sms", **values,
    )  # fmt: skip


def reload(message):
    return Message.objects.get(pk=message.pk)


class TestQuietHours:
    def test_hold_a_message_back_until_they_are_over(self, sms):
        decide(quiet={"sms": NIGHT})
        build_automation(occasion="birthday")
        message = greeting(build_reachable_customer(), at=EVENING, ends_at=EVENING + timedelta(days=2))

        send(EVENING)
        waiting, noted = reload(message), list(message.events.values_list("kind", flat=True))
        send(datetime(2026, 11, 21, 8, 59, 59, tzinfo=SAO_PAULO))
        assert sms.sent == []
        send(datetime(2026, 11, 21, 9, 0, tzinfo=SAO_PAULO))

        assert (waiting.state, waiting.reason) == ("queued", "quiet_hours")
        assert waiting.due_at == datetime(2026, 11, 21, 9, 0, tzinfo=SAO_PAULO)
        assert noted == ["quiet_hours"]
        assert len(sms.sent) == 1
        assert (reload(message).state, reload(message).reason, reload(message).attempt) == ("sent", "", 1)

    def test_are_those_of_the_persons_home_store(self, sms):
        decide(quiet={"sms": NIGHT})
        build_automation(occasion="birthday")
        # 21:30 in São Paulo is 19:30 in Acre.
        acre = build_store(time_zone="America/Rio_Branco")
        greeting(build_reachable_customer(home_store=acre), at=EVENING)
        greeting(build_reachable_customer(home_store=build_store()), at=EVENING)
        greeting(build_reachable_customer(), at=EVENING)

        send(EVENING)

        assert len(sms.sent) == 1

    def test_a_birthday_on_a_quiet_sunday_is_greeted_on_monday(self, sms):
        decide(quiet={"sms": NIGHT}, quiet_sundays=True)
        build_automation(occasion="birthday")
        sunday, monday = (datetime(2026, 11, day, tzinfo=SAO_PAULO) for day in (22, 23))
        message = greeting(build_reachable_customer(), at=sunday.replace(hour=9), ends_at=monday)

        send(sunday.replace(hour=9))
        waiting = reload(message)
        send(monday.replace(hour=8, minute=59))
        assert sms.sent == []
        send(monday.replace(hour=9))

        assert (waiting.state, waiting.reason) == ("queued", "quiet_hours")
        assert waiting.due_at == monday.replace(hour=9)
        assert reload(message).state == "sent"

    def test_a_greeting_that_no_moment_is_open_to_for_a_week_is_not_sent(self, sms):
        decide(caps={"all": CapDocument(most=1, days=30)})
        build_automation(occasion="birthday")
        customer = build_reachable_customer()
        sent_before(customer, at=EVENING - timedelta(days=1))
        message = greeting(customer, at=EVENING, ends_at=datetime(2026, 11, 21, tzinfo=SAO_PAULO))

        send(EVENING)

        assert (reload(message).state, reload(message).reason) == ("suppressed", "frequency_cap")

    def test_the_chain_goes_on_when_waiting_would_be_too_late(self, recorders):
        decide(quiet={"sms": NIGHT})
        build_automation(occasion="birthday", channels=["sms", "email"])
        late = greeting(
            build_reachable_customer(), at=EVENING, channels=["sms", "email"],
            ends_at=datetime(2026, 11, 21, tzinfo=SAO_PAULO),
        )  # fmt: skip
        patient = greeting(build_reachable_customer(), at=EVENING, channels=["sms", "email"])

        send(EVENING)

        assert (reload(late).state, reload(late).channel) == ("sent", "email")
        assert (reload(patient).state, reload(patient).reason) == ("queued", "quiet_hours")

    def test_a_cart_that_was_left_at_night_is_written_about_in_the_morning(self, sms):
        decide(quiet={"sms": NIGHT})
        build_automation()
        left = EVENING - timedelta(minutes=30)
        bought, waiting = (build_cart(last_interaction_at=left) for _ in range(2))
        plan("recovery", at=EVENING)
        send(EVENING)
        assert sms.sent == []
        build_sale(customer=bought.customer, occurred_at=EVENING + timedelta(hours=1))

        morning = datetime(2026, 11, 21, 9, 3, tzinfo=SAO_PAULO)
        send(morning)

        assert (waiting.messages.get().state, waiting.messages.get().sent_at) == ("sent", morning)
        assert (bought.messages.get().state, bought.messages.get().reason) == ("suppressed", "bought")

    def test_what_its_person_asked_for_leaves_at_any_hour(self, sms):
        decide(quiet={"sms": NIGHT}, caps={"all": CapDocument(most=1, days=30)})
        customer = build_reachable_customer()
        sent_before(customer, EVENING - timedelta(hours=1))
        build_automation()
        greeting(customer, at=EVENING, occasion=Trial.code, channel="sms", to=customer.phone, text="Oi")

        send(EVENING)

        assert [outgoing.text for outgoing in sms.sent] == ["Oi"]


class TestCaps:
    def test_are_exact_to_the_second(self, sms):
        decide(caps={"all": CapDocument(most=2, days=7)})
        build_automation(occasion="birthday")
        customer = build_reachable_customer()
        sent_before(customer, NOON - timedelta(days=6))
        sent_before(customer, NOON - timedelta(days=5))
        message = greeting(customer)

        send(NOON)
        waiting = reload(message)
        send(NOON + timedelta(days=1, seconds=-1))
        assert sms.sent == []
        send(NOON + timedelta(days=1))

        assert (waiting.state, waiting.reason) == ("queued", "frequency_cap")
        assert waiting.due_at == NOON + timedelta(days=1)
        assert len(sms.sent) == 1

    def test_of_a_channel_count_that_channel(self, recorders):
        decide(caps={"sms": CapDocument(most=1, days=7)})
        build_automation(occasion="birthday", channels=["sms", "email"])
        customer = build_reachable_customer()
        sent_before(customer, NOON - timedelta(days=1))
        by_sms = greeting(customer)
        by_email = greeting(customer, channels=["email"], occasion_key="other")

        send(NOON)

        assert reload(by_sms).reason == "frequency_cap"
        assert reload(by_email).state == "sent"

    @pytest.mark.parametrize(
        ("state", "counts"),
        [("sent", True), ("delivered", True), ("read", True), ("in_doubt", True), ("failed", False)],
    )
    def test_count_what_may_have_been_received(self, sms, state, counts):
        decide(caps={"all": CapDocument(most=1, days=7)})
        build_automation(occasion="birthday")
        customer = build_reachable_customer()
        before = sent_before(customer, NOON - timedelta(days=1))
        Message.objects.filter(pk=before.pk).update(
            state=state, reason="refused" if state == "failed" else ""
        )
        message = greeting(customer)

        send(NOON)

        assert (reload(message).state == "queued") == counts

    def test_do_not_count_what_was_no_marketing(self, sms):
        decide(caps={"all": CapDocument(most=1, days=7)})
        build_automation(occasion="birthday")
        customer = build_reachable_customer()
        sent_before(customer, NOON - timedelta(days=1), occasion="verification")
        message = greeting(customer)

        send(NOON)

        assert reload(message).state == "sent"

    def test_and_quiet_hours_are_waited_for_together(self, sms):
        decide(quiet={"sms": NIGHT}, caps={"all": CapDocument(most=1, days=1)})
        build_automation(occasion="birthday")
        customer = build_reachable_customer()
        sent_before(customer, EVENING - timedelta(days=1) + timedelta(minutes=5))
        message = greeting(customer, at=EVENING)

        send(EVENING)

        # Free at 21:35, which is quiet: so the next morning.
        assert reload(message).due_at == datetime(2026, 11, 21, 9, 0, tzinfo=SAO_PAULO)


class TestPriority:
    def two_due(self):
        """A greeting that has waited longer, and a cart's message, for one person and one place."""
        build_automation(occasion="birthday")
        build_automation(occasion="recovery")
        customer = build_reachable_customer()
        less = greeting(customer, at=NOON - timedelta(minutes=5))
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        return less, build_message(cart=cart)

    def test_the_more_important_leaves_and_the_other_waits(self, sms):
        decide(caps={"all": CapDocument(most=1, days=3)}, priority=["recovery", "birthday"])
        greeted, recovered = self.two_due()

        send(NOON)
        first = reload(greeted)
        send(NOON + timedelta(minutes=2))

        assert reload(recovered).state == "sent"
        assert (first.state, first.reason) == ("queued", "gives_way")
        assert (reload(greeted).state, reload(greeted).reason) == ("queued", "frequency_cap")
        assert reload(greeted).due_at == NOON + timedelta(days=3)
        send(NOON + timedelta(days=3))
        assert reload(greeted).state == "sent"
        assert list(greeted.events.order_by("pk").values_list("kind", flat=True)) == [
            "gives_way",
            "frequency_cap",
            "accepted",
        ]

    def test_the_usual_order_holds_where_none_was_decided(self, sms):
        decide(caps={"all": CapDocument(most=1, days=3)})
        greeted, recovered = self.two_due()

        send(NOON)

        assert reload(greeted).state == "sent"
        assert reload(recovered).reason == "frequency_cap"

    def test_both_leave_when_there_is_room_for_both(self, sms):
        decide(caps={"all": CapDocument(most=2, days=3)}, priority=["recovery", "birthday"])
        self.two_due()

        send(NOON)

        assert len(sms.sent) == 2

    def test_whoever_gave_way_to_nothing_leaves_a_minute_later(self, sms):
        decide(caps={"all": CapDocument(most=1, days=3)}, priority=["recovery", "birthday"])
        greeted, recovered = self.two_due()
        build_sale(customer=recovered.customer, occurred_at=NOON)

        send(NOON)
        send(NOON + timedelta(minutes=1))

        assert reload(recovered).reason == "bought"
        assert reload(greeted).state == "sent"


class TestUndecided:
    """What a company that has never opened the page keeps to."""

    @pytest.fixture(autouse=True)
    def _nobody_has_decided(self):
        build_automation(occasion="birthday", channels=["email", "sms", "whatsapp"])
        ContactPolicy.objects.all().delete()

    @pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
    @pytest.mark.parametrize(
        ("moment", "until"),
        [
            (datetime(2026, 11, 20, 23, 40), datetime(2026, 11, 21, 9)),
            (datetime(2026, 11, 21, 21, 0), datetime(2026, 11, 23, 9)),
            (datetime(2026, 11, 22, 12, 0), datetime(2026, 11, 23, 9)),
        ],
        ids=["at night", "on a Saturday night", "on a Sunday"],
    )
    def test_no_marketing_leaves(self, recorders, channel, moment, until):
        at = moment.replace(tzinfo=SAO_PAULO)
        message = greeting(build_reachable_customer(), at=at, channels=[channel])

        send(at)

        message.refresh_from_db()
        assert (message.state, message.reason) == (MessageState.QUEUED, "quiet_hours")
        assert message.due_at == until.replace(tzinfo=SAO_PAULO)
        assert recorders[channel].sent == []

    def test_marketing_leaves_by_day(self, recorders):
        message = greeting(build_reachable_customer())

        send(NOON)

        message.refresh_from_db()
        assert message.state == MessageState.SENT

    def test_the_page_shows_it(self, client):
        client.force_login(build_user(permissions=["messaging.change_contactpolicy"]))

        initial = client.get("/contact-policy/").context["form"].initial

        assert (initial["sms_starts"], initial["sms_ends"]) == (time(21), time(9))
        assert initial["quiet_sundays"]

    def test_deciding_that_nothing_is_held_back_stands(self, sms):
        save_policy(policy=Policy(), by=None, at=NOON)
        message = greeting(build_reachable_customer(), at=EVENING)

        send(EVENING)

        message.refresh_from_db()
        assert message.state == MessageState.SENT


class TestSavePolicy:
    def test_keeps_who_decided_what_and_repeats_nothing(self):
        user = build_user()
        policy = Policy(quiet={"sms": NIGHT}, caps={"all": CapDocument(most=4, days=7)})

        for _ in range(2):
            save_policy(policy=policy, by=user, at=NOON)

        assert ContactPolicy.objects.get().number == 1
        revision = ContactPolicyRevision.objects.get()
        assert (revision.saved_by, revision.document["caps"]) == (user, {"all": {"most": 4, "days": 7}})

    @pytest.mark.parametrize(
        ("policy", "field", "code"),
        [
            (
                Policy(quiet={"sms": QuietDocument(starts="09:00", ends="09:00")}),
                "quiet.sms.ends",
                "whole_day",
            ),
            (Policy(priority=["party"]), "priority[0]", "unknown_occasion"),
            (Policy(priority=["verification"]), "priority[0]", "unknown_occasion"),
            (Policy(priority=["birthday", "birthday"]), "priority[1]", "repeated"),
        ],
    )
    def test_refuses_what_could_let_nobody_through(self, policy, field, code):
        with pytest.raises(PolicyRefused) as refusal:
            save_policy(policy=policy, by=None, at=NOON)

        assert (refusal.value.field, refusal.value.code) == (field, code)


class TestPage:
    def test_saves_and_shows_what_was_decided(self, client):
        client.force_login(build_user(permissions=["messaging.change_contactpolicy"]))
        build_automation()
        page = client.get("/contact-policy/", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        typed = {name: value for name, value in page.context["form"].initial.items() if value} | {
            "sms_starts": "21:00",
            "sms_ends": "09:00",
            "all_most": "4",
            "all_days": "7",
        }

        answer = client.post("/contact-policy/", typed)

        assert answer.status_code == 302
        assert ContactPolicy.objects.get().document["quiet"] == {"sms": {"starts": "21:00", "ends": "09:00"}}
        shown = client.get("/contact-policy/", headers={"Accept-Language": "en"}).content.decode()
        assert "quiet from 21:00 until 09:00" in shown
        assert "at most 4 messages in 7 days" in shown

    @pytest.mark.parametrize(
        "values",
        [
            {"sms_starts": "21:00"},
            {"sms_starts": "21:00", "sms_ends": "21:00"},
            {"all_most": "4"},
            {"all_days": "7"},
            {"all_most": "0", "all_days": "7"},
            {"email_most": "1", "email_days": "91"},
            {"place_birthday": "2", "place_recovery": "2"},
            {"place_birthday": "0"},
        ],
        ids=str,
    )
    def test_comes_back_with_what_is_wrong(self, client, values):
        client.force_login(build_user(permissions=["messaging.change_contactpolicy"]))
        build_automation()
        initial = client.get("/contact-policy/").context["form"].initial

        answer = client.post("/contact-policy/", {n: v for n, v in initial.items() if v} | values)

        assert answer.status_code == 422
        assert ContactPolicy.objects.get().document == {}

    def test_is_for_whoever_may_change_it(self, client):
        client.force_login(build_user(permissions=["messaging.view_automation"]))

        assert client.get("/contact-policy/").status_code == 403


DAY = datetime(2026, 11, 2, tzinfo=UTC)
clocks = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")
quiet = st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hours=st.none() | quiet,
    sundays=st.booleans(),
    cap=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    due=st.lists(st.integers(0, 5 * 24), min_size=1, max_size=8),
    useful=st.lists(st.none() | st.integers(1, 72), min_size=8, max_size=8),
)
def test_never_in_quiet_hours_never_above_the_cap_and_never_lost(recorders, hours, sundays, cap, due, useful):
    """Whatever is due when: an hourly sender keeps to the policy, and each message is sent or says why not."""
    most, days = cap
    policy = Policy(
        quiet={"sms": QuietDocument(starts=hours[0], ends=hours[1])} if hours else {},
        quiet_sundays=sundays,
        caps={"all": CapDocument(most=most, days=days)},
    )
    save_policy(policy=policy, by=None, at=DAY)
    build_automation(occasion="birthday")
    customer = build_reachable_customer(home_store=build_store())
    for number, hour in enumerate(due):
        at = DAY + timedelta(hours=hour)
        ends = useful[number]
        greeting(
            customer, at=at, occasion_key=str(number), ends_at=at + timedelta(hours=ends) if ends else None
        )

    mine = Message.objects.filter(customer=customer)
    at = DAY
    while mine.filter(state=MessageState.QUEUED).exists():
        assert at < DAY + timedelta(days=60)
        send(at)
        waiting = mine.filter(state=MessageState.QUEUED).order_by("due_at").first()
        at = max(at + timedelta(hours=1), waiting.due_at) if waiting else at

    moments = sorted(mine.exclude(sent_at=None).values_list("sent_at", flat=True))
    night = QuietHours(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None
    assert not any(is_quiet(moment, night, SAO_PAULO, sundays=sundays) for moment in moments)
    span = Cap(most, days).span
    assert all(sum(moment - span < other <= moment for other in moments) <= most for moment in moments)
    for message in mine:
        assert message.state in ("sent", "suppressed")
        if message.state == "suppressed":
            # Only what would have come too late was not sent.
            assert message.expires_at is not None
            assert message.reason in ("quiet_hours", "frequency_cap", "too_late")
    got = [outgoing for outgoing in recorders["sms"].sent if outgoing.to == customer.phone]
    assert len(got) == len(moments)


def test_the_page_of_a_message_says_that_it_waits_and_why(client, sms):
    decide(quiet={"sms": NIGHT})
    build_automation(occasion="birthday")
    message = greeting(build_reachable_customer(), at=EVENING)
    send(EVENING)
    client.force_login(build_user(permissions=["messaging.view_message"]))

    page = client.get(f"/messages/{message.uuid}/", headers={"Accept-Language": "en"}).content.decode()

    assert "Held back" in page
    assert "quiet hours of the contact policy" in page
