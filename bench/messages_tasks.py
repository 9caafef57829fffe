"""One task a message: what the benchmark of messages compares with. ``celery -A bench.messages_tasks worker`` takes them."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

from celery import Celery

QUEUE = "bench-messages"


def broker() -> str:
    """Return a database of the installation's Redis that nothing else uses."""
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/9"))


app = Celery("bench", broker=broker())
app.conf.task_default_queue = QUEUE
app.conf.task_ignore_result = True


@app.task(name="bench.take")
def take(message: int) -> None:
    """Take one message. What would be done with it is no part of the comparison."""
