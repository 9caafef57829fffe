"""Making the vouchers that a sale earned by issuing rules and campaigns (docs/algorithms/issuing.md, section 4).

Part of the commit's transaction, after everything else. Their codes are money: the answer has them, what is stored of
it has their last four.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.engine.evaluation import Evaluation
from campaigns.services.settlement import BenefitGone
from loyalty import stored_codes
from loyalty.models import AccountKind, LotSource, StoredValueType
from loyalty.selectors.stored_values import usual_type
from loyalty.services.stored_values import MOST, Made, Making, codes_again, make
from pos_api.authentication import TerminalCaller
from pos_api.issuing_rules import rules_of
from pos_api.services.evaluation import Evaluated
from retail import money

Json = dict[str, Any]


def issue_vouchers(
    evaluated: Evaluated,
    caller: TerminalCaller,
    body: Json,
    *,
    sale_id: int,
    customer_id: int | None,
    at: datetime,
) -> list[Json]:
    """Make the vouchers that the sale earned and put their codes into its answer; return what its returns will need.

    A constant number of statements, and none where nothing is given. Raises BenefitGone for a rule that there is no more.
    """
    earned = evaluated.evaluation.earned.vouchers
    if not earned:
        return []
    rules = {rule.code: rule for rule in rules_of(evaluated.snapshot.issuing_version)}
    types = {rule.code: rule.type for rule in rules.values()}
    if any(voucher.rule and voucher.rule not in types for voucher in earned):
        # Switched off since the sale was evaluated: it is evaluated again.
        raise BenefitGone
    if not all(voucher.rule for voucher in earned):
        # What campaigns give is of the usual type of voucher.
        types[""] = usual_type(AccountKind.VOUCHER)
    makings = []
    for number, voucher in enumerate(earned, 1):
        rule = rules.get(voucher.rule)
        making = Making(
            type=types[voucher.rule],
            origin=rule.origin if rule is not None else f"campaign:{voucher.campaign}"[:80],
            operation=f"sale:{sale_id}:{number}",
            amount=_within_type(voucher.amount, types[voucher.rule]),
            percent=None if voucher.percent is None else Decimal(voucher.percent) / 10_000,
            customer_id=customer_id,
            store_id=caller.store_id,
            terminal_id=caller.terminal_id,
            sale_id=sale_id,
            store_codes=() if rule is None else rule.usable_stores,
            available_from=None if rule is None else rule.usable_from,
            expires_at=voucher.valid_until,
            earned_by=voucher.rule or voucher.campaign,
            source=LotSource.SALE,
        )
        makings.append(making)
    made = make(makings, at=at, occurred_at=evaluated.moment)
    for entry, making, one in zip(body["earned"]["vouchers"], makings, made, strict=True):
        if making.percent is None:
            entry["amount"] = money.text(making.amount)
        entry["code"] = stored_codes.written(one.code)
        entry["stored_value"] = one.stored.pk
        entry["valid_until"] = None if one.expires_at is None else one.expires_at.isoformat()
    return [_row(making, one, evaluated.evaluation) for making, one in zip(makings, made, strict=True)]


def _within_type(amount: int, kind: StoredValueType) -> int:
    """Return what of an amount one value of the type may hold: no sale is refused because a ceiling was lowered."""
    limit = MOST if kind.ceiling is None else min(MOST, money.from_decimal(kind.ceiling))
    return min(amount, limit)


def _row(making: Making, one: Made, evaluation: Evaluation) -> Json:
    """Return what a return of the sale takes back: each line its part; a use is not divided and goes with the last."""
    lines = list(evaluation.lines)
    whole = making.percent is not None
    shares = [0] * len(lines) if whole else money.prorate(making.amount, [line.net for line in lines])
    return {
        "kind": one.stored.account.kind,
        "code": making.earned_by,
        "lot": one.lot_id,
        "amount": making.hundredths,
        "lines": {str(line.line): share for line, share in zip(lines, shares, strict=True)},
        "whole": whole,
        "holder": one.stored.account_id,
    }


# --- What is stored of their codes ------------------------------------------------------------------


def masked_vouchers(body: Json) -> Json:
    """Return an answer as it may be stored: the codes of the vouchers that it gave as their last four."""
    return _with_codes(body, lambda entry: stored_codes.masked(entry["code"]))


def answer_again(body: Json) -> Json:
    """Return a stored answer as it was given first, as long as the codes can be made again."""
    given = [entry["stored_value"] for entry in _issued(body)]
    if not given:
        return body
    codes = codes_again(given)

    def code_of(entry: Json) -> str:
        code = codes.get(entry["stored_value"], "")
        # A lost voucher has got another code, which is for its owner alone.
        return code if stored_codes.masked(code) == entry["code"] else str(entry["code"])

    return _with_codes(body, code_of)


def _issued(body: Json) -> list[Json]:
    return [entry for entry in body.get("earned", {}).get("vouchers", ()) if "code" in entry]


def _with_codes(body: Json, code_of: Callable[[Json], str]) -> Json:
    if not _issued(body):
        return body
    vouchers = [
        entry | {"code": code_of(entry)} if "code" in entry else entry for entry in body["earned"]["vouchers"]
    ]
    return body | {"earned": body["earned"] | {"vouchers": vouchers}}
