"""The sellers' agenda (clienteling): customers who will come to see a seller of a store."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Appointment, AppointmentStatus, Customer
from customers.services.consents import Moment
from retail.models import Store
from retail.rows import MISSING, Choice, Column, FieldError, Row, Text, read_row

# What says when and why; the customer and the store stand beside it.
COLUMNS: dict[str, Column] = {
    "starts_at": Moment(),
    "seller": Text(64),
    "purpose": Text(120),
    "note": Text(1000),
    "status": Choice(AppointmentStatus, default=MISSING),
}
_MOST_AHEAD = timedelta(days=731)
_MOST_BACK = timedelta(days=366)


class AppointmentRefused(Exception):
    """An appointment cannot be written; ``errors`` name the fields."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("")
        self.errors = tuple(errors)


class AppointmentTaken(Exception):
    """The seller, or the customer, has another appointment at this moment."""

    code = "appointment_taken"

    def __init__(self) -> None:
        super().__init__(_("The seller or the customer has another appointment at this moment."))


class AppointmentClosed(Exception):
    """What is done or cancelled stays so: the history of a customer is not rewritten."""

    code = "appointment_closed"

    def __init__(self) -> None:
        super().__init__(_("This appointment is done or cancelled already."))


def book_appointment(
    *, customer: Customer, store: Store, values: Any, at: datetime, user: User | None = None
) -> tuple[Appointment, bool]:
    """Book a customer's appointment, given as data (``starts_at``, ``seller``, ``purpose``, ``note``).

    Returns it and whether it is new: sending the same booking again returns the first one. Of a record that was merged into
    another it is that one's. Raises AppointmentRefused, AppointmentTaken.
    """
    customer = customer.merged_into or customer
    fields = _read(values, at=at, required=("starts_at",))
    if fields.pop("status", AppointmentStatus.BOOKED) != AppointmentStatus.BOOKED:
        raise AppointmentRefused(
            [FieldError("status", "choice", _("A new appointment is booked; say later what became of it."))]
        )
    appointment = Appointment(customer=customer, store=store, booked_at=at, booked_by=user, **fields)
    try:
        with transaction.atomic():
            appointment.save(force_insert=True)
    except IntegrityError as error:
        same = Appointment.objects.filter(
            customer=customer,
            store=store,
            starts_at=appointment.starts_at,
            seller=appointment.seller,
            status=AppointmentStatus.BOOKED,
        ).first()
        if same is None:
            raise AppointmentTaken from error
        return same, False
    return appointment, True


def change_appointment(*, appointment: Appointment, values: Any, at: datetime) -> Appointment:
    """Change when, with whom and why, or say that it is done or cancelled.

    Raises AppointmentRefused, AppointmentTaken, AppointmentClosed (only the note of a closed one may change).
    """
    fields = _read(values, at=at)
    try:
        with transaction.atomic():
            locked = (
                Appointment.objects.select_for_update(of=("self",))
                .select_related("customer", "store")
                .get(pk=appointment.pk)
            )
            changed = {name: value for name, value in fields.items() if value != getattr(locked, name)}
            if locked.status != AppointmentStatus.BOOKED and changed.keys() - {"note"}:
                raise AppointmentClosed
            for name, value in changed.items():
                setattr(locked, name, value)
            if "status" in changed:
                locked.closed_at = at
            if changed:
                locked.save()
            return locked
    except IntegrityError as error:
        raise AppointmentTaken from error


def _read(values: Any, *, at: datetime, required: Sequence[str] = ()) -> dict[str, Any]:
    row: Row = read_row(0, values, COLUMNS)
    refused = {error.path for error in row.errors}
    for name in required:
        if name not in row.values and name not in refused:
            row.refuse(name, "required", _("This is required."))
    if "starts_at" in row.values:
        starts_at = row.values["starts_at"]
        if starts_at is None:
            row.refuse("starts_at", "required", _("This is required."))
        elif not -_MOST_BACK <= starts_at - at <= _MOST_AHEAD:
            row.refuse("starts_at", "range", _("This moment is too far from now."))
    if row.errors:
        raise AppointmentRefused(row.errors)
    return row.values
