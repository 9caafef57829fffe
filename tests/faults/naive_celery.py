"""How not to send: a Celery task for each message, with Celery's defaults. Only a control for T10.

NAIVE_BROKER is where tasks wait, NAIVE_PROVIDER who sends.
"""

import os

from celery import Celery

from tests.faults.naive_call import call

app = Celery("naive", broker=os.environ["NAIVE_BROKER"])
app.conf.broker_connection_retry_on_startup = True


@app.task(name="send")
def send(number: int) -> None:
    call(os.environ["NAIVE_PROVIDER"], number)
