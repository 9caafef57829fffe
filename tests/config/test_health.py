"""Probes: what takes a process out of service, and what is only reported."""

import json
import logging
import re
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisDown

from config import health
from config.celery import heartbeat
from config.logs import JsonFormatter, RequestIdFilter, request_id
from messaging.models import JobHeartbeat

pytestmark = pytest.mark.django_db


class TestHealthz:
    def test_answers_without_the_database(self, client, monkeypatch):
        monkeypatch.setattr(health, "_database", lambda: pytest.fail("asked the database"))

        assert client.get("/healthz").json() == {"status": "ok"}

    def test_answers_a_probe_that_calls_by_address(self, client):
        assert client.get("/healthz", headers={"host": "10.1.2.3:8000"}).status_code == 200


class TestReadyz:
    def test_is_complete_when_everything_lives(self, client):
        heartbeat()
        health.record_heartbeat("scheduler", at=time.time())

        response = client.get("/readyz")

        assert response.status_code == 200
        assert response.json()["status"] == "ok"

    def test_takes_traffic_without_worker_and_scheduler_but_says_so(self, client):
        response = client.get("/readyz")

        assert response.status_code == 200
        assert response.json()["status"] == "degraded"
        assert response.json()["checks"]["worker"] == {"status": "not seen"}

    def test_takes_traffic_without_redis_but_says_so(self, client, monkeypatch):
        def down(*_arguments):
            raise RedisDown

        monkeypatch.setattr(cache, "get", down)

        response = client.get("/readyz")

        assert response.status_code == 200
        assert response.json()["checks"]["redis"] == {"status": "unreachable"}

    def test_refuses_traffic_while_the_schema_is_behind(self, client):
        MigrationRecorder(connection).migration_qs.filter(app="retail").delete()

        response = client.get("/readyz")

        assert response.status_code == 503
        assert response.json()["checks"]["schema"]["status"] == "behind"

    @pytest.mark.django_db(transaction=True)
    def test_replaces_a_connection_that_the_server_has_forgotten(self, client):
        cursor = connection.cursor()
        with pytest.raises(DatabaseError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        assert client.get("/readyz").json()["checks"]["database"] == {"status": "ok"}

    def test_refuses_traffic_without_a_database(self, client, monkeypatch):
        monkeypatch.setattr(health, "_database", lambda: {"status": "unreachable"})

        assert client.get("/readyz").status_code == 503


class TestJsonLog:
    def test_is_one_object_with_the_request_id(self):
        record = logging.LogRecord("fiel", logging.ERROR, "f", 1, "promoção %s", ("A",), None)
        token = request_id.set("req-12345678")
        RequestIdFilter().filter(record)
        request_id.reset(token)

        entry = json.loads(JsonFormatter().format(record))

        assert entry["message"] == "promoção A"
        assert entry["request_id"] == "req-12345678"
        assert entry["level"] == "ERROR"


class TestMetrics:
    @pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "secret-token"])
    def test_does_not_exist_for_who_has_no_token(self, client, settings, token):
        settings.METRICS_TOKEN = "secret-token"

        assert client.get("/metrics", headers={"authorization": token}).status_code == 404

    def test_is_closed_until_a_token_is_set(self, client, settings):
        settings.METRICS_TOKEN = ""

        assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404

    def test_counts_what_waits_and_ages_what_runs(self, client, settings):
        settings.METRICS_TOKEN = "secret-token"
        JobHeartbeat.objects.create(job="deliver_due", finished_at=timezone.now() - timedelta(minutes=5))

        text = client.get("/metrics", headers={"authorization": "Bearer secret-token"}).content.decode()

        assert 'fiel_messages_unsettled{state="queued"} 0.0' in text
        assert "fiel_messages_late_seconds 0.0" in text
        assert "fiel_webhooks_late_seconds 0.0" in text
        age = re.search(r'fiel_job_age_seconds\{job="deliver_due"\} (\d+)', text)
        assert 300 <= int(age[1]) < 330
