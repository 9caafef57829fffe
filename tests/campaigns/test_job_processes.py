"""Jobs with real workers: killed in the middle, stopped and woken up too late, several at once; all without Redis."""

import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from campaigns.models import CampaignCategory, Job, JobState
from campaigns.querysets import JOB_LEASE
from tests.processes import output, start_process, wait_for

STEPS = 8


def start_worker(database_url: str, held: Path, **extra: str) -> subprocess.Popen[str]:
    return start_process(database_url, "-m", "tests.campaigns.job_worker", str(held), **extra)


def queue_job(kind: str) -> Job:
    return Job.objects.create(kind=kind, arguments={"steps": STEPS}, total=STEPS, created_at=timezone.now())


def take_worker_for_dead() -> None:
    """Let the lease run out."""
    Job.objects.filter(state=JobState.RUNNING).update(heartbeat_at=timezone.now() - 2 * JOB_LEASE)


def effects(job: Job) -> Counter[str]:
    names = CampaignCategory.objects.filter(code__startswith=f"{job.pk}-").values_list("name", flat=True)
    return Counter(name.partition("-")[2] for name in names)


EACH_ONCE = {str(step): 1 for step in range(1, STEPS + 1)}


class TestWorkers:
    def test_one_that_is_told_to_stop_gives_its_job_back_and_spends_no_attempt(self, committed_db, tmp_path):
        job = queue_job("careful")
        held = tmp_path / "held"
        worker = start_worker(committed_db, held)
        wait_for(held.exists)
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)

        job.refresh_from_db()
        assert worker.returncode == 128 + signal.SIGTERM
        assert (job.state, job.attempts, job.done) == (JobState.QUEUED, 0, 4)
        # The next one need not wait until the lease has run out.
        assert output(start_worker(committed_db, held)) == "finished=1\n"
        assert effects(job) == EACH_ONCE

    def test_a_killed_one_leaves_a_job_that_the_next_finishes_with_each_effect_once(
        self, committed_db, tmp_path
    ):
        job = queue_job("careful")
        held = tmp_path / "held"
        worker = start_worker(committed_db, held)
        wait_for(held.exists)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()

        # Nobody takes it while its worker may live.
        assert output(start_worker(committed_db, held)) == "nothing to do\n"
        take_worker_for_dead()
        printed = output(start_worker(committed_db, held))

        job.refresh_from_db()
        assert printed == "finished=1\n"
        assert (job.state, job.done) == (JobState.FINISHED, STEPS)
        assert effects(job) == EACH_ONCE

    def test_the_same_kill_doubles_an_effect_that_is_not_recorded_with_its_progress(
        self, committed_db, tmp_path
    ):
        # The control: the test above can fail.
        job = queue_job("careless")
        held = tmp_path / "held"
        worker = start_worker(committed_db, held)
        wait_for(held.exists)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()

        take_worker_for_dead()
        output(start_worker(committed_db, held))

        assert effects(job) == EACH_ONCE | {"5": 2}

    def test_one_that_was_taken_for_dead_and_wakes_up_does_nothing_more(self, committed_db, tmp_path):
        job = queue_job("careful")
        held = tmp_path / "held"
        sleeper = start_worker(committed_db, held, HOLD_SECONDS="1")
        wait_for(held.exists)
        sleeper.send_signal(signal.SIGSTOP)
        take_worker_for_dead()
        finished = output(start_worker(committed_db, held))
        sleeper.send_signal(signal.SIGCONT)
        woken = output(sleeper)

        assert (finished, woken) == ("finished=1\n", "lost=1\n")
        assert effects(job) == EACH_ONCE

    @pytest.mark.parametrize("jobs", [12])
    def test_three_at_once_run_each_job_once(self, committed_db, tmp_path, jobs):
        queued = [queue_job("careful") for _number in range(jobs)]
        held = tmp_path / "held"
        held.touch()

        workers = [start_worker(committed_db, held) for _number in range(3)]
        printed = [output(worker) for worker in workers]

        finished = [int(text.partition("finished=")[2] or 0) for text in printed]
        assert sum(finished) == jobs
        assert all(effects(job) == EACH_ONCE for job in queued)
