"""The card of the customer who stands at the counter."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.models import PromoCode
from customers.documents import mask
from customers.models import Customer
from customers.selectors import CustomerAmbiguous, customer_card, look_up_customer
from pos_api.authentication import TerminalCaller
from pos_api.counter_value import VALUE, VALUE_EXAMPLE, value_card
from pos_api.openapi import operation, query
from pos_api.problems import BadRequest, Conflict, NotFound
from pos_api.services.counter import record_visit
from pos_api.services.lookups import record_failures, refuse_locked
from pos_api.views.base import PosView, answer

CARD_EXAMPLE: dict[str, Any] = {
    "id": 17,
    "code": "D0001",
    "name": "Ana Souza",
    "document": "***.533.447-**",
    "email": "ana@example.com",
    "phone": "+5511987654321",
    "card": "90000001",
    "birth_date": "1990-11-22",
    "birthday_in_days": 0,
    "sex": "f",
    "remark": "Prefere ser chamada de Bia.",
    "groupings": ["clube-aurora", "vip"],
    "level": 2,
    "loyalty_category": "",
    "home_store": "0001",
    "consents": [{"purpose": "promotions", "channel": "", "granted": True}],
    "last_purchases": [
        {
            "sale": "0f4bb6e0-7b6d-4f0e-9d2b-0a1f3c3b5a11",
            "occurred_at": "2026-11-20T15:00:00Z",
            "store": "0001",
            "net": "89.90",
            "state": "committed",
        }
    ],
    "promo_codes": [{"code": "VOLTE-4F9K", "expires_at": "2026-12-01T00:00:00Z"}],
    "missing": ["email"],
    **VALUE_EXAMPLE,
}
_TEXT = {"type": "string"}
CARD: dict[str, Any] = {
    "type": "object",
    "description": "The customer's card: documents are masked, `missing` are the fields that sellers are asked to complete.",
    "properties": {
        "id": {"type": "integer"},
        **dict.fromkeys(("name", "email", "phone", "sex", "remark", "loyalty_category"), _TEXT),
        **{
            name: {"type": ["string", "null"]}
            for name in ("code", "document", "card", "birth_date", "home_store")
        },
        "birthday_in_days": {"type": ["integer", "null"], "description": "0 on the day itself."},
        "level": {"type": ["integer", "null"]},
        "groupings": {"type": "array", "items": _TEXT},
        "consents": {"type": "array", "items": {"type": "object"}},
        "last_purchases": {"type": "array", "items": {"type": "object"}},
        "promo_codes": {"type": "array", "items": {"type": "object"}},
        "missing": {"type": "array", "items": _TEXT},
        **VALUE,
    },
}


class CustomerLookupView(PosView):
    @operation(
        id="customers_lookup",
        tag="Customers",
        summary="Look up the customer at the counter",
        description="By the exact document, card, phone or e-mail; never a search. Guessing locks the terminal's look-ups.",
        responses={200: CARD},
        answer=CARD_EXAMPLE,
        parameters=(query("q", "Document, card, phone or e-mail.", required=True),),
        problems={
            404: "Nobody has it (`customer_unknown`).",
            409: "Several people share it (`customer_ambiguous`); ask for the document or the card.",
            429: "Too many look-ups found nobody (`lookups_locked`).",
        },
    )
    def get(self, request: Request) -> HttpResponse:
        caller: Any = request.user
        text = request.query_params.get("q", "").strip()
        if not 1 <= len(text) <= 254:
            raise BadRequest(_("q must be a document, card, phone or e-mail."))
        at = timezone.now()
        refuse_locked(terminal_id=caller.terminal_id, at=at)
        try:
            customer = look_up_customer(text)
        except CustomerAmbiguous as error:
            message = _("Several customers have this; ask for the document or the card.")
            raise Conflict(message, code=error.code) from error
        if customer is None:
            record_failures(terminal_id=caller.terminal_id, looked_up=[text], at=at)
            raise NotFound(_("No customer has this."), code="customer_unknown")
        record_visit(store_id=caller.store_id, customer_id=customer.pk, at=at)
        return answer(read_card(customer, caller, at))


def read_card(customer: Customer, caller: TerminalCaller, at: datetime) -> dict[str, Any]:
    """Return the card of a customer as a terminal may see it."""
    card = customer_card(customer, today=at.astimezone(caller.store.timezone).date())
    codes = PromoCode.objects.filter(customer=customer, is_active=True).filter(
        Q(starts_at__isnull=True) | Q(starts_at__lte=at),
        Q(expires_at__isnull=True) | Q(expires_at__gt=at),
        Q(max_uses__isnull=True) | Q(used__lt=F("max_uses")),
    )
    return {
        "id": customer.pk,
        "code": customer.code,
        "name": customer.name,
        "document": mask(customer.document) if customer.document else None,
        "email": customer.email,
        "phone": customer.phone,
        "card": customer.card,
        "birth_date": customer.birth_date,
        "birthday_in_days": card.birthday_in_days,
        "sex": customer.sex,
        "remark": customer.remark,
        "groupings": card.groupings,
        "level": customer.level,
        "loyalty_category": customer.loyalty_category,
        "home_store": customer.home_store.code if customer.home_store else None,
        "consents": [
            {"purpose": purpose, "channel": channel, "granted": granted}
            for purpose, channel, granted in card.consents
        ],
        "last_purchases": [
            {
                "sale": sale.uuid,
                "occurred_at": sale.occurred_at,
                "store": sale.store.code,
                "net": sale.net,
                "state": sale.state,
            }
            for sale in card.purchases
        ],
        "promo_codes": [
            {"code": code.code, "expires_at": code.expires_at}
            for code in codes.order_by("expires_at", "pk")[:20]
        ],
        "missing": card.missing,
        **value_card(customer.pk, at=at),
    }
