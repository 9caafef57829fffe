import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command

from messaging.defaults import DEFAULTS
from messaging.facts import Facts, coupon_link
from messaging.models import Channel, Message, Template, TemplateRevision
from messaging.occasions import AUTOMATIC, KINDS, SettingsInvalid, read_settings
from messaging.rendering import TemplateRefused, measure_sms
from messaging.selectors.contacts import cart_recipient
from messaging.services import test_sends
from messaging.services.automations import AutomationRefused, Plan, save_automation, switch_automation
from messaging.services.composition import compose
from messaging.services.delivery import deliver_due
from messaging.services.opt_outs import suppress
from messaging.services.standard_templates import NAMED, install_standard_templates
from messaging.services.templates import TemplateInvalid, check_template, save_template
from messaging.services.test_sends import queue_test
from tests.builders import NOON, build_customer, build_store, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_company,
    build_pool,
    build_reachable_customer,
    build_template,
)

pytestmark = pytest.mark.django_db


def draft(**values):
    return Template(
        **{
            "occasion": "recovery",
            "channel": Channel.SMS,
            "language": "pt-br",
            "text": "Oi {{ customer.first_name }}",
        }
        | values
    )


def problems_of(template):
    with pytest.raises(TemplateInvalid) as refusal:
        save_template(template=template, by=None, at=NOON)
    return {field: problem.code for field, problem in refusal.value.problems.items()}


class TestSaveTemplate:
    def test_keeps_a_revision_of_each_saving(self):
        build_company()
        user = build_user()
        template = save_template(template=draft(), by=user, at=NOON)
        template.text = "Olá {{ customer.first_name }}"

        save_template(template=template, by=user, at=NOON)

        revisions = TemplateRevision.objects.order_by("number").values_list("number", "text", "saved_by")
        assert list(revisions) == [
            (1, "Oi {{ customer.first_name }}", user.pk),
            (2, "Olá {{ customer.first_name }}", user.pk),
        ]

    def test_names_every_wrong_part(self):
        build_company()
        template = draft(channel=Channel.EMAIL, subject="{{ x }}", text="{{ y", html="{{ cart.link | safe }}")

        assert problems_of(template) == {"subject": "unknown_variable", "text": "syntax", "html": "syntax"}

    def test_refuses_an_email_without_subject(self):
        build_company()

        assert problems_of(draft(channel=Channel.EMAIL, subject=" ")) == {"subject": "empty"}

    @pytest.mark.parametrize(("length", "refused"), [(150, False), (151, True)])
    def test_keeps_text_messages_within_the_companys_limit(self, length, refused):
        build_company(sms_limit=150)
        template = draft(text="x" * length)

        if refused:
            assert problems_of(template) == {"text": "text_too_long"}
        else:
            save_template(template=template, by=None, at=NOON)

    def test_birthday_texts_know_no_cart(self):
        build_company()

        assert problems_of(draft(occasion="birthday", text="{{ cart.link }}")) == {"text": "unknown_variable"}


class TestDefaults:
    def test_are_complete_and_save(self):
        build_company()

        first, again = install_standard_templates(at=NOON), install_standard_templates(at=NOON)

        assert len(DEFAULTS) == len(AUTOMATIC) * 3 * 2
        assert (first.added, again.added) == (len(DEFAULTS) + len(NAMED), 0)
        assert not first.refused
        for name in ("ANNIV", "GIFTCARD REMINDER SMS", "EXPIRATIONGIFTCARDEMAIL"):
            assert not Template.objects.get(name=name).in_use

    def test_leave_what_is_there_as_it_is_and_in_use(self):
        build_company()
        mine = build_template(occasion="birthday", name="MEU", text="Viva, {{ customer.first_name }}!")

        install_standard_templates(at=NOON)

        used = Template.objects.in_use("birthday").get(channel=Channel.SMS, language="pt-br")
        assert (used.pk, used.text) == (mine.pk, "Viva, {{ customer.first_name }}!")
        assert Template.objects.filter(occasion="birthday", channel=Channel.SMS, name="").count() == 2

    def test_name_those_that_are_too_long_for_this_company(self):
        build_company(name="Lojas Aurora do Brasil S.A. " * 4, sms_limit=150)

        found = install_standard_templates(at=NOON)

        assert {template.channel for template in found.refused} == {Channel.SMS}
        assert found.added + len(found.refused) == len(DEFAULTS) + len(NAMED)

    def test_are_installed_by_a_command(self, capsys):
        build_company()

        call_command("install_templates")

        assert f"{len(DEFAULTS) + len(NAMED)} texts were added." in capsys.readouterr().out

    @pytest.mark.parametrize("key", [key for key in DEFAULTS if key[1] == Channel.SMS], ids=str)
    def test_text_messages_cost_one_segment(self, key):
        occasion, channel, language = key
        company = build_company(name="Loja Exemplo", sms_limit=150)
        template = Template(occasion=occasion, channel=channel, language=language, text=DEFAULTS[key].text)

        size = measure_sms(check_template(template).text)

        assert (size.encoding, size.segments) == ("GSM-7", 1)
        assert size.characters <= company.sms_limit


