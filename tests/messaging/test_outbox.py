"""What monitors are told of the outbox."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from messaging.models import Mailing, Message
from messaging.selectors.outbox import oldest_due_at, unsettled
from tests.builders import NOON
from tests.messaging.builders import build_mailing, build_message, build_reachable_customer

pytestmark = pytest.mark.django_db


def in_mailing(state, **values):
    """A message of a mailing that fell due at noon."""
    mailing = build_mailing()
    moments = {"started_at": NOON, "frozen_at": NOON}
    Mailing.objects.filter(pk=mailing.pk).update(state=state, **moments | values)
    customer = build_reachable_customer()
    return Message.objects.create(
        occasion="mailing",
        occasion_key=mailing.occasion_key,
        person=f"c:{customer.pk}",
        customer=customer,
        mailing=mailing,
        channels=["sms"],
        due_at=NOON,
        planned_at=NOON,
    )


class TestOldest:
    def test_is_the_one_that_waits_the_longest_whatever_its_urgency(self):
        assert oldest_due_at(at=NOON) is None
        build_message(due_at=NOON - timedelta(minutes=1), urgency=0)
        build_message(due_at=NOON - timedelta(minutes=3), urgency=3)

        assert oldest_due_at(at=NOON) == NOON - timedelta(minutes=3)

    def test_a_mailing_that_stands_still_does_not_wait_for_us(self):
        in_mailing("paused", paused_from="sending")

        assert oldest_due_at(at=NOON + timedelta(days=3)) is None
        in_mailing("sending")
        assert oldest_due_at(at=NOON + timedelta(days=3)) == NOON


class TestUnsettled:
    def test_counts_by_state_what_is_in_mailings_and_what_is_not(self):
        build_message()
        in_mailing("paused", paused_from="sending")
        build_message(state="in_doubt")
        build_message(state="sent", sent_at=NOON)

        assert unsettled() == {"queued": 2, "claimed": 0, "in_doubt": 1}

    def test_every_question_has_an_index(self, django_assert_num_queries):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

        with django_assert_num_queries(4) as asked:
            unsettled()

        for query in asked.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = " ".join(line for (line,) in cursor.fetchall())
            assert re.search("message_(due_by_urgency|due_of_mailing|leased|in_doubt)", plan), plan
