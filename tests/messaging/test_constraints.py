"""What the database itself refuses, whoever writes."""

import pytest
from django.db import IntegrityError

from messaging.models import MessageEvent
from tests.builders import NOON
from tests.messaging.builders import build_message

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
