"""Adjustments above the company's limit: they wait until a second person approves or refuses them."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from loyalty.models import AccountKind, AdjustmentRequest
from loyalty.selectors.adjustment_requests import adjustment_requests
from loyalty.services.adjustment_decisions import approve, refuse
from loyalty.services.refusals import AlreadyPosted, AlreadySettled, InsufficientValue, ValueChanged
from pos_api.accounts import AMOUNT, account_unit_body, amount_of
from pos_api.openapi import operation, page_of
from pos_api.problems import BadRequest, Conflict
from pos_api.stored_value_records import read_values
from pos_api.views.accounts import TAG
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import Listing, find_or_404, user_of
from retail import money
from retail.rows import MISSING, Column, Text, schema_of

RIGHTS = ("loyalty.view_account", "loyalty.adjust_account")
APPROVE_COLUMNS: dict[str, Column] = {"comment": Text(240)}
REFUSE_COLUMNS: dict[str, Column] = {"comment": Text(240, default=MISSING)}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
REQUEST: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "what": {"enum": list(AdjustmentRequest.Kind.values)},
        "state": {"enum": list(AdjustmentRequest.State.values)},
        "kind": {"enum": list(AccountKind.values)},
        "customer": {"type": ["integer", "null"]},
        "stored_value": {"type": ["integer", "null"]},
        "debt": {"type": ["integer", "null"], "description": "What is written off."},
        "amount": AMOUNT,
        "reason": {"type": "string"},
        "operation": {"type": "string"},
        "expires_at": _MOMENT,
        "requested_by": {"type": "string"},
        "requested_at": _MOMENT,
        "decided_by": {"type": ["string", "null"]},
        "decided_at": _MOMENT,
        "comment": {"type": "string"},
    },
}


def request_body(request: AdjustmentRequest) -> dict[str, Any]:
    """Return a request as managers read it."""
    account = request.account
    stored = account.stored_value if account.customer_id is None else None
    return {
        "id": request.pk,
        "what": request.kind,
        "state": request.state,
        **account_unit_body(account),
        "customer": account.customer_id if stored is None else stored.customer_id,
        "stored_value": None if stored is None else stored.pk,
        "debt": request.receivable_id,
        "amount": amount_of(account.kind, money.from_decimal(request.amount)),
        "reason": request.reason,
        "operation": request.operation,
        "expires_at": request.expires_at,
        "requested_by": request.requested_by.get_username(),
        "requested_at": request.requested_at,
        "decided_by": request.decided_by.get_username() if request.decided_by else None,
        "decided_at": request.decided_at,
        "comment": request.comment,
    }


def asked(*names: str) -> dict[str, Any]:
    """Describe the answer to what waits for a second person: the caller's own id, by its name, and the request."""
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names} | {"request": REQUEST},
    }


def read_request(pk: int) -> dict[str, Any]:
    return request_body(adjustment_requests().get(pk=pk))


def _in_state(queryset: QuerySet[AdjustmentRequest], text: str) -> QuerySet[AdjustmentRequest]:
    if text not in AdjustmentRequest.State.values:
        raise BadRequest(
            _("%(name)s must be one of: %(all)s.")
            % {"name": "state", "all": ", ".join(AdjustmentRequest.State.values)}
        )
    return queryset.filter(state=text)


LISTING = Listing(
    filters={"state": (f"One of {', '.join(AdjustmentRequest.State.values)}.", _in_state)},
    orders={"-id": ("-pk",), "id": ("pk",)},
    order="-id",
)


class AdjustmentRequestListView(ManagerView):
    permissions = {"GET": RIGHTS}

    @operation(
        id="adjustment_requests_list",
        tag=TAG,
        summary="List adjustments that need a second person",
        responses={200: page_of(REQUEST)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, adjustment_requests(), request_body)


class _DecisionView(ManagerView):
    permissions = {"POST": RIGHTS}
    columns: ClassVar[dict[str, Column]]
    decide: ClassVar[Callable[..., AdjustmentRequest]]

    def done(self, request: Request, pk: int) -> HttpResponse:
        find_or_404(AdjustmentRequest.objects.all(), pk=pk)
        values = read_values(request, self.columns)
        try:
            type(self).decide(pk, actor_id=user_of(request).pk, at=timezone.now(), **values)
        except (InsufficientValue, AlreadyPosted, AlreadySettled, ValueChanged) as refused:
            raise Conflict(str(refused), code=refused.code) from refused
        return answer(read_request(pk))


_DECIDED = {
    409: "`already_decided`, `second_person_needed`: who asked for it cannot decide; `insufficient_value`, `voided`, "
    "`already_used`, `expired`, `reduced`, `reserved`, `already_settled`, `value_changed`."
}


class ApproveView(_DecisionView):
    columns = APPROVE_COLUMNS
    decide = staticmethod(approve)

    @operation(
        id="adjustment_requests_approve",
        tag=TAG,
        summary="Approve an adjustment, which posts it",
        request=schema_of(APPROVE_COLUMNS),
        responses={200: REQUEST},
        examples={"Approve": {"comment": "Conferido com a loja"}},
        problems=_DECIDED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)


class RefuseView(_DecisionView):
    columns = REFUSE_COLUMNS
    decide = staticmethod(refuse)

    @operation(
        id="adjustment_requests_refuse",
        tag=TAG,
        summary="Refuse an adjustment",
        request=schema_of(REFUSE_COLUMNS),
        responses={200: REQUEST},
        examples={"Refuse": {"comment": "Sem comprovante"}},
        problems=_DECIDED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)
