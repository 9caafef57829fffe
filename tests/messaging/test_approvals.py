"""WhatsApp's approval: the real Twilio client against the imitated Content API, over HTTP."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from messaging.channels.twilio_content import Answer, ApprovalUnavailable
from messaging.local.content import decide
from messaging.local.faults import order_fault
from messaging.local.twilio import advance_deliveries
from messaging.models import LocalContent, LocalDelivery, LocalFault, Message, Suppression, Template
from messaging.services.approvals import (
    TemplateNotUsable,
    allow_several,
    approval_name,
    check_usable,
    record_answer,
    refresh_approval,
    refresh_approvals,
    submit_template,
)
from messaging.services.delivery import deliver_due
from messaging.services.templates import (
    TemplateActionRefused,
    TemplateInvalid,
    archive_template,
    restore_revision,
    save_template,
)
from messaging.services.test_sends import queue_test
from messaging.vocabulary import vocabulary_of
from tests.messaging.builders import build_automation, build_company, build_template

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "Oi, {{ customer.first_name }}! A {{ store.name }} tem novidades. Responda SAIR para parar."


@pytest.fixture(autouse=True)
def company(db):
    return build_company()


def draft(**values):
    template = Template(
        **{
            "name": "Novidades de São João",
            "applies_to": "customers",
            "channel": "whatsapp",
            "language": "pt-br",
            "text": TEXT,
        }
        | values
    )
    return save_template(template=template, by=None, at=timezone.now())


def later(seconds=10):
    return timezone.now() + timedelta(seconds=seconds)


@pytest.fixture
def approved(demo):
    template = submit_template(template=draft(), at=timezone.now())
    return refresh_approval(template=template, at=answered())


def answered():
    """Let the imitated WhatsApp have thought long enough."""
    LocalContent.objects.filter(answers_at__isnull=False).update(
        answers_at=timezone.now() - timedelta(seconds=1)
    )
    return timezone.now()


class TestSubmitTemplate:
    def test_hands_in_the_numbered_text_with_samples(self, demo):
        template = submit_template(template=draft(), at=timezone.now())

        assert (template.approval, template.content_sid) == ("submitted", "")
        content = LocalContent.objects.get(sid=template.submitted_sid)
        assert content.body == "Oi, {{1}}! A {{2}} tem novidades. Responda SAIR para parar."
        assert content.variables == {"1": "Maximiliano", "2": "Shopping Iguatemi"}
        assert (content.language, content.category) == ("pt_BR", "MARKETING")
        assert content.approval_name == approval_name(template, template.submitted_sid)
        assert content.approval_name.startswith("novidades_de_sao_joao_pt_br_v1_")
        assert template.numbered_variables == ["customer.first_name", "store.name"]

    def test_names_what_whatsapp_would_not_take(self, demo):
        template = draft(text="{{ customer.first_name }}, venha!")

        with pytest.raises(TemplateInvalid) as refusal:
            submit_template(template=template, at=timezone.now())

        assert refusal.value.problems["text"].code == "approval_variable_at_edge"
        assert not LocalContent.objects.exists()

    @pytest.mark.parametrize("state", ["submitted", "approved", "paused"])
    def test_hands_in_once(self, demo, state):
        template = draft()
        Template.objects.update(approval=state)
        template.refresh_from_db()

        with pytest.raises(TemplateActionRefused, match="already_submitted"):
            submit_template(template=template, at=timezone.now())

    def test_is_for_whatsapp(self, demo):
        with pytest.raises(TemplateActionRefused, match="not_whatsapp"):
            submit_template(template=draft(channel="sms"), at=timezone.now())

    def test_says_when_the_provider_is_away(self, demo, settings):
        template = draft()
        settings.TWILIO_API_BASE = "http://127.0.0.1:1"

        with pytest.raises(ApprovalUnavailable):
            submit_template(template=template, at=timezone.now())

        template.refresh_from_db()
        assert template.approval == "draft"

    def test_says_when_no_provider_is_set_up(self, settings):
        settings.TWILIO_ACCOUNT_SID = ""

        with pytest.raises(ApprovalUnavailable, match="no_provider"):
            submit_template(template=draft(), at=timezone.now())


class TestRefreshApproval:
    def test_becomes_what_whatsapp_says(self, demo):
        template = submit_template(template=draft(), at=timezone.now())

        assert refresh_approval(template=template, at=timezone.now()).approval == "submitted"
        template = refresh_approval(template=template, at=answered())
        assert (template.approval, template.content_sid) == ("approved", template.submitted_sid)

    def test_keeps_why_it_was_rejected_and_may_be_handed_in_again(self, demo):
        template = submit_template(template=draft(text=TEXT + " [reject] ok"), at=timezone.now())

        template = refresh_approval(template=template, at=answered())

        assert (template.approval, template.rejection_reason) == ("rejected", "TAG_CONTENT_MISMATCH")
        assert submit_template(template=template, at=timezone.now()).approval == "submitted"
        assert LocalContent.objects.count() == 2

    def test_a_paused_one_is_not_sent_until_that_is_lifted(self, approved):
        allow_several(template=approved, allowed=True, at=timezone.now())
        decide(sid=approved.submitted_sid, status="paused", reason="quality")

        paused = refresh_approval(template=approved, at=timezone.now())

        assert (paused.approval, paused.content_sid, paused.allow_several) == ("paused", "", False)
        decide(sid=approved.submitted_sid, status="approved")
        assert refresh_approval(template=paused, at=timezone.now()).content_sid == approved.submitted_sid

    def test_an_answer_about_an_older_text_changes_nothing(self, approved):
        old = Template.objects.get()
        approved.text = TEXT.replace("novidades", "vestidos")
        save_template(template=approved, by=None, at=timezone.now())

        record_answer(template=old, answer=Answer("approved", ""), at=timezone.now())

        assert Template.objects.get().approval == "draft"

    def test_knows_what_was_not_handed_in(self, demo):
        with pytest.raises(TemplateActionRefused, match="not_submitted"):
            refresh_approval(template=draft(), at=timezone.now())


class TestRefreshApprovals:
    def test_asks_each_minute_about_what_waits_and_each_hour_about_the_rest(self, demo):
        waiting = submit_template(template=draft(), at=timezone.now())
        answered()

        assert refresh_approvals(at=timezone.now()) == {"changed": 1, "failed": 0}
        decide(sid=waiting.submitted_sid, status="paused")
        assert refresh_approvals(at=timezone.now()) == {"changed": 0, "failed": 0}
        assert refresh_approvals(at=timezone.now() + timedelta(hours=2)) == {"changed": 1, "failed": 0}

    def test_one_that_the_provider_forgot_holds_up_nobody(self, demo):
        forgotten = submit_template(template=draft(), at=timezone.now())
        LocalContent.objects.all().delete()
        submit_template(template=draft(name="B"), at=timezone.now())
        answered()

        assert refresh_approvals(at=later()) == {"changed": 1, "failed": 1}
        forgotten.refresh_from_db()
        assert forgotten.approval == "submitted"


class TestEditing:
    def test_another_text_is_a_draft_again(self, approved):
        allow_several(template=approved, allowed=True, at=timezone.now())
        approved.refresh_from_db()
        approved.text = TEXT + " Ok?"

        edited = save_template(template=approved, by=None, at=timezone.now())

        assert (edited.approval, edited.content_sid, edited.submitted_sid) == ("draft", "", "")
        assert not edited.allow_several

    def test_another_name_is_still_approved(self, approved):
        approved.name = "OUTRO NOME"

        assert save_template(template=approved, by=None, at=timezone.now()).approval == "approved"

    def test_another_category_is_a_draft_again(self, approved):
        approved.category = "utility"

        assert save_template(template=approved, by=None, at=timezone.now()).approval == "draft"

    def test_restoring_the_same_text_stays_approved(self, approved):
        assert (
            restore_revision(template=approved, number=1, by=None, at=timezone.now()).approval == "approved"
        )


class TestAllowSeveral:
    def test_only_once_approved(self, demo):
        with pytest.raises(TemplateActionRefused, match="not_approved"):
            allow_several(template=draft(), allowed=True, at=timezone.now())


class TestCheckUsable:
    def refusal(self, template, applies_to="customers", several=True):
        with pytest.raises(TemplateNotUsable) as refused:
            check_usable(template, applies_to=applies_to, several=several)
        assert refused.value.template == template
        return refused.value.code

    def test_walks_through_what_a_mailing_needs(self, approved):
        assert self.refusal(draft(name="B")) == "not_approved"
        assert self.refusal(approved) == "several_not_allowed"
        check_usable(approved, applies_to="customers", several=False)
        allowed = allow_several(template=approved, allowed=True, at=timezone.now())
        check_usable(allowed, applies_to="customers", several=True)
        check_usable(allowed, applies_to="sales", several=True)
        assert self.refusal(archive_template(template=allowed, at=timezone.now())) == "archived"

    def test_refuses_what_is_made_for_something_else(self, demo):
        assert self.refusal(draft(applies_to="sales")) == "wrong_target"
        assert self.refusal(build_template(occasion="birthday", channel="whatsapp")) == "wrong_target"
        assert self.refusal(draft(channel="sms")) == "not_whatsapp"


class TestSending:
    def test_fills_the_approved_text_by_number(self, approved):
        CUSTOMER = vocabulary_of(approved).sample | {"customer": {"first_name": "Ana\nMaria", "name": "Ana"}}
        values = vocabulary_of(approved).sample
        assert values

        from messaging.services.composition import compose_with
        from retail.models import Company

        composed = compose_with(approved, CUSTOMER, company=Company.objects.get())

        assert composed.variables == {"1": "Ana Maria", "2": "Shopping Iguatemi"}

    def test_an_unapproved_template_does_not_arrive(self, approved):
        """The imitation is as strict as WhatsApp: what it does not approve any more is not delivered."""
        decide(sid=approved.submitted_sid, status="paused")
        from messaging.channels import CHANNELS
        from tests.messaging.test_providers import outgoing

        with CHANNELS["whatsapp"].session() as send:
            send(outgoing(content_sid=approved.content_sid, variables={"1": "Ana", "2": "B"}))

        delivery = LocalDelivery.objects.get()
        assert delivery.text.startswith("Oi, Ana! A B tem")
        assert (delivery.remaining, delivery.error_code) == (["sent", "undelivered"], "63016")


class TestImitation:
    def test_asks_for_the_accounts_password_and_exists_in_a_demonstration_only(self, demo, settings):
        url = f"{demo.url}/_local/twilio/content/v1/Content"
        auth = (settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)

        assert requests.post(url, json={}, timeout=5).status_code == 401
        assert requests.post(url, json={}, auth=auth, timeout=5).status_code == 400
        assert requests.get(f"{url}/HX0/ApprovalRequests", auth=auth, timeout=5).status_code == 404
        settings.DEMO = False
        assert requests.post(url, json={}, auth=auth, timeout=5).status_code == 404

    def test_is_off_beside_a_real_account(self, demo, settings):
        settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
        url = f"{demo.url}/_local/twilio/content/v1/Content"

        assert requests.post(url, json={}, timeout=5).status_code == 404

    @pytest.mark.parametrize(
        ("kind", "state", "error"),
        [
            ("no_number", "failed", "21211"),
            ("opted_out", "failed", "21610"),
            ("too_many", "queued", "20429"),
            ("answer_lost", "delivered", ""),
            ("undelivered", "failed", "30003"),
        ],
    )
    def test_fails_once_as_it_was_ordered(self, demo, kind, state, error):
        order_fault(channel="sms", kind=kind)

        # Some faults silence the number.
        first, second = self.send(), self.send(to="+5511987651235")

        assert (first.state, error in first.error) == (state, True)
        assert (second.state, LocalFault.objects.count()) == ("delivered", 0)

    @pytest.mark.parametrize(
        ("kind", "state", "reason"), [("refused", "failed", "bounced"), ("bounced", "failed", "bounced")]
    )
    def test_fails_emails_as_it_was_ordered(self, demo, kind, state, reason):
        order_fault(channel="email", kind=kind)

        message = self.send(channel="email", to="ana@example.com", subject="Oi")

        assert message.state == state
        assert Suppression.objects.get().reason == reason

    def send(self, *, channel="sms", to="+5511987651234", **texts):
        template = Template(
            name="X", applies_to="customers", channel=channel, language="en", text="Oi", **texts
        )
        queued = queue_test(
            template=template, context=vocabulary_of(template).sample, to=to, by=None, at=timezone.now()
        )
        deliver_due(clock=timezone.now)
        while advance_deliveries(at=timezone.now()):
            pass
        return Message.objects.get(pk=queued.pk)


def test_automations_send_the_approved_text(demo):
    build_automation(channels=["whatsapp"])
    own = Template.objects.get(occasion="recovery")
    own.text = "Oi, {{ customer.first_name }}! Sua sacola espera: {{ cart.link }} aqui."
    own = save_template(template=own, by=None, at=timezone.now())
    submitted = submit_template(template=own, at=timezone.now())
    approved = refresh_approval(template=submitted, at=answered())
    from tests.messaging.test_providers import send_now

    message = send_now(channel="whatsapp")

    assert message.state == "sent"
    assert LocalDelivery.objects.get().text == message.text
    assert approved.content_sid
