"""Messages that wait while two records of one person become one."""

from datetime import timedelta

import pytest

from messaging.contact_policy import CapDocument, Policy
from messaging.models import Message
from messaging.services.contact_policies import save_policy
from messaging.services.delivery import deliver_due
from pos_api.services.customer_merges import merge_customers, undo_merge
from tests.builders import NOON, build_user
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db


def send(at=NOON):
    return deliver_due(clock=lambda: at)


def greeting(customer, **values):
    terms = {"occasion": "birthday", "occasion_key": "2026", "channels": ["sms"], "due_at": NOON}
    return Message.objects.create(
        **{"customer": customer, "person": f"c:{customer.pk}", "planned_at": NOON} | terms | values
    )


@pytest.fixture
def twice():
    """One person under two records."""
    build_automation(occasion="birthday")
    return build_reachable_customer(document="39053344705"), build_reachable_customer(document=None)


def merge(kept, absorbed):
    return merge_customers(
        kept_id=kept.pk, absorbed_id=absorbed.pk, reason="twice", actor=build_user(), at=NOON
    ).merge


def outcomes():
    return sorted(Message.objects.values_list("state", "reason"))


class TestMerged:
    def test_nobody_gets_twice_what_waited_for_both_records(self, sms, twice):
        for customer in twice:
            greeting(customer)

        merged = merge(*twice)
        send()

        assert len(sms.sent) == 1
        assert outcomes() == [("sent", ""), ("suppressed", "merged")]
        undo_merge(merge_id=merged.pk, actor=build_user(), at=NOON)
        send(NOON + timedelta(minutes=1))
        assert len(sms.sent) == 1

    def test_nobody_gets_what_went_to_the_other_record_before(self, sms, twice):
        kept, absorbed = twice
        greeting(absorbed)
        send()
        greeting(kept)

        merge(kept, absorbed)
        send()

        assert len(sms.sent) == 1
        assert outcomes() == [("sent", ""), ("suppressed", "merged")]

    def test_what_the_other_record_did_not_get_still_leaves(self, sms, twice):
        kept, absorbed = twice
        greeting(kept, state="suppressed", reason="no_consent")
        greeting(absorbed)

        merge(kept, absorbed)
        send()

        assert len(sms.sent) == 1

    def test_a_cap_counts_what_either_record_got(self, sms, twice):
        kept, absorbed = twice
        save_policy(
            policy=Policy(caps={"all": CapDocument(most=1, days=7)}), by=None, at=NOON - timedelta(days=1)
        )
        greeting(absorbed)
        send()
        greeting(kept, state="suppressed", reason="no_consent")

        merge(kept, absorbed)
        greeting(kept, occasion_key="2027")
        send()

        assert len(sms.sent) == 1
        assert Message.objects.get(state="queued").reason == "frequency_cap"
