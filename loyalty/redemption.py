"""What of a customer's value a sale may use, and for how much (docs/algorithms/redemption.md).

Pure: no Django, no database, no clock. Money is integer cents, points and stamps are integer hundredths.
"""

from collections.abc import Sequence
from datetime import datetime

from loyalty.cashback_redemption import redeem_cashback
from loyalty.counter import Counter
from loyalty.redeemed import (
    MAX,
    REASONS,
    Redeemed,
    RedeemRequest,
    Redemption,
    Refused,
    RewardRequest,
    StoredValueRequest,
    Wanted,
)
from loyalty.stored_value_redemption import redeem_stored_value
from loyalty.unit_redemption import redeem_points, redeem_reward
from loyalty.value import Balances, SaleLine

__all__ = [
    "MAX",
    "REASONS",
    "RedeemRequest",
    "Redeemed",
    "Redemption",
    "Refused",
    "RewardRequest",
    "StoredValueRequest",
    "Wanted",
    "redeem",
]


def redeem(
    request: RedeemRequest,
    balances: Balances,
    *,
    lines: Sequence[SaleLine],
    delivery_fee: int = 0,
    at: datetime,
) -> Redemption:
    """Return what of the balances this sale uses: rewards, vouchers, points, cashback, other stored values as listed.

    `lines` carry what is due before any redemption (their sum is the sale), `delivery_fee` is what is left of the fee.
    Everything that is asked for is granted as far as it is allowed; what is refused or cut says so. Nothing takes
    more than is left to pay. Neither the order of lots in the balances nor that of programs changes anything.
    """
    counter = Counter(balances, lines, delivery_fee, at)
    for position, reward in enumerate(request.rewards):
        redeem_reward(counter, reward, f"redeem.rewards[{position}]")
    presented = [
        (stored, counter.find(stored.code), f"redeem.stored_values[{position}]")
        for position, stored in enumerate(request.stored_values)
    ]
    for stored, found, path in presented:
        if found is not None and found.kind == "voucher":
            redeem_stored_value(counter, stored, found, path)
    for program in sorted(request.points):
        redeem_points(counter, program, request.points[program], f"redeem.points.{program}")
    if request.cashback is not None:
        redeem_cashback(counter, request.cashback, "redeem.cashback")
    for stored, found, path in presented:
        if found is None or found.kind != "voucher":
            redeem_stored_value(counter, stored, found, path)
    return Redemption(redeemed=tuple(counter.redeemed), refused=tuple(counter.refused))
