"""The pages of templates, driven as a manager does."""

import re

import pytest
from django.urls import reverse

from messaging.models import Letterhead, LocalFault, Message, Template
from messaging.services.templates import save_template, use_template
from messaging.views.template import editor_url
from retail.models import Company
from tests.builders import NOON, build_customer, build_user
from tests.messaging.builders import build_automation, build_company, build_message, build_template
from tests.messaging.test_email_layout import PNG

pytestmark = pytest.mark.django_db
PERMISSIONS = [
    *(f"messaging.{action}_template" for action in ("view", "add", "change")),
    "messaging.view_message", "messaging.view_automation", "messaging.change_automation",
    "messaging.change_letterhead", "retail.change_company", "customers.view_customer",
]  # fmt: skip


@pytest.fixture
def manager(client):
    build_company(sms_limit=150)
    client.force_login(build_user(permissions=PERMISSIONS, email="gisele@example.com"))
    return client


def named(**values):
    template = Template(
        **{
            "name": "ANNIV",
            "occasion": "birthday",
            "channel": "sms",
            "language": "pt-br",
            "text": "Feliz dia, {{ customer.first_name }}!",
        }
        | values
    )
    return save_template(template=template, by=None, at=NOON)


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def act(manager, action, template, **data):
    return shown(manager.post(reverse(f"messaging:{action}", args=[template.pk]), data, follow=True))


@pytest.fixture(params=["pt-br", "en"])
def language(request, manager):
    manager.cookies["django_language"] = request.param
    return request.param


class TestPages:
    def test_are_drawn_for_every_channel_in_both_languages(self, manager, language):
        email = named(channel="email", subject="Oi", html="<p>Oi</p>")
        texts = [
            named(),
            email,
            named(channel="whatsapp", text="Feliz dia!"),
            named(name="M", applies_to="customers", occasion=""),
        ]
        urls = [
            reverse("messaging:named_template_list"),
            reverse("messaging:named_template_create"),
            reverse("messaging:letterhead"),
        ]
        urls += [reverse("messaging:named_template_edit", args=[template.pk]) for template in texts]
        urls += [reverse("messaging:template_versions", args=[template.pk]) for template in texts]

        for url in urls:
            answer = manager.get(url)
            assert answer.status_code == 200, url
            assert f'<html lang="{language}"' in shown(answer), url

    def test_lists_what_stands_and_finds_what_was_put_away(self, manager):
        kept, gone = named(), named(name="VELHO")
        act(manager, "template_archive", gone)
        url = reverse("messaging:named_template_list")

        assert "ANNIV" in shown(manager.get(url))
        assert "VELHO" not in shown(manager.get(url))
        archive = shown(manager.get(url, {"archived": "1"}))
        assert "VELHO" in archive
        assert reverse("messaging:named_template_edit", args=[kept.pk]) not in archive


class TestCreate:
    @pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
    @pytest.mark.parametrize("target", ["birthday", "recovery", "customers", "sales"])
    def test_begins_with_a_text_and_opens_the_editor(self, manager, channel, target):
        data = {"name": "NOVO", "target": target, "channel": channel, "language": "pt-br", "starter": "offer"}

        answer = manager.post(reverse("messaging:named_template_create"), data)

        template = Template.objects.get()
        assert answer["Location"] == reverse("messaging:named_template_edit", args=[template.pk])
        assert template.occasion == (target if target in ("birthday", "recovery") else "")
        assert manager.get(answer["Location"]).status_code == 200

    def test_refuses_a_name_that_is_taken_beside_the_field(self, manager):
        named()
        data = {
            "name": "anniv",
            "target": "birthday",
            "channel": "sms",
            "language": "pt-br",
            "starter": "news",
        }

        answer = manager.post(
            reverse("messaging:named_template_create"), data, headers={"Accept-Language": "en"}
        )

        assert answer.status_code == 422
        assert "There is another template" in shown(answer)


