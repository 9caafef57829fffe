"""What a sale does to its customer's value: it spends what was redeemed and credits what was earned.

Part of the commit's transaction, after the customer's row is locked and before codes and counters. What returns will
need (which lot each line earned and spent) is kept with the sale (`pos_api.services.returned_value` reads it).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from campaigns.engine.evaluation import EarnedShare, Evaluation
from campaigns.engine.refunds import refundable
from loyalty.models import AccountKind, EntryKind
from loyalty.redeemed import Redeemed
from loyalty.returns import spent_shares
from loyalty.rules import end_after, start_after
from loyalty.selectors.balances import balances
from loyalty.services.ledger import AccountKey, Credit, credit, open_accounts, spend
from loyalty.stored_codes import masked
from pos_api.accounts import amounts_body, unit_body
from pos_api.services.evaluation import Evaluated
from pos_api.value import PlanRow, ProgramRow, Value

ONE_STAMP = 100
CASHBACK: AccountKey = (AccountKind.CASHBACK, None)


class _Earning(Struct, frozen=True, kw_only=True):
    """One lot to make, with how the lines share it. `whole` says that it is taken back at once, with the last of them."""

    key: AccountKey
    code: str
    amount: int
    suffix: str = ""
    campaign: str = ""
    available_from: datetime
    expires_at: datetime | None
    terms: dict[str, Any] = {}
    lines: tuple[tuple[int, int], ...] = ()
    whole: bool = False


def post_value(
    evaluated: Evaluated, *, sale_id: int, customer_id: int | None, occurred_at: datetime, at: datetime
) -> dict[str, Any] | None:
    """Post what a sale redeems and earns; return what its returns will need, None when it moved nothing.

    `occurred_at` is the moment at which the sale was evaluated. Raises InsufficientValue when somebody else used what
    is to be redeemed: the transaction must be rolled back.
    """
    evaluation = evaluated.evaluation
    redeemed = () if evaluation.redemption is None else evaluation.redemption.redeemed
    earnings = [] if customer_id is None else _earnings(evaluated, occurred_at)
    if not redeemed and not earnings:
        return None
    accounts = {}
    if customer_id is not None:
        accounts = open_accounts(customer_id, [earning.key for earning in earnings], at=at)
    cause = f"sale:{sale_id}"
    for kind, takes in (
        (EntryKind.REDEEM, [take for used in redeemed for take in used.takes]),
        (EntryKind.FORFEIT, [take for used in redeemed for take in used.forfeits]),
    ):
        spend(takes, cause=cause, occurred_at=occurred_at, at=at, kind=kind, sale_id=sale_id)
    credited = credit(
        [
            Credit(
                account=accounts[earning.key],
                cause=cause + earning.suffix,
                amount=earning.amount,
                available_from=earning.available_from,
                expires_at=earning.expires_at,
                sale_id=sale_id,
                campaign=earning.campaign,
                awaits_review=bool(earning.terms.get("requires_review")),
                terms=earning.terms,
            )
            for earning in earnings
        ],
        occurred_at=occurred_at,
        at=at,
    )
    return {
        "spent": spent_rows(redeemed, evaluation),
        "earned": [
            {
                "kind": earning.key[0],
                "code": earning.code,
                "lot": lot.lot_id,
                "amount": earning.amount,
                "lines": {str(line): part for line, part in earning.lines},
                "whole": earning.whole,
            }
            for earning, lot in zip(earnings, credited, strict=True)
        ],
    }


def _earnings(evaluated: Evaluated, moment: datetime) -> list[_Earning]:
    """Return the lots of a sale: one for each program, each cashback and each plan."""
    evaluation, value = evaluated.evaluation, evaluated.snapshot.value
    shares = list(evaluation.earned_shares)
    found = []
    programs = {program.code: program for program in value.programs}
    for points in evaluation.earned.points:
        if amount := _hundredths(points.points):
            program = programs[points.program]
            found.append(_points(program, amount, _of(shares, "points", program.code), value, moment))
    counts: dict[str, int] = {}
    cashback_shares = [share for share in shares if share.kind == "cashback"]
    for earned, share in zip(evaluation.earned.cashback, cashback_shares, strict=True):
        number = counts[earned.campaign] = counts.get(earned.campaign, 0) + 1
        found.append(
            _Earning(
                key=CASHBACK,
                code=earned.campaign,
                suffix=f":{earned.campaign}:{number}",
                campaign=earned.campaign,
                amount=earned.amount,
                available_from=earned.available_from,
                expires_at=earned.expires_at,
                terms=earned.terms,
                lines=share.lines,
            )
        )
    plans = {plan.code: plan for plan in value.plans}
    return found + [_stamp(plans[code], evaluated, moment) for code in evaluation.stamps]


def _points(
    program: ProgramRow, amount: int, lines: tuple[tuple[int, int], ...], value: Value, moment: datetime
) -> _Earning:
    return _Earning(
        key=(AccountKind.POINTS, program.id),
        code=program.code,
        amount=amount,
        available_from=_available_from(program, value, moment),
        expires_at=_expires_at(program, value, moment),
        lines=lines,
    )


def _stamp(plan: PlanRow, evaluated: Evaluated, moment: datetime) -> _Earning:
    value = evaluated.snapshot.value
    return _Earning(
        key=(AccountKind.STAMPS, plan.id),
        code=plan.code,
        amount=ONE_STAMP,
        available_from=_available_from(plan, value, moment),
        expires_at=_expires_at(plan, value, moment),
        lines=tuple(
            (line.line, 0)
            for line in evaluated.basket.lines
            if not plan.category or plan.category in line.categories
        ),
        whole=True,
    )


def _available_from(terms: ProgramRow | PlanRow, value: Value, moment: datetime) -> datetime:
    return start_after(moment, terms.pending_days, value.timezone)


def _expires_at(terms: ProgramRow | PlanRow, value: Value, moment: datetime) -> datetime | None:
    return None if terms.valid_days is None else end_after(moment, terms.valid_days, value.timezone)


def _of(shares: Sequence[EarnedShare], kind: str, code: str) -> tuple[tuple[int, int], ...]:
    return next((share.lines for share in shares if (share.kind, share.code) == (kind, code)), ())


def _hundredths(points: Decimal) -> int:
    return int(points.scaleb(2))


def spent_rows(redeemed: Sequence[Redeemed], evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return each redeemed value with its lots and with what every line carries of it: (cents, units)."""
    found = []
    for used, shares in zip(redeemed, spent_shares(redeemed, refundable(evaluation)), strict=True):
        found.append(
            {
                "kind": used.kind,
                "program": used.program,
                "code": masked(used.code) if used.code else "",
                "unit": used.unit,
                "amount": used.amount,
                "units": used.units,
                "target": used.target,
                **({"holder": used.holder} if used.holder is not None else {}),
                **({"whole": True} if used.is_whole else {}),
                "takes": [list(take) for take in used.takes],
                "forfeits": [list(take) for take in used.forfeits],
                "lines": {str(line): [share.amount, share.units] for line, share in shares.items()},
            }
        )
    return found


def balances_body(customer_id: int, *, at: datetime) -> list[dict[str, Any]]:
    """Return what a customer has now, as answers write it. Two queries."""
    found = balances(customer_id, at=at)
    return [
        unit_body(one.kind, one.code) | amounts_body(one, ("available", "pending", "owed"))
        for one in sorted(found, key=lambda one: (one.kind, one.code))
    ]