class TestCompose:
    @pytest.mark.parametrize("key", [key for key in DEFAULTS if AUTOMATIC[key[0]].gives_codes], ids=str)
    def test_says_nothing_of_a_code_that_there_is_not(self, key):
        occasion, channel, language = key
        proposal = DEFAULTS[key]
        template = Template(
            occasion=occasion, channel=channel, language=language, subject=proposal.subject,
            text=proposal.text, html=proposal.html,
        )  # fmt: skip
        cart = build_cart()
        # A cart is what a recovery is about; the others are about nothing while they bring nothing.
        facts = Facts(
            recipient=cart_recipient(cart), company=build_company(), store=cart.store,
            subject=cart if occasion == "recovery" else None,
            unsubscribe_url="https://x.com/u",
        )  # fmt: skip

        composed = compose(template, facts)

        for word in ("código", "code", "Use ", "presente", "gift", "{", "None"):
            assert word not in composed.text + re.sub(
                r"<style.*?</style>", "", composed.html, flags=re.DOTALL
            ), word
        assert "Ana" in composed.text

    @pytest.mark.parametrize("key", [key for key in DEFAULTS if key[0] == "recovery"], ids=str)
    def test_greets_a_visitor_whose_name_is_unknown_without_a_gap(self, key):
        occasion, channel, language = key
        proposal = DEFAULTS[key]
        template = Template(
            occasion=occasion, channel=channel, language=language, subject=proposal.subject,
            text=proposal.text, html=proposal.html,
        )  # fmt: skip
        cart = build_cart()
        facts = Facts(
            recipient=replace(cart_recipient(cart), name=""), company=build_company(), store=cart.store, subject=cart,
            unsubscribe_url="https://x.com/u",
        )  # fmt: skip

        composed = compose(template, facts)

        for text in filter(None, (composed.subject, composed.text, composed.html)):
            assert not re.search(r", ?[!,]|^, |^[a-z]", text), text


class TestComposeEmail:
    def test_escapes_what_customers_typed(self):
        build_company(name="A & B")
        sample = KINDS["recovery"].sample | {"customer": {"first_name": "<img src=x>", "name": "x"}}
        from messaging.services.composition import compose_with

        html = compose_with(
            draft(channel=Channel.EMAIL, subject="Oi", text="Oi {{ customer.first_name }}"),
            sample,
            company=build_company(name="A & B"),
        ).html

        assert "&lt;img src=x&gt;" in html
        assert "<img src=x>" not in html
        assert "A &amp; B" in html


class TestCouponLink:
    @pytest.mark.parametrize(
        ("base", "link"),
        [
            ("https://x.com/c", "https://x.com/c?coupon=A"),
            ("https://x.com/c?id=1#top", "https://x.com/c?id=1&coupon=A#top"),
            ("https://x.com/use/{code}/", "https://x.com/use/A/"),
            ("", ""),
        ],
    )
    def test_brings_the_code(self, base, link):
        assert coupon_link(base, "A") == link


class TestReadSettings:
    @pytest.mark.parametrize("minutes", [4, 61, 0, -5, "30", 30.5, None, True])
    def test_n25_refuses_a_delay_outside_five_to_sixty(self, minutes):
        with pytest.raises(SettingsInvalid) as refusal:
            read_settings("recovery", {"delay_minutes": minutes})

        assert refusal.value.field == "delay_minutes"

    @pytest.mark.parametrize("minutes", [5, 60])
    def test_n25_takes_five_and_sixty(self, minutes):
        assert read_settings("recovery", {"delay_minutes": minutes}).delay_minutes == minutes

    def test_names_a_setting_that_does_not_exist(self):
        with pytest.raises(SettingsInvalid) as refusal:
            read_settings("birthday", {"delay": 5})

        assert refusal.value.field == "delay"