class TestEditor:
    def url(self, template, action="edit"):
        return reverse(f"messaging:named_template_{action}", args=[template.pk])

    def test_saves_a_version_and_shows_what_changed(self, manager):
        template = named()
        manager.post(self.url(template), {"name": "ANNIV", "text": "Parabéns, {{ customer.first_name }}!"})

        page = shown(manager.get(reverse("messaging:template_versions", args=[template.pk])))

        assert "<ins>Parabéns" in page
        assert "<del>Feliz dia" in page
        act(manager, "template_restore", template, number="1")
        template.refresh_from_db()
        assert (template.number, template.text) == (3, "Feliz dia, {{ customer.first_name }}!")

    def test_says_what_is_wrong_beside_the_field_and_keeps_what_was_typed(self, manager):
        template = named()

        answer = manager.post(
            self.url(template), {"name": "ANNIV", "text": "Oi {{ party }}"}, headers={"Accept-Language": "en"}
        )

        assert answer.status_code == 422
        assert "There is no variable “party” here." in shown(answer)
        assert "Oi {{ party }}" in shown(answer)

    def test_previews_what_is_typed_for_a_customer_that_was_found(self, manager):
        Company.objects.update(sms_segment_price="0.0850")
        customer = build_customer(name="Ana Souza")
        template = named()
        people = shown(manager.get(reverse("messaging:template_people"), {"q": "souza"}))
        assert f'value="c{customer.pk}"' in people

        preview = shown(
            manager.post(
                self.url(template, "preview"),
                {"name": "ANNIV", "text": "Viva {{ customer.first_name }}", "person": f"c{customer.pk}"},
                headers={"Accept-Language": "en"},
            )
        )

        assert "Viva Ana" in preview
        assert "R$ 0" in preview
        assert "<strong>1</strong> segment to pay" in preview

    @pytest.mark.parametrize("person", ["c", "c-1", "cx", "c" + "9" * 30, "c99999"])
    def test_previews_the_sample_for_nobody(self, manager, person):
        data = {"name": "ANNIV", "text": "Viva {{ customer.first_name }}", "person": person}

        assert "Viva Maximiliano" in shown(manager.post(self.url(named(), "preview"), data))

    def test_shows_an_email_on_a_computer_a_phone_and_a_dark_screen(self, manager):
        page = shown(manager.get(self.url(named(channel="email", subject="Oi", html="<p>Oi</p>"))))

        assert page.count("<iframe") == 2
        assert page.count('name="look"') == 3

    def test_sends_a_test_through_the_outbox(self, manager):
        data = {"name": "ANNIV", "text": "Viva!", "to": "+5511987654321"}

        manager.post(self.url(named(), "test"), data)

        message = Message.objects.get()
        assert (message.occasion, message.to, message.text) == ("test", "+5511987654321", "Viva!")


class TestActions:
    def test_uses_one_in_the_automation_and_leads_to_it(self, manager):
        build_automation(occasion="birthday")
        template = named()

        act(manager, "template_use", template)

        template.refresh_from_db()
        assert template.in_use
        own = shown(manager.get(reverse("messaging:template_edit", args=["birthday", "sms", "pt-br"])))
        assert reverse("messaging:named_template_edit", args=[template.pk]) in own
        detail = shown(manager.get(reverse("messaging:automation_detail", args=["birthday"])))
        assert "ANNIV" in detail

    def test_says_why_not(self, manager):
        template = use_template(template=named(), at=NOON)
        manager.cookies["django_language"] = "en"

        assert "uses it. Choose another text there first." in act(manager, "template_archive", template)
        assert "There is no version 9." in act(manager, "template_restore", template, number="9")

    def test_duplicates_under_another_name(self, manager):
        act(manager, "template_duplicate", named(), name="ANNIV 2")

        assert Template.objects.get(name="ANNIV 2").text == "Feliz dia, {{ customer.first_name }}!"

    def test_needs_the_permissions(self, client):
        build_company()
        template = named()
        client.force_login(build_user(permissions=["messaging.view_template"]))

        for name in ("archive", "unarchive", "duplicate", "use", "submit", "refresh", "several", "restore"):
            url = reverse(f"messaging:template_{name}", args=[template.pk])
            assert client.post(url).status_code == 403, name


class TestReading:
    @pytest.mark.parametrize("named_one", [True, False])
    def test_shows_the_text_to_who_may_not_change_it(self, client, named_one):
        build_company()
        build_automation(occasion="birthday")
        template = (
            named(text="Feliz dia, {{ customer.first_name }}!") if named_one else Template.objects.get()
        )
        client.force_login(build_user(permissions=["messaging.view_template"]))
        client.cookies["django_language"] = "en"
        url = editor_url(template)

        listed = shown(client.get(reverse("messaging:named_template_list")))
        page = client.get(url)
        saved = client.post(url, {"text": "Outro"})

        assert url in listed
        assert (page.status_code, saved.status_code) == (200, 403)
        assert "{{ customer.first_name }}" in shown(page)
        assert "<textarea" not in shown(page)


