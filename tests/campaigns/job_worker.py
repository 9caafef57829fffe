"""A worker in a process of its own, with kinds of jobs whose effects can be counted: it makes campaign categories.

Arguments: `kind held_file`. Between the effect and the record of the fifth step it writes `held_file` and waits to be
killed or stopped, unless the file is there already.
"""

import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from campaigns.models import CampaignCategory, Job  # noqa: E402
from campaigns.services.jobs import JobKind, Progress, register_kind  # noqa: E402

HELD = Path(sys.argv[1])
HOLD_AT = 5


def effect(job: Job, step: int) -> None:
    CampaignCategory.objects.create(code=f"{job.pk}-{step}-{os.urandom(4).hex()}", name=f"{job.pk}-{step}")
    if step == HOLD_AT and not HELD.exists():
        HELD.touch()
        time.sleep(float(os.environ.get("HOLD_SECONDS", "60")))


def careful(job: Job, progress: Progress) -> None:
    for step in range(job.done + 1, job.arguments["steps"] + 1):
        with transaction.atomic():
            effect(job, step)
            progress(step)


def careless(job: Job, progress: Progress) -> None:
    for step in range(job.done + 1, job.arguments["steps"] + 1):
        effect(job, step)
        progress(step)


for code, work in (("careful", careful), ("careless", careless)):
    register_kind(
        JobKind(
            code=code,
            label=code,
            work=work,
            view_permission="campaigns.view_campaigncategory",
            change_permission="campaigns.change_campaigncategory",
        )
    )

if __name__ == "__main__":
    call_command("run_jobs")
