"""Record a sale: exactly once, however often it is sent, with everything that it uses up, in one transaction.

The sale's row comes first. Its unique keys make a second sender wait for the first and then find what it stored. Then,
in the documented order: the customer's row, accounts, promotional codes, counters. The answer is stored with the sale.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine.plan import Plan
from campaigns.engine.redemption_body import redemption_body
from campaigns.loader import plan_for
from campaigns.models import Activation
from campaigns.redemption_texts import explain_refused
from campaigns.selectors import plan_version_at, plan_version_was_current
from campaigns.services.promo_code_earnings import issue_earned
from campaigns.services.settlement import settle
from pos_api import selectors
from pos_api.authentication import TerminalCaller
from pos_api.baskets import SaleDocument, document_date
from pos_api.models import IdempotencyKey
from pos_api.problems import Conflict, FieldProblem, Invalid, Problem, invalid_field
from pos_api.services import lookups
from pos_api.services.customers import lock_customer
from pos_api.services.evaluation import Evaluated, evaluate_snapshot, sale_moment
from pos_api.services.kept_sale import basis_of
from pos_api.services.offline import Missed, missed_by, owe_missed, record_exceptions
from pos_api.services.sale_rows import complete_sale, insert_lines
from pos_api.services.sale_value import balances_body, post_value
from pos_api.services.transactions import LOCK_NOT_AVAILABLE, in_transaction, sql_state
from retail import money
from retail.models import Sale, SaleState

# Reasons that stand for something somebody else used up.
USED_UP = frozenset({"limit_reached", "budget_reached"})


class Recorded(Struct, frozen=True, kw_only=True):
    """The answer to a sale: what is (or was) stored, and whether it had been recorded before."""

    body: dict[str, Any]
    replayed: bool


class _Order(Struct, kw_only=True):
    """One request to record a sale, with what follows from it before the database is asked."""

    document: SaleDocument
    caller: TerminalCaller
    key: str
    fingerprint: str
    content: dict[str, Any]
    business_date: date
    occurred_at: datetime
    moment: datetime
    now: datetime
    flags: list[str]


def record_sale(
    document: SaleDocument, caller: TerminalCaller, *, idempotency_key: str = "", now: datetime
) -> Recorded:
    """Record a sale, or return what was stored when it arrived before.

    Raises problems: 409 ``sale_conflict``, ``in_progress``, ``totals_mismatch``, ``benefit_unavailable``; 422
    ``idempotency_key_reused`` and wrong content; 503 when the database could not settle it in time.
    """
    zone = caller.store.timezone
    occurred_at, moment, skewed = sale_moment(document, zone, now=now)
    content = canonical_content(document)
    order = _Order(
        document=document,
        caller=caller,
        key=idempotency_key,
        fingerprint=hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest(),
        content=content,
        business_date=document_date(document, zone),
        occurred_at=occurred_at,
        moment=moment,
        now=now,
        flags=["clock_skew"] * skewed + ["test"] * caller.is_test + ["offline"] * document.offline,
    )
    wrong: list[str] = []
    try:
        recorded = in_transaction(lambda: _record(order))
        if not recorded.replayed:
            wrong = [code["code"] for code in recorded.body["promo_codes"] if code["status"] == "not_usable"]
        return recorded
    except Conflict as refusal:
        wrong = [entry["code"] for entry in refusal.extra.get("unavailable", ()) if "code" in entry]
        raise
    finally:
        # Counted here, since the transaction of a refused sale is rolled back with everything in it.
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=wrong, at=now)


def canonical_content(document: SaleDocument) -> dict[str, Any]:
    """Return a request's content in one form, whatever its spelling: what the fingerprint is made of."""
    content: dict[str, Any] = msgspec.to_builtins(document, enc_hook=_plain)
    return {name: value for name, value in content.items() if value not in (None, [], {})}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str(value)


