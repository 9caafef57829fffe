"""Sales that a till made while it was offline, many in one request."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from pos_api.authentication import TerminalCaller
from pos_api.baskets import SALE_DECODER, SaleDocument
from pos_api.decoding import MAX_BULK_BODY
from pos_api.errors import as_problem, problem_document
from pos_api.examples import SALE_EXAMPLES
from pos_api.openapi import operation
from pos_api.problems import invalid_field
from pos_api.services.commit import record_sale
from pos_api.views.base import PosView, answer, read_json, terminal_of

MAX_SALES = 500
RESULTS: dict[str, Any] = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["row", "status"],
                "properties": {
                    "row": {"type": "integer", "description": "Its place in the list, from 0."},
                    "status": {
                        "type": "integer",
                        "description": "201, 200 for one that was recorded before, else the problem's.",
                    },
                    "ticket": {"type": ["string", "null"]},
                    "replayed": {"type": "boolean"},
                    "sale": {"type": "object", "description": "The answer that `POST sales/` gives."},
                    "problem": {"type": "object", "description": "The problem document of what was refused."},
                },
            },
        }
    },
}


class SaleBatchView(PosView):
    @operation(
        id="recordSales",
        tag="Point of sale",
        summary="Record up to 500 sales, each in its own transaction",
        description=(
            "For sales that were made offline (`offline: true`): they are recorded as they were charged, and what cannot "
            "be granted any more stands in `exceptions` and waits for a manager. One result per sale, in order; a wrong "
            "one stops no other. Send the whole list again whenever the answer did not arrive."
        ),
        request={"type": "array", "minItems": 1, "maxItems": MAX_SALES, "items": {"type": "object"}},
        responses={200: RESULTS},
        examples={
            "Two of an evening": [
                {**SALE_EXAMPLES[next(iter(SALE_EXAMPLES))], "ticket": ticket, "offline": True}
                for ticket in ("000123", "000124")
            ]
        },
    )
    def post(self, request: Request) -> HttpResponse:
        caller = terminal_of(request)
        rows = read_json(request, MAX_BULK_BODY)
        if not isinstance(rows, list):
            raise invalid_field("", "type", _("Must be a list of sales."))
        if not 1 <= len(rows) <= MAX_SALES:
            message = _("Must have 1 to %(limit)d sales.") % {"limit": MAX_SALES}
            raise invalid_field("", "too_long" if rows else "too_short", message)
        return answer({"results": [_result(place, row, caller) for place, row in enumerate(rows)]})


def _result(place: int, row: Any, caller: TerminalCaller) -> dict[str, Any]:
    """Record one sale and return its result; what is wrong with it stays its own."""
    ticket = row.get("ticket") if isinstance(row, dict) else None
    result: dict[str, Any] = {"row": place, "ticket": ticket if isinstance(ticket, str) else None}
    try:
        document: SaleDocument = SALE_DECODER.read(row)
        recorded = record_sale(document, caller, now=timezone.now())
    except Exception as error:
        problem = as_problem(error)
        if problem is None:
            raise
        return result | {"status": problem.status, "problem": problem_document(problem)}
    status = 200 if recorded.replayed else 201
    return result | {"status": status, "replayed": recorded.replayed, "sale": recorded.body}
