"""The rate of a VIP card: a percentage off what every campaign left of each line.

It belongs to the customer, not to a campaign: nothing excludes it, it excludes nothing, and what the campaigns give does
not depend on it. Floor prices, lines without discount and the policy's caps hold for it as for any discount.
"""

from functools import lru_cache

from campaigns.engine.application import Application
from campaigns.engine.benefits.item_percent import ItemPercent
from campaigns.engine.campaign import Campaign
from campaigns.engine.compiled import Compiled
from campaigns.engine.conditions.promo_code import PromoCode
from campaigns.engine.eligibility import Standing, assess
from campaigns.engine.scene import Scene

NAME = "VIP"
# After every campaign, whose priorities end at 100,000.
_PRIORITY = 999_999


def apply_rate(scene: Scene, application: Application) -> list[Standing]:
    """Apply the first usable card that was entered, after everything else; return how it stands, nothing without one."""
    for entered in scene.basket.promo_codes:
        if entered.percent is not None and entered.usable:
            standing = assess(_as_campaign(entered.code, entered.percent), scene)
            if not standing.refusals:
                application.apply_last(standing)
            return [standing]
    return []


@lru_cache(maxsize=1024)
def _as_campaign(code: str, percent: int) -> Compiled:
    """Return what a card gives in the form in which answers name, share and explain every discount."""
    return Compiled(
        Campaign(
            code=code,
            name=NAME,
            priority=_PRIORITY,
            exchange="net",
            conditions=PromoCode(),
            benefits=(ItemPercent(percent=percent),),
        )
    )
