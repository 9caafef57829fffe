"""Keep codes and value for one sale, all that is asked for or nothing.

Everything is locked in the documented order before it is read, and read as an evaluation reads it: what others have
reserved is not there. Sales and other reservations that want the same wait for the same rows.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.db import connection
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.engine.redemption_body import points_number
from campaigns.services.promo_code_holds import hold_codes, lock_codes
from loyalty import stored_codes
from loyalty.counter import first_expiring
from loyalty.selectors.stored_values import held_by_codes
from loyalty.services.holds import hold
from loyalty.services.ledger import lock_accounts
from loyalty.stored_value_redemption import USED_WHOLE
from loyalty.value import CashbackLot, UnitLot, available, by_expiry, usable
from pos_api import selectors
from pos_api.authentication import TerminalCaller
from pos_api.baskets import BasketDocument
from pos_api.models import Reservation
from pos_api.problems import Conflict, FieldProblem, Invalid
from pos_api.reservation_documents import ReservationDocument
from pos_api.services import lookups
from pos_api.services.commit import canonical_content
from pos_api.services.customers import lock_customer, lock_holder
from pos_api.services.reservations import reservation_body
from pos_api.services.transactions import in_transaction
from pos_api.stored_values import hashed_request, presented_codes, stored_values
from retail import money
from retail.models import Company

Json = dict[str, Any]
Lots = Sequence[UnitLot] | Sequence[CashbackLot]


class Reserved(Struct, frozen=True, kw_only=True):
    """The answer to a reservation, and whether it had been made before."""

    body: Json
    replayed: bool = False


class _Kept(Struct, kw_only=True):
    """What is to be kept: `content` as answers write it, `takes` of lots in hundredths, ids of codes; what is wanting."""

    content: Json
    takes: list[tuple[int, int]] = []
    code_ids: list[int] = []
    missing: list[Json] = []


def reserve(document: ReservationDocument, caller: TerminalCaller, *, key: str, now: datetime) -> Reserved:
    """Keep what a document asks for; sent again, return what was kept.

    Raises problems: 409 ``not_available`` naming what is wanting, ``reservation_conflict`` for a reference with other
    content; 422 for an unknown program; 429 while look-ups are locked.
    """
    basket = document.basket()
    reference = document.reference or key or uuid4().hex

    def work() -> Reserved:
        made = _claim(document, caller, reference, now)
        if isinstance(made, Reservation):
            return Reserved(body=_with_codes(reservation_body(made, at=now), basket), replayed=True)
        kept, customer_key = _kept(basket, caller, now)
        if kept.missing:
            raise Conflict(
                _("Not everything is there to be reserved; nothing was."),
                code="not_available",
                extra={"unavailable": kept.missing},
            )
        reservation = Reservation.objects.get(uuid=made)
        reservation.content = kept.content
        reservation.save(update_fields=["content"])
        if not caller.is_test:
            until = reservation.expires_at
            hold(kept.takes, reservation=made, until=until)
            hold_codes(kept.code_ids, reservation=made, customer_key=customer_key, until=until)
        return Reserved(body=_with_codes(reservation_body(reservation, at=now), basket))

    try:
        return in_transaction(work)
    except Conflict as refusal:
        wrong = [
            entry["code"] for entry in refusal.extra.get("unavailable", ()) if entry["reason"] == "not_usable"
        ]
        lookups.record_failures(terminal_id=caller.terminal_id, looked_up=wrong, at=now)
        raise


_INSERT = """
INSERT INTO pos_api_reservation (uuid, store_id, terminal_id, reference, is_test, fingerprint, state, content, created_at,
                                 expires_at)
VALUES (%s, %s, %s, %s, %s, %s, 'open', '{}', %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


def _claim(
    document: ReservationDocument, caller: TerminalCaller, reference: str, now: datetime
) -> UUID | Reservation:
    """Insert the reservation's row and return its id; the row itself when it was made before."""
    content = hashed_request(canonical_content(document))
    fingerprint = hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()
    minutes = document.minutes
    if minutes is None:
        minutes = Company.objects.values_list("reservation_minutes", flat=True).get()
    uuid = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                *(uuid, caller.store_id, caller.terminal_id, reference, caller.is_test, fingerprint, now),
                now + timedelta(minutes=minutes),
            ],
        )
        if cursor.fetchone() is not None:
            return uuid
    made = Reservation.objects.get(
        terminal_id=caller.terminal_id, reference=reference, is_test=caller.is_test
    )
    if made.fingerprint != fingerprint:
        raise Conflict(
            _("This reference was used for another reservation."),
            code="reservation_conflict",
            extra={"reservation": str(made.uuid)},
        )
    return made