class TestApproval:
    def test_goes_from_draft_to_several_and_back(self, manager, settings, monkeypatch):
        from messaging.channels import twilio_content
        from messaging.services import approvals

        monkeypatch.setattr(approvals, "create_content", lambda **_: "HX" + "a" * 32)
        monkeypatch.setattr(approvals, "request_approval", lambda **_: twilio_content.Answer("received", ""))
        monkeypatch.setattr(approvals, "fetch_approval", lambda **_: twilio_content.Answer("approved", ""))
        manager.cookies["django_language"] = "en"
        template = build_template(
            occasion="birthday", channel="whatsapp", text="Feliz dia, {{ customer.first_name }} querida!"
        )
        build_automation(occasion="birthday", channels=["whatsapp"])

        assert "Waiting for approval" in act(manager, "template_submit", template)
        page = act(manager, "template_refresh", template)
        assert "Allow several" in page
        assert "{{1}} = customer.first_name" in page
        assert "No longer allow several" in act(manager, "template_several", template, allowed="1")
        edited = {
            "text": "Feliz dia, {{ customer.first_name }} linda!",
            "category": "marketing",
            "phone_field": "mobile",
        }
        manager.post(reverse("messaging:template_edit", args=["birthday", "whatsapp", "pt-br"]), edited)
        template.refresh_from_db()
        assert (template.approval, template.allow_several, template.phone_field) == ("draft", False, "mobile")

    def test_shows_the_field_that_whatsapp_would_not_take(self, manager):
        manager.cookies["django_language"] = "en"
        build_automation(occasion="birthday", channels=["whatsapp"])
        template = named(channel="whatsapp", text="{{ customer.first_name }}, feliz dia!")

        assert "stands at the edge" in act(manager, "template_submit", template)

    def test_shows_what_the_provider_said(self, manager, settings):
        settings.TWILIO_ACCOUNT_SID = ""
        manager.cookies["django_language"] = "en"
        template = named(channel="whatsapp", text="Oi, {{ customer.first_name }} querida!")

        assert "The provider said no: no_provider" in act(manager, "template_submit", template)


class TestLetterheadPage:
    def data(self, **values):
        return {
            "color": "#112233",
            "logo_width": "120",
            "footer": "Rua A",
            "sms_limit": "160",
            "sms_segment_price": "0,0850",
            "sms_sender": "AURORA",
            "whatsapp_price": "0,35",
        } | values

    def test_saves_the_look_and_the_limits(self, manager):
        from django.core.files.uploadedfile import SimpleUploadedFile

        url = reverse("messaging:letterhead")
        logo = SimpleUploadedFile("logo.png", PNG, "image/png")
        answer = manager.post(url, self.data(logo=logo))

        assert answer.status_code == 302, answer.content.decode()[-3000:]
        saved = Letterhead.objects.get()
        assert (saved.color, bytes(saved.logo)) == ("#112233", PNG)
        assert (Company.objects.get().sms_limit, str(Company.objects.get().sms_segment_price)) == (
            160,
            "0.0850",
        )
        assert (Company.objects.get().sms_sender, str(Company.objects.get().whatsapp_price)) == (
            "AURORA",
            "0.3500",
        )
        assert f"/messages/logo/{saved.logo_digest}/" in shown(manager.get(url))
        manager.post(url, self.data(remove_logo="on"))
        assert Letterhead.objects.get().logo is None

    @pytest.mark.parametrize(
        "values",
        [
            {"color": "red"},
            {"logo_width": "9"},
            {"sms_limit": "0"},
            {"sms_segment_price": "-1"},
            {"whatsapp_price": "-1"},
            {"sms_sender": "12345"},
            {"sms_sender": "Lojão"},
            {"footer": "x" * 3000},
        ],
    )
    def test_names_the_wrong_field(self, manager, values):
        answer = manager.post(reverse("messaging:letterhead"), self.data(**values))

        assert answer.status_code == 422
        assert not Letterhead.objects.exists()


class TestInbox:
    def test_orders_and_takes_back_failures(self, manager, settings):
        settings.DEMO = True
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_BASE = (
            "AC" + "0" * 32,
            "http://localhost/_local/twilio",
        )
        url = reverse("messaging:inbox_fault")

        manager.post(url, {"fault": "sms:undelivered"})
        manager.post(url, {"fault": "email:undelivered"})
        manager.post(url, {"fault": "pigeon:x"})
        assert [(fault.channel, fault.kind) for fault in LocalFault.objects.all()] == [("sms", "undelivered")]
        assert "30003" in shown(manager.get(reverse("messaging:inbox")))
        manager.post(url, {"clear": "1"})
        assert not LocalFault.objects.exists()

    def test_is_not_there_beside_a_real_account(self, manager, settings):
        settings.DEMO = True
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_BASE = (
            "AC" + "1" * 32,
            "http://localhost/_local/twilio",
        )

        assert manager.get(reverse("messaging:inbox")).status_code == 404
        assert manager.post(reverse("messaging:inbox_fault"), {"fault": "sms:undelivered"}).status_code == 404


class TestMessagePage:
    def test_leads_to_the_approval_that_was_missing(self, manager):
        manager.cookies["django_language"] = "en"
        message = build_message(
            channel="whatsapp", state="failed", reason="undelivered", error="63016", text="Oi"
        )

        page = shown(manager.get(reverse("messaging:message_detail", args=[message.uuid])))

        assert "Hand the text in for approval" in page
        assert reverse("messaging:named_template_list") + "?channel=whatsapp" in page


