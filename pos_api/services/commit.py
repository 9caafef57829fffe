"""Record a sale: exactly once, however often it is sent, with everything that it uses up, in one transaction.

The sale's row comes first. Its unique keys make a second sender wait for the first and then find what it stored. Then,
in the documented order: its reservation, the customer's row, accounts, promotional codes, counters, the customer's metrics. The answer is stored with the sale.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from msgspec import Struct, structs

from campaigns.engine.plan import Plan
from campaigns.engine.redemption_body import redemption_body
from campaigns.engine.result import BasketError
from campaigns.loader import plan_for
from campaigns.redemption_texts import explain_refused
from campaigns.selectors import plan_version_at, plan_version_was_current
from campaigns.services.promo_code_earnings import issue_earned
from campaigns.services.settlement import settle
from customers.services import metrics
from loyalty.selectors.stored_values import held_by_codes
from loyalty.services.ledger import lock_accounts
from loyalty.stored_codes import MASK
from pos_api import selectors
from pos_api.authentication import TerminalCaller
from pos_api.baskets import SaleDocument, document_date
from pos_api.problems import Conflict, Invalid, Problem, invalid_field
from pos_api.proofs import without_need
from pos_api.services import lookups
from pos_api.services.customers import lock_customer, lock_holder
from pos_api.services.evaluation import Evaluated, evaluate_snapshot, sale_moment
from pos_api.services.issued_vouchers import answer_again, issue_vouchers, masked_vouchers
from pos_api.services.kept_sale import basis_of
from pos_api.services.offline import Missed, missed_by, owe_missed, record_exceptions
from pos_api.services.proof import require_proof, try_proof
from pos_api.services.reservations import lock_for_sale, use
from pos_api.services.rule_vouchers import with_rules
from pos_api.services.sale_rows import complete_sale, insert_lines
from pos_api.services.sale_value import balances_body, post_value
from pos_api.services.tickets import Order, Recorded, claim_key, claim_ticket, find_by_key, find_existing
from pos_api.services.transactions import in_transaction
from pos_api.stored_values import (
    answer_with_codes,
    hashed_request,
    masked_answer,
    masked_promo_codes,
    masked_request,
    masks_of,
    mistaken_codes,
    presented_codes,
)
from retail import money
from retail.models import SaleState

# Reasons that stand for something somebody else used up.
USED_UP = frozenset({"limit_reached", "budget_reached"})


def record_sale(
    document: SaleDocument, caller: TerminalCaller, *, idempotency_key: str = "", now: datetime
) -> Recorded:
    """Record a sale, or return what was stored when it arrived before.

    Raises problems: 409 ``sale_conflict``, ``in_progress``, ``totals_mismatch``, ``benefit_unavailable``; 422
    ``idempotency_key_reused`` and wrong content; 503 when the database could not settle it in time.
    """
    proved = try_proof(document, caller, at=now)
    zone = caller.store.timezone
    occurred_at, moment, skewed = sale_moment(document, zone, now=now)
    content = canonical_content(document)
    order = Order(
        document=document,
        caller=caller,
        key=idempotency_key,
        fingerprint=hashlib.sha256(msgspec.json.encode(hashed_request(content), order="sorted")).hexdigest(),
        content=masked_request(content),
        business_date=document_date(document, zone),
        occurred_at=occurred_at,
        moment=moment,
        now=now,
        proved=proved,
        flags=["clock_skew"] * skewed + ["test"] * caller.is_test + ["offline"] * document.offline,
    )
    wrong: list[str] = []
    try:
        recorded = in_transaction(lambda: _record(order))
        if not recorded.replayed:
            wrong = [code["code"] for code in recorded.body["promo_codes"] if code["status"] == "not_usable"]
            wrong += [
                row["code"] for row in recorded.body.get("not_redeemed", ()) if row["reason"] == "not_usable"
            ]
        if not recorded.replayed:
            return recorded
        body = answer_with_codes(answer_again(recorded.body), _codes_to_tell(document, recorded.body))
        return structs.replace(recorded, body=body)
    except Conflict as refusal:
        wrong = [
            entry["code"]
            for entry in refusal.extra.get("unavailable", ())
            if "code" in entry and entry["reason"] == "not_usable"
        ]
        raise
    finally:
        # Counted here, since the transaction of a refused sale is rolled back with everything in it.
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=wrong, at=now)


def _codes_to_tell(document: SaleDocument, stored: Mapping[str, Any]) -> list[str]:
    """Return the codes of stored values that a stored answer masks, as they came again with the sale."""
    presented = presented_codes(document)
    if any(entry["code"].startswith(MASK) for entry in stored["promo_codes"]):
        return list(dict.fromkeys([*presented, *mistaken_codes(document)]))
    return presented


def canonical_content(document: Struct) -> dict[str, Any]:
    """Return a request's content in one form, whatever its spelling: what the fingerprint is made of."""
    content: dict[str, Any] = msgspec.to_builtins(document, enc_hook=_plain)
    # A proof is of the person, not of the sale: it is kept nowhere, and another one does not make another sale.
    return {name: value for name, value in content.items() if name != "proof" and value not in (None, [], {})}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str(value)