def _kept(basket: BasketDocument, caller: TerminalCaller, now: datetime) -> tuple[_Kept, str]:
    """Lock and read what is asked for; return what is to be kept of it, and whose uses of codes it counts among."""
    if basket.customer is not None:
        customer_id = lock_customer(basket.customer, create=False)
    else:
        customer_id = lock_holder(basket.promo_codes, at=now)
    codes = presented_codes(basket)
    if customer_id is not None or codes:
        lock_accounts(customer_id, held_by_codes(codes) if codes else ())
    lock_codes(map(str, basket.promo_codes))
    snapshot = selectors.read_snapshot(
        basket,
        terminal_id=caller.terminal_id,
        store=caller.store,
        at=now,
        now=now,
        customer_id=customer_id,
    )
    if snapshot.locked_until is not None:
        raise lookups.locked(snapshot.locked_until, at=now)
    kept = _Kept(content={"promo_codes": [], "redeem": {}})
    _keep_codes(kept, basket, snapshot)
    if basket.redeem is not None:
        _keep_customers_value(kept, basket, snapshot, now)
        _keep_stored_values(kept, basket, snapshot, caller.store.code)
    return kept, selectors.customer_key(snapshot.customer)


def _keep_codes(kept: _Kept, basket: BasketDocument, snapshot: selectors.Snapshot) -> None:
    usable_codes = {entered.code for entered in selectors.promo_codes(basket, snapshot) if entered.usable}
    for position, code in enumerate(map(str, basket.promo_codes)):
        if code in kept.content["promo_codes"]:
            continue
        if code not in usable_codes:
            kept.missing.append(_not_usable("promo_code", f"promo_codes[{position}]", code))
            continue
        kept.content["promo_codes"].append(code)
        # A VIP card has no uses that could run out.
        if snapshot.codes[code].percent is None:
            kept.code_ids.append(snapshot.codes[code].id)


def _keep_customers_value(
    kept: _Kept, basket: BasketDocument, snapshot: selectors.Snapshot, now: datetime
) -> None:
    asked = basket.redeem
    assert asked is not None  # noqa: S101 - the caller has looked
    balances = snapshot.value.balances()
    if asked.cashback:
        lots = sorted([lot for lot in balances.cashback if available(lot, now)], key=by_expiry)
        amount = _keep(kept, lots, asked.cashback, kind="cashback", path="redeem.cashback", write=money.text)
        kept.content["redeem"]["cashback"] = money.text(amount)
    accounts = {account.program: account for account in balances.accounts if account.unit == "points"}
    unknown = [program for program in asked.points if program not in accounts]
    if unknown:
        message = _("There is no such program.")
        raise Invalid(errors=[FieldProblem(f"redeem.points.{code}", "unknown", message) for code in unknown])
    points = {}
    for program, wanted in asked.points.items():
        if wanted:
            found = sorted([lot for lot in accounts[program].lots if usable(lot, now)], key=by_expiry)
            path = f"redeem.points.{program}"
            amount = _keep(kept, found, wanted, kind="points", path=path, write=points_number)
            points[program] = points_number(amount)
    if points:
        kept.content["redeem"]["points"] = points


def _keep_stored_values(
    kept: _Kept, basket: BasketDocument, snapshot: selectors.Snapshot, store: str
) -> None:
    asked = basket.redeem
    assert asked is not None  # noqa: S101 - the caller has looked
    customer_id = None if snapshot.customer is None else snapshot.customer.id
    found = {
        value.code: value
        for value in stored_values(
            presented_codes(basket), snapshot.presented, store=store, customer_id=customer_id
        )
    }
    written = []
    for position, presented in enumerate(asked.stored_values):
        code, path = str(presented.code), f"redeem.stored_values[{position}]"
        value = found.get(code)
        if value is None:
            kept.missing.append(_not_usable("stored_value", path, code))
            continue
        whole = value.kind in USED_WHOLE or value.percent is not None
        wanted = -1 if whole else +presented.amount
        amount = _keep(kept, value.lots, wanted, kind=value.kind, path=path, write=money.text)
        text = "max" if value.percent is not None else money.text(amount)
        written.append({"code": stored_codes.masked(code), "kind": value.kind, "amount": text})
    if written:
        kept.content["redeem"]["stored_values"] = written


def _keep(kept: _Kept, lots: Lots, wanted: int, *, kind: str, path: str, write: Any) -> int:
    """Keep so many hundredths of lots in their order, all of them when `wanted` is negative; note what is wanting."""
    there = sum(lot.amount for lot in lots)
    amount = there if wanted < 0 else wanted
    if not 0 < amount <= there:
        refusal: Json = {"kind": kind, "path": path, "reason": "insufficient_balance", "actual": write(there)}
        kept.missing.append(refusal if wanted < 0 else refusal | {"required": write(wanted)})
        return 0
    kept.takes += first_expiring(lots, 0, amount)
    return amount


def _not_usable(kind: str, path: str, code: str) -> Json:
    return {"kind": kind, "path": path, "code": code, "reason": "not_usable"}


def _with_codes(body: Json, basket: BasketDocument) -> Json:
    """Return an answer with the codes of stored values as they were presented: they are stored nowhere."""
    values = body["redeem"].get("stored_values") if body.get("redeem") else None
    if not values:
        return body
    codes = presented_codes(basket)
    named = [one | {"code": code} for one, code in zip(values, codes, strict=True)]
    return body | {"redeem": body["redeem"] | {"stored_values": named}}