def _record(order: _Order) -> Recorded:
    flags = list(order.flags)
    if order.key and (earlier := _find_by_key(order)) is not None:
        return earlier
    sale_id, uuid = _claim_ticket(order)
    cancelled_before = False
    if sale_id is None:
        existing = _find_existing(order)
        if isinstance(existing, Recorded):
            return existing
        sale_id, uuid, cancelled_before = existing.pk, existing.uuid, True
        flags.append("cancelled_before_arrival")
    if order.key:
        _claim_key(order, sale_id)
    customer_id = None
    if order.document.customer is not None:
        customer_id = lock_customer(order.document.customer, create=not order.caller.is_test)
    evaluated = _evaluate(order, customer_id, without_campaigns=cancelled_before)
    happened = cancelled_before or order.document.offline
    discrepancies = _compare_totals(order, evaluated, flags, refuse=not happened)
    body = evaluated.body() | {
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
            caller = order.caller
            missed = missed_by(
                order.document, evaluated, caller.store, redeem_limit=caller.offline_redeem_limit
            )
        body["exceptions"] = [one.body() for one in missed]
    line_ids = insert_lines(sale_id, order.document, evaluated)
    shares: dict[str, Any] = {}
    # A test uses nothing up: no limit, no budget, no code, no value. Its answer says what it would have been given.
    if not order.caller.is_test:
        if customer_id is not None and not cancelled_before:
            shares |= _post_value(order, evaluated, body, missed, sale_id=sale_id, customer_id=customer_id)
        activations = settle(
            sale=Sale(pk=sale_id, uuid=uuid),
            evaluation=evaluated.evaluation,
            line_ids=line_ids,
            customer_key=evaluated.customer_key,
            promo_code_ids={row.code: row.id for row in evaluated.snapshot.codes.values()},
            day=order.moment.astimezone(order.caller.store.timezone).date(),
            uses_return=evaluated.plan.policy.cancelled_use == "returned",
            at=order.now,
        )
        _issue_codes(evaluated, activations, body, at=order.now)
    if not cancelled_before and (basis := basis_of(evaluated, order.caller.store)) is not None:
        shares["basis"] = basis
    complete_sale(
        sale_id,
        evaluated.evaluation,
        customer_id=customer_id,
        charged=order.document.total,
        flags=flags,
        body=body,
        shares=shares or None,
    )
    record_exceptions(missed, sale_id=sale_id, at=order.now)
    return Recorded(body=body, replayed=False)


def _post_value(
    order: _Order,
    evaluated: Evaluated,
    body: dict[str, Any],
    missed: Sequence[Missed],
    *,
    sale_id: int,
    customer_id: int,
) -> dict[str, Any]:
    """Post what the sale redeems and earns; put what was posted, and what the customer has now, into its answer."""
    active = {program.code for program in evaluated.snapshot.value.programs}
    body["earned"]["points"] = [row for row in body["earned"]["points"] if row["program"] in active]
    posted = post_value(
        evaluated, sale_id=sale_id, customer_id=customer_id, occurred_at=order.moment, at=order.now
    )
    owe_missed(missed, customer_id=customer_id, sale_id=sale_id, at=order.now)
    if posted is None and not any(one.owed for one in missed):
        return {}
    body["balances"] = balances_body(customer_id, at=order.now)
    return {} if posted is None else {"value": posted}


def _issue_codes(
    evaluated: Evaluated, activations: Mapping[str, Activation], body: dict[str, Any], *, at: datetime
) -> None:
    """Make the codes that the sale earned, and name them in its answer."""
    issued = issue_earned(earned=evaluated.evaluation.earned.codes, activations=activations, at=at)
    for entry, code in zip(body["earned"]["codes"], issued, strict=True):
        if code is not None:
            entry["code"] = code


# --- Exactly once --------------------------------------------------------------------------------

_INSERT_SALE = """
INSERT INTO retail_sale (uuid, store_id, terminal_id, business_date, ticket, fiscal_key, state, operation,
    occurred_at, received_at, gross, markdown, exchange, discount, redeemed, net, delivery_fee, delivery_discount,
    charged, plan_version, is_test, fingerprint, request, response, flags)
VALUES (%s, %s, %s, %s, %s, %s, 'committed', %s, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, %s, %s, %s, NULL, '[]')
ON CONFLICT DO NOTHING
RETURNING id
"""


def _claim_ticket(order: _Order) -> tuple[int | None, UUID]:
    """Insert the sale's row; None when its ticket or fiscal key is taken, by a sale that is then visible."""
    document, caller, uuid = order.document, order.caller, uuid4()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_SALE,
                [
                    uuid,
                    caller.store_id,
                    caller.terminal_id,
                    order.business_date,
                    document.ticket,
                    # A fiscal document belongs to one real sale; a test may name it as often as it likes.
                    None if caller.is_test else document.fiscal_key,
                    document.operation,
                    order.occurred_at,
                    order.now,
                    caller.is_test,
                    order.fingerprint,
                    msgspec.json.encode(order.content).decode(),
                ],
            )
            row = cursor.fetchone()
    except OperationalError as error:
        if sql_state(error) == LOCK_NOT_AVAILABLE:
            raise Conflict(
                _("This sale is being recorded right now."), code="in_progress", retry_after=2
            ) from error
        raise
    return (None, uuid) if row is None else (row[0], uuid)


