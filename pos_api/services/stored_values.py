"""What a till does with stored values: sell, load, check, take back one that was sold by mistake."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.models import (
    AccountKind,
    Lot,
    StoredValue,
    StoredValueEvent,
    StoredValueLoad,
    StoredValueType,
)
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
    CustomerNeeded,
    PriceIsFixed,
    StoredValuePaidElsewhere,
    TypeNotActive,
)
from loyalty.services.stored_value_loads import load
from loyalty.services.stored_value_states import void
from loyalty.services.stored_values import Making, code_again, made_before, make
from loyalty.stored_codes import written
from pos_api.authentication import TerminalCaller
from pos_api.counter_value import worth_body
from pos_api.models import StoredValueOperation
from pos_api.problems import NotFound, Problem, invalid_field
from pos_api.services import lookups
from pos_api.services.customers import BuyerUnknown, lock_buyer, names_a_record
from pos_api.services.stored_value_operations import (
    ReferenceReused,
    answered_before,
    asked_for,
    keep_answer,
)
from pos_api.services.transactions import in_transaction
from pos_api.stored_value_documents import LoadDocument, SellDocument
from retail import money

# Only what is paid for is sold; vouchers are issued by rules, credit notes by returns.
SOLD = (AccountKind.GIFT_CARD, AccountKind.E_PURSE)
Kind = StoredValueOperation.Kind


class Answered(Struct, frozen=True, kw_only=True):
    """The answer to an operation, and whether it had been done before."""

    body: dict[str, Any]
    replayed: bool = False


def sell(document: SellDocument, caller: TerminalCaller, *, key: str, now: datetime) -> Answered:
    """Make a gift card or an e-purse that a customer buys; sent again, return what was answered.

    Raises the refusals of `loyalty.services.stored_values`, a 422 problem for an unknown type, and BuyerUnknown.
    """
    asked = asked_for(Kind.SALE, document, caller, key=key)

    def work() -> Answered:
        if (known := answered_before(asked, code=str(document.code or ""))) is not None:
            return Answered(body=known, replayed=True)
        kind = _type_to_sell(document)
        amount, price = _amounts(kind, document.amount, document.price)
        customer_id = None
        if document.customer is not None:
            customer_id = lock_buyer(document.customer, create=not caller.is_test)
        making = Making(
            type=kind,
            origin=_origin(caller),
            operation=asked.operation,
            amount=amount,
            price=price,
            code=str(document.code or ""),
            customer_id=customer_id,
            store_id=caller.store_id,
            terminal_id=caller.terminal_id,
        )
        if (made_already := made_before(making.origin, making.operation)) is not None:
            return _sold_again(made_already, making, now)
        if not kind.is_active:
            raise TypeNotActive
        [made] = make([making], at=now)
        body = _sold_body(made.stored, made.code, asked.reference, now)
        keep_answer(asked, made.stored, body, at=now)
        transaction.set_rollback(caller.is_test)
        return Answered(body=body | {"flags": ["test"]} if caller.is_test else body)

    if document.code is None and not names_a_record(document.customer):
        return in_transaction(work)
    # Whether a code is given out already, and whether a card is somebody's, are look-ups like any other.
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    try:
        return in_transaction(work)
    except (CodeTaken, BuyerUnknown) as refusal:
        looked_up = refusal.looked_up if isinstance(refusal, BuyerUnknown) else str(document.code)
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[looked_up], at=now)
        raise


def _origin(caller: TerminalCaller) -> str:
    # What a test asks for is never that of a real sale.
    return f"{'test' if caller.is_test else 'terminal'}:{caller.terminal_id}"


def _type_to_sell(document: SellDocument) -> StoredValueType:
    kind = _type_named(document)
    # One that only its customer may use would be nobody's.
    if kind.is_personal and document.customer is None:
        raise CustomerNeeded
    return kind


def _type_named(document: SellDocument) -> StoredValueType:
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
    """Answer for what was sold before answers were kept: as it stands today."""
    loaded = _first_load(known)
    same = (
        known.type_id == making.type.pk
        and loaded == making.hundredths
        and known.customer_id == making.customer_id
        and known.price == money.to_decimal(making.price or 0)
        and (not making.code or find_by_code(making.code) == known)
    )
    if not same:
        raise ReferenceReused
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
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    stored = _look_up(code, caller, now)
    return stored_value_body(held([stored], at=now)[0], code=written(code))


def _look_up(code: str, caller: TerminalCaller, now: datetime) -> StoredValue:
    """Return the stored value of a code that can be used, or loaded, in the caller's store."""
    stored = find_usable(code, store=caller.store.code, at=now)
    if stored is None:
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[code], at=now)
        raise not_usable()
    return stored


def load_value(
    code: str, document: LoadDocument, caller: TerminalCaller, *, key: str, now: datetime
) -> Answered:
    """Put more into an e-purse; sent again, return what was answered, whatever has become of the e-purse since."""
    asked = asked_for(Kind.LOAD, document, caller, key=key, code=code)
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    if (known := answered_before(asked, code=code)) is not None:
        return Answered(body=known, replayed=True)
    stored = _look_up(code, caller, now)

    def work() -> Answered:
        amount, price = _amounts(stored.type, document.amount, document.price)
        loaded = load(
            stored,
            amount=amount,
            price=price,
            terminal_id=caller.terminal_id,
            origin=_origin(caller),
            operation=asked.operation,
            at=now,
        )
        # Another request with the same id held the account until now.
        if loaded.replayed and (known := answered_before(asked, code=code)) is not None:
            return Answered(body=known, replayed=True)
        [one] = held([stored], at=now)
        body = stored_value_body(one, code=written(code)) | {
            "loaded": money.text(loaded.amount),
            "price": money.text(price),
        }
        if not loaded.replayed:
            keep_answer(asked, stored, body, at=now)
        transaction.set_rollback(caller.is_test)
        return Answered(body=body | {"flags": ["test"]} if caller.is_test else body, replayed=loaded.replayed)

    return in_transaction(work)


def take_back(code: str, *, reason: str, caller: TerminalCaller, now: datetime) -> Answered:
    """Void a stored value that was sold in the caller's store, and say what was paid for it; again, say the same.

    Raises StoredValueUsed when something of it was used, StoredValuePaidElsewhere when the caller's store was not paid for all of it.
    """
    lookups.refuse_locked(terminal_id=caller.terminal_id, at=now)
    stored = find_by_code(code)
    if stored is None or stored.store_id != caller.store_id or stored.type.kind not in SOLD:
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[code], at=now)
        raise not_usable()

    def work() -> Answered:
        lock_accounts(None, [stored.account_id])
        voided = stored.events.filter(kind=StoredValueEvent.Kind.VOIDED).first()
        if voided is not None and voided.actor_id is not None:
            # A manager did, who has settled the money with the customer.
            raise not_usable()
        paid = StoredValueLoad.objects.filter(lot__account_id=stored.account_id)
        here = paid.filter(terminal__store=caller.store_id)
        if here.count() < Lot.objects.filter(account_id=stored.account_id).count():
            # Loaded elsewhere or by hand: a manager takes that back.
            raise StoredValuePaidElsewhere
        void(stored, reason=reason, at=now)
        refund = here.aggregate(sum=Sum("price"))["sum"]
        transaction.set_rollback(caller.is_test)
        body = {"stored_value": stored.pk, "state": "voided", "refund": {"amount": str(refund)}}
        return Answered(body=body, replayed=voided is not None)

    return in_transaction(work)
