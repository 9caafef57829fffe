"""What a reservation keeps of promotional codes: one use of each, which nobody else may take until it expires."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from campaigns.models import PromoCode, PromoCodeHold


def lock_codes(codes: Iterable[str]) -> None:
    """Lock promotional codes by their words, in the order of their ids, as recording a sale does."""
    found = PromoCode.objects.filter(code__in=list(codes)).order_by("pk").select_for_update(no_key=True)
    list(found.values_list("pk", flat=True))


def hold_codes(code_ids: Sequence[int], *, reservation: UUID, customer_key: str, until: datetime) -> None:
    """Keep one use of each code for a reservation. The codes are locked, and the use is there to be kept."""
    PromoCodeHold.objects.bulk_create(
        [
            PromoCodeHold(
                promo_code_id=pk, reservation=reservation, customer_key=customer_key, expires_at=until
            )
            for pk in code_ids
        ]
    )


def give_up_codes(reservation: UUID) -> None:
    """Keep nothing more for a reservation: its sale is being recorded, or there will be none."""
    PromoCodeHold.objects.filter(reservation=reservation).delete()


def drop_expired_codes(*, before: datetime) -> int:
    """Remove what expired before a moment and keeps nothing any more; return how many."""
    return PromoCodeHold.objects.filter(expires_at__lt=before).delete()[0]
