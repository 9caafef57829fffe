"""Background jobs: asking, running, cancelling, failing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, OperationalError, transaction

from campaigns.models import CampaignCategory, Job, JobState
from campaigns.querysets import JOB_LEASE
from campaigns.services import jobs
from tests.builders import NOON
from tests.campaigns.requested_jobs import clock, request


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


class TestTask:
    def test_wakes_without_a_broker_or_says_nothing(self, monkeypatch):
        from kombu.exceptions import OperationalError as BrokerDown

        from campaigns import tasks

        def refuse(**_options):
            raise BrokerDown

        monkeypatch.setattr(tasks, "run_due_jobs", SimpleNamespace(apply_async=refuse))

        tasks.wake_jobs()
