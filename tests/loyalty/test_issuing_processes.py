"""An issuing run with real processes: workers side by side and killed in the middle give nobody two vouchers."""

import signal

from django.utils import timezone

from campaigns.models import JobState
from campaigns.querysets import JOB_LEASE
from campaigns.services import issuing_jobs
from customers.models import Customer
from loyalty.models import RunState, StoredValue
from loyalty.services.issuing_runs import BATCH
from tests.builders import build_issuing_run
from tests.campaigns.test_promo_code_processes import done, start_worker
from tests.processes import wait_for
from tests.world import assert_world

COUNT = 4 * BATCH


class TestIssue:
    def test_killed_in_the_middle_goes_on_with_whoever_has_none(self, committed_db):
        Customer.objects.bulk_create([Customer(code=f"C{number}") for number in range(COUNT)])
        at = timezone.now()
        run = build_issuing_run(at=at)
        job = issuing_jobs.request_issue(
            run=run, version=run.version, accepts_overlap=False, user=None, at=at
        )
        worker = start_worker(committed_db)
        wait_for(lambda: done(job) >= BATCH)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        type(job).objects.filter(pk=job.pk, state=JobState.RUNNING).update(heartbeat_at=at - JOB_LEASE * 2)

        others = [start_worker(committed_db) for _number in range(2)]
        for other in others:
            other.communicate()

        job.refresh_from_db()
        run.refresh_from_db()
        assert (job.state, run.state, run.issued_count) == (JobState.FINISHED, RunState.DONE, COUNT)
        owners = StoredValue.objects.filter(origin=run.origin).values_list("customer_id", flat=True)
        assert sorted(owners) == sorted(Customer.objects.values_list("pk", flat=True))
        assert_world()
