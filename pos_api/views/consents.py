"""What a customer agreed to and took back. Answers are added, never changed."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from customers.models import Consent, Customer
from customers.selectors import standing_consents
from customers.services.consents import COLUMNS, record_consent
from pos_api.openapi import PAGE_PARAMETERS, operation, page_of
from pos_api.pagination import paginated
from pos_api.services.counter import customer_at_counter
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.customers import find_standing
from pos_api.views.resources import CounterView, find_or_404, terminal_or_none, user_of
from retail.models import Store
from retail.rows import schema_of

TAG = "Customers"
EXAMPLE = {
    "purpose": "marketing",
    "channel": "whatsapp",
    "granted": True,
    "text": "Aceito receber ofertas por WhatsApp.",
    "text_version": "2026-01",
    "operator": "Rui",
}
ROW = schema_of(COLUMNS)
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        **ROW["properties"],
        "source": {"type": "string", "description": "till, web or import"},
        "store": {"type": ["string", "null"]},
        "text_digest": {"type": "string", "description": "SHA-256 of `text`, in hexadecimal"},
    },
}
STANDING = {
    "type": "object",
    "properties": {"results": {"type": "array", "items": {"type": "object"}}},
}


def represent(consent: Consent) -> dict[str, Any]:
    """Return one answer with the evidence of how it was given."""
    return {
        "id": consent.pk,
        **{name: getattr(consent, name) for name in COLUMNS},
        "source": consent.source,
        "store": consent.store.code if consent.store else None,
        "text_digest": consent.text_digest,
    }


class ConsentListView(CounterView):
    permissions = {"GET": ("customers.view_consent",), "POST": ("customers.add_consent",)}
    terminal_methods = ("POST",)

    @operation(
        id="consents_list",
        tag=TAG,
        summary="List all answers of a customer, newest first",
        responses={200: page_of(SHOWN)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = find_or_404(Customer.objects.all(), pk=pk)
        consents = Consent.objects.filter(customer=customer).select_related("store")
        return paginated(request, consents, represent, ordering=("-pk",))

    @operation(
        id="consents_record",
        tag=TAG,
        summary="Record an answer",
        description=(
            "`granted` false takes consent back. Without `channel` it answers for every channel. From a terminal, the store "
            "is recorded with it, and the customer must have been looked up or registered there within the last hour."
        ),
        request=ROW,
        responses={201: SHOWN},
        problems={404: "Unknown, or for a terminal not looked up lately (`customer_not_looked_up`)."},
        examples={"Agreed at the till": EXAMPLE, "Taken back": {"purpose": "marketing", "granted": False}},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        at = timezone.now()
        terminal = terminal_or_none(request)
        if terminal is not None:
            customer = customer_at_counter(store_id=terminal.store_id, customer_id=pk, at=at)
        else:
            customer = find_standing(pk)
        consent = record_consent(
            customer=customer,
            values=read_json(request),
            source="till" if terminal else "import",
            at=at,
            store=Store.objects.get(pk=terminal.store_id) if terminal else None,
            recorded_by=None if terminal else user_of(request),
        )
        return answer(represent(consent), status=201)


class StandingConsentsView(ManagerView):
    permissions = {"GET": ("customers.view_consent",)}

    @operation(
        id="consents_standing",
        tag=TAG,
        summary="Read what a customer agrees to now",
        description="The answer given last for each purpose and channel.",
        responses={200: STANDING},
        answer={"results": [{"purpose": "marketing", "channel": "whatsapp", "granted": True}]},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = find_or_404(Customer.objects.all(), pk=pk)
        standing = standing_consents([customer.pk])[customer.pk]
        return answer(
            {
                "results": [
                    {"purpose": purpose, "channel": channel, "granted": granted}
                    for purpose, channel, granted in standing
                ]
            }
        )
