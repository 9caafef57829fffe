"""Looking at a campaign beside the live ones before it is saved."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.engine.document import decode_campaign
from campaigns.engine.rendering import quantity_text
from campaigns.services.conflicts import Check, Conflict, Worst, check_campaign
from pos_api.openapi import Described, Json, operation
from pos_api.views.base import ManagerView, answer
from pos_api.views.campaign_warnings import WARNINGS, caution_body
from pos_api.views.campaigns import EXAMPLE, INSTANT, REQUEST, VIEW, read_document

_PERCENT: Json = {"type": ["string", "null"], "description": "Taken off in all, of the value before."}
_ANSWER: Json = {
    "type": "object",
    "properties": {
        "warnings": WARNINGS,
        "conflicts": {
            "type": "array",
            "description": "Live and scheduled campaigns that may discount the same products, the worst first.",
            "items": {
                "type": "object",
                "properties": {
                    "campaign": {"type": "string"},
                    "name": {"type": "string"},
                    "starts_at": {"anyOf": [INSTANT, {"type": "null"}]},
                    "ends_at": {"anyOf": [INSTANT, {"type": "null"}]},
                    "products": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"sku": {"type": "string"}, "name": {"type": "string"}},
                        },
                    },
                    "relation": {
                        "enum": ["adds", "yields", "wins", "untried"],
                        "description": "Both are given, only this one, only the other; or no purchase showed it.",
                    },
                    "percent": _PERCENT,
                },
            },
        },
        "others": {"type": "integer", "description": "Campaigns that share products beyond those listed."},
        "worst": {
            "type": ["object", "null"],
            "description": "The purchase that loses most of its value, as the engine evaluates it with all that is live.",
            "properties": {
                "percent": _PERCENT,
                "gross": {"type": "string"},
                "net": {"type": "string"},
                "lines": {"type": "array", "items": {"type": "object"}},
                "campaigns": {"type": "array", "items": {"type": "object"}},
            },
        },
    },
}


class CampaignCheckView(ManagerView):
    permissions = {"POST": VIEW}

    @operation(
        id="check_campaign",
        tag="Campaigns",
        summary="Look at a campaign beside the live ones, without saving it",
        description="Tries the most generous of the campaigns that share products together with it on purchases made of "
        "these products. Writes nothing.",
        request=REQUEST,
        responses={200: Described(_ANSWER, REQUEST.components)},
        examples={"10 percent off coats": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        document, _asked = read_document(request)
        return answer(_represent(check_campaign(decode_campaign(document), at=timezone.now())))


def _represent(check: Check) -> dict[str, Any]:
    return {
        "warnings": [caution_body(caution) for caution in check.cautions],
        "conflicts": [_conflict(conflict) for conflict in check.conflicts],
        "others": check.others,
        "worst": None if check.worst is None else _worst(check.worst),
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "campaign": conflict.campaign,
        "name": conflict.name,
        "starts_at": conflict.starts_at,
        "ends_at": conflict.ends_at,
        "products": [{"sku": sku, "name": name} for sku, name in conflict.products],
        "relation": conflict.relation,
        "percent": conflict.percent,
    }


def _worst(worst: Worst) -> dict[str, Any]:
    return {
        "percent": worst.percent,
        "gross": worst.gross,
        "net": worst.net,
        "lines": [
            {"quantity": quantity_text(quantity), "product": product, "unit_price": price}
            for quantity, product, price in worst.lines
        ],
        "campaigns": [
            {"campaign": code, "name": name, "discount": discount} for code, name, discount in worst.campaigns
        ],
    }
