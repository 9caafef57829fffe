"""Managers add and take value by hand, and let customers off their debts."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Customer
from loyalty.models import AccountKind, AdjustmentRequest, PointsProgram, Receivable, StampPlan
from loyalty.services.adjustments import check_amount, check_reason
from loyalty.services.ledger import AccountKey
from loyalty.services.refusals import InsufficientValue, LedgerError, ReasonRequired
from loyalty.services.second_person import write_off_or_ask
from pos_api.accounts import AMOUNT, UNIT, account_unit_body, amount_of
from pos_api.openapi import operation
from pos_api.problems import BadRequest, Conflict, FieldProblem, Invalid, invalid_field
from pos_api.services.adjustments import post_adjustment
from pos_api.stored_value_records import signed_amount_message
from pos_api.views.accounts import TAG, VIEW
from pos_api.views.adjustment_requests import asked, read_request
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import (
    MomentTooFar,
    find_or_404,
    read_changes,
    read_moment,
    read_own_text,
    refuse_unknown_fields,
    user_of,
)
from retail import money

ADJUST = (*VIEW, "loyalty.adjust_account")
_OPERATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_UNITS = {AccountKind.POINTS: ("program", PointsProgram), AccountKind.STAMPS: ("plan", StampPlan)}
MAX_REASON, MAX_CODE = 240, 64
_FIELDS = {"adjustment", "kind", "program", "plan", "amount", "reason", "expires_at"}

ADJUSTMENT: dict[str, Any] = {
    "type": "object",
    "required": ["adjustment", "kind", "amount", "reason"],
    "additionalProperties": False,
    "properties": {
        "adjustment": {
            "type": "string",
            "pattern": f"^{_OPERATION.pattern}$",
            "description": "Your own id of it, unique for the customer: sending it again posts nothing twice.",
        },
        "kind": UNIT["kind"],
        "program": UNIT["program"],
        "plan": UNIT["plan"],
        "amount": {
            "type": ["string", "number"],
            "description": "Added when positive, taken when negative; at most two decimals, stamps are whole.",
        },
        "reason": {"type": "string", "minLength": 1, "maxLength": MAX_REASON},
        "expires_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Of what is added. Absent: as long as what is earned today.",
        },
    },
}
ADJUSTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "adjustment": {"type": "string"},
        **UNIT,
        "amount": AMOUNT,
        "settled": {**AMOUNT, "description": "The part that paid what the customer owed."},
    },
}
ADJUSTMENT_EXAMPLE: dict[str, Any] = {
    "adjustment": "SAC-2026-118",
    "kind": "points",
    "program": "pontos",
    "amount": "50",
    "reason": "Pedido entregue com atraso",
}
ADJUSTED_EXAMPLE: dict[str, Any] = {
    "adjustment": "SAC-2026-118",
    "kind": "points",
    "program": "pontos",
    "name": "Clube Aurora",
    "amount": 50,
    "settled": 0,
}


class AdjustmentView(ManagerView):
    permissions = {"POST": ADJUST}

    @operation(
        id="customers_adjust",
        tag=TAG,
        summary="Add or take value by hand",
        description=(
            "What is added pays what the customer owes first; what is taken comes from what expires first. Sending it again "
            "answers 200 with `Idempotency-Replayed: true` and posts nothing. Above the company's limit the answer is 202: it waits "
            "until somebody else approves it."
        ),
        request=ADJUSTMENT,
        responses={201: ADJUSTED, 200: ADJUSTED, 202: asked("adjustment")},
        examples={
            "Add points": ADJUSTMENT_EXAMPLE,
            "Take cashback": {
                "adjustment": "SAC-2026-119",
                "kind": "cashback",
                "amount": "-10.00",
                "reason": "Lançado na conta errada",
            },
        },
        answer=ADJUSTED_EXAMPLE,
        problems={
            409: "`adjustment_conflict`: the id was used for another one. `insufficient_value`: there is not as much."
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        customer = find_or_404(Customer.objects.all(), pk=pk)
        at = timezone.now()
        values = _read_adjustment(read_changes(request, {}), at)
        try:
            posted = post_adjustment(customer_id=customer.pk, actor_id=user_of(request).pk, at=at, **values)
        except InsufficientValue as refused:
            raise Conflict(str(refused), code=refused.code) from refused
        if isinstance(posted, AdjustmentRequest):
            return answer({"adjustment": values["operation"], "request": read_request(posted.pk)}, status=202)
        kind = posted.account.kind
        body = {
            "adjustment": values["operation"],
            **account_unit_body(posted.account),
            "amount": amount_of(kind, posted.amount),
            "settled": amount_of(kind, posted.settled),
        }
        if posted.replayed:
            return answer(body, headers={"Idempotency-Replayed": "true"})
        return answer(body, status=201)


class WriteOffView(ManagerView):
    permissions = {"POST": ADJUST}

    @operation(
        id="customers_write_off",
        tag=TAG,
        summary="Let a customer off a debt",
        description="Above the company's limit the answer is 202: it waits until somebody else approves it.",
        request={
            "type": "object",
            "required": ["reason"],
            "additionalProperties": False,
            "properties": {"reason": ADJUSTMENT["properties"]["reason"]},
        },
        responses={200: {"type": "object", "properties": {"written_off": AMOUNT}}, 202: asked()},
        examples={"Write off": {"reason": "Cortesia"}},
        answer={"written_off": "5.00"},
        problems={409: "Nothing of it is left (`already_settled`)."},
    )
    def post(self, request: Request, pk: int, debt: int) -> HttpResponse:
        values = read_changes(request, {})
        refuse_unknown_fields(values, {"reason"})
        receivable = find_or_404(
            Receivable.objects.filter(account__customer_id=pk).select_related("account"), pk=debt
        )
        try:
            done = write_off_or_ask(
                receivable_id=receivable.pk,
                reason=read_own_text(values, "reason", MAX_REASON),
                actor_id=user_of(request).pk,
                at=timezone.now(),
            )
        except ReasonRequired as refused:
            raise invalid_field("reason", refused.code, str(refused)) from refused
        except LedgerError as refused:
            raise Conflict(str(refused), code=refused.code) from refused
        if isinstance(done, AdjustmentRequest):
            return answer({"request": read_request(done.pk)}, status=202)
        return answer({"written_off": amount_of(receivable.account.kind, done)})


def _read_adjustment(raw: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return what is to be posted. Raises Invalid with everything that is wrong."""
    errors: list[FieldProblem] = []

    def collect(read: Callable[..., Any], *given: Any) -> Any:
        try:
            return read(*given)
        except Invalid as refused:
            errors.extend(refused.errors)

    collect(refuse_unknown_fields, raw, _FIELDS)
    values = {
        "operation": collect(_read_own_id, raw),
        "key": collect(_read_unit, raw),
        "amount": collect(_read_amount, raw),
        "reason": collect(_read_reason, raw),
        "expires_at": collect(_read_expiry, raw, at),
    }
    if errors:
        raise Invalid(errors=errors)
    return values


