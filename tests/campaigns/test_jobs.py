"""Background jobs: asking, running, cancelling, failing, and who may see them."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import CampaignCategory, Job, JobState
from campaigns.querysets import JOB_LEASE
from campaigns.services import jobs
from pos_api.services.credentials import issue_user_token
from tests.builders import NOON, build_user


def clock():
    return NOON


@pytest.fixture
def kinds(monkeypatch):
    """Kinds for this test alone: `kinds(name=work)`."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))

    def register(**works):
        for code, work in works.items():
            jobs.register_kind(
                jobs.JobKind(
                    code=code,
                    label=code,
                    work=work,
                    view_permission="campaigns.view_campaigncategory",
                    change_permission="campaigns.change_campaigncategory",
                )
            )

    return register


def request(kind: str, user=None, **arguments) -> Job:
    return jobs.request_job(kind=kind, arguments=arguments, user=user, at=NOON)


class TestRunDueJobs:
    def test_runs_what_waits_and_keeps_what_came_out(self, db, kinds):
        def work(job, progress):
            progress(1, 2, {"seen": 1})
            progress(2)
            return {"answer": job.arguments["question"] * 2}

        kinds(double=work)
        job = request("double", question=21)

        outcomes = jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert outcomes == {"finished": 1}
        assert (job.state, job.done, job.total, job.result) == (JobState.FINISHED, 2, 2, {"answer": 42})
        assert job.started_at == job.finished_at == NOON
        assert jobs.run_due_jobs(clock=clock) == {}

    def test_keeps_what_progress_recorded_when_work_returns_nothing(self, db, kinds):
        kinds(note=lambda job, progress: progress(3, None, {"noted": 3}))
        job = request("note")

        jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert (job.done, job.result) == (3, {"noted": 3})

    def test_shows_the_reason_of_a_failure_that_was_foreseen(self, db, kinds):
        def work(job, progress):
            raise jobs.JobFailed("The pool is gone.")

        kinds(fail=work)
        job = request("fail")

        assert jobs.run_due_jobs(clock=clock) == {"failed": 1}
        job.refresh_from_db()
        assert (job.state, job.error) == (JobState.FAILED, "The pool is gone.")

    def test_logs_a_failure_that_was_not_and_shows_no_details(self, db, kinds, caplog):
        kinds(crash=lambda job, progress: 1 / 0)
        job = request("crash")

        jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert "zero" not in job.error
        assert "ZeroDivisionError" in caplog.text

    def test_leaves_a_job_to_others_when_the_database_goes_away(self, db, kinds):
        def work(job, progress):
            raise OperationalError("server closed the connection")

        kinds(cut=work)
        job = request("cut")

        with pytest.raises(OperationalError):
            jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert job.state == JobState.RUNNING
        assert jobs.run_due_jobs(clock=clock) == {}
        assert Job.objects.due(at=NOON + JOB_LEASE + timedelta(seconds=1)).get() == job

    def test_gives_a_job_back_at_once_when_its_worker_is_told_to_stop(self, db, kinds):
        def work(job, progress):
            raise KeyboardInterrupt

        kinds(stop=work)
        job = request("stop")

        with pytest.raises(KeyboardInterrupt):
            jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)

    def test_gives_up_what_kills_every_worker(self, db, kinds):
        kinds(bomb=lambda job, progress: None)
        job = request("bomb")
        Job.objects.filter(pk=job.pk).update(attempts=jobs.MOST_ATTEMPTS)

        assert jobs.run_due_jobs(clock=clock) == {}

        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert job.error

    def test_gives_up_what_starts_anew_and_dies_where_it_died_before(self, db, kinds):
        def work(job, progress):
            progress(0, 9)
            progress(5)
            raise OperationalError("the worker is gone")

        kinds(anew=work)
        job = request("anew")

        for start in range(jobs.MOST_ATTEMPTS + 1):
            at = NOON + start * (JOB_LEASE + timedelta(seconds=1))
            with pytest.raises(OperationalError):
                jobs.run_due_jobs(clock=lambda at=at: at)
        at = NOON + jobs.MOST_ATTEMPTS * 2 * JOB_LEASE

        assert jobs.run_due_jobs(clock=lambda: at) == {}
        job.refresh_from_db()
        assert job.state == JobState.FAILED

    def test_goes_on_with_what_gets_farther_each_time(self, db, kinds):
        def work(job, progress):
            progress(job.done + 1, 99)
            raise OperationalError("the worker is gone")

        kinds(slow=work)
        job = request("slow")

        for start in range(2 * jobs.MOST_ATTEMPTS):
            at = NOON + start * (JOB_LEASE + timedelta(seconds=1))
            with pytest.raises(OperationalError):
                jobs.run_due_jobs(clock=lambda at=at: at)

        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.RUNNING, 2 * jobs.MOST_ATTEMPTS)

    def test_leaves_kinds_alone_that_it_does_not_know(self, db):
        job = Job.objects.create(kind="of_a_newer_version", created_at=NOON)

        assert jobs.run_due_jobs(clock=clock) == {}
        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    def test_speaks_the_language_of_whoever_asked(self, db, kinds):
        from django.utils.translation import get_language, override

        kinds(tongue=lambda job, progress: {"language": get_language()})
        with override("en"):
            job = request("tongue")
        with override("pt-br"):
            jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert job.result == {"language": "en"}


