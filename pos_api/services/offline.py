"""What an offline sale gave that cannot be granted when it arrives: found, costed, and left for a manager.

The sale has happened: it is recorded as it was charged. Its campaigns are those of the moment at which it occurred, its
limits and balances those of now. A balance is never overdrawn; what was redeemed beyond it the customer owes.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from campaigns.engine.basket import Store
from campaigns.engine.evaluate import evaluate
from loyalty.models import AccountKind
from loyalty.redeemed import Redeemed, RedeemRequest
from loyalty.returns import whole_unit
from loyalty.services.ledger import AccountKey, open_accounts
from loyalty.services.on_credit import owe_redeemed
from loyalty.stored_codes import masked
from pos_api.baskets import redeem_request
from pos_api.models import SaleException
from pos_api.models.sale_exception import ExceptionKind
from pos_api.services.evaluation import Evaluated
from pos_api.services.sale_value import spent_rows
from retail import money

_LIMITS = {"limit_reached": ExceptionKind.LIMIT_REACHED, "budget_reached": ExceptionKind.BUDGET_REACHED}


class Missed(Struct, frozen=True, kw_only=True):
    """One thing that could not be granted. `cost` in cents; `owed` hundredths that the customer owes the account `key`."""

    kind: ExceptionKind
    subject: str = ""
    cost: int = 0
    key: AccountKey | None = None
    owed: int = 0

    def body(self) -> dict[str, str]:
        """Return it as the answer of the sale shows it."""
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "cost": money.text(self.cost),
            "text": str(self.kind.label),
        }


def missed_by(document: Any, evaluated: Evaluated, store: Store, *, redeem_limit: int = 0) -> list[Missed]:
    """Return what the till gave and the server would not have, each with its cost.

    What campaigns, codes and balances do not explain of the difference between the totals is one more: `totals_mismatch`.
    `redeem_limit` is how many cents the store lets a sale redeem while it is offline.
    """
    missed = [*_missed_campaigns(evaluated, store)]
    missed += _missed_gifts(document, evaluated, {one.subject for one in missed})
    rest = evaluated.evaluation.totals.net - int(document.total) - sum(one.cost for one in missed)
    short = list(_within(_missed_value(document, evaluated), max(0, rest)))
    missed += short
    rest -= sum(one.cost for one in short)
    if rest:
        missed.append(Missed(kind=ExceptionKind.TOTALS_MISMATCH, cost=rest))
    redeemed = evaluated.evaluation.totals.redeemed
    if redeemed > redeem_limit:
        # Nothing is missing from the till here: the manager learns that a rule of the store was not kept.
        missed.append(
            Missed(kind=ExceptionKind.REDEEMED_OFFLINE, subject=money.text(redeemed - redeem_limit))
        )
    return missed


def _missed_campaigns(evaluated: Evaluated, store: Store) -> Iterable[Missed]:
    """Yield campaigns that limits, budgets or codes refused, each with the discount that it would have given."""
    evaluation = evaluated.evaluation
    refused = {}
    for refusal in evaluation.not_activated:
        failed = [verdict.code for verdict in refusal.verdicts if not verdict.satisfied]
        if failed and all(code in _LIMITS for code in failed):
            refused[refusal.campaign] = _LIMITS[failed[0]]
    wrong = [result for result in evaluation.promo_codes if result.status == "not_usable"]
    if not refused and not wrong:
        return
    given = _given_without_limits(evaluated, store)
    opens = {code.code: code.campaign for code in evaluated.basket.promo_codes}
    for campaign, kind in refused.items():
        if campaign in given:
            yield Missed(kind=kind, subject=campaign, cost=given[campaign])
    for result in wrong:
        yield Missed(
            kind=ExceptionKind.CODE_NOT_USABLE, subject=result.code, cost=given.get(opens[result.code], 0)
        )


def _missed_gifts(document: Any, evaluated: Evaluated, named: Collection[str]) -> Iterable[Missed]:
    """Yield campaigns of which gifts were handed out that they did not give, unless it was said of them already."""
    given = {(offer.campaign, option.sku) for offer in evaluated.evaluation.gifts for option in offer.chosen}
    wrong = [pick.campaign for pick in document.gifts if (pick.campaign, pick.sku) not in given]
    for campaign in dict.fromkeys(wrong):
        if campaign not in named:
            yield Missed(kind=ExceptionKind.REWARD_NOT_GIVEN, subject=campaign)


def _given_without_limits(evaluated: Evaluated, store: Store) -> dict[str, int]:
    """Return by campaign what the sale would have been given with nothing used up."""
    basket = structs.replace(
        evaluated.basket,
        promo_codes=tuple(structs.replace(code, usable=True) for code in evaluated.basket.promo_codes),
    )
    promised = evaluate(
        evaluated.plan, basket, evaluated.shopper, moment=evaluated.moment, store=store, usage={}
    )
    return {activation.campaign: activation.discount for activation in promised.activations}


def _missed_value(document: Any, evaluated: Evaluated) -> Iterable[Missed]:
    """Yield what was redeemed beyond what could be used. "max" asks for no amount, so nothing of it is missing."""
    request = redeem_request(document)
    if request is None:
        return
    redemption = evaluated.evaluation.redemption
    redeemed: tuple[Redeemed, ...] = () if redemption is None else redemption.redeemed
    if isinstance(request.cashback, int):
        short = request.cashback - sum(used.amount for used in redeemed if used.kind == "cashback")
        if short > 0:
            key = (AccountKind.CASHBACK, None)
            yield Missed(kind=ExceptionKind.VALUE_SHORT, subject="cashback", cost=short, key=key, owed=short)
    yield from _missed_points(request, evaluated, redeemed)
    by_code = {used.code: used for used in redeemed if used.code}
    for stored in request.stored_values:
        if isinstance(stored.amount, int):
            short = stored.amount - (by_code[stored.code].amount if stored.code in by_code else 0)
            if short > 0:
                yield Missed(kind=ExceptionKind.VALUE_SHORT, subject=masked(stored.code), cost=short)
    for refused in () if redemption is None else redemption.refused:
        if refused.kind == "reward":
            yield Missed(kind=ExceptionKind.REWARD_NOT_GIVEN, subject=refused.program)


def _within(missed: Iterable[Missed], rest: int) -> Iterable[Missed]:
    """Yield value that was redeemed beyond what could be used, worth no more in all than the cents that were not charged.

    Whatever number a till sends: nobody owes what was never taken off.
    """
    for one in missed:
        cost, owed = min(one.cost, rest), 0
        if cost:
            unit = whole_unit(one.owed)
            owed = one.owed // unit * cost // one.cost * unit
        rest -= cost
        yield structs.replace(one, cost=cost, owed=owed)


def _missed_points(
    request: RedeemRequest, evaluated: Evaluated, redeemed: Sequence[Redeemed]
) -> Iterable[Missed]:
    programs = {program.code: program for program in evaluated.snapshot.value.programs}
    for code, asked in sorted(request.points.items()):
        program = programs.get(code)
        if not isinstance(asked, int):
            continue
        if program is None:
            # Nobody can say what its points were worth; the difference between the totals does.
            yield Missed(kind=ExceptionKind.VALUE_SHORT, subject=code)
            continue
        used = sum(one.units or 0 for one in redeemed if (one.kind, one.program) == ("points", code))
        if asked > used:
            yield Missed(
                kind=ExceptionKind.VALUE_SHORT,
                subject=code,
                cost=(asked - used) * (program.point_value or 0) // 100,
                key=(AccountKind.POINTS, program.id),
                owed=asked - used,
            )


def owe_missed(
    missed: Iterable[Missed], evaluated: Evaluated, *, customer_id: int, sale_id: int, at: datetime
) -> list[dict[str, Any]]:
    """Make what a sale redeemed beyond a balance a debt of the customer; return what its returns will need to know.

    Locks the accounts, as `post_value` does.
    """
    owing = [(one, one.key) for one in missed if one.key is not None and one.owed]
    if not owing:
        return []
    accounts = open_accounts(customer_id, [key for _one, key in owing], at=at)
    owe_redeemed([(accounts[key], one.owed) for one, key in owing], sale_id=sale_id, at=at)
    rows = spent_rows([_on_credit(one, key) for one, key in owing], evaluated.evaluation)
    return [{"account": accounts[key].pk, **row} for (_one, key), row in zip(owing, rows, strict=True)]


def _on_credit(one: Missed, key: AccountKey) -> Redeemed:
    if key[0] == AccountKind.CASHBACK:
        return Redeemed(kind="cashback", amount=one.cost, balance_after=0)
    return Redeemed(
        kind="points", amount=one.cost, balance_after=0, units=one.owed, unit="points", program=one.subject
    )


def record_exceptions(missed: Iterable[Missed], *, sale_id: int, at: datetime) -> None:
    """Leave what could not be granted for a manager to settle."""
    SaleException.objects.bulk_create(
        SaleException(
            sale_id=sale_id,
            position=position,
            kind=one.kind,
            subject=one.subject[:80],
            cost=money.to_decimal(one.cost),
            created_at=at,
        )
        for position, one in enumerate(missed, 1)
    )
