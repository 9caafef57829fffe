from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from messaging.models import MarketingSettings, Message, MessageEvent, Template, TrackedLink
from messaging.services.delivery import deliver_due
from messaging.tokens import CLICK, OPEN, TokenInvalid, seal, unseal
from tests.builders import NOON, build_consent
from tests.messaging.builders import build_automation, build_cart, build_message, build_reachable_customer
from tests.messaging.test_robots import DESK

pytestmark = pytest.mark.django_db
HTML = (
    '<p>Oi {{ customer.first_name }}: <a href="https://loja.example.com/novo?a=1&amp;b=2">Novidades</a></p>'
)


@pytest.fixture(autouse=True)
def _counted(db):
    MarketingSettings.objects.create(pk=1, track_links=True, track_opens=True)


def send(*, channel="sms", at=NOON, text=None, html="", **values):
    """Send one recovery message; return it with what left."""
    build_automation(channels=[channel])
    changes = {"html": html} | ({"text": text} if text else {})
    Template.objects.filter(channel=channel).update(**changes)
    message = build_message(channels=[channel], **values)
    deliver_due(clock=lambda: at)
    return Message.objects.get(pk=message.pk)


def follow(client, address, settings, *, seconds=60, agent=DESK, method="get", **headers):
    """Ask for an address of ours, so long after the message was sent."""
    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        path = address.removeprefix(settings.PUBLIC_URL)
        return getattr(client, method)(path, headers={"User-Agent": agent, **headers})


def tracked(message):
    """Return our address of the message's one link."""
    return "/l/" + seal(CLICK, message.pk, TrackedLink.objects.get().pk) + "/"


def kinds():
    return list(MessageEvent.objects.filter(kind__in=["opened", "clicked"]).values_list("kind", flat=True))


class TestReplacing:
    def test_a_text_message_has_our_address_and_its_row_the_destination(self, sms, settings):
        message = send()

        assert sms.sent[0].text == f"Ana, seu carrinho: {settings.PUBLIC_URL}{tracked(message)}"
        assert message.text == "Ana, seu carrinho: https://loja.example.com/c/1"
        assert TrackedLink.objects.get().destination == "https://loja.example.com/c/1"

    def test_the_full_stop_behind_a_link_stays(self, sms, settings):
        message = send(text="Veja https://loja.example.com/x. Até!")

        assert sms.sent[0].text == f"Veja {settings.PUBLIC_URL}{tracked(message)}. Até!"

    def test_a_text_message_is_measured_with_the_short_address(self, sms):
        long = "https://loja.example.com/" + "x" * 140
        build_automation(channels=["sms"])
        cart = build_cart(last_interaction_at=NOON - timedelta(minutes=30), link=long)

        message = send(cart=cart)

        assert message.state == "sent"
        assert len(sms.sent[0].text) < 150 < len(message.text)
        # What is billed is what left.
        assert message.segments == 1

    def test_an_e_mail_has_our_addresses_and_the_picture(self, recorders, settings):
        message = send(channel="email", html=HTML, text="Oi {{ customer.first_name }}")

        [out] = recorders["email"].sent
        assert tracked(message) in out.html
        assert f"/o/{seal(OPEN, message.pk)}/" in out.html
        assert "loja.example.com/novo" not in out.html
        # What stops messages is never counted.
        assert "/unsubscribe/" in out.html
        assert "loja.example.com/novo?a=1&b=2" in unescape(message.html)
        assert "/l/" not in message.html
        assert "/o/" not in message.html

    def test_what_a_customer_typed_is_no_link_of_ours(self, sms):
        typed = "https://loja.example.co/x"
        customer = build_reachable_customer(name=typed)
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))

        send(text="{{ customer.first_name }} https://loja.example.com/x", cart=cart)

        assert sms.sent[0].text.startswith(typed)
        assert TrackedLink.objects.get().destination == "https://loja.example.com/x"

    def test_a_link_may_go_on_with_a_value_behind_its_host(self, sms, settings):
        send(text="https://loja.example.com/?n={{ customer.first_name }} {{ cart.link }}?utm=1")

        assert {link.destination for link in TrackedLink.objects.all()} == {
            "https://loja.example.com/?n=Ana", "https://loja.example.com/c/1?utm=1",
        }  # fmt: skip

    def test_a_value_never_becomes_the_host(self, sms):
        customer = build_reachable_customer(name="evil.example")
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))

        send(text="https://{{ customer.name }}/x https://loja.{{ customer.name }}/x", cart=cart)

        assert sms.sent[0].text == "https://evil.example/x https://loja.evil.example/x"
        assert not TrackedLink.objects.exists()

    def test_two_messages_of_one_text_share_the_row_of_a_link(self, sms):
        send(text="Veja https://loja.example.com/x")
        build_message()

        deliver_due(clock=lambda: NOON)

        assert len(sms.sent) == 2
        assert TrackedLink.objects.count() == 1
        assert sms.sent[0].text != sms.sent[1].text

    @pytest.mark.parametrize("way", ["company", "customer"])
    def test_can_be_off(self, sms, way):
        if way == "company":
            MarketingSettings.objects.update(track_links=False, track_opens=False)
        customer = build_reachable_customer(name="ANA SOUZA")
        if way == "customer":
            build_consent(customer=customer, purpose="profiling", granted=False)
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))

        send(cart=cart)

        assert sms.sent[0].text == "Ana, seu carrinho: https://loja.example.com/c/1"
        assert not TrackedLink.objects.exists()