class TestProgress:
    def test_of_a_worker_that_was_given_up_is_refused_with_its_effect(self, db, kinds):
        def work(job, progress):
            Job.objects.filter(pk=job.pk).update(claim="00000000-0000-0000-0000-000000000001")
            with transaction.atomic():
                CampaignCategory.objects.create(code="effect", name="effect")
                progress(1)

        kinds(late=work)
        job = request("late")

        assert jobs.run_due_jobs(clock=clock) == {"lost": 1}

        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.RUNNING, 0)
        assert not CampaignCategory.objects.exists()

    def test_never_goes_beyond_the_total(self, db, kinds):
        def work(job, progress):
            with transaction.atomic():
                progress(3, 2)

        kinds(over=work)
        job = request("over")

        jobs.run_due_jobs(clock=clock)

        job.refresh_from_db()
        assert job.state == JobState.FAILED


class TestCancelJob:
    def test_ends_a_waiting_job_at_once(self, db, kinds):
        kinds(wait=lambda job, progress: None)
        job = request("wait")

        jobs.cancel_job(job=job, at=NOON)

        assert (job.state, job.finished_at) == (JobState.CANCELLED, NOON)
        assert jobs.run_due_jobs(clock=clock) == {}

    def test_stops_a_running_job_at_its_next_step_without_that_steps_effect(self, db, kinds):
        def work(job, progress):
            progress(1, 9)
            jobs.cancel_job(job=Job.objects.get(pk=job.pk), at=NOON)
            with transaction.atomic():
                CampaignCategory.objects.create(code="effect", name="effect")
                progress(2)

        kinds(steps=work)
        job = request("steps")

        assert jobs.run_due_jobs(clock=clock) == {"cancelled": 1}

        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.CANCELLED, 1)
        assert not CampaignCategory.objects.exists()

    def test_ends_a_job_whose_worker_died(self, db, kinds):
        kinds(dead=lambda job, progress: None)
        job = request("dead")
        Job.objects.filter(pk=job.pk).update(
            state="running", claim="00000000-0000-0000-0000-000000000001", heartbeat_at=NOON
        )

        jobs.cancel_job(job=job, at=NOON + 2 * JOB_LEASE)

        assert job.state == JobState.CANCELLED

    def test_refuses_a_job_that_ended(self, db, kinds):
        kinds(done=lambda job, progress: None)
        job = request("done")
        jobs.run_due_jobs(clock=clock)

        with pytest.raises(jobs.JobEnded):
            jobs.cancel_job(job=job, at=NOON)


class TestConstraints:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({"state": "asleep", "finished_at": NOON}, "job_state_known"),
            ({"done": 2, "total": 1}, "job_done_within_total"),
            ({"state": "running"}, "job_running_is_claimed"),
            ({"state": "finished"}, "job_end_has_a_moment"),
        ],
    )
    def test_refuse_states_that_make_no_sense(self, db, values, name):
        with pytest.raises(IntegrityError, match=name):
            Job.objects.create(kind="any", created_at=NOON, **values)


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


class TestTask:
    def test_wakes_without_a_broker_or_says_nothing(self, monkeypatch):
        from kombu.exceptions import OperationalError as BrokerDown

        from campaigns import tasks

        def refuse(**_options):
            raise BrokerDown

        monkeypatch.setattr(tasks, "run_due_jobs", SimpleNamespace(apply_async=refuse))

        tasks.wake_jobs()
