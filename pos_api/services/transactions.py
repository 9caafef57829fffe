"""How effects are written: one durable transaction with short timeouts, tried again when the database says so."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from campaigns.services.settlement import BenefitGone
from loyalty.services.refusals import InsufficientValue
from pos_api.problems import Busy

Result = TypeVar("Result")
ATTEMPTS = 4
LOCK_NOT_AVAILABLE = "55P03"
# Serialization failure, deadlock, lock not available, a statement that took too long, and a key that somebody else
# inserted between looking and inserting.
RETRIED = ("40001", "40P01", LOCK_NOT_AVAILABLE, "57014", "23505")


def sql_state(error: Exception) -> str:
    """Return the SQLSTATE of a database error, empty when there is none."""
    return getattr(error.__cause__, "pgcode", None) or ""


def in_transaction(work: Callable[[], Result]) -> Result:
    """Run ``work`` in one transaction and return its result, committed.

    Up to three more attempts after a deadlock, a lock that was not free in time, or a benefit or value that somebody
    else took between evaluating and counting. Raises Busy (503) when none succeeds; nothing was written then.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - only spreads the attempts
        try:
            with transaction.atomic(durable=True):
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT set_config('lock_timeout', '3s', true), set_config('statement_timeout', '5s', true)"
                    )
                return work()
        except (BenefitGone, InsufficientValue):
            continue
        except (OperationalError, IntegrityError) as error:
            if sql_state(error) not in RETRIED:
                raise
    raise Busy(_("The database was busy. Send it again."), retry_after=1)
