"""Reservations as baskets, sales and tills name them: found, used by a sale, given up.

Whether one still keeps something is a question of time alone: an open one that has expired keeps nothing.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.services.promo_code_holds import give_up_codes
from loyalty.services.holds import give_up
from pos_api.authentication import TerminalCaller
from pos_api.baskets import BasketDocument, SaleDocument
from pos_api.models import Reservation, ReservationState
from pos_api.problems import NotFound, invalid_field
from pos_api.services.transactions import in_transaction


def kept_by(document: BasketDocument, caller: TerminalCaller, *, at: datetime) -> str | None:
    """Return the id of the open reservation that a basket names, None when it names none or that keeps nothing now.

    Raises a 422 problem for one that the store does not have.
    """
    if document.reservation is None:
        return None
    found = _find(document.reservation, caller)
    if found is None:
        raise _unknown()
    return str(found.uuid) if is_open(found, at=at) else None


def lock_for_sale(document: SaleDocument, caller: TerminalCaller, *, at: datetime) -> Reservation | None:
    """Lock the open reservation that a sale names; None when it names none or that keeps nothing now.

    Raises a 422 problem for one that the store does not have, but not of a sale that has happened offline.
    """
    if document.reservation is None:
        return None
    found = _find(document.reservation, caller, lock=True)
    if found is None and not document.offline:
        raise _unknown()
    return found if found is not None and is_open(found, at=at) else None


def use(reservation: Reservation, *, sale_id: int, at: datetime) -> None:
    """Give what a locked reservation keeps to its sale, which takes it in the same transaction."""
    _end(reservation, ReservationState.USED, sale_id=sale_id, at=at)


def give_up_reservation(text: str, caller: TerminalCaller, *, now: datetime) -> dict[str, Any]:
    """End a reservation that no sale used, and return it; one that is over stays as it is. Raises NotFound."""

    def work() -> dict[str, Any]:
        found = _find(text, caller, lock=True)
        if found is None:
            raise NotFound
        if found.state == ReservationState.OPEN:
            _end(found, ReservationState.RELEASED, sale_id=None, at=now)
        return reservation_body(found, at=now)

    return in_transaction(work)


def show(text: str, caller: TerminalCaller, *, now: datetime) -> dict[str, Any]:
    """Return a reservation of the caller's store. Raises NotFound."""
    found = _find(text, caller)
    if found is None:
        raise NotFound
    return reservation_body(found, at=now)


def is_open(reservation: Reservation, *, at: datetime) -> bool:
    return reservation.state == ReservationState.OPEN and at < reservation.expires_at


def reservation_body(reservation: Reservation, *, at: datetime) -> dict[str, Any]:
    """Return a reservation as tills read it; codes of stored values are masked."""
    expired = reservation.state == ReservationState.OPEN and not is_open(reservation, at=at)
    body: dict[str, Any] = {
        "reservation": str(reservation.uuid),
        "state": "expired" if expired else reservation.state,
        "reference": reservation.reference,
        "expires_at": reservation.expires_at.isoformat(),
        **reservation.content,
    }
    return body | {"flags": ["test"]} if reservation.is_test else body


def _find(text: str, caller: TerminalCaller, *, lock: bool = False) -> Reservation | None:
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    found = Reservation.objects.filter(uuid=uuid, store_id=caller.store_id, is_test=caller.is_test)
    return (found.select_for_update(no_key=True) if lock else found).first()


def _end(reservation: Reservation, state: ReservationState, *, sale_id: int | None, at: datetime) -> None:
    give_up(reservation.uuid)
    give_up_codes(reservation.uuid)
    reservation.state, reservation.sale_id, reservation.ended_at = state, sale_id, at
    reservation.save(update_fields=["state", "sale", "ended_at"])


def _unknown() -> Exception:
    return invalid_field("reservation", "unknown", _("There is no such reservation."))
