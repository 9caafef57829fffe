from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import (
    Automation,
    LocalDelivery,
    Message,
    MessageEvent,
    Template,
)
from messaging.reasons import REASONS
from messaging.services.demo import build_messages
from tests.builders import build_product, build_sale, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_company,
    build_message,
    build_pool,
    build_reachable_customer,
    build_shop,
)

pytestmark = pytest.mark.django_db

PERMISSIONS = [
    f"messaging.{action}_{model}"
    for action in ("view", "change")
    for model in ("message", "automation", "template")
] + ["customers.view_customer"]
TEMPLATE = ["recovery", "sms", "pt-br"]


@pytest.fixture
def manager(client):
    client.force_login(build_user(permissions=PERMISSIONS, email="gisele@example.com"))
    return client


@pytest.fixture
def world():
    """An installation in which every page has something to show."""
    build_company()
    build_shop()
    for _ in range(3):
        build_product()
        build_reachable_customer(birth_date=timezone.localdate().replace(year=1990, day=15))
    build_messages(at=timezone.now(), pool=build_pool())
    message = build_message(
        state="failed", reason="refused", error="21211 no", channel="sms", to="+5511999990000", text="Oi"
    )
    MessageEvent.objects.create(
        message=message, provider="fiel", event_key="1", kind="refused", occurred_at=timezone.now()
    )
    return message


def pages(message):
    yield reverse("messaging:message_list")
    yield reverse("messaging:message_list") + "?state=failed&channel=sms&occasion=recovery&period=7&q=ana"
    yield reverse("messaging:message_list") + "?export=csv"
    yield reverse("messaging:message_detail", args=[message.uuid])
    yield reverse("messaging:customer_messages", args=[message.customer_id])
    yield reverse("messaging:automation_list")
    for occasion in ("birthday", "recovery", "voucher_reminder", "tier_notice"):
        for page in ("detail", "edit", "today"):
            yield reverse(f"messaging:automation_{page}", args=[occasion])
        for channel in ("email", "sms", "whatsapp"):
            for language in ("pt-br", "en"):
                yield reverse("messaging:template_edit", args=[occasion, channel, language])


class TestEveryPage:
    @pytest.mark.parametrize("language", ["pt-br", "en"])
    def test_is_drawn_in_both_languages(self, manager, world, language):
        for url in pages(world):
            page = manager.get(url, headers={"Accept-Language": language})

            assert page.status_code == 200, url
            if page.headers["Content-Type"].startswith("text/html"):
                assert f'lang="{language}"' in page.content.decode(), url

    def test_asks_strangers_to_sign_in_and_refuses_people_without_permission(self, client, world):
        for url in pages(world):
            assert client.get(url).status_code == 302, url
        client.force_login(build_user())
        for url in pages(world):
            assert client.get(url).status_code == 403, url

    @pytest.mark.parametrize(
        "path",
        [
            "/automations/party/",
            "/automations/test/edit/",
            "/automations/recovery/templates/pigeon/en/",
            "/automations/recovery/templates/sms/fr/",
            "/automations/party/templates/sms/en/",
            "/messages/9c5b94b1-35ad-49bb-b118-8e8fc24abf80/",
            "/messages/inbox/",
        ],
    )
    def test_does_not_exist(self, manager, world, path):
        assert manager.get(path).status_code == 404


class TestMessagePages:
    def test_filters_what_is_listed(self, manager, world):
        url = reverse("messaging:message_list")

        assert b"+5511999990000" in manager.get(url, {"state": "failed"}).content
        assert b"+5511999990000" not in manager.get(url, {"state": "sent"}).content
        assert b"+5511999990000" not in manager.get(url, {"q": "nobody"}).content

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_says_why_a_message_was_not_sent(self, manager, reason):
        message = build_message(state="suppressed", reason=reason)

        page = manager.get(
            reverse("messaging:message_detail", args=[message.uuid]), headers={"Accept-Language": "en"}
        )

        assert str(REASONS[reason])[:30] in page.content.decode().replace("&#x27;", "'")

    def test_shows_an_email_in_a_frame_that_can_do_nothing(self, manager):
        message = build_message(channel="email", text="x", html='<script>alert("x")</script>')

        page = manager.get(reverse("messaging:message_detail", args=[message.uuid]))
        html = page.content.decode()

        assert 'sandbox="" srcdoc="&lt;script&gt;' in html
        assert "<script>alert" not in html
        policy = page.headers["Content-Security-Policy"]
        allowed = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
        assert allowed.get("script-src", allowed["default-src"]) == "'self'"

    def test_reads_a_constant_number_of_times(self, manager, django_assert_max_num_queries):
        for _ in range(20):
            build_message()
        with django_assert_max_num_queries(14):
            page = manager.get(reverse("messaging:message_list"))

        assert page.content.count(b"<tr") > 20