class TestSaveAutomation:
    def plan(self, **values):
        defaults = {
            "enabled": True,
            "channels": ["sms"],
            "stores_off": (),
            "settings": read_settings("recovery", {"delay_minutes": 5}),
            "pool": None,
        }
        return Plan(**defaults | values)

    def test_keeps_who_decided_what(self):
        build_template()
        store, user = build_store(), build_user()

        automation = save_automation(
            occasion="recovery", plan=self.plan(stores_off=[store]), by=user, at=NOON
        )

        assert (automation.enabled, automation.enabled_at) == (True, NOON)
        revision = automation.revisions.get()
        assert revision.saved_by == user
        assert revision.document["stores_off"] == [store.code]
        assert revision.document["settings"]["delay_minutes"] == 5

    @pytest.mark.parametrize(
        ("values", "field", "code"),
        [
            ({"channels": []}, "channels", "no_channel"),
            ({"channels": ["sms", "sms"]}, "channels", "channel_repeated"),
            ({"channels": ["sms", "email"]}, "channels", "no_template"),
        ],
    )
    def test_refuses_what_could_not_send(self, values, field, code):
        build_template()

        with pytest.raises(AutomationRefused) as refusal:
            save_automation(occasion="recovery", plan=self.plan(**values), by=None, at=NOON)

        assert (refusal.value.field, refusal.value.code) == (field, code)

    def test_refuses_codes_that_are_not_for_automations(self):
        build_template()

        with pytest.raises(AutomationRefused, match="pool_not_for_automations"):
            save_automation(
                occasion="recovery",
                plan=self.plan(pool=build_pool(for_automations=False)),
                by=None,
                at=NOON,
            )

    def test_switching_off_and_on_starts_anew(self):
        build_automation()

        switch_automation(occasion="recovery", enabled=False, by=None, at=NOON)
        automation = switch_automation(occasion="recovery", enabled=True, by=None, at=NOON)

        assert automation.enabled_at == NOON


class TestQueueTest:
    def test_reaches_the_given_address_through_the_outbox(self, sms):
        build_company()
        sample = KINDS["recovery"].sample
        queue_test(template=draft(), context=sample, to="+5511912345678", by=None, at=NOON)

        deliver_due(clock=lambda: NOON)

        assert [(out.to, out.text, out.unsubscribe_url) for out in sms.sent] == [
            ("+5511912345678", "Oi Maximiliano", "")
        ]
        assert Message.objects.get().state == "sent"

    def test_keeps_silent_where_silence_was_asked_for(self, sms):
        build_company()
        suppress(channel="sms", address="+5511912345678", reason="replied_stop", at=NOON)
        queue_test(template=draft(), context=KINDS["recovery"].sample, to="+5511912345678", by=None, at=NOON)

        deliver_due(clock=lambda: NOON)

        assert not sms.sent
        assert Message.objects.get().reason == "opted_out"

    def test_is_no_way_to_write_to_somebody(self, monkeypatch):
        build_company()
        monkeypatch.setattr(test_sends, "MOST_A_DAY", 2)
        terms = {"template": draft(), "context": KINDS["recovery"].sample, "to": "+5511912345678", "by": None}
        for _ in range(2):
            queue_test(**terms, at=NOON)

        with pytest.raises(TemplateRefused, match="too_many_tests"):
            queue_test(**terms, at=NOON + timedelta(hours=23))
        queue_test(**terms, at=NOON + timedelta(hours=24))

    def test_is_no_way_to_write_to_many(self, monkeypatch):
        build_company()
        monkeypatch.setattr(test_sends, "MOST_BY_ONE", 2)
        author = build_user()
        terms = {"template": draft(), "context": KINDS["recovery"].sample}
        for number in range(2):
            queue_test(**terms, to=f"+551191234000{number}", by=author, at=NOON)

        with pytest.raises(TemplateRefused, match="too_many_tests_by_one"):
            queue_test(**terms, to="+5511912340002", by=author, at=NOON)
        queue_test(**terms, to="+5511912340002", by=build_user(), at=NOON)

    def test_is_no_way_around_consent(self):
        build_company()
        terms = {"template": draft(), "context": KINDS["recovery"].sample, "by": build_user()}
        build_customer(phone="+5511911111111")
        build_reachable_customer(phone="+5511922222222", channels=["email"])
        build_reachable_customer(phone="+5511933333333")
        for refused in ("+5511911111111", "+5511922222222"):
            with pytest.raises(TemplateRefused, match="test_no_consent"):
                queue_test(**terms, to=refused, at=NOON)

        queue_test(**terms, to="+5511933333333", at=NOON)

        assert Message.objects.get().to == "+5511933333333"

    def test_goes_to_our_own_people_though_they_are_customers(self):
        build_company()
        author = build_user(email="Rita@Example.com")
        build_customer(email="rita@example.com")
        template = draft(channel="email", subject="Oi")

        queue_test(
            template=template,
            context=KINDS["recovery"].sample,
            to="rita@example.com",
            by=author,
            at=NOON,
        )

        assert Message.objects.get().occasion_key.startswith(f"test:{author.pk}:")
