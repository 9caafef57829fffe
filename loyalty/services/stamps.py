"""What managers do to a customer's stamps by hand; each is one adjustment of the ledger."""

from datetime import datetime

from loyalty.models import AccountKind, StampPlan
from loyalty.services.adjustments import Adjusted, adjust


def add_stamps(
    *,
    plan: StampPlan,
    customer_id: int,
    stamps: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
) -> Adjusted:
    """Give stamps (negative: take them). Raises the refusals of `adjust`."""
    return adjust(
        customer_id=customer_id,
        key=(AccountKind.STAMPS, plan.pk),
        amount=stamps * 100,
        reason=reason,
        actor_id=actor_id,
        operation=operation,
        at=at,
    )


def remove_reward(
    *, plan: StampPlan, customer_id: int, reason: str, actor_id: int, operation: str, at: datetime
) -> Adjusted:
    """Take the stamps of one whole reward. Raises InsufficientValue when there are not as many."""
    return add_stamps(
        plan=plan,
        customer_id=customer_id,
        stamps=-plan.orders,
        reason=reason,
        actor_id=actor_id,
        operation=operation,
        at=at,
    )
