"""The sellers' agenda: customers who will come to see a seller. A terminal has that of its own store."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Appointment, AppointmentStatus
from customers.selectors import on_day
from customers.services.appointments import COLUMNS, book_appointment, change_appointment
from pos_api.openapi import operation, page_of
from pos_api.problems import BadRequest, invalid_field
from pos_api.views.base import answer
from pos_api.views.customer_references import CUSTOMER, read_customer
from pos_api.views.resources import (
    CounterView,
    Listing,
    by,
    find_or_404,
    read_changes,
    terminal_or_none,
    user_of,
)
from retail.models import Store
from retail.rows import schema_of

TAG = "Customers"
EXAMPLE: dict[str, Any] = {
    "customer": {"document": "390.533.447-05"},
    "store": "0001",
    "starts_at": "2026-11-25T15:00:00-03:00",
    "seller": "V07",
    "purpose": "Provar vestidos de festa",
    "note": "Prefere tons claros.",
}
_CHANGE = schema_of(COLUMNS, required=[])
BOOKING: dict[str, Any] = {
    **_CHANGE,
    "required": ["customer", "starts_at"],
    "properties": {
        "customer": CUSTOMER,
        "store": {"type": "string", "description": "Code of the store; a terminal leaves it out."},
        **_CHANGE["properties"],
    },
}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "customer": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
        },
        "store": {"type": "string"},
        **_CHANGE["properties"],
        "booked_at": {"type": "string", "format": "date-time"},
        "closed_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
ANSWER: dict[str, Any] = {
    "id": 4,
    "customer": {"id": 17, "name": "Ana Souza"},
    **{name: EXAMPLE[name] for name in ("store", "starts_at", "seller", "purpose", "note")},
    "status": "booked",
    "booked_at": "2026-11-22T10:00:00-03:00",
    "closed_at": None,
}


def represent(appointment: Appointment) -> dict[str, Any]:
    """Return an appointment as sellers see it."""
    return {
        "id": appointment.pk,
        "customer": {"id": appointment.customer_id, "name": appointment.customer.name},
        "store": appointment.store.code,
        **{name: getattr(appointment, name) for name in COLUMNS},
        "booked_at": appointment.booked_at,
        "closed_at": appointment.closed_at,
    }


def _of_day(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Filter by a day, in the time zone of each appointment's store."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(_("day must be a date such as 2026-11-22.")) from error
    return on_day(queryset, day)


def _with_status(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if text not in AppointmentStatus.values:
        raise BadRequest(_("status must be one of: %(all)s.") % {"all": ", ".join(AppointmentStatus.values)})
    return queryset.filter(status=text)


def _of_customer(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return queryset.none()
    return queryset.filter(customer=int(text))


LISTING = Listing(
    filters={
        "store": ("Code of the store.", by("store__code")),
        "day": ("A day in the store's time zone, 2026-11-25.", _of_day),
        "status": ("`booked`, `done` or `cancelled`.", _with_status),
        "seller": ("The seller.", by("seller")),
        "customer": ("The customer's id.", _of_customer),
    },
    orders={"starts_at": ("starts_at", "pk"), "-starts_at": ("-starts_at", "-pk")},
    order="starts_at",
)


class AppointmentListView(CounterView):
    permissions = {"GET": ("customers.view_appointment",), "POST": ("customers.add_appointment",)}
    terminal_methods = ("GET", "POST")

    @operation(
        id="appointments_list",
        tag=TAG,
        summary="List appointments",
        description="A terminal sees those of its store.",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, _visible(request), represent)

    @operation(
        id="appointments_book",
        tag=TAG,
        summary="Book an appointment of a customer with a seller",
        description=(
            "Opens campaigns with the condition `agenda` at the customer's next purchase. Sending the same booking again "
            "answers the first one with 200."
        ),
        request=BOOKING,
        responses={200: SHOWN, 201: SHOWN},
        examples={
            "At the counter": {k: v for k, v in EXAMPLE.items() if k != "store"},
            "By a manager": EXAMPLE,
        },
        answer=ANSWER,
        problems={
            409: "The seller or the customer has another one at this moment (`appointment_taken`).",
            429: "Too many look-ups found nobody (`lookups_locked`).",
        },
    )
    def post(self, request: Request) -> HttpResponse:
        at = timezone.now()
        raw = read_changes(request, {})
        customer = read_customer(request, raw.pop("customer", None), at)
        store = _read_store(request, raw.pop("store", None))
        terminal = terminal_or_none(request)
        appointment, new = book_appointment(
            customer=customer, store=store, values=raw, at=at, user=None if terminal else user_of(request)
        )
        return answer(represent(appointment), status=201 if new else 200)


class AppointmentView(CounterView):
    permissions = {"GET": ("customers.view_appointment",), "PATCH": ("customers.change_appointment",)}
    terminal_methods = ("GET", "PATCH")

    @operation(
        id="appointments_get", tag=TAG, summary="Read an appointment", responses={200: SHOWN}, answer=ANSWER
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent(find_or_404(_visible(request), pk=pk)))

    @operation(
        id="appointments_change",
        tag=TAG,
        summary="Change an appointment, or say what became of it",
        description="`status` `done` or `cancelled` closes it; of a closed one only the note changes.",
        request=_CHANGE,
        responses={200: SHOWN},
        examples={
            "An hour later": {"starts_at": "2026-11-25T16:00:00-03:00"},
            "She came": {"status": "done"},
        },
        answer=ANSWER,
        problems={409: "It is closed (`appointment_closed`), or the moment is taken (`appointment_taken`)."},
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        appointment = find_or_404(_visible(request), pk=pk)
        changed = change_appointment(
            appointment=appointment, values=read_changes(request, {}), at=timezone.now()
        )
        return answer(represent(changed))


class AppointmentCancelView(CounterView):
    permissions = {"POST": ("customers.change_appointment",)}
    terminal_methods = ("POST",)

    @operation(
        id="appointments_cancel",
        tag=TAG,
        summary="Cancel an appointment",
        description="Cancelling one that is cancelled already answers it again.",
        request={"type": "object", "additionalProperties": False, "properties": {}},
        responses={200: SHOWN},
        examples={"Cancel": {}},
        answer={**ANSWER, "status": "cancelled"},
        problems={409: "It is done (`appointment_closed`)."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        appointment = find_or_404(_visible(request), pk=pk)
        if unknown := sorted(read_changes(request, {})):
            raise invalid_field(unknown[0][:64], "unknown_field", _("There is no such field."))
        values = {"status": AppointmentStatus.CANCELLED.value}
        return answer(
            represent(change_appointment(appointment=appointment, values=values, at=timezone.now()))
        )


def _visible(request: Request) -> QuerySet[Appointment]:
    appointments = Appointment.objects.select_related("customer", "store")
    terminal = terminal_or_none(request)
    return appointments if terminal is None else appointments.filter(store=terminal.store_id)


def _read_store(request: Request, code: Any) -> Store:
    terminal = terminal_or_none(request)
    if terminal is not None:
        if code not in (None, terminal.store.code):
            raise invalid_field("store", "immutable", _("A terminal books for its own store."))
        return Store.objects.get(pk=terminal.store_id)
    if code is None:
        raise invalid_field("store", "required", _("This is required."))
    store = Store.objects.filter(code=code).first() if isinstance(code, str) and "\x00" not in code else None
    if store is None:
        raise invalid_field("store", "unknown_store", _("There is no such store."))
    return store
