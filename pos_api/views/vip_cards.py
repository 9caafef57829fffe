"""VIP cards: for managers who make and block them, and for the till that wants to know whose one is."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.vip_card_uses import with_uses
from loyalty.amounts import percent_text
from loyalty.models import VipCard
from loyalty.selectors.vip_cards import last_day, usable_card
from loyalty.services.vip_cards import CHANGE_COLUMNS, COLUMNS, change_vip_card, create_vip_card
from pos_api.openapi import operation, page_of, query
from pos_api.problems import BadRequest, NotFound
from pos_api.services.lookups import record_failures, refuse_locked
from pos_api.views.base import ManagerView, PosView, answer, terminal_of
from pos_api.views.customer_references import CUSTOMER, read_customer
from pos_api.views.resources import SINCE, Listing, by_flag, find_or_404, read_changes, read_flag, user_of
from retail.rows import schema_of
from retail.selectors.company import company_zone

TAG = "Loyalty"
_CHANGE = schema_of(CHANGE_COLUMNS, required=[])
NEW: dict[str, Any] = {
    **_CHANGE,
    "required": ["customer", "percent", "valid_until"],
    "properties": {"customer": CUSTOMER, **schema_of(COLUMNS, required=[])["properties"]},
}
EXAMPLE: dict[str, Any] = {
    "customer": {"document": "390.533.447-05"},
    "code": "#VIP#1001",
    "percent": "10.00",
    "valid_until": "2027-12-31",
    "notify": ["+5511987654321", "gerente@example.com"],
}
_CUSTOMER_SHOWN = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "customer": _CUSTOMER_SHOWN,
        **schema_of(COLUMNS, required=[])["properties"],
        "uses": {"type": "integer", "description": "Sales with the card that stand."},
        "discount": {"type": "string", "description": "What it gave, less what returns took back."},
        "last_used_at": {"type": ["string", "null"], "format": "date-time"},
        "version": {"type": "integer"},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
ANSWER: dict[str, Any] = {
    "id": 4,
    "customer": {"id": 17, "name": "Ana Souza"},
    **{name: EXAMPLE[name] for name in ("code", "percent", "valid_until", "notify")},
    "is_active": True,
    "uses": 3,
    "discount": "41.70",
    "last_used_at": "2026-11-22T15:00:00Z",
    "version": 1,
    "created_at": "2026-11-01T13:00:00Z",
    "updated_at": "2026-11-01T13:00:00Z",
}
CHECKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "customer": _CUSTOMER_SHOWN,
        "percent": {"type": "string"},
        "valid_until": {"type": "string", "format": "date"},
    },
}


def _checked(card: VipCard, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "code": card.code,
        "customer": {"id": card.customer_id, "name": card.customer.name},
        "percent": percent_text(card.percent),
        "valid_until": last_day(card, zone).isoformat(),
    }


def represent(card: Any, zone: ZoneInfo) -> dict[str, Any]:
    """Return a card that was read `with_uses`, as managers see it."""
    return {
        "id": card.pk,
        **_checked(card, zone),
        "notify": card.notify,
        "is_active": card.is_active,
        "uses": card.uses,
        "discount": f"{card.given:.2f}",
        "last_used_at": card.last_used_at,
        "version": card.version,
        "created_at": card.created_at,
        "updated_at": card.updated_at,
    }


def _cards() -> QuerySet[VipCard]:
    return with_uses(VipCard.objects.select_related("customer"))


def _answer_saved(card: VipCard, status: int = 200) -> HttpResponse:
    return answer(represent(_cards().get(pk=card.pk), company_zone()), status=status)


def _of_customer(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return queryset.none()
    return queryset.filter(customer=int(text))


def _by_code(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    return queryset.filter(code=text.strip().upper())


def _usable(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    holds = Q(is_active=True, expires_at__gt=timezone.now())
    return queryset.filter(holds if read_flag("usable", text) else ~holds)


LISTING = Listing(
    filters={
        "q": (
            "A part of the code, or whatever finds the customer.",
            lambda rows, text: rows.search(text),  # type: ignore[attr-defined]
        ),
        "code": ("The code, with its prefix.", _by_code),
        "customer": ("The customer's id.", _of_customer),
        "is_active": ("`true` or `false` (blocked).", by_flag("is_active")),
        "usable": ("`true`: neither blocked nor expired.", _usable),
        "updated_since": SINCE,
    },
    orders={
        "code": ("code", "pk"),
        "expires_at": ("expires_at", "pk"),
        "-discount": ("-given", "pk"),
        "-uses": ("-uses", "pk"),
        "updated_at": ("updated_at", "pk"),
    },
    order="code",
)


class VipCardListView(ManagerView):
    permissions = {
        "GET": ("loyalty.view_vipcard", "customers.view_customer"),
        "POST": ("loyalty.add_vipcard", "customers.view_customer"),
    }

    @operation(
        id="vip_cards_list",
        tag=TAG,
        summary="List VIP cards with what they gave",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        zone = company_zone()
        return LISTING.page(request, _cards(), lambda card: represent(card, zone))

    @operation(
        id="vip_cards_create",
        tag=TAG,
        summary="Make a customer's VIP card",
        description=(
            "`code` begins with `#VIP#` and a letter or digit; without one a number is made up. The card holds to the end "
            "of the day `valid_until`. Codes that exist are refused (`duplicate`): a card keeps its code and its customer."
        ),
        request=NEW,
        responses={201: SHOWN},
        examples={"A card": EXAMPLE},
        answer=ANSWER,
    )
    def post(self, request: Request) -> HttpResponse:
        at = timezone.now()
        raw = read_changes(request, {})
        customer = read_customer(request, raw.pop("customer", None), at)
        card = create_vip_card(customer=customer, values=raw, at=at, user=user_of(request))
        return _answer_saved(card, status=201)


class VipCardView(ManagerView):
    permissions = {
        "GET": ("loyalty.view_vipcard", "customers.view_customer"),
        "PATCH": ("loyalty.change_vipcard", "customers.view_customer"),
    }

    @operation(id="vip_cards_get", tag=TAG, summary="Read a VIP card", responses={200: SHOWN}, answer=ANSWER)
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent(find_or_404(_cards(), pk=pk), company_zone()))

    @operation(
        id="vip_cards_change",
        tag=TAG,
        summary="Change a VIP card, or block it",
        description="Sales that were made with it keep what they were given.",
        request=_CHANGE,
        responses={200: SHOWN},
        examples={
            "Block it": {"is_active": False},
            "Another year": {"percent": "12.50", "valid_until": "2028-12-31"},
        },
        answer=ANSWER,
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        card = find_or_404(VipCard.objects.all(), pk=pk)
        return _answer_saved(change_vip_card(card=card, values=read_changes(request, {}), at=timezone.now()))


class VipCardCheckView(PosView):
    @operation(
        id="vip_cards_check",
        tag=TAG,
        summary="Say whose a VIP card is and what it gives",
        description=(
            "Nothing has to be asked before a sale: the code goes into `promo_codes` of the basket, and tells whose sale it "
            "is where the basket names nobody. Guessing locks the terminal's look-ups."
        ),
        responses={200: CHECKED},
        answer={name: ANSWER[name] for name in CHECKED["properties"]},
        parameters=(query("code", "The code, with its prefix.", required=True),),
        problems={
            404: "No card with this code can be used: unknown, expired or blocked (`vip_card_not_usable`).",
            429: "Too many look-ups found nothing (`lookups_locked`).",
        },
    )
    def get(self, request: Request) -> HttpResponse:
        caller = terminal_of(request)
        code = request.query_params.get("code", "").strip().upper()
        if not 1 <= len(code) <= VipCard.MAX_LENGTH:
            raise BadRequest(_("code must be the code of a VIP card."))
        at = timezone.now()
        refuse_locked(terminal_id=caller.terminal_id, at=at)
        card = usable_card([code], at=at)
        if card is None:
            record_failures(terminal_id=caller.terminal_id, looked_up=[code], at=at)
            raise NotFound(_("No VIP card with this code can be used."), code="vip_card_not_usable")
        return answer(_checked(card, company_zone()))