def _find_existing(order: _Order) -> Recorded | Sale:
    """Return the stored answer of the same sale, or the row of one that was cancelled before it arrived."""
    existing = (
        Sale.objects.filter(
            store_id=order.caller.store_id,
            terminal_id=order.caller.terminal_id,
            business_date=order.business_date,
            ticket=order.document.ticket,
            is_test=order.caller.is_test,
        )
        .select_for_update()
        .first()
    )
    if existing is None:
        raise _fiscal_key_taken()
    if existing.response is None:
        _adopt(existing, order)
        return existing
    if existing.fingerprint == order.fingerprint:
        return _replayed(existing)
    raise Conflict(
        _("This ticket was recorded with other content."),
        code="sale_conflict",
        extra={
            "sale": str(existing.uuid),
            "fingerprint": existing.fingerprint,
            "received_at": existing.received_at.isoformat(),
        },
    )


def _fiscal_key_taken() -> Conflict:
    message = _("Another sale has this fiscal key.")
    return Conflict(code="sale_conflict", errors=[FieldProblem("fiscal_key", "taken", message)])


def _adopt(tombstone: Sale, order: _Order) -> None:
    fiscal_key = None if order.caller.is_test else order.document.fiscal_key
    if (
        fiscal_key is not None
        and Sale.objects.filter(fiscal_key=fiscal_key).exclude(pk=tombstone.pk).exists()
    ):
        raise _fiscal_key_taken()
    Sale.objects.filter(pk=tombstone.pk).update(
        fiscal_key=fiscal_key,
        operation=order.document.operation,
        occurred_at=order.occurred_at,
        received_at=order.now,
        fingerprint=order.fingerprint,
        request=order.content,
    )


def _replayed(sale: Sale) -> Recorded:
    # A sale that was cancelled or returned since says so; everything else is as it was answered.
    return Recorded(body={**(sale.response or {}), "state": sale.state}, replayed=True)


def _find_by_key(order: _Order) -> Recorded | None:
    known = (
        IdempotencyKey.objects.select_related("sale")
        .filter(store_id=order.caller.store_id, key=order.key, is_test=order.caller.is_test)
        .first()
    )
    if known is None:
        return None
    if known.fingerprint != order.fingerprint or known.sale.terminal_id != order.caller.terminal_id:
        raise key_reused()
    return _replayed(known.sale)


def key_reused() -> Problem:
    """Return the refusal of an Idempotency-Key that belongs to another request."""
    return Invalid(
        _("This Idempotency-Key was used for another request."),
        code="idempotency_key_reused",
    )


def _claim_key(order: _Order, sale_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO pos_api_idempotencykey (store_id, key, is_test, fingerprint, sale_id, created_at)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
            """,
            [order.caller.store_id, order.key, order.caller.is_test, order.fingerprint, sale_id, order.now],
        )
        if cursor.fetchone() is None:
            # Somebody else used it for another sale at this very moment.
            raise key_reused()


# --- What it costs -------------------------------------------------------------------------------


def _evaluate(order: _Order, customer_id: int | None, *, without_campaigns: bool) -> Evaluated:
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
    evaluated = evaluate_snapshot(
        document, snapshot, plan, caller.store, moment=order.moment, void=without_campaigns
    )
    # What was sold offline is sold; its wrong codes are left to a manager.
    locked_until = None if document.offline else snapshot.locked_until
    if locked_until is not None and any(not code.usable for code in evaluated.basket.promo_codes):
        raise lookups.locked(locked_until, at=order.now)
    return evaluated


def _version(document: SaleDocument, current: int, order: _Order) -> int:
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
    order: _Order, evaluated: Evaluated, flags: list[str], *, refuse: bool
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


def _refusal(order: _Order, evaluated: Evaluated) -> Problem:
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
