"""Customers: kept up by the chain's systems, created and completed at the counter."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from customers.documents import normalize
from customers.models import Customer
from customers.services.customers import (
    COLUMNS,
    LINKED,
    save_at_counter,
    update_customer,
    upsert_customers,
)
from loyalty.services.refusals import CustomerMerged
from pos_api.openapi import ROW_RESULTS, operation, page_of, rows_of
from pos_api.services.counter import customer_at_counter, record_visit
from pos_api.views.base import answer, no_content, read_json
from pos_api.views.customer_lookup import CARD, CARD_EXAMPLE, read_card
from pos_api.views.resources import (
    SINCE,
    CounterView,
    Listing,
    by,
    by_flag,
    find_or_404,
    read_changes,
    save_answer,
    saved,
    terminal_or_none,
    user_of,
)
from retail.models import Store
from retail.rows import schema_of
from retail.services.deletion import delete_unused

TAG = "Customers"
EXAMPLE: dict[str, Any] = {
    "code": "D0001",
    "document": "390.533.447-05",
    "name": "Ana Souza",
    "email": "ana@example.com",
    "phone": "(11) 98765-4321",
    "birth_date": "1990-11-22",
    "sex": "f",
    "city": "São Paulo",
    "state": "SP",
    "home_store": "0001",
    "groupings": ["vip"],
    "consents": [{"purpose": "marketing", "channel": "whatsapp", "granted": True, "text_version": "2026-01"}],
}
ROW = schema_of({**COLUMNS, **LINKED})
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        **schema_of(COLUMNS)["properties"],
        "groupings": {"type": "array", "items": {"type": "string"}},
        "merged_into": {
            "type": ["integer", "null"],
            "description": "The record of the same person that stands instead of this one.",
        },
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}


def represent(customer: Customer) -> dict[str, Any]:
    """Return a customer whole, as the chain's own systems need it."""
    values = {name: getattr(customer, name) for name in COLUMNS if name != "home_store"}
    return {
        "id": customer.pk,
        **values,
        "home_store": customer.home_store.code if customer.home_store else None,
        "groupings": sorted(grouping.code for grouping in customer.groupings.all()),
        "merged_into": customer.merged_into_id,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }


def identify(customer: Customer) -> dict[str, Any]:
    return {"id": customer.pk, "code": customer.code}


def _search(queryset: Any, text: str) -> QuerySet[Customer]:
    return queryset.search(text.strip())


