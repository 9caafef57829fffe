"""Who may see and stop background jobs, by the API and on pages, and what they are shown."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Job, JobState
from campaigns.services import jobs
from pos_api.services.credentials import issue_user_token
from tests.builders import NOON, build_user
from tests.campaigns.requested_jobs import clock, request


class TestApi:
    def ask(self, user, method, address):
        _token, secret = issue_user_token(user=user, at=timezone.now())
        return Client().generic(
            method,
            f"/api/v1/{address}",
            "{}" if method == "POST" else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    def test_shows_a_job_to_whoever_asked_or_may_view_its_kind(self, db, kinds):
        kinds(own=lambda job, progress: None)
        asker, colleague, stranger = (
            build_user(),
            build_user(permissions=["campaigns.view_campaigncategory"]),
            build_user(),
        )
        job = request("own", user=asker)

        assert self.ask(asker, "GET", f"jobs/{job.pk}/").json()["state"] == "queued"
        assert self.ask(colleague, "GET", f"jobs/{job.pk}/").status_code == 200
        assert self.ask(stranger, "GET", f"jobs/{job.pk}/").status_code == 404
        assert [found["id"] for found in self.ask(colleague, "GET", "jobs/").json()["results"]] == [job.pk]
        assert self.ask(stranger, "GET", "jobs/").json()["results"] == []

    def test_is_cancelled_by_whoever_asked_or_may_change_its_kind_only(self, db, kinds):
        kinds(own=lambda job, progress: None)
        asker = build_user()
        viewer = build_user(permissions=["campaigns.view_campaigncategory"])
        job = request("own", user=asker)

        assert self.ask(viewer, "POST", f"jobs/{job.pk}/cancel/").status_code == 403
        assert self.ask(asker, "POST", f"jobs/{job.pk}/cancel/").json()["state"] == "cancelled"
        again = self.ask(asker, "POST", f"jobs/{job.pk}/cancel/")
        assert (again.status_code, again.json()["code"]) == (409, "job_ended")


class TestPage:
    @pytest.fixture
    def job(self, db, kinds):
        kinds(own=lambda job, progress: None)
        return request("own", user=build_user(username="asker"))

    def client(self, job) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(job.requested_by)
        return client

    def test_shows_a_bar_that_asks_for_itself_until_the_end(self, job):
        client = self.client(job)
        page = client.get(f"/jobs/{job.pk}/").content.decode()
        assert f'hx-get="/jobs/{job.pk}/"' in page
        assert "<noscript>" in page

        jobs.run_due_jobs(clock=clock)
        bar = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})

        assert "<html" not in bar.content.decode()
        assert "hx-trigger" not in bar.content.decode()
        assert bar["HX-Refresh"] == "true"

    def test_stops_the_job(self, job):
        client = self.client(job)

        answer = client.post(f"/jobs/{job.pk}/cancel/")

        assert answer.status_code == 302
        assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED

    @pytest.mark.parametrize(
        ("silent_for", "said"),
        [
            (10, None),
            (30, "No sign of life since {}; it will be taken up again within a minute."),
            (300, "No sign of life since {}, and no worker has taken it up."),
        ],
    )
    def test_says_when_the_worker_shows_no_sign_of_life(self, job, silent_for, said):
        last = timezone.now() - timedelta(seconds=silent_for)
        Job.objects.filter(pk=job.pk).update(state="running", claim=uuid4(), heartbeat_at=last, total=9)

        page = self.client(job).get(f"/jobs/{job.pk}/").content.decode()

        if said is None:
            assert "No sign of life" not in page
        else:
            assert said.format(f"{timezone.localtime(last):%H:%M:%S}") in page

    def test_says_what_it_waits_for(self, job):
        jobs.register_kind(replace(jobs.KINDS["own"], code="large", label="Large work"))
        other = jobs.request_job(
            kind="large", arguments={}, user=None, at=NOON - timedelta(hours=1), total=1_000_000
        )
        Job.objects.filter(pk=other.pk).update(
            state="running", claim=uuid4(), heartbeat_at=timezone.now(), done=30_000
        )
        behind = request("own", user=job.requested_by)
        client = self.client(job)

        first, second = (client.get(f"/jobs/{one.pk}/").content.decode() for one in (job, behind))

        assert "Waiting for: Large work, 30,000 of 1,000,000" in first
        assert "and one more job" not in first
        assert "and one more job" in second

    def test_is_closed_to_others(self, job):
        client = Client()
        client.force_login(build_user())

        assert client.get(f"/jobs/{job.pk}/").status_code == 403
        assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 403
