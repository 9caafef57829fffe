"""The project starts: settings, database, cache, addresses."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection

from config.environment import parse_redis_url
from tests.services import worker_redis_url


class TestDatabase:
    @pytest.mark.django_db
    def test_is_a_real_and_migrated_postgresql(self):
        assert connection.vendor == "postgresql"
        assert get_user_model().objects.count() == 0

    @pytest.mark.parametrize("_time", [1, 2])
    def test_is_fresh_for_each_test_that_commits(self, committed_db, _time):
        get_user_model().objects.create_user("ana")

        assert get_user_model().objects.count() == 1

    def test_is_reachable_from_another_process(self, committed_db):
        get_user_model().objects.create_user("ana")

        done = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "shell",
                "-v0",
                "-c",
                "from django.contrib.auth.models import User; print(User.objects.get().username)",
            ],
            env={**os.environ, "DATABASE_URL": committed_db},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.stdout.strip(), done.stderr) == ("ana", "")


@pytest.mark.django_db
class TestCache:
    def test_keeps_values(self):
        cache.set("colour", "green")

        assert cache.get("colour") == "green"

    def test_is_emptied_between_tests(self):
        assert cache.get("colour") is None


class TestWorkerRedisUrl:
    """Workers of one test run share a server, and empty their caches."""

    @pytest.mark.parametrize("url", ["unix:///tmp/redis.sock?db=0", "redis://localhost:6379/0"])
    def test_gives_each_worker_a_queue_and_a_cache_that_no_other_has(self, url):
        pairs = [parse_redis_url(url)] + [
            parse_redis_url(worker_redis_url(url, f"gw{number}")) for number in range(7)
        ]

        databases = [one.rpartition("=" if "=" in one else "/")[2] for pair in pairs for one in pair]
        assert sorted(map(int, databases)) == list(range(16))


@pytest.mark.django_db
class TestAddresses:
    def test_the_admin_sends_strangers_to_sign_in(self, client):
        response = client.get("/admin/")

        assert response.status_code == 302
        assert response.headers["X-Request-ID"]
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