class TestTwoEditors:
    def test_the_later_one_writes_over_nothing_and_loses_nothing(self, manager):
        manager.cookies["django_language"] = "en"
        template = named()
        url = reverse("messaging:named_template_edit", args=[template.pk])
        assert 'name="version" value="1"' in shown(manager.get(url))
        manager.post(url, {"name": "ANNIV", "text": "Feliz dia!", "version": "1"})

        answer = manager.post(url, {"name": "ANNIV", "text": "Oi, o que eu escrevi", "version": "1"})

        assert answer.status_code == 409
        assert "Somebody else saved this text meanwhile" in shown(answer)
        assert "Oi, o que eu escrevi" in shown(answer)
        assert 'name="version" value="1"' in shown(answer)
        template.refresh_from_db()
        assert (template.text, template.number) == ("Feliz dia!", 2)

    def test_of_a_proposal_only_the_first_one_saves_it(self, manager):
        build_automation(occasion="birthday")
        url = reverse("messaging:template_edit", args=["birthday", "sms", "en"])
        assert 'name="version" value="0"' in shown(manager.get(url))

        assert manager.post(url, {"text": "Happy day!", "version": "0"}).status_code == 302
        assert manager.post(url, {"text": "Congratulations!", "version": "0"}).status_code == 409
        assert Template.objects.get(language="en").text == "Happy day!"


class TestWithoutSeeingCustomers:
    """Somebody who writes texts and may not look at customers, such as an agency."""

    @pytest.fixture
    def writer(self, client):
        build_company()
        client.force_login(build_user(permissions=["messaging.view_template", "messaging.change_template"]))
        return client

    @pytest.fixture
    def customer(self):
        return build_customer(name="Zenaide Quitéria", email="zenaide@example.com")

    def url(self, kind, action):
        if kind == "own":
            return reverse(f"messaging:template_{action}", args=["birthday", "sms", "pt-br"])
        found = Template.objects.filter(name="ANNIV").first() or named()
        return reverse(f"messaging:named_template_{action}", args=[found.pk])

    @pytest.mark.parametrize("kind", ["own", "named"])
    def test_the_page_names_nobody(self, writer, customer, kind):
        build_automation(occasion="birthday")

        assert "Zenaide" not in shown(writer.get(self.url(kind, "edit")))

    @pytest.mark.parametrize("kind", ["own", "named"])
    @pytest.mark.parametrize("prefix", ["c", ""])
    def test_preview_and_test_are_of_the_sample(self, writer, customer, kind, prefix):
        build_automation(occasion="birthday")
        typed = {"text": "Viva {{ customer.first_name }}", "person": f"{prefix}{customer.pk}"}
        typed |= {"name": "ANNIV"} if kind == "named" else {}

        preview = shown(writer.post(self.url(kind, "preview"), typed))
        writer.post(self.url(kind, "test"), typed | {"to": "+5511987654321"})

        assert "Viva Maximiliano" in preview
        assert Message.objects.get().text == "Viva Maximiliano"


class TestStandardTexts:
    def test_are_shown_over_what_was_saved_and_change_nothing(self, manager):
        build_company()
        build_automation(occasion="birthday")
        mine = build_template(
            occasion="birthday",
            channel="email",
            text="Só meu texto",
            subject="Meu assunto",
            html="<p>Meu</p>",
        )
        url = reverse("messaging:template_edit", args=["birthday", "email", "pt-br"])

        plain, standard = (shown(manager.get(address)) for address in (url, f"{url}?text=standard"))

        assert "Só meu texto" in plain
        assert "?text=standard" in plain
        assert "Só meu texto" not in standard
        assert "Feliz aniversário" in standard
        mine.refresh_from_db()
        assert mine.text == "Só meu texto"

    def test_templates_of_mailings_have_none(self, manager):
        build_company()
        mine = build_template(name="NOVIDADES", applies_to="customers", occasion="", in_use=False, text="Oi!")
        url = reverse("messaging:named_template_edit", args=[mine.pk])

        assert "?text=standard" not in manager.get(url).content.decode()
        assert "Oi!" in shown(manager.get(f"{url}?text=standard"))

    def test_those_that_are_missing_are_added_by_a_button(self, manager):
        build_company()
        url = reverse("messaging:named_template_list")
        assert reverse("messaging:standard_templates") in manager.get(url).content.decode()

        answer = manager.post(reverse("messaging:standard_templates"), follow=True)

        assert Template.objects.filter(name="EXPIRATIONGIFTCARDEMAIL").exists()
        assert reverse("messaging:standard_templates") not in answer.content.decode()
