"""Settle what an offline sale gave and could not be granted."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.services.on_credit import debts_of_sale
from loyalty.services.second_person import write_off_or_ask
from pos_api.models import ExceptionKind, Resolution, SaleException
from pos_api.models.sale_exception import SETTLEMENTS

# However these settle that more was redeemed than there was: the customer's later earnings do not pay it as well.
CLOSES_DEBT = (Resolution.ACCEPTED, Resolution.COLLECTED, Resolution.WAIVED)


class SettlementRefused(Exception):
    """An exception cannot be settled like that. ``field`` names what is wrong."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


@transaction.atomic
def settle_exception(
    *, exception_id: int, resolution: str, note: str, user: User, at: datetime
) -> SaleException:
    """Settle one exception with a note, and end the debt that it made. Settling the same way again changes nothing.

    Raises SettlementRefused for a resolution that is unknown or does not fit, and for one that was settled otherwise.
    """
    exception = SaleException.objects.select_for_update().get(pk=exception_id)
    if exception.resolution:
        if exception.resolution == resolution:
            return exception
        raise SettlementRefused("", "settled", _("This was settled before."))
    if resolution not in SETTLEMENTS:
        raise SettlementRefused("resolution", "choice", _("Choose how it is settled."))
    if not note.strip():
        raise SettlementRefused("note", "required", _("Say why, for whoever asks later."))
    if exception.kind != ExceptionKind.VALUE_SHORT:
        if resolution == Resolution.WAIVED:
            raise SettlementRefused("resolution", "not_allowed", _("There is no debt to waive."))
    elif resolution in CLOSES_DEBT:
        _write_off(exception, note, user, at)
    exception.resolution, exception.note = resolution, note.strip()[:240]
    exception.settled_by, exception.settled_at = user, at
    exception.save(update_fields=["resolution", "note", "settled_by", "settled_at"])
    return exception


def close_exceptions(*, sale_id: int, end: Resolution, at: datetime) -> None:
    """Settle what is open of a sale that is being cancelled, or of which everything has come back: in the end it gave nothing.

    Comes before the accounts are locked, as settling by hand locks the exception first.
    """
    SaleException.objects.filter(sale_id=sale_id, resolution="").update(resolution=end, settled_at=at)


def _write_off(exception: SaleException, note: str, user: User, at: datetime) -> None:
    for debt in debts_of_sale(exception.sale_id):
        program = debt.account.program
        if exception.subject == ("cashback" if program is None else program.code):
            # Above the company's limit the debt stands until somebody else agrees, settled though the exception is.
            write_off_or_ask(receivable_id=debt.pk, reason=note.strip()[:240], actor_id=user.pk, at=at)
