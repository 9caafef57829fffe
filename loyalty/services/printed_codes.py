"""Codes that are shown once more, to be printed. Whoever has one has the money, so that it is kept who was shown which."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from loyalty.models import IssuingRun, StoredValue, StoredValueEvent
from loyalty.services.issuing_runs import record_event
from loyalty.services.stored_values import codes_again


def codes_to_print(
    values: Sequence[StoredValue], *, user: User, at: datetime, run: IssuingRun | None = None
) -> dict[int, str]:
    """Return the codes of stored values that can still be made, by their ids, and note that somebody was shown them.

    The history of a `run` notes those of its vouchers; otherwise each stored value's does.
    """
    codes = codes_again([stored.pk for stored in values])
    if run is None:
        StoredValueEvent.objects.bulk_create(
            [
                StoredValueEvent(
                    stored_value_id=stored_id, kind=StoredValueEvent.Kind.PRINTED, actor=user, created_at=at
                )
                for stored_id in sorted(codes)
            ]
        )
    elif codes:
        record_event(run, "printed", user=user, at=at, codes=len(codes))
    return codes