def recovery_form(**values):
    return {
        "enabled": "on",
        "first_channel": "whatsapp",
        "second_channel": "sms",
        "third_channel": "",
        "pool": "",
        "link": "",
        "delay_minutes": "5",
        "about": "both",
        "frequency_hours": "24",
        "rest_days_after_use": "7",
        "code_valid_hours": "48",
    } | values


class TestAutomationPages:
    url = "/automations/recovery/edit/"

    def test_saves_what_was_decided(self, manager, world):
        shop = build_shop()

        answer = manager.post(self.url, recovery_form(stores=[str(shop.pk)]))

        assert answer.status_code == 302
        automation = Automation.objects.get(occasion="recovery")
        assert (automation.enabled, automation.channels) == (True, ["whatsapp", "sms"])
        assert automation.settings["delay_minutes"] == 5
        assert shop not in automation.stores_off.all()
        assert automation.stores_off.count() >= 1
        assert automation.revisions.order_by("-number").first().saved_by.email == "gisele@example.com"

    @pytest.mark.parametrize(
        "values",
        [
            {"delay_minutes": "4"},
            {"delay_minutes": "61"},
            {"delay_minutes": ""},
            {"second_channel": "whatsapp"},
            {"first_channel": "pigeon"},
            {"code_valid_hours": "0"},
            {"link": "javascript:alert(1)"},
            {"pool": "999"},
        ],
        ids=str,
    )
    def test_comes_back_with_what_is_wrong(self, manager, world, values):
        before = Automation.objects.get(occasion="recovery").number

        answer = manager.post(self.url, recovery_form(**values))

        assert answer.status_code == 422
        assert Automation.objects.get(occasion="recovery").number == before

    def test_cannot_be_switched_on_without_a_text(self, manager):
        build_company()

        answer = manager.post("/automations/recovery/switch/", {"enabled": "1"}, follow=True)

        assert not Automation.objects.get(occasion="recovery").enabled
        assert "WhatsApp" in answer.content.decode()

    def test_switches_off_and_on(self, manager, world):
        manager.post("/automations/birthday/switch/", {"enabled": "0"})
        assert not Automation.objects.get(occasion="birthday").enabled
        manager.post("/automations/birthday/switch/", {"enabled": "1"})
        assert Automation.objects.get(occasion="birthday").enabled

    def test_shows_the_results_of_thirty_days(self, manager, world):
        now = timezone.now()
        message = build_message(
            state="delivered", channel="sms", segments=2, cost="0.17", planned_at=now - timedelta(days=3),
            due_at=now - timedelta(days=3), expires_at=None, sent_at=now - timedelta(days=3),
        )  # fmt: skip
        MessageEvent.objects.create(
            message=message, provider="fiel", event_key="x", kind="clicked", occurred_at=now
        )
        build_sale(customer=message.customer, occurred_at=now - timedelta(days=2))
        manager.cookies["django_language"] = "en"
        url = reverse("messaging:automation_results", args=["recovery"])

        page = manager.get(url).content.decode()
        content = b"".join(manager.get(f"{url}?export=csv").streaming_content).decode("utf-8-sig")

        assert url in manager.get(reverse("messaging:automation_detail", args=["recovery"])).content.decode()
        assert "Sales within 7 days of the message" in page
        assert page.count("<svg viewBox") == 2
        rows = dict(line.split(";") for line in content.splitlines())
        assert {
            "Clicked": "1",
            "Cost of sending": "0.1700",
            "Revenue within 7 days": "50.00",
        }.items() <= rows.items()

    def test_reading_rights_do_not_change_anything(self, client, world):
        client.force_login(build_user(permissions=["messaging.view_automation"]))

        assert client.post(self.url, recovery_form()).status_code == 403
        assert client.post("/automations/recovery/switch/", {"enabled": "0"}).status_code == 403

    def test_shows_who_would_get_what_today_and_sends_nothing(self, manager):
        build_automation(channels=["sms"])
        build_cart(
            customer=build_reachable_customer(name="Beatriz Lima"),
            last_interaction_at=timezone.now() - timedelta(minutes=2),
        )
        build_cart(
            customer=build_reachable_customer(name="Carlos Dias", channels=()),
            last_interaction_at=timezone.now() - timedelta(minutes=2),
        )

        page = manager.get("/automations/recovery/today/", headers={"Accept-Language": "en"}).content.decode()

        assert "Beatriz, seu carrinho" in page
        assert "has not agreed to marketing" in page
        assert not Message.objects.exists()


