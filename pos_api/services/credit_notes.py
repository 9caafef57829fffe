"""The credit note that a return gives instead of money: a stored value, made in the return's own transaction.

Its code is money. It is told to whoever returns, and stands masked in what is stored of the return.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty import stored_codes
from loyalty.models import AccountKind
from loyalty.selectors.stored_values import usual_type
from loyalty.services import stored_values
from loyalty.services.refusals import AboveCeiling, AmountInvalid
from loyalty.services.stored_values import Making, made_before
from pos_api.problems import invalid_field
from retail import money
from retail.models import Sale, SaleReturn

Json = dict[str, Any]


def give_note(sale: Sale, reference: str, amount: int, *, at: datetime, by: Mapping[str, int]) -> Json:
    """Make a note of `amount` cents for the sale's customer, if it has one; return what the refund says of it.

    `by` is the `terminal_id` or `actor_id` that returns. A test makes none. Raises a 422 problem where the chain's type of credit
    notes does not allow this one: it is not active, for customers alone, or may not hold that much.
    """
    if not amount:
        return {"credit_note": None}
    making = Making(
        type=usual_type(AccountKind.CREDIT_NOTE),
        origin=_origin(sale.pk),
        operation=reference,
        amount=amount,
        customer_id=sale.customer_id,
        store_id=sale.store_id,
        terminal_id=by.get("terminal_id"),
        sale_id=sale.pk,
    )
    if not making.type.is_active:
        raise invalid_field("refund_as", "not_active", _("No credit notes are given."))
    if making.type.is_personal and making.customer_id is None:
        message = _("Credit notes are for identified customers, and this sale has none.")
        raise invalid_field("refund_as", "customer_required", message)
    try:
        with transaction.atomic():
            [made] = stored_values.make([making], at=at, actor_id=by.get("actor_id"))
            transaction.set_rollback(sale.is_test)
    except (AboveCeiling, AmountInvalid) as refusal:
        raise invalid_field("refund_as", refusal.code, str(refusal)) from refusal
    code = stored_codes.written(made.code)
    return {
        "amount": money.text(0),
        "credit_note": {
            "code": code,
            "last4": stored_codes.last4(code),
            "amount": money.text(amount),
            "expires_at": None if made.expires_at is None else made.expires_at.isoformat(),
        },
    }


def _origin(sale_id: int) -> str:
    return f"return:{sale_id}"


def masked(body: Json) -> Json:
    """Return the answer of a return as it may be stored."""
    note = body["refund"].get("credit_note")
    return body if note is None else _with_code(body, stored_codes.masked(note["code"]))


def without_code(body: Json) -> Json:
    """Return the answer of a return that did not happen: its note has no code."""
    note = body["refund"].get("credit_note")
    return body if note is None else _with_code(body, None)


def code_again(known: SaleReturn) -> Json:
    """Return the stored answer of a return, with the code of its note as long as that can be read."""
    body: Json = known.response
    note = body["refund"].get("credit_note")
    made = None if note is None else made_before(_origin(known.sale_id), known.reference)
    code = "" if made is None else stored_codes.written(stored_values.code_again(made))
    # A lost note has got another code, which is for its owner alone.
    return _with_code(body, code) if code and stored_codes.last4(code) == note["last4"] else body


def _with_code(body: Json, code: str | None) -> Json:
    note = body["refund"]["credit_note"] | {"code": code}
    if code is None:
        note["last4"] = None
    return body | {"refund": body["refund"] | {"credit_note": note}}
