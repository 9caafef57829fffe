"""Jobs that tests ask for, at noon."""

from campaigns.models import Job
from campaigns.services import jobs
from tests.builders import NOON


def clock():
    return NOON


def request(kind: str, user=None, **arguments) -> Job:
    return jobs.request_job(kind=kind, arguments=arguments, user=user, at=NOON)
