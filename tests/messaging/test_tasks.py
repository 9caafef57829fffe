"""What wakes the senders, and where they run."""

import pytest
from django.core.cache import cache
from kombu.exceptions import OperationalError

from config.celery import app
from messaging import tasks


@pytest.fixture
def asked(monkeypatch):
    """What the broker was given."""
    cache.clear()
    found = []
    monkeypatch.setattr(tasks.deliver_due, "apply_async", lambda **options: found.append(options))
    return found


class TestWakeUp:
    def test_one_waits_at_most_and_none_for_longer_than_a_minute(self, asked):
        for _number in range(3):
            tasks.wake_senders()

        assert asked == [{"retry": False, "expires": 55}]

    @pytest.mark.django_db
    def test_whoever_asks_after_a_sender_began_is_heard(self, asked):
        tasks.wake_senders()
        tasks.deliver_due()

        tasks.wake_senders()

        assert len(asked) == 2

    def test_needs_no_broker(self, asked, monkeypatch):
        def refuse(**_options):
            raise OperationalError

        monkeypatch.setattr(tasks.deliver_due, "apply_async", refuse)

        tasks.wake_senders()

        assert asked == []


class TestQueues:
    def test_no_planner_clock_or_sweeper_stands_behind_a_sender(self):
        tasks_of_messages = [name for name in app.conf.task_routes if name.startswith("messaging.")]

        assert tasks_of_messages == ["messaging.tasks.deliver_due"]
        assert app.conf.task_routes["messaging.tasks.deliver_due"] == {"queue": "senders"}
