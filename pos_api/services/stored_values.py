"""What a till does with stored values: sell, load, check, take back one that was sold by mistake."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.models import AccountKind, Lot, StoredValue, StoredValueType
from loyalty.selectors.stored_values import (
    Held,
    find_by_code,
    find_usable,
    held,
    types_on_offer,
    usual_type,
)
from loyalty.services.ledger import lock_accounts
from loyalty.services.refusals import (
    AmountIsFixed,
    CodeTaken,
    OperationReused,
    PriceIsFixed,
    StoredValueUsed,
    TypeNotActive,
)
from loyalty.services.stored_value_loads import load
from loyalty.services.stored_value_states import void
from loyalty.services.stored_values import Making, code_again, made_before, make
from loyalty.stored_codes import written
from pos_api.authentication import TerminalCaller
from pos_api.counter_value import worth_body
from pos_api.problems import NotFound, Problem, invalid_field
from pos_api.services import lookups
from pos_api.services.customers import lock_customer
from pos_api.services.transactions import in_transaction
from pos_api.stored_value_documents import LoadDocument, SellDocument
from retail import money

# Only what is paid for is sold; vouchers are issued by rules, credit notes by returns.
SOLD = (AccountKind.GIFT_CARD, AccountKind.E_PURSE)


class Answered(Struct, frozen=True, kw_only=True):
    """The answer to an operation, and whether it had been done before."""

    body: dict[str, Any]
    replayed: bool = False


def sell(document: SellDocument, caller: TerminalCaller, *, key: str, now: datetime) -> Answered:
    """Make a gift card or an e-purse that a customer buys; sent again, return what was made.

    Raises the refusals of `loyalty.services.stored_values`, and a 422 problem for an unknown type.
    """

    def work() -> Answered:
        kind = _type_to_sell(document)
        amount, price = _amounts(kind, document.amount, document.price)
        customer_id = None
        if document.customer is not None:
            customer_id = lock_customer(document.customer, create=not caller.is_test)
        making = Making(
            type=kind,
            origin=_origin(caller),
            operation=document.reference or key or uuid4().hex,
            amount=amount,
            price=price,
            code=str(document.code or ""),
            customer_id=customer_id,
            store_id=caller.store_id,
            terminal_id=caller.terminal_id,
        )
        known = made_before(making.origin, making.operation)
        if known is not None:
            return _sold_again(known, making, now)
        if not kind.is_active:
            raise TypeNotActive
        [made] = make([making], at=now)
        # The same lines make the first answer and a repeated one, so that the two are equal.
        body = _sold_body(made.stored, made.code, making.operation, now)
        transaction.set_rollback(caller.is_test)
        return Answered(body=body | {"flags": ["test"]} if caller.is_test else body)

    if document.code is None:
        return in_transaction(work)
    # Whether a code is given out already is a look-up like any other.
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    try:
        return in_transaction(work)
    except CodeTaken:
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[document.code], at=now)
        raise


def _origin(caller: TerminalCaller) -> str:
    return f"terminal:{caller.terminal_id}"


def _type_to_sell(document: SellDocument) -> StoredValueType:
    if document.type is None:
        if document.kind is None:
            raise invalid_field("kind", "required", _("Give a kind or a type."))
        return usual_type(AccountKind(document.kind))
    kind = StoredValueType.objects.filter(code=document.type).first()
    if kind is None:
        raise invalid_field("type", "unknown", _("There is no such type."))
    if kind.kind not in SOLD or document.kind not in (None, kind.kind):
        raise invalid_field("type", "other_kind", _("This type is of another kind."))
    return kind


def _amounts(kind: StoredValueType, amount: int | None, price: int | None) -> tuple[int, int]:
    """Return what is put in and what is paid for it, in cents."""
    if kind.fixed_load is not None:
        fixed = money.from_decimal(kind.fixed_load)
        if amount not in (None, fixed):
            raise AmountIsFixed
        amount = fixed
    if amount is None:
        raise invalid_field("amount", "required", _("This is required."))
    if kind.fixed_price is not None:
        fixed = money.from_decimal(kind.fixed_price)
        if price not in (None, fixed):
            raise PriceIsFixed
        price = fixed
    return +amount, amount if price is None else +price


def _sold_again(known: StoredValue, making: Making, now: datetime) -> Answered:
    loaded = _first_load(known)
    same = (
        known.type_id == making.type.pk
        and loaded == making.hundredths
        and known.customer_id == making.customer_id
        and known.price == money.to_decimal(making.price or 0)
        and (not making.code or find_by_code(making.code) == known)
    )
    if not same:
        raise OperationReused
    code = making.code or code_again(known)
    return Answered(body=_sold_body(known, code, making.operation, now), replayed=True)


def _first_load(stored: StoredValue) -> int:
    lot = Lot.objects.filter(account_id=stored.account_id).order_by("pk").first()
    return 0 if lot is None else money.from_decimal(lot.earned)


def _sold_body(stored: StoredValue, code: str, reference: str, now: datetime) -> dict[str, Any]:
    [one] = held([stored], at=now)
    price = money.from_decimal(stored.price or money.to_decimal(0))
    return stored_value_body(one, code=written(code)) | {
        "price": money.text(price),
        "reference": reference,
    }


def types_sold() -> list[dict[str, Any]]:
    """Return what a till may sell, as its answer writes it."""
    return [
        {
            "type": None if kind.pk is None else kind.code,
            "kind": kind.kind,
            "name": kind.name,
            "fixed_load": _text(kind.fixed_load),
            "fixed_price": _text(kind.fixed_price),
            "ceiling": _text(kind.ceiling),
            "reloadable": kind.is_reloadable,
            "valid_days": kind.valid_days,
            "stores": list(kind.store_codes),
        }
        for kind in types_on_offer(SOLD)
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def stored_value_body(one: Held, *, code: str) -> dict[str, Any]:
    """Return what a terminal learns of a stored value whose code it knows."""
    stored = one.stored
    customer = stored.customer
    return {
        "stored_value": stored.pk,
        "code": code,
        "last4": one.last4,
        **worth_body(one),
        "minimum_purchase": _text(stored.type.minimum_purchase),
        "stores": list(stored.store_codes or stored.type.store_codes),
        "customer": None if customer is None else {"id": customer.pk, "name": customer.name},
    }


def not_usable() -> Problem:
    """Return the one answer to a code that cannot be used, whatever the reason: nobody learns which codes exist."""
    return NotFound(_("This code cannot be used."), code="code_not_usable")


def check(code: str, caller: TerminalCaller, *, now: datetime) -> dict[str, Any]:
    """Return what a code holds. Raises a 404 problem that is the same for every reason, 429 while look-ups are locked."""
    stored = _look_up(code, caller, now)
    return stored_value_body(held([stored], at=now)[0], code=written(code))


def _look_up(code: str, caller: TerminalCaller, now: datetime) -> StoredValue:
    """Return the stored value of a code that can be used, or loaded, in the caller's store."""
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    stored = find_usable(code, store=caller.store.code, at=now)
    if stored is None:
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[code], at=now)
        raise not_usable()
    return stored