class TestTemplatePages:
    url = "/automations/recovery/templates/sms/pt-br/"

    def test_proposes_a_text_and_saves_another(self, manager):
        build_company()
        assert "sua sacola espera" in manager.get(self.url).content.decode()

        answer = manager.post(self.url, {"text": "Oi {{ customer.first_name }}"})

        assert answer.status_code == 302
        assert Template.objects.get().text == "Oi {{ customer.first_name }}"

    def test_names_the_variable_that_does_not_exist(self, manager):
        build_company()

        answer = manager.post(self.url, {"text": "{{ custmer.name }}"})

        assert answer.status_code == 422
        assert "custmer.name" in answer.content.decode()
        assert not Template.objects.exists()

    def test_previews_with_a_real_cart_and_counts_segments(self, manager):
        build_company()
        cart = build_cart(customer=build_reachable_customer(name="JOÃO PEREIRA"))

        page = manager.post(
            f"{self.url}preview/",
            {"text": "{{ customer.first_name }}: {{ cart.total }}", "person": cart.pk},
            headers={"Accept-Language": "en"},
        ).content.decode()

        assert "João: R$ 159,90" in page
        assert "UCS-2" in page
        assert not Template.objects.exists()

    @pytest.mark.parametrize("person", ["", "0", "x", "9" * 40, "-1"])
    def test_previews_with_the_sample_for_nobody_in_particular(self, manager, person):
        build_company()

        page = manager.post(f"{self.url}preview/", {"text": "{{ customer.name }}", "person": person})

        assert "Maximiliano Albuquerque" in page.content.decode()

    def test_says_what_is_wrong_while_typing(self, manager):
        build_company()

        page = manager.post(f"{self.url}preview/", {"text": "{{ x"})

        assert page.status_code == 200
        assert 'role="alert"' in page.content.decode()

    def test_previews_an_email(self, manager):
        build_company()

        page = manager.post(
            "/automations/birthday/templates/email/en/preview/",
            {"subject": "Hi {{ customer.first_name }}", "text": "x", "html": "<b>{{ customer.name }}</b>"},
        ).content.decode()

        assert "Hi Maximiliano" in page
        assert "&lt;b&gt;Maximiliano Albuquerque&lt;/b&gt;" in page.split('srcdoc="')[1].split('"')[0]

    def test_sends_a_test_to_oneself(self, manager):
        build_company()

        page = manager.post(f"{self.url}test/", {"text": "Oi {{ customer.name }}", "to": "(11) 98765-4321"})

        message = Message.objects.get()
        assert (message.occasion, message.to, message.state) == ("test", "+5511987654321", "queued")
        assert str(message.uuid) in page.content.decode()

    @pytest.mark.parametrize("to", ["", "12", "x@y"])
    def test_refuses_a_test_without_an_address(self, manager, to):
        build_company()

        page = manager.post(f"{self.url}test/", {"text": "Oi", "to": to})

        assert 'role="alert"' in page.content.decode()
        assert not Message.objects.exists()


class TestInbox:
    @pytest.mark.parametrize("language", ["pt-br", "en"])
    def test_shows_what_customers_got(self, manager, settings, language):
        settings.DEMO = True
        build_company()
        for channel in ("sms", "email"):
            LocalDelivery.objects.create(
                provider_id=channel,
                channel=channel,
                sender="Loja",
                to="ana@example.com",
                subject="Oi",
                text="Texto",
                html="<b>x</b>",
                status="queued",
                accepted_at=timezone.now(),
            )

        page = manager.get("/messages/inbox/", headers={"Accept-Language": language}).content.decode()

        assert page.count("ana@example.com") >= 2
        assert manager.get("/messages/inbox/?channel=email").content.decode().count("Texto") == 1
