"""How much cashback a sale may use: what the terms of each credit allow, and which credits give it.

Pure: no Django, no clock (docs/algorithms/redemption.md, section 4).
"""

from collections.abc import Callable, Sequence
from functools import partial

from loyalty.counter import Counter
from loyalty.redeemed import MAX, Redeemed, Refused, Wanted
from loyalty.value import CashbackLot, CashbackTerms, SaleLine, available, by_expiry, usable
from retail import money


def redeem_cashback(counter: Counter, wanted: Wanted, path: str) -> None:
    """Use cashback: the credits that expire first, each within its terms."""
    if wanted == 0:
        return
    lots = sorted([lot for lot in counter.balances.cashback if available(lot, counter.at)], key=by_expiry)
    open_lots = [lot for lot in lots if is_met(lot.terms, counter.lines)]
    asked = counter.left if wanted == MAX else wanted
    given = share_out(open_lots, min(asked, counter.left), counter.lines)
    amount = sum([cents for _lot, cents in given])
    if not amount or (wanted != MAX and amount < asked):
        refusal = partial(Refused, kind="cashback", path=path)
        counter.refuse(why_less(counter, refusal, asked, amount, lots, open_lots))
    if not amount:
        return
    forfeits = tuple(
        (lot.id, lot.amount - cents)
        for lot, cents in given
        if lot.terms.remainder == "forfeited" and lot.amount > cents
    )
    forfeited = sum([cents for _lot, cents in forfeits])
    counter.give(
        Redeemed(
            kind="cashback",
            amount=amount,
            balance_after=sum([lot.amount for lot in lots]) - amount - forfeited,
            forfeited=forfeited,
            takes=tuple((lot.id, cents) for lot, cents in given),
            forfeits=forfeits,
        )
    )


def is_met(terms: CashbackTerms, lines: Sequence[SaleLine]) -> bool:
    """Say whether the sale reaches the smallest purchase; inclusive."""
    return terms.minimum_purchase is None or sum([line.due for line in lines]) >= terms.minimum_purchase


def allowed(terms: CashbackTerms, lines: Sequence[SaleLine]) -> int:
    """Return the cents that the terms let a sale of these lines use: a percentage of it, rounded down.

    Per item each line is rounded by itself. With the average price a line counts as if each of its units cost what the
    units of the sale cost on the average.
    """
    due = sum([line.due for line in lines])
    if terms.max_percent is None:
        return due
    if terms.apply_to == "sale":
        return money.percent_of(due, terms.max_percent, money.Rounding.DOWN)
    if not terms.average_price:
        return sum([money.percent_of(line.due, terms.max_percent, money.Rounding.DOWN) for line in lines])
    units = sum([line.thousandths for line in lines])
    return sum(
        [
            money.divide(
                due * line.thousandths * terms.max_percent, units * money.MILLION, money.Rounding.DOWN
            )
            for line in lines
        ]
    )


def share_out(
    lots: Sequence[CashbackLot], wanted: int, lines: Sequence[SaleLine]
) -> list[tuple[CashbackLot, int]]:
    """Return what each lot gives of the cents wanted, in the order of the lots; those that give nothing are left out.

    The limit of a percentage holds for all credits of one campaign together, and for each credit without a campaign by
    itself. Where credits of one campaign have different limits, those of a limit and of narrower ones stay within it
    together: so the order of the lots does not change how much they give.
    """
    given: list[tuple[CashbackLot, int]] = []
    limits: dict[CashbackTerms, int] = {}
    used: dict[str | int, dict[int, int]] = {}  # by campaign (else by lot): limit -> cents given under it
    for lot in lots:
        if wanted <= 0:
            break
        if lot.terms not in limits:
            limits[lot.terms] = allowed(lot.terms, lines)
        limit = limits[lot.terms]
        together = used.setdefault(lot.campaign or lot.id, {limit: 0})
        together.setdefault(limit, 0)
        room = min(
            [
                wider - sum([cents for narrower, cents in together.items() if narrower <= wider])
                for wider in together
                if wider >= limit
            ]
        )
        cents = min(lot.amount, room, wanted)
        if cents > 0:
            together[limit] += cents
            given.append((lot, cents))
            wanted -= cents
    return given


def why_less(
    counter: Counter,
    refusal: Callable[..., Refused],
    asked: int,
    amount: int,
    lots: Sequence[CashbackLot],
    open_lots: Sequence[CashbackLot],
) -> Refused:
    """Return why less was given than asked: the one obstacle that decided."""
    if not counter.balances.known:
        return refusal(reason="customer_required")
    if not lots:
        return why_nothing(counter, refusal)
    if not counter.left:
        return refusal(reason="nothing_due")
    if amount == counter.left:
        return refusal(reason="above_due", required=asked, actual=amount, unit="money")
    if amount < sum([lot.amount for lot in open_lots]):
        return refusal(reason="max_percent", required=amount, actual=asked, unit="money")
    minimums = [lot.terms.minimum_purchase or 0 for lot in lots if lot not in open_lots]
    if minimums:
        return refusal(reason="minimum_purchase", required=min(minimums), actual=counter.due, unit="money")
    return refusal(reason="insufficient_balance", required=asked, actual=amount, unit="money")


def why_nothing(counter: Counter, refusal: Callable[..., Refused]) -> Refused:
    """Return why no cashback is available: it waits for a survey, or for its day, or there is none."""
    lots = [lot for lot in counter.balances.cashback if lot.amount > 0]
    if any(usable(lot, counter.at) for lot in lots):
        return refusal(reason="awaits_review")
    starts = [
        lot.available_from
        for lot in lots
        if lot.available_from is not None
        and counter.at < lot.available_from
        and (lot.expires_at is None or counter.at < lot.expires_at)
    ]
    if starts:
        return refusal(reason="pending", required=min(starts), unit="instant")
    return refusal(reason="no_balance")
