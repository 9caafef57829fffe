"""Promotional codes with real processes: workers side by side and killed in the middle make exactly what was asked for."""

import signal
import subprocess

import pytest
from django.utils import timezone

from campaigns.models import Job, JobState, PromoCode
from campaigns.querysets import JOB_LEASE
from campaigns.services.promo_code_jobs import request_generation
from campaigns.services.promo_codes import BATCH, Terms
from tests.builders import build_promo_code_pool
from tests.processes import output, start_command, wait_for

COUNT = 6 * BATCH


def start_worker(database_url: str) -> subprocess.Popen[str]:
    return start_command(database_url, "run_jobs")


def done(job: Job) -> int:
    return Job.objects.values_list("done", flat=True).get(pk=job.pk)


class TestGeneration:
    def test_killed_in_the_middle_ends_with_exactly_as_many_as_were_asked_for(self, committed_db):
        pool = build_promo_code_pool()
        job = request_generation(pool=pool, count=COUNT, terms=Terms(), user=None, at=timezone.now())
        worker = start_worker(committed_db)
        wait_for(lambda: done(job) >= BATCH)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        left = done(job)
        assert BATCH <= left < COUNT

        Job.objects.update(heartbeat_at=timezone.now() - 2 * JOB_LEASE)
        output(start_worker(committed_db))

        job.refresh_from_db()
        pool.refresh_from_db()
        assert (job.state, job.done, job.attempts) == (JobState.FINISHED, COUNT, 0)
        assert PromoCode.objects.count() == pool.code_count == COUNT

    @pytest.mark.parametrize("pools", [3])
    def test_by_workers_side_by_side_makes_each_pool_once(self, committed_db, pools):
        made = [build_promo_code_pool() for _number in range(pools)]
        for pool in made:
            request_generation(pool=pool, count=BATCH + 1, terms=Terms(), user=None, at=timezone.now())

        workers = [start_worker(committed_db) for _number in range(2)]
        printed = "".join(output(worker) for worker in workers)

        assert sum(int(text) for text in printed.replace("finished=", " ").split() if text.isdigit()) == pools
        for pool in made:
            pool.refresh_from_db()
            assert pool.code_count == pool.codes.count() == BATCH + 1
