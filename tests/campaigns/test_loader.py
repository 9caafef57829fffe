from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from campaigns import loader
from campaigns.engine.document import encode_campaign
from campaigns.models import PlanChange
from campaigns.selectors import current_plan_version, plan_version_was_current
from campaigns.services import campaigns as services
from campaigns.services import plan as plan_services

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def publish(code, *, at=AT, **fields):
    document = {"code": code, "name": code, "benefits": [{"kind": "item_percent", "percent": "10.00"}]}
    services.create_campaign(document=document | fields, user=None, at=at)
    services.publish_campaign(code=code, user=None, at=at)
    return current_plan_version()


def change(code, **fields):
    document = {"code": code, "name": code, "benefits": [{"kind": "item_percent", "percent": "10.00"}]}
    services.save_campaign(code=code, document=document | fields, version=None, user=None, at=AT)
    services.publish_campaign(code=code, user=None, at=AT)
    return current_plan_version()


def content(plan):
    """What a plan holds, in a form that does not depend on how it was built."""
    campaigns = {
        code: (encode_campaign(c.campaign), c.campaign.revision) for code, c in plan.campaigns.items()
    }
    index = {
        (kind, value): sorted(compiled.code for compiled in found)
        for kind, values in plan.index.items()
        for value, found in values.items()
    }
    return plan.version, plan.policy, campaigns, sorted(plan.always), index


@pytest.mark.django_db
class TestPlanFor:
    def test_is_empty_before_anything_is_published(self):
        assert loader.plan_for(0).campaigns == {}

    def test_refuses_a_version_that_never_was(self):
        with pytest.raises(loader.PlanUnknown) as refusal:
            loader.plan_for(1)

        assert refusal.value.code == "plan_unknown"

    def test_holds_what_was_just_published(self):
        version = publish("A")

        compiled = loader.plan_for(version).campaigns["A"]

        assert compiled.campaign.revision == PlanChange.objects.get(version=version).campaign_revision_id

    def test_answers_a_known_version_without_a_query(self, django_assert_num_queries):
        version = publish("A")
        plan = loader.plan_for(version)

        with django_assert_num_queries(0):
            assert loader.plan_for(version) is plan

    def test_compiles_only_what_changed(self, django_assert_num_queries):
        first = loader.plan_for(publish("A"))
        version = publish("B")

        with django_assert_num_queries(2):
            second = loader.plan_for(version)

        assert second.campaigns["A"] is first.campaigns["A"]
        assert set(second.campaigns) == {"A", "B"}

    def test_a_step_and_a_full_compilation_give_the_same_plan(self):
        product = {"kind": "product", "by": "sku", "values": ["X-1", "X-2"]}
        loader.plan_for(publish("A", conditions=product))
        loader.plan_for(publish("B", stores=["0012"]))
        loader.plan_for(publish("C", conditions=product))
        loader.plan_for(publish("D", ends_at="2026-11-23T00:00:00Z"))
        loader.plan_for(change("A", conditions={"kind": "product", "by": "sku", "values": ["X-2"]}))
        services.pause_campaign(code="C", user=None, at=AT + timedelta(days=402))
        in_steps = content(loader.plan_for(current_plan_version()))

        loader.forget_plans()

        assert content(loader.plan_for(current_plan_version())) == in_steps
        assert set(in_steps[2]) == {"A", "B"}

    def test_puts_together_any_version_of_the_past(self):
        first = publish("A")
        then = content(loader.plan_for(first))
        change("A", priority=4)
        last = publish("B")
        loader.forget_plans()
        loader.plan_for(last)

        assert content(loader.plan_for(first)) == then

    def test_has_the_policy_of_its_time(self):
        before = publish("A")
        after = plan_services.change_policy(policy={"rounding": "down"}, user=None, at=AT)

        assert loader.plan_for(before).policy.rounding == "half_up"
        assert loader.plan_for(after).policy.rounding == "down"

    def test_keeps_a_bounded_number_of_versions_and_always_the_newest(self):
        versions = [publish(f"C{number}") for number in range(loader.MOST_VERSIONS + 4)]
        for version in versions:
            loader.plan_for(version)
        newest = loader.plan_for(versions[-1])
        for version in versions[:6]:
            loader.plan_for(version)

        assert len(loader._plans) == loader.MOST_VERSIONS
        assert loader.plan_for(versions[-1]) is newest


class TestTogether:
    def test_every_thread_gets_one_plan_compiled_once(self, committed_db):
        version = publish("A")
        plans, barrier = [], Barrier(6)

        def ask():
            barrier.wait()
            plans.append(loader.plan_for(version))
            connection.close()

        threads = [Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(plans) == 6
        assert len({id(plan) for plan in plans}) == 1

    def test_parallel_publications_take_each_version_once(self, committed_db):
        codes = [f"P{number}" for number in range(8)]
        for code in codes:
            document = {"code": code, "name": code, "benefits": []}
            services.create_campaign(document=document, user=None, at=AT)
        barrier = Barrier(len(codes))

        def send(code):
            barrier.wait()
            services.publish_campaign(code=code, user=None, at=AT)
            connection.close()

        threads = [Thread(target=send, args=[code]) for code in codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert current_plan_version() == 8
        assert set(loader.plan_for(8).campaigns) == set(codes)


@pytest.mark.django_db
class TestGrace:
    def test_accepts_what_was_current_within_the_grace(self):
        first = publish("A")
        publish("B", at=AT + timedelta(hours=1))
        grace = timedelta(hours=12)

        assert plan_version_was_current(first, at=AT + timedelta(hours=12), grace=grace)
        assert not plan_version_was_current(first, at=AT + timedelta(hours=14), grace=grace)
        assert plan_version_was_current(first + 1, at=AT + timedelta(days=400), grace=grace)
        assert not plan_version_was_current(first + 2, at=AT, grace=grace)