def _with_document(queryset: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    return queryset.filter(document=normalize(text))


LISTING = Listing(
    filters={
        "q": ("Exact document, code, card, phone or e-mail, or words of the name.", _search),
        "document": ("CPF or CNPJ, with or without mask.", _with_document),
        "code": ("The chain's own number.", by("code")),
        "grouping": ("Code of a grouping.", by("groupings__code")),
        "home_store": ("Code of the home store.", by("home_store__code")),
        "is_active": ("`true` or `false`.", by_flag("is_active")),
        "updated_since": SINCE,
    },
    orders={
        "id": ("pk",),
        "name": ("name", "pk"),
        "updated_at": ("updated_at", "pk"),
        "-updated_at": ("-updated_at", "-pk"),
    },
    order="id",
)


# What a card says of a person; the rest is how the store treats them.
_PERSONAL: dict[str, Any] = {
    "name": "",
    "email": "",
    "phone": "",
    "code": None,
    "card": None,
    "birth_date": None,
    "birthday_in_days": None,
    "sex": "",
    "remark": "",
    "last_purchases": [],
    "promo_codes": [],
    "balances": [],
    "gifts": [],
}


def _without_what_is_known(card: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Return a card without what only somebody who looked the customer up may see."""
    return card | {name: empty for name, empty in _PERSONAL.items() if name not in sent}


class CustomerListView(CounterView):
    permissions = {
        "GET": ("customers.view_customer",),
        "POST": ("customers.add_customer", "customers.change_customer", "customers.add_consent"),
    }
    terminal_methods = ("POST",)

    @operation(
        id="customers_list",
        tag=TAG,
        summary="List customers",
        description="For managers. A terminal looks up one customer and never lists them.",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        customers = Customer.objects.select_related("home_store").prefetch_related("groupings")
        return LISTING.page(request, customers, represent)

    @operation(
        id="customers_save",
        tag=TAG,
        summary="Create or change one customer or up to 10,000",
        description=(
            "A customer is recognised by `code`, else `document`, else `card`; without any of them by the same phone, e-mail "
            "and name. Fields that are absent keep their value. `groupings` becomes the whole list; `consents` are recorded "
            "where they differ from what stands. A terminal sends one customer, without the fields that are the "
            "chain's business, and is answered with the customer's card; of somebody who was a customer already it shows only "
            "what was sent, since looking people up has an address of its own, where guessing is limited."
        ),
        request=rows_of(ROW),
        responses={200: {"anyOf": [SHOWN, CARD, ROW_RESULTS]}, 201: {"anyOf": [SHOWN, CARD]}},
        examples={
            "One customer": EXAMPLE,
            "At the counter": {"document": "390.533.447-05", "name": "Ana Souza", "phone": "(11) 98765-4321"},
        },
        answer=CARD_EXAMPLE,
    )
    def post(self, request: Request) -> HttpResponse:
        at = timezone.now()
        terminal = terminal_or_none(request)
        if terminal is not None:
            store = Store.objects.get(pk=terminal.store_id)
            values = read_json(request)
            result = save_at_counter(values=values, store=store, at=at)
            if result.instance is not None:
                record_visit(store_id=terminal.store_id, customer_id=result.instance.pk, at=at)
            if result.status == "created":
                return saved(result, lambda customer: read_card(customer, terminal, at))
            return saved(
                result, lambda customer: _without_what_is_known(read_card(customer, terminal, at), values)
            )
        return save_answer(
            request,
            lambda rows: upsert_customers(rows=rows, at=at, source="import", recorded_by=user_of(request)),
            represent,
            identify,
        )


class CustomerView(CounterView):
    permissions = {
        "GET": ("customers.view_customer",),
        "PUT": ("customers.change_customer", "customers.add_consent"),
        "PATCH": ("customers.change_customer", "customers.add_consent"),
        "DELETE": ("customers.delete_customer",),
    }
    terminal_methods = ("PATCH",)

    @operation(id="customers_get", tag=TAG, summary="Read a customer", responses={200: SHOWN}, answer=EXAMPLE)
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent(find(pk)))

    @operation(
        id="customers_replace",
        tag=TAG,
        summary="Replace a customer's data",
        description="Fields that are absent go back to their default; consents are only ever added.",
        request=ROW,
        responses={200: SHOWN},
        examples={"A customer": EXAMPLE},
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        return self._update(request, find(pk), replace=True)

    @operation(
        id="customers_change",
        tag=TAG,
        summary="Change a customer",
        description=(
            "A terminal completes what is known of a customer whom its store looked up or registered within the last hour, "
            "and is answered with the values that it sent."
        ),
        request=ROW,
        responses={200: SHOWN},
        examples={"A new phone": {"phone": "(11) 91234-5678"}},
        problems={404: "Unknown, or for a terminal not looked up lately (`customer_not_looked_up`)."},
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        terminal = terminal_or_none(request)
        if terminal is not None:
            at = timezone.now()
            customer = customer_at_counter(store_id=terminal.store_id, customer_id=pk, at=at)
            store = Store.objects.get(pk=terminal.store_id)
            values = read_changes(request, {})
            result = save_at_counter(values=values, store=store, at=at, customer=customer)
            # The numbers of customers can be counted through, so this shows nothing that was not just typed.
            typed = [name for name in values if name in COLUMNS]
            return saved(result, lambda one: {"id": one.pk} | {name: getattr(one, name) for name in typed})
        return self._update(request, find(pk), replace=False)

    @operation(
        id="customers_delete",
        tag=TAG,
        summary="Remove a customer that nothing refers to",
        responses={204: None},
        problems={409: "There are sales, consents or codes (`in_use`); set `is_active` to false instead."},
    )
    def delete(self, request: Request, pk: int) -> HttpResponse:
        delete_unused(instance=find(pk))
        return no_content()

    def _update(self, request: Request, customer: Customer, *, replace: bool) -> HttpResponse:
        result = update_customer(
            customer=customer,
            values=read_changes(request, {}),
            at=timezone.now(),
            source="import",
            recorded_by=user_of(request),
            replace=replace,
        )
        return saved(result, represent)


def find(pk: int) -> Customer:
    return find_or_404(Customer.objects.select_related("home_store"), pk=pk)


def find_standing(pk: int) -> Customer:
    """Return a customer to whom something may be added. Raises CustomerMerged for a record that was merged."""
    customer = find(pk)
    if customer.merged_into_id is not None:
        raise CustomerMerged(customer.merged_into_id)
    return customer
