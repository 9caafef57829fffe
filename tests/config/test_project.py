"""The project starts: settings, database, cache, addresses."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection


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


@pytest.mark.django_db
class TestAddresses:
    def test_the_admin_sends_strangers_to_sign_in(self, client):
        response = client.get("/admin/")

        assert response.status_code == 302
        assert response.headers["X-Request-ID"]
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
