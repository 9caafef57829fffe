"""What issuing rules give for a sale (docs/algorithms/issuing.md, section 3): evaluate says it, recording makes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from campaigns.engine.basket import Store
from campaigns.engine.evaluation import Evaluation, VoucherEarned
from loyalty.issuing import given_for
from loyalty.selectors.purchases import Bought, bought_since
from loyalty.services.stored_values import MOST
from pos_api.issuing_rules import Rule, rules_of

_NOTHING = Bought(0, 0, False)


def with_rules(
    evaluation: Evaluation,
    *,
    version: str,
    store: Store,
    paid: int,
    at: datetime,
    customer_id: int | None,
    sale_id: int | None = None,
) -> Evaluation:
    """Add what issuing rules (of `version`) give for a sale of `paid` cents to what it earns.

    Asks nothing where no rule holds, and one query for all rules that look at the customer's earlier purchases;
    `sale_id` is the sale itself, where it is being recorded.
    """
    rules = [rule for rule in rules_of(version) if rule.holds(store=store.code, at=at)]
    if not rules:
        return evaluation
    before = _bought_before(rules, customer_id, at, sale_id)
    vouchers = []
    for rule in rules:
        bought = _NOTHING if rule.window_days is None else before.get(rule.id)
        if bought is None or (bought.was_given and rule.once_in_window):
            continue
        given = given_for(rule.terms, turnover=bought.turnover + paid, visits=bought.visits + 1)
        if given.is_something:
            vouchers.append(
                VoucherEarned(
                    rule=rule.code,
                    amount=min(given.amount, MOST),
                    percent=given.percent,
                    valid_until=rule.expires_at(at=at, zone=store.timezone),
                )
            )
    earned = replace(evaluation.earned, vouchers=(*evaluation.earned.vouchers, *vouchers))
    return replace(evaluation, earned=earned)


def _bought_before(
    rules: Sequence[Rule], customer_id: int | None, at: datetime, sale_id: int | None
) -> dict[int, Bought]:
    """Return by rule what the customer had bought before; nothing for rules that need a customer where there is none."""
    asked = [rule for rule in rules if rule.window_days is not None]
    if not asked or customer_id is None:
        return {}
    windows = [(at - timedelta(days=rule.window_days or 0), rule.origin) for rule in asked]
    found = bought_since(customer_id, windows, without_sale=sale_id)
    return {rule.id: bought for rule, bought in zip(asked, found, strict=True)}
