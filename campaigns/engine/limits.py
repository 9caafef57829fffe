"""Limits and budgets: what has been used, what is left, and in which window a commit must count."""

from datetime import UTC, date, datetime, time, timedelta

from campaigns.engine.basket import CampaignUsage
from campaigns.engine.campaign import Campaign, Limit
from campaigns.engine.evaluation import Consumption
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict

UNUSED = CampaignUsage()


def usage_of(scene: Scene, campaign: Campaign) -> CampaignUsage:
    return scene.around.usage.get(campaign.code, UNUSED)


def used(limit: Limit, usage: CampaignUsage, cancelled_use: str) -> int:
    """Return how much of a limit is used; the policy `returned` takes cancelled uses off."""
    exact = usage.by_limit.get((limit.scope, limit.counts, limit.per))
    if exact is not None:
        return exact.used - exact.cancelled if cancelled_use == "returned" else exact.used
    plain: int = getattr(usage, limit.scope)
    if cancelled_use == "returned":
        plain -= getattr(usage, f"{limit.scope}_cancelled", 0)
    return plain


def check_limits(campaign: Campaign, scene: Scene) -> tuple[list[Verdict], int | None]:
    """Return the refusals of limits that are used up, and how many items the others still allow (None: any)."""
    usage = usage_of(scene, campaign)
    refusals = []
    items_left: int | None = None
    for limit in campaign.limits:
        if limit.scope == "customer" and scene.shopper is None:
            refusals.append(CUSTOMER_REQUIRED)
            continue
        count = used(limit, usage, scene.policy.cancelled_use)
        left = limit.max - count
        if left <= 0:
            refusals.append(reached(limit, count))
        elif limit.counts == "item":
            items_left = left if items_left is None else min(items_left, left)
    return refusals, items_left


def reached(limit: Limit, actual: int) -> Verdict:
    return Verdict(
        satisfied=False,
        code="limit_reached",
        required=limit.max,
        actual=actual,
        unit=Unit.COUNT,
        subject=f"{limit.scope}/{limit.counts}/{limit.per}",
    )


def too_many_items(campaign: Campaign, scene: Scene, wanted: int) -> Verdict | None:
    """Return the refusal of the first item limit that does not leave room for so many items."""
    usage = usage_of(scene, campaign)
    for limit in campaign.limits:
        if limit.counts == "item":
            count = used(limit, usage, scene.policy.cancelled_use)
            if count + wanted > limit.max:
                return reached(limit, count + wanted)
    return None


def budget_left(campaign: Campaign, scene: Scene) -> int | None:
    """Return what is left of the budget in cents, None without a budget."""
    if campaign.budget is None:
        return None
    return campaign.budget - usage_of(scene, campaign).budget_spent


def budget_refusal(campaign: Campaign, scene: Scene, wanted: int = 0) -> Verdict:
    spent = usage_of(scene, campaign).budget_spent
    return Verdict(
        satisfied=False,
        code="budget_reached",
        required=campaign.budget,
        actual=spent + wanted,
        missing=spent + wanted - (campaign.budget or 0) if wanted else None,
        unit=Unit.MONEY,
    )


def window_start(per: str, scene: Scene) -> datetime | None:
    """Return the instant (UTC) at which the present window of a limit began in the store's time zone."""
    if per == "campaign":
        return None
    day = scene.today
    if per == "week":
        day -= timedelta(days=day.weekday())
    elif per == "month":
        day = day.replace(day=1)
    elif per == "year":
        day = date(day.year, 1, 1)
    midnight = datetime.combine(day, time(), tzinfo=scene.around.store.timezone)
    return midnight.astimezone(UTC)


def consumption(
    campaign: Campaign, scene: Scene, items: int, codes: tuple[str, ...]
) -> tuple[Consumption, ...]:
    """Return what a commit must count for one activation. A code limit is counted for each code that was used."""
    counted = []
    for limit in campaign.limits:
        if limit.scope == "code":
            keys = codes
        else:
            keys = (scene.around.store.code if limit.scope == "store" else "",)
        for key in keys:
            counted.append(
                Consumption(
                    scope=limit.scope,
                    counts=limit.counts,
                    per=limit.per,
                    key=key,
                    window_start=window_start(limit.per, scene),
                    amount=1 if limit.counts == "sale" else items,
                    max=limit.max,
                )
            )
    return tuple(counted)
