"""A sale whose policy is to evaluate what is kept again: what that needs is stored with it, and read back here.

Facts of the customer, uses of limits and the catalogue are those of the moment of the sale: what changed since does not
change what a return gives back. Sales under the policy `prorated` store nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from campaigns.engine import basket as engine
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.held import HoldingPlan, hold
from campaigns.engine.plan import Plan
from campaigns.engine.refunds import kept_basket
from campaigns.loader import compiled_revisions, plan_for
from pos_api.services.evaluation import Evaluated
from retail.models import Sale

# More than any limit or budget: a campaign that was no part of the sale has nothing left for what is kept.
_ALL = 10**15
_USED_UP = engine.CampaignUsage(total=_ALL, customer=_ALL, store=_ALL, code=_ALL, budget_spent=_ALL)


class _Use(Struct, array_like=True):
    """What had been used of one limit of one campaign."""

    campaign: str
    scope: str
    counts: str
    per: str
    used: int


class _Basis(Struct, kw_only=True):
    """Everything that an evaluation of the sale depends on, beside the plan of its version."""

    basket: engine.Basket
    shopper: engine.Shopper | None
    store: engine.Store
    moment: datetime
    uses: list[_Use]
    spent: dict[str, int]
    held: list[int]
    activated: list[str]
    programs: tuple[engine.Program, ...] = ()


def basis_of(evaluated: Evaluated, store: engine.Store) -> Any:
    """Return what is stored with the sale as JSON values, None where its policy needs nothing."""
    plan = evaluated.plan
    if plan.policy.refund != "recalculate":
        return None
    basis = _Basis(
        basket=evaluated.basket,
        # Who it was stands with the sale; documents are kept in one place.
        shopper=evaluated.shopper and msgspec.structs.replace(evaluated.shopper, document=""),
        store=store,
        moment=evaluated.moment,
        uses=[
            _Use(code, *limit, use.used)
            for code, usage in evaluated.usage.items()
            for limit, use in usage.by_limit.items()
        ],
        spent={code: usage.budget_spent for code, usage in evaluated.usage.items() if usage.budget_spent},
        held=[one.campaign.revision for one in plan.held.values()] if isinstance(plan, HoldingPlan) else [],
        activated=[activation.campaign for activation in evaluated.evaluation.activations],
        programs=evaluated.snapshot.value.engine_programs(),
    )
    return msgspec.json.decode(msgspec.json.encode(basis, enc_hook=_plain))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str(value)


def _restored(kind: type, value: Any) -> Any:
    return ZoneInfo(value) if kind is ZoneInfo else kind(value)


def evaluate_kept(sale: Sale, basis: Any, returned: Mapping[int, Decimal]) -> Evaluation | None:
    """Return the evaluation of what is kept of a sale, by the plan of its own version; None when nothing is kept.

    Campaigns with a limit or a budget that were no part of the sale stay out: nobody counted them.
    """
    read = msgspec.convert(basis, _Basis, dec_hook=_restored)
    kept = kept_basket(read.basket, returned)
    if kept is None:
        return None
    plan = plan_for(sale.plan_version)
    if read.held:
        plan = hold(plan, compiled_revisions(read.held).values())
    shopper = read.shopper
    if shopper is not None and sale.customer is not None:
        shopper = msgspec.structs.replace(shopper, document=sale.customer.document or "")
    return evaluate(
        plan,
        kept,
        shopper,
        moment=read.moment,
        store=read.store,
        usage=_usage(plan, read),
        programs=read.programs,
        with_deals=True,
    )


def _usage(plan: Plan, basis: _Basis) -> dict[str, engine.CampaignUsage]:
    usage = {
        code: _USED_UP
        for code, compiled in plan.campaigns.items()
        if (compiled.campaign.limits or compiled.campaign.budget is not None) and code not in basis.activated
    }
    by_limit: dict[str, dict[tuple[str, str, str], engine.LimitUse]] = {}
    for use in basis.uses:
        by_limit.setdefault(use.campaign, {})[use.scope, use.counts, use.per] = engine.LimitUse(use.used)
    for code in basis.activated:
        usage[code] = engine.CampaignUsage(
            by_limit=by_limit.get(code, {}), budget_spent=basis.spent.get(code, 0)
        )
    return usage
