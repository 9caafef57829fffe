"""One task a message: what the benchmark of messages compares with. ``celery -A bench.messages_tasks worker`` takes them."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

from celery import Celery

from config.environment import parse_redis_url

QUEUE = "bench-messages"
DATABASE = 9


def broker() -> str:
    """Return a database of the installation's Redis that nothing else uses."""
    parts = urlsplit(os.environ["REDIS_URL"])
    if parts.scheme == "unix":
        return parse_redis_url(f"unix://{parts.path}?db={DATABASE}")[0]
    return urlunsplit(parts._replace(path=f"/{DATABASE}"))


app = Celery("bench", broker=broker())
app.conf.task_default_queue = QUEUE
app.conf.task_ignore_result = True


@app.task(name="bench.take")
def take(message: int) -> None:
    """Take one message. What would be done with it is no part of the comparison."""
