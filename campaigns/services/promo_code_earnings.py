"""Promotional codes that a sale earns: made when it is recorded, closed when it is cancelled."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from campaigns.engine import evaluation as engine
from campaigns.models import PromoCode, PromoCodePool
from campaigns.services import promo_code_refusals as refusals
from campaigns.services.promo_codes import (
    Terms,
    insert_codes,
    pattern_of,
    pool_terms,
    revision_at_issue,
)

logger = logging.getLogger(__name__)


def issue_earned(
    *, earned: Sequence[engine.CodeEarned], activations: Mapping[str, int], at: datetime
) -> list[str | None]:
    """Make the codes that a sale earned and return them in their order, as part of the caller's transaction.

    What a code is good for comes from its pool, its end from the benefit. A pool that is gone, closed or cannot issue
    gives None: no sale is refused for what the campaign promised for later.
    """
    if not earned:
        return []
    pools = {
        pool.code: pool
        for pool in PromoCodePool.objects.select_related("campaign").filter(
            code__in={code.pool for code in earned}
        )
    }
    issued: list[str | None] = [None] * len(earned)
    # Each pool's row is locked when its codes are counted: always in the order of their keys.
    known = [place for place, given in enumerate(earned) if given.pool in pools]
    for place in sorted(known, key=lambda place: pools[earned[place].pool].pk):
        given, pool = earned[place], pools[earned[place].pool]
        if pool.is_active:
            issued[place] = _issue(pool, activations[given.campaign], given.valid_until, at)
    for given, code in zip(earned, issued, strict=True):
        if code is None:
            logger.warning("campaign %s could not issue a code of pool %s", given.campaign, given.pool)
    return issued


def _issue(pool: PromoCodePool, activation_id: int, valid_until: datetime | None, at: datetime) -> str | None:
    try:
        revision = revision_at_issue(pool)
    except refusals.CampaignNotLive:
        return None
    usual = pool_terms(pool, at=at)
    terms = Terms(
        max_uses=usual.max_uses,
        max_uses_per_customer=usual.max_uses_per_customer,
        expires_at=valid_until or usual.expires_at,
    )
    while True:
        made = insert_codes(
            pool, pattern_of(pool).generate(1), terms, revision=revision, issued_by=activation_id, at=at
        )
        if made:
            return made[0]


def withdraw_issued(codes: Sequence[int]) -> None:
    """Close codes that a sale had issued and nobody used; their rows are locked by the caller."""
    if codes:
        PromoCode.objects.filter(pk__in=codes).update(is_active=False)