def _record(order: Order) -> Recorded:
    flags = list(order.flags)
    if order.key and (earlier := find_by_key(order)) is not None:
        return earlier
    sale_id, uuid = claim_ticket(order)
    cancelled_before = False
    if sale_id is None:
        existing = find_existing(order)
        if isinstance(existing, Recorded):
            return existing
        sale_id, uuid, cancelled_before = existing.pk, existing.uuid, True
        flags.append("cancelled_before_arrival")
    if order.key:
        claim_key(order, sale_id)
    if (reservation := lock_for_sale(order.document, order.caller, at=order.now)) is not None:
        # What it keeps is this sale's from here on; a sale that is refused rolls this back, too.
        use(reservation, sale_id=sale_id, at=order.now)
    customer_id, order = _customer_of(order, flags)
    presented = presented_codes(order.document)
    if order.document.redeem is not None and (customer_id is not None or presented):
        # Before the balances are read: a return that gives value back meanwhile brings what expires first.
        lock_accounts(customer_id, held_by_codes(presented) if presented else ())
    evaluated = _evaluate(order, customer_id, sale_id=sale_id, without_campaigns=cancelled_before)
    happened = cancelled_before or order.document.offline
    discrepancies = _compare_totals(order, evaluated, flags, refuse=not happened)
    require_proof(order, evaluated, flags, customer_id=customer_id)
    mistaken = mistaken_codes(order.document, evaluated.snapshot.codes)
    secret = list(dict.fromkeys([*presented, *mistaken]))
    body = without_need(evaluated.body()) | {
        "sale": str(uuid),
        "state": SaleState.CANCELLED if cancelled_before else SaleState.COMMITTED,
        "ticket": order.document.ticket,
        "business_date": order.business_date.isoformat(),
        "flags": flags,
        "discrepancies": discrepancies,
    }
    missed: list[Missed] = []
    if order.document.offline:
        if not (cancelled_before or order.caller.is_test):
            missed = _missed(order, evaluated, secret)
        body["exceptions"] = [one.body() for one in missed]
    line_ids = insert_lines(sale_id, order.document, evaluated)
    shares: dict[str, Any] = {}
    # A test uses nothing up: no limit, no budget, no code, no value. Its answer says what it would have been given.
    if not order.caller.is_test:
        if not cancelled_before and (customer_id is not None or presented):
            shares |= _post_value(order, evaluated, body, missed, sale_id=sale_id, customer_id=customer_id)
        activations = _settle(order, evaluated, line_ids, sale_id=sale_id)
        _issue_codes(evaluated, activations, body, at=order.now)
        shares |= _issue_vouchers(order, evaluated, body, shares, sale_id=sale_id, customer_id=customer_id)
    if not cancelled_before and (basis := basis_of(evaluated, order.caller.store)) is not None:
        shares["basis"] = basis
    complete_sale(
        sale_id,
        evaluated.evaluation,
        customer_id=customer_id,
        charged=order.document.total,
        flags=flags,
        body=masked_vouchers(masked_answer(body, secret)),
        shares=shares or None,
        request=masked_promo_codes(order.content, secret) if mistaken else None,
    )
    record_exceptions(missed, sale_id=sale_id, at=order.now)
    _add_to_metrics(order, sale_id=sale_id, customer_id=customer_id, stands=not cancelled_before)
    return Recorded(body=body, replayed=False)


def _add_to_metrics(order: Order, *, sale_id: int, customer_id: int | None, stands: bool) -> None:
    if stands and customer_id is not None and not order.caller.is_test:
        metrics.add_sale(sale_id, at=order.now)