class TestFollowing:
    def test_leads_to_the_destination_and_counts_one_click(self, sms, client, settings):
        message = send()

        answers = [follow(client, tracked(message), settings) for _ in range(2)]

        for answer in answers:
            assert (answer.status_code, answer.url) == (302, "https://loja.example.com/c/1")
            assert "no-store" in answer.headers["Cache-Control"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        event = MessageEvent.objects.get(kind="clicked")
        assert (event.message, event.link, event.detail) == (
            message, TrackedLink.objects.get(), "https://loja.example.com/c/1",
        )  # fmt: skip

    def test_a_click_of_another_minute_is_another(self, sms, client, settings):
        message = send()

        for seconds in (60, 120):
            follow(client, tracked(message), settings, seconds=seconds)

        assert kinds() == ["clicked", "clicked"]

    @pytest.mark.parametrize(
        "visit",
        [
            {"agent": "Barracuda Sentinel (EE)"},
            {"agent": ""},
            {"method": "head"},
            {"seconds": 1},
            {"Sec-Purpose": "prefetch"},
        ],
        ids=str,
    )
    def test_programs_are_led_there_and_not_counted(self, sms, client, settings, visit):
        message = send()

        answer = follow(client, tracked(message), settings, **visit)

        assert (answer.status_code, answer.url) == (302, "https://loja.example.com/c/1")
        assert kinds() == []

    def test_who_follows_all_links_at_once_is_a_scanner(self, sms, client, settings):
        message = send(text="https://loja.example.com/a https://loja.example.com/b")

        for link in TrackedLink.objects.order_by("pk"):
            follow(client, "/l/" + seal(CLICK, message.pk, link.pk) + "/", settings)

        assert kinds() == ["clicked"]

    def test_the_query_survives_and_campaign_parameters_go_along(self, sms, client, settings):
        message = send(text="https://loja.example.com/a?p=1%2F2#oferta")

        answer = follow(client, tracked(message) + "?utm_source=sms&next=https://evil.example", settings)

        assert answer.url == "https://loja.example.com/a?p=1%2F2&utm_source=sms#oferta"

    def test_who_refuses_profiling_later_is_not_counted_from_then_on(self, sms, client, settings):
        message = send()
        build_consent(customer=message.customer, purpose="profiling", granted=False)

        assert follow(client, tracked(message), settings).status_code == 302
        assert kinds() == []

    @pytest.mark.parametrize("token", ["x", "1.1.AAAAAAAA", "1.AAAAAAAA", "..", "1.1.é"])
    def test_leads_nowhere_with_an_address_that_we_did_not_make(self, client, token):
        assert client.get(f"/l/{token}/").status_code == 404

    def test_a_destination_is_never_changed(self, sms):
        send()

        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE messaging_trackedlink SET destination = 'https://evil.example'")

    def test_one_row_for_each_destination_of_a_source(self, sms):
        send()
        link = TrackedLink.objects.get()

        with pytest.raises(IntegrityError, match="tracked_link_once_per_source"):
            TrackedLink.objects.create(
                source=link.source, destination="x", digest=link.digest, created_at=NOON
            )


class TestOpening:
    def test_counts_once(self, recorders, client, settings):
        message = send(channel="email")
        path = f"/o/{seal(OPEN, message.pk)}/"

        answers = [follow(client, path, settings, seconds=60 * minute) for minute in (1, 90)]

        assert {answer.headers["Content-Type"] for answer in answers} == {"image/gif"}
        assert kinds() == ["opened"]

    def test_programs_see_the_picture_and_are_not_counted(self, recorders, client, settings):
        message = send(channel="email")

        follow(client, f"/o/{seal(OPEN, message.pk)}/", settings, agent="Mozilla/5.0")

        assert kinds() == []


class TestTokens:
    @pytest.mark.parametrize("numbers", [(0,), (61, 62), (10**15, 1)])
    def test_say_what_was_sealed(self, numbers):
        assert unseal(CLICK, seal(CLICK, *numbers), count=len(numbers)) == list(numbers)

    def test_are_short(self):
        # A million messages, thousands of links.
        assert len(seal(CLICK, 14_000_000, 200_000)) <= 18

    def test_are_for_one_use(self):
        with pytest.raises(TokenInvalid):
            unseal(OPEN, seal(CLICK, 1), count=1)

    def test_a_changed_number_is_refused(self):
        with pytest.raises(TokenInvalid):
            unseal(CLICK, "2" + seal(CLICK, 1, 1)[1:], count=2)


def test_nothing_is_tracked_in_a_new_installation(sms):
    MarketingSettings.objects.all().delete()

    message = send()

    assert sms.sent[0].text == message.text
