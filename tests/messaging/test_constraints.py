"""What the database itself refuses, whoever writes."""

import pytest
from django.db import IntegrityError

from messaging.models import Automation, Mailing, MailingMember, MailingSale, MailingText, MessageEvent
from tests.builders import NOON, build_customer, build_sale
from tests.messaging.builders import build_automation, build_mailing, build_message

pytestmark = pytest.mark.django_db


class TestMessage:
    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"state": "lost"}, "message_state_known"),
            ({"state": "claimed"}, "message_claimed_means_leased"),
            ({"state": "failed"}, "message_not_sent_says_why"),
            ({"state": "sent"}, "message_sent_has_its_moment"),
            ({"channels": []}, "message_channels_known"),
            ({"channels": ["pigeon"]}, "message_channels_known"),
            ({"expires_at": NOON}, "message_expires_after_due"),
            ({"occasion": "Party!"}, "message_occasion_is_a_code"),
            ({"cost": -1}, "message_cost_not_negative"),
        ],
    )
    def test_the_database_refuses_bad_states(self, values, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            build_message(**values)

    def test_the_database_refuses_a_second_message_for_one_occasion(self):
        message = build_message()

        with pytest.raises(IntegrityError, match="message_once_per_occasion_and_person"):
            build_message(cart=message.cart)

    def test_reports_are_never_changed(self):
        event = MessageEvent.objects.create(provider="twilio", event_key="1", kind="sent", occurred_at=NOON)
        event.kind = "read"

        with pytest.raises(IntegrityError, match="never changed"):
            event.save()


class TestAutomation:
    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"occasion": "Party!"}, "automation_occasion_is_a_code"),
            ({"enabled_at": None}, "automation_on_since"),
            ({"channels": []}, "automation_on_has_channel"),
            ({"channels": ["pigeon"]}, "automation_channels_known"),
            ({"holdout_percent": 100}, "automation_hold_out_leaves_somebody"),
            ({"holdout_percent": -1}, "automation_hold_out_leaves_somebody"),
        ],
    )
    def test_the_database_refuses_bad_states(self, values, constraint):
        automation = build_automation()

        with pytest.raises(IntegrityError, match=constraint):
            Automation.objects.filter(pk=automation.pk).update(**values)


class TestMailing:
    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"state": "lost"}, "mailing_state_known"),
            ({"audience": "person"}, "mailing_audience_is_whole"),
            ({"tree": None}, "mailing_audience_is_whole"),
            ({"channels": []}, "mailing_channels_known"),
            ({"channels": ["pigeon"]}, "mailing_channels_known"),
            ({"holdout_percent": 100}, "mailing_hold_out_leaves_somebody"),
            ({"result_days": 0}, "mailing_days_in_range"),
            ({"useful_days": 31}, "mailing_days_in_range"),
            ({"state": "paused"}, "mailing_paused_knows_from_where"),
            ({"paused_from": "sending"}, "mailing_paused_knows_from_where"),
            ({"state": "sending"}, "mailing_sends_what_is_frozen"),
            ({"state": "cancelled"}, "mailing_end_has_its_moment"),
            ({"ended_at": NOON}, "mailing_end_has_its_moment"),
        ],
    )
    def test_the_database_refuses_bad_states(self, values, constraint):
        mailing = build_mailing()

        with pytest.raises(IntegrityError, match=constraint):
            Mailing.objects.filter(pk=mailing.pk).update(**values)

    def test_has_one_text_for_each_channel(self):
        mailing = build_mailing()

        with pytest.raises(IntegrityError, match="mailing_text_once_per_channel"):
            MailingText.objects.create(mailing=mailing, channel="sms", text="Oi")

    def test_has_a_template_on_whatsapp(self):
        with pytest.raises(IntegrityError, match="mailing_text_of_whatsapp_has_template"):
            MailingText.objects.create(mailing=build_mailing(), channel="whatsapp", text="Oi")

    def test_names_a_sale_once(self):
        sale = build_sale(customer=build_customer())
        mailing = build_mailing(sale_ids=[sale.pk])

        with pytest.raises(IntegrityError, match="mailing_sale_once"):
            MailingSale.objects.create(mailing=mailing, sale=sale)

    def test_has_a_member_once(self):
        mailing, customer = build_mailing(), build_customer()
        MailingMember.objects.create(mailing=mailing, customer=customer, held_out=False)

        with pytest.raises(IntegrityError, match="mailing_member_once"):
            MailingMember.objects.create(mailing=mailing, customer=customer, held_out=True)