def _customer_of(order: Order, flags: list[str]) -> tuple[int | None, Order]:
    """Lock the customer of a sale and return the id; without the customer where an offline sale does not tell which.

    Where the till names nobody, a VIP card tells whose sale it is.
    """
    document = order.document
    if document.customer is None:
        return lock_holder(document.promo_codes, at=order.moment), order
    try:
        return lock_customer(document.customer, create=not order.caller.is_test), order
    except Invalid:
        if not document.offline:
            raise
    flags.append("customer_unclear")
    return None, structs.replace(order, document=structs.replace(document, customer=None))


def _missed(order: Order, evaluated: Evaluated, secret: Sequence[str]) -> list[Missed]:
    """Return what an offline sale gave and cannot be granted, without the codes of stored values."""
    caller = order.caller
    found = missed_by(order.document, evaluated, caller.store, redeem_limit=caller.offline_redeem_limit)
    masks = dict(zip(secret, masks_of(secret), strict=True))
    return [structs.replace(one, subject=masks.get(one.subject, one.subject)) for one in found]


def _settle(
    order: Order, evaluated: Evaluated, line_ids: Mapping[int, int], *, sale_id: int
) -> dict[str, int]:
    """Count what the sale's campaigns, codes and cards use; return the activations' keys by campaign."""
    codes = evaluated.snapshot.codes.values()
    return settle(
        sale_id=sale_id,
        evaluation=evaluated.evaluation,
        line_ids=line_ids,
        customer_key=evaluated.customer_key,
        promo_code_ids={row.code: row.id for row in codes if row.percent is None},
        vip_card_ids={row.code: row.id for row in codes if row.percent is not None},
        day=order.moment.astimezone(order.caller.store.timezone).date(),
        uses_return=evaluated.plan.policy.cancelled_use == "returned",
        at=order.now,
    )


def _post_value(
    order: Order,
    evaluated: Evaluated,
    body: dict[str, Any],
    missed: Sequence[Missed],
    *,
    sale_id: int,
    customer_id: int | None,
) -> dict[str, Any]:
    """Post what the sale redeems and earns; put what was posted, and what the customer has now, into its answer."""
    posted = post_value(
        evaluated, sale_id=sale_id, customer_id=customer_id, occurred_at=order.moment, at=order.now
    )
    on_credit: list[dict[str, Any]] = []
    if customer_id is not None:
        on_credit = owe_missed(missed, evaluated, customer_id=customer_id, sale_id=sale_id, at=order.now)
    if posted is None and not on_credit:
        return {}
    if customer_id is not None:
        body["balances"] = balances_body(customer_id, at=order.now)
    value = posted or {"spent": [], "earned": []}
    return {"value": value | {"on_credit": on_credit} if on_credit else value}


def _issue_codes(
    evaluated: Evaluated, activations: Mapping[str, int], body: dict[str, Any], *, at: datetime
) -> None:
    """Make the codes that the sale earned, and name them in its answer."""
    issued = issue_earned(earned=evaluated.evaluation.earned.codes, activations=activations, at=at)
    for entry, code in zip(body["earned"]["codes"], issued, strict=True):
        if code is not None:
            entry["code"] = code


def _issue_vouchers(
    order: Order,
    evaluated: Evaluated,
    body: dict[str, Any],
    shares: Mapping[str, Any],
    *,
    sale_id: int,
    customer_id: int | None,
) -> dict[str, Any]:
    """Make the vouchers that the sale earned, name them in its answer, and return them among what it did to value."""
    vouchers = issue_vouchers(
        evaluated, order.caller, body, sale_id=sale_id, customer_id=customer_id, at=order.now
    )
    if not vouchers:
        return {}
    value = shares.get("value") or {"spent": [], "earned": []}
    return {"value": value | {"earned": [*value["earned"], *vouchers]}}


# --- What it costs -------------------------------------------------------------------------------