def _read_own_id(raw: dict[str, Any]) -> str:
    own = raw.get("adjustment")
    if own is None:
        raise invalid_field("adjustment", "required", _("This is required."))
    if not isinstance(own, str) or not _OPERATION.fullmatch(own):
        raise invalid_field("adjustment", "format", _("Up to 64 letters, digits, or any of . _ : -"))
    return own


def _read_unit(raw: dict[str, Any]) -> AccountKey:
    kind = raw.get("kind")
    if kind not in AccountKind.values:
        kinds = ", ".join(AccountKind.values)
        raise invalid_field("kind", "choice", _("This must be one of: %(all)s.") % {"all": kinds})
    needed = _UNITS.get(AccountKind(kind))
    errors = [
        FieldProblem(name, "not_allowed", _("This does not go with the kind."))
        for name in ("program", "plan")
        if raw.get(name) is not None and (needed is None or needed[0] != name)
    ]
    unit = None
    if needed is not None:
        try:
            unit = _read_unit_id(raw, *needed)
        except Invalid as refused:
            errors += refused.errors
    if errors:
        raise Invalid(errors=errors)
    return kind, unit


def _read_unit_id(raw: dict[str, Any], name: str, model: type[Model]) -> int:
    if raw.get(name) is None:
        raise invalid_field(name, "required", _("This is required."))
    code = read_own_text(raw, name, MAX_CODE)
    unit = model._default_manager.filter(code=code).values_list("pk", flat=True).first()
    if unit is None:
        raise invalid_field(name, f"unknown_{name}", _("There is none with this code."))
    return int(unit)


def _read_amount(raw: dict[str, Any]) -> int:
    if "amount" not in raw:
        raise invalid_field("amount", "required", _("This is required."))
    try:
        amount = money.parse(raw["amount"])
        check_amount(raw.get("kind", ""), amount)
    except money.MoneyError as error:
        raise invalid_field("amount", "amount", signed_amount_message(raw["amount"])) from error
    except LedgerError as refused:
        raise invalid_field("amount", refused.code, str(refused)) from refused
    return amount


def _read_reason(raw: dict[str, Any]) -> str:
    reason = read_own_text(raw, "reason", MAX_REASON)
    try:
        check_reason(reason)
    except ReasonRequired as refused:
        raise invalid_field("reason", refused.code, str(refused)) from refused
    return reason


def _read_expiry(raw: dict[str, Any], at: datetime) -> datetime | None:
    text = raw.get("expires_at")
    if text is None:
        return None
    if not isinstance(text, str):
        raise invalid_field("expires_at", "type", _("This must be a text."))
    try:
        moment = read_moment("expires_at", text)
    except MomentTooFar as error:
        raise invalid_field("expires_at", "moment", _("This moment is too far from now.")) from error
    except BadRequest as error:
        raise invalid_field("expires_at", "moment", error.detail) from error
    if moment <= at:
        raise invalid_field("expires_at", "past", _("This moment is over."))
    return moment
