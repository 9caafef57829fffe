"""What a reservation keeps of value: parts of lots that nobody else may spend until it expires.

Whoever holds or spends has locked the account before, so that the two never pass each other. Giving up needs no lock: it
only makes more available.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from loyalty.models import Hold
from retail import money


def hold(takes: Sequence[tuple[int, int]], *, reservation: UUID, until: datetime) -> None:
    """Keep `(lot id, hundredths)` for a reservation, each lot once. The accounts are locked, and it is there to be kept."""
    Hold.objects.bulk_create(
        [
            Hold(lot_id=lot_id, reservation=reservation, amount=money.to_decimal(amount), expires_at=until)
            for lot_id, amount in takes
        ]
    )


def give_up(reservation: UUID) -> None:
    """Keep nothing more for a reservation: its sale is being recorded, or there will be none."""
    Hold.objects.filter(reservation=reservation).delete()


def is_held(account_ids: Iterable[int], *, at: datetime) -> bool:
    """Say whether something of accounts, which are locked, is kept for a sale."""
    return Hold.objects.filter(lot__account__in=list(account_ids), expires_at__gt=at).exists()


def drop_expired(*, before: datetime) -> int:
    """Remove what expired before a moment and keeps nothing any more; return how many."""
    return Hold.objects.filter(expires_at__lt=before).delete()[0]
