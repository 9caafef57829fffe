"""A sale that uses much of a customer's value needs to know that it is the customer who buys.

What was shown is tried before the sale's transaction begins, so that a wrong code or PIN counts although nothing is
recorded, and so that no row is locked while a slow hash is made. It is used up with the sale.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.selectors import CustomerAmbiguous, find_customer
from customers.services.pins import try_pin
from loyalty.selectors.vip_cards import usable_card
from messaging.services.verifications import try_code, use
from pos_api.authentication import TerminalCaller
from pos_api.baskets import ProofDocument, SaleDocument
from pos_api.models import LookupGuard
from pos_api.problems import Conflict
from pos_api.proofs import NOT_PROVED, Proved, proof_needed
from pos_api.services import lookups
from pos_api.services.evaluation import Evaluated
from pos_api.services.tickets import Order
from retail.models import ProofMethod

_WHAT_TO_DO = {
    ProofMethod.OTP: _("Send the customer a code, and send the sale again with it."),
    ProofMethod.PIN: _("Let the customer enter the PIN, and send the sale again with it."),
}
_WHY = {
    "wrong": _("The code or PIN is wrong, used up or too old."),
    "locked": _("Too many wrong tries. Wait some minutes, or let a manager set a new PIN."),
    "no_pin": _("The customer has no PIN yet."),
    "other_customer": _("What is used belongs to somebody else than the customer of the sale."),
}


def try_proof(document: SaleDocument, caller: TerminalCaller, *, at: datetime) -> Proved:
    """Try what a sale shows of the person; a wrong one counts, for it and for the terminal."""
    shown = document.proof
    if shown is None:
        return NOT_PROVED
    if LookupGuard.objects.filter(terminal_id=caller.terminal_id, locked_until__gt=at).exists():
        return Proved(reason="locked")
    proved = _by_code(shown, at) if shown.code is not None else _by_pin(document, shown, at)
    if proved.reason == "wrong":
        tried = f"proof:{shown.verification}:{shown.code}:{shown.pin}"
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=[tried], at=at)
    return proved


def _by_code(shown: ProofDocument, at: datetime) -> Proved:
    try:
        uuid = UUID(shown.verification or "")
    except ValueError:
        return Proved(method=ProofMethod.OTP, reason="wrong")
    customer_id = try_code(uuid, shown.code or "", at=at)
    return Proved(
        method=ProofMethod.OTP,
        customer_id=customer_id,
        reason="" if customer_id is not None else "wrong",
        verification=str(uuid),
    )


def _by_pin(document: SaleDocument, shown: ProofDocument, at: datetime) -> Proved:
    customer = _buyer(document, at)
    if customer is None:
        return Proved(method=ProofMethod.PIN, reason="no_pin")
    answer = try_pin(customer_id=customer.pk, pin=shown.pin or "", at=at)
    reason = {"right": "", "none": "no_pin"}.get(answer, answer)
    return Proved(method=ProofMethod.PIN, customer_id=customer.pk, reason=reason)


def _buyer(document: SaleDocument, at: datetime) -> Customer | None:
    """Return who buys: whom the till names, else whom a VIP card tells."""
    key = document.customer.key() if document.customer is not None else None
    if key is None:
        card = usable_card(document.promo_codes, at=at)
        return None if card is None else card.customer
    try:
        return find_customer(*key)
    except CustomerAmbiguous:
        return None


def require_proof(order: Order, evaluated: Evaluated, flags: list[str], *, customer_id: int | None) -> None:
    """Use up what proves the person, where the sale needs it. Raises a 409 problem ``proof_required``.

    A sale that was made offline has happened; it is only flagged.
    """
    needed = proof_needed(evaluated.evaluation, evaluated.snapshot)
    if needed is None:
        return
    if order.document.offline:
        flags.append("without_proof")
        return
    proved = order.proved
    reason = proved.reason
    if not reason and proved.method != needed.method:
        reason = "missing"
    if not reason and (proved.customer_id != customer_id or needed.customers - {customer_id}):
        reason = "other_customer"
    if not reason and proved.verification and not use(UUID(proved.verification), at=order.now):
        reason = "wrong"
    if reason:
        raise Conflict(
            " ".join(
                str(part) for part in (_WHY.get(reason, ""), _WHAT_TO_DO[ProofMethod(needed.method)]) if part
            ),
            code="proof_required",
            extra={"proof": {"method": needed.method, "reason": reason}, "evaluation": evaluated.body()},
        )
