"""Points that pay, and what points and full stamp cards are given for (docs/algorithms/redemption.md, sections 2 and 3)."""

from functools import partial

from loyalty.counter import Counter
from loyalty.redeemed import MAX, Redeemed, Refused, RewardRequest, Wanted
from loyalty.value import RewardOffer, SaleLine, UnitAccount
from retail import money


def redeem_points(counter: Counter, program: str, wanted: Wanted, path: str) -> None:
    """Pay with the points of a program, in whole steps, never more than is left to pay."""
    if wanted == 0:
        return None
    refusal = partial(Refused, kind="points", path=path, program=program)
    if not counter.balances.known:
        return counter.refuse(refusal(reason="customer_required"))
    found = paying_account(counter, program)
    if found is None:
        known = any(account.program == program for account in counter.balances.accounts)
        return counter.refuse(refusal(reason="not_money" if known else "unknown_program"))
    position, account, value = found
    held = counter.held(position)
    if not counter.left or not held:
        return counter.refuse(refusal(reason="no_balance" if counter.left else "nothing_due"))
    step = account.redeem_step
    asked = held if wanted == MAX else wanted
    steps = min(asked // step, held // step)
    affordable = min(steps, counter.left * 100 // (step * value))  # never worth more than what is left
    units = affordable * step
    amount = money.divide(units * value, 100, money.Rounding.DOWN)
    if not amount or (wanted != MAX and units < asked):
        if affordable < steps:
            dear = step if wanted == MAX else asked // step * step
            worth = money.divide(dear * value, 100, money.Rounding.DOWN)
            counter.refuse(refusal(reason="above_due", required=worth, actual=counter.left, unit="money"))
        elif held < asked:
            counter.refuse(refusal(reason="insufficient_balance", required=asked, actual=held, unit="points"))
        else:
            counter.refuse(refusal(reason="redeem_step", required=step, actual=asked, unit="points"))
    if amount:
        takes = counter.spend(position, units)
        counter.give(
            Redeemed(
                kind="points",
                amount=amount,
                units=units,
                unit=account.unit,
                balance_after=counter.held(position),
                program=program,
                takes=takes,
            )
        )
    return None


def paying_account(counter: Counter, program: str) -> tuple[int, UnitAccount, int] | None:
    """Return the account of the program whose points are worth money, with its position and their value."""
    for position, account in enumerate(counter.balances.accounts):
        if account.program == program and account.point_value:
            return position, account, account.point_value
    return None


def redeem_reward(counter: Counter, asked: RewardRequest, path: str) -> None:
    """Give a level's gift, or the reward of a full stamp card: one gift a sale, one reward of each plan."""
    refusal = partial(Refused, kind="reward", path=path, program=asked.program)
    if not counter.balances.known:
        return counter.refuse(refusal(reason="customer_required"))
    accounts = [
        (position, account)
        for position, account in enumerate(counter.balances.accounts)
        if account.program == asked.program
    ]
    offers = [
        (offer.cost, position, offer)
        for position, account in accounts
        for offer in account.offers
        if offer.sku == asked.sku or (not asked.sku and offer.kind != "gift")
    ]
    if not offers:
        return counter.refuse(refusal(reason="not_offered" if accounts else "unknown_program"))
    cost, position, offer = min(offers, key=lambda found: found[:2])
    if was_rewarded(counter, offer, asked.program):
        return counter.refuse(refusal(reason="one_per_sale"))
    held = counter.held(position)
    if held < cost:
        return counter.refuse(
            refusal(reason="insufficient_balance", required=cost, actual=held, unit="points")
        )
    amount, line, reason = worth_of(counter, offer)
    if reason:
        return counter.refuse(refusal(reason=reason))
    takes = counter.spend(position, cost)
    return counter.give(
        Redeemed(
            kind="reward",
            reward=offer.kind,
            amount=amount,
            units=cost,
            unit=counter.balances.accounts[position].unit,
            balance_after=counter.held(position),
            program=asked.program,
            sku=offer.sku,
            name=offer.name,
            target="delivery" if offer.kind == "delivery" else "sale",
            line=line,
            takes=takes,
        )
    )


def was_rewarded(counter: Counter, offer: RewardOffer, program: str) -> bool:
    """Say whether this sale has its gift already, or the plan's reward."""
    given = [used for used in counter.redeemed if used.kind == "reward"]
    if offer.kind == "gift":
        return any(used.reward == "gift" for used in given)
    return any(used.reward != "gift" and used.program == program for used in given)


def worth_of(counter: Counter, offer: RewardOffer) -> tuple[int, int | None, str]:
    """Return the cents that a reward takes off, the line it stands on, and why it cannot be given."""
    if offer.kind == "gift":
        return 0, None, ""
    if offer.kind == "delivery":
        amount = money.percent_of(counter.delivery_left, offer.percent)
        return amount, None, "" if amount else "no_delivery_fee"
    lines = [line for line in counter.lines if line.sku == offer.sku]
    if not lines:
        return 0, None, "product_not_in_basket"
    amount, line = max(
        [(unit_percent(line, offer.percent), line) for line in lines],
        key=lambda found: (found[0], -found[1].line),
    )
    amount = min(amount, counter.left)
    return amount, line.line, "" if amount else "nothing_due"


def unit_percent(line: SaleLine, percent: int) -> int:
    """Return a percentage of what one unit of a line costs, rounded half up. Weighed goods are one unit."""
    whole = line.thousandths % 1000 == 0
    units = line.thousandths // 1000 if whole else 1
    return money.divide(line.due * percent, units * money.MILLION)