def _evaluate(order: Order, customer_id: int | None, *, sale_id: int, without_campaigns: bool) -> Evaluated:
    document, caller = order.document, order.caller
    snapshot = selectors.read_snapshot(
        document,
        terminal_id=caller.terminal_id,
        store=caller.store,
        at=order.moment,
        now=order.now,
        customer_id=customer_id,
    )
    plan = plan_for(_version(document, snapshot.plan_version, order))
    if without_campaigns:
        plan = Plan(version=plan.version, policy=plan.policy)
    try:
        evaluated = evaluate_snapshot(
            document, snapshot, plan, caller.store, moment=order.moment, void=without_campaigns
        )
    except BasketError:
        if not document.offline:
            raise
        # Gifts that no campaign gives any more went home with the customer; they are left to a manager.
        document = structs.replace(document, gifts=[])
        evaluated = evaluate_snapshot(
            document, snapshot, plan, caller.store, moment=order.moment, void=without_campaigns
        )
    if snapshot.issuing_version and not without_campaigns:
        evaluation = with_rules(
            evaluated.evaluation,
            version=snapshot.issuing_version,
            store=caller.store,
            paid=document.total,
            at=order.moment,
            customer_id=customer_id,
            sale_id=sale_id,
        )
        evaluated = structs.replace(evaluated, evaluation=evaluation)
    # The code of a stored value is money: while they may not be tried, a right one is answered as a wrong one, and also
    # what was sold offline waits. Its wrong promotional codes are left to a manager.
    if snapshot.locked_until is not None and (
        presented_codes(document)
        or (not document.offline and any(not code.usable for code in evaluated.basket.promo_codes))
    ):
        raise lookups.locked(snapshot.locked_until, at=order.now)
    return evaluated


def _version(document: SaleDocument, current: int, order: Order) -> int:
    """Return the plan that a sale is recorded with: the one it was evaluated with, while that is not too old.

    An offline sale is judged by what was live when it occurred, or not long before, whenever it arrives.
    """
    asked = document.plan_version
    at = order.moment if document.offline else order.now
    if asked == current or (asked is None and not document.offline):
        return current
    if asked is None:
        return plan_version_at(at)
    if asked > current:
        raise invalid_field("plan_version", "unknown", _("There is no such plan version."))
    grace = timedelta(hours=settings.PLAN_GRACE_HOURS)
    if plan_version_was_current(asked, at=at, grace=grace):
        return asked
    return plan_version_at(at) if document.offline else current


def _compare_totals(
    order: Order, evaluated: Evaluated, flags: list[str], *, refuse: bool
) -> list[dict[str, Any]]:
    """Return what differs between till and server where the store accepts it; else refuse with 409."""
    net, total = evaluated.evaluation.totals.net, order.document.total
    if refuse and lacks_reward(evaluated):
        # It may cost nothing in money, and the customer was promised it all the same.
        raise _refusal(order, evaluated)
    if net == total:
        return []
    if refuse and not order.caller.accepts_other_totals:
        raise _refusal(order, evaluated)
    flags.append("totals_mismatch")
    return [{"field": "total", "sent": money.text(total), "computed": money.text(net)}]


def _refusal(order: Order, evaluated: Evaluated) -> Problem:
    gone = unavailable(evaluated)
    extra: dict[str, Any] = {"evaluation": evaluated.body()}
    if gone:
        return Conflict(
            _("Something that was promised is used up; nothing was recorded."),
            code="benefit_unavailable",
            extra={"unavailable": gone} | extra,
        )
    return Conflict(
        _("The total differs from what the campaigns of this plan give."),
        code="totals_mismatch",
        extra={"total": money.text(order.document.total)} | extra,
    )


def unavailable(evaluated: Evaluated) -> list[dict[str, Any]]:
    """Return what a limit, a budget, a code or a balance refused, by campaign, code or what was to be redeemed."""
    evaluation = evaluated.evaluation
    gone: list[dict[str, Any]] = [
        {"code": result.code, "reason": "not_usable"}
        for result in evaluation.promo_codes
        if result.status == "not_usable"
    ]
    for refusal in evaluation.not_activated:
        failed = [verdict for verdict in refusal.verdicts if not verdict.satisfied]
        if failed and all(verdict.code in USED_UP for verdict in failed):
            gone.append({"campaign": refusal.campaign, "reason": failed[0].code})
    return gone + redemption_body(evaluation.redemption, explain_refused).get("not_redeemed", [])


def lacks_reward(evaluated: Evaluated) -> bool:
    """Say whether a reward was asked for and is not given."""
    redemption = evaluated.evaluation.redemption
    return redemption is not None and any(refused.kind == "reward" for refused in redemption.refused)