def load_value(
    code: str, document: LoadDocument, caller: TerminalCaller, *, key: str, now: datetime
) -> Answered:
    """Put more into an e-purse; sent again, return what was answered."""
    stored = _look_up(code, caller, now)

    def work() -> Answered:
        amount, price = _amounts(stored.type, document.amount, document.price)
        loaded = load(
            stored,
            amount=amount,
            origin=_origin(caller),
            operation=document.reference or key or uuid4().hex,
            at=now,
        )
        [one] = held([stored], at=now)
        body = stored_value_body(one, code=written(code)) | {
            "loaded": money.text(loaded.amount),
            "price": money.text(price),
        }
        transaction.set_rollback(caller.is_test)
        return Answered(body=body | {"flags": ["test"]} if caller.is_test else body, replayed=loaded.replayed)

    return in_transaction(work)


def take_back(code: str, *, reason: str, caller: TerminalCaller, now: datetime) -> dict[str, Any]:
    """Void a stored value that was sold in the caller's store. Raises StoredValueUsed when it was used, or loaded again."""
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    stored = find_by_code(code)
    if stored is None or stored.store_id != caller.store_id or stored.type.kind not in SOLD:
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[code], at=now)
        raise not_usable()

    def work() -> dict[str, Any]:
        lock_accounts(None, [stored.account_id])
        if Lot.objects.filter(account_id=stored.account_id).count() > 1:
            # What was paid for the loads is not known here: a manager takes them back.
            raise StoredValueUsed
        void(stored, reason=reason, at=now)
        transaction.set_rollback(caller.is_test)
        price = stored.price or money.to_decimal(0)
        return {"stored_value": stored.pk, "state": "voided", "refund": {"amount": str(price)}}

    return in_transaction(work)
