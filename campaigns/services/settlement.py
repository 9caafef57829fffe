"""What a recorded sale uses up: limits, budgets and promotional codes, counted so that no limit is ever exceeded.

Called inside the transaction that records the sale. Everything is decided by conditional updates, never by a value that
was read before; rows are locked in the documented order (codes by id, then counters by id), so that two sales never
wait for each other in a circle. What was counted is kept with the activation: `campaigns.services.release` takes exactly
that off the same windows when the sale is returned or cancelled.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from msgspec import Struct

from campaigns.engine import evaluation as engine
from campaigns.models import CampaignRevision
from campaigns.services.activation_rows import insert_activations
from retail import money

# The window of a limit that never starts again.
EVER = date(1, 1, 1)


class BenefitGone(Exception):
    """A limit, a budget or a code was used up by somebody else since the sale was evaluated."""

    code = "benefit_gone"


class Claim(Struct, frozen=True, kw_only=True):
    """What one activation takes from one counter."""

    campaign_id: int
    scope: str
    scope_key: str
    counts: str
    per: str
    window_starts_on: date
    amount: Decimal
    maximum: Decimal

    @property
    def key(self) -> tuple[int, str, str, str, str, date]:
        """What identifies the counter."""
        return (
            self.campaign_id,
            self.scope,
            self.scope_key,
            self.counts,
            self.per,
            self.window_starts_on,
        )


def window_starts_on(per: str, day: date) -> date:
    """Return the first day of the window of a limit that ``day``, a date in the store's zone, falls in."""
    if per == "day":
        return day
    if per == "week":
        return day - timedelta(days=day.weekday())
    if per == "month":
        return day.replace(day=1)
    if per == "year":
        return day.replace(month=1, day=1)
    return EVER


def settle(
    *,
    sale_id: int,
    evaluation: engine.Evaluation,
    line_ids: Mapping[int, int],
    customer_key: str,
    promo_code_ids: Mapping[str, int],
    vip_card_ids: Mapping[str, int],
    day: date,
    uses_return: bool,
    at: datetime,
) -> dict[str, int]:
    """Count what the sale's activations use, record them with their adjustments; return their keys by campaign.

    ``line_ids`` maps line numbers to keys of sale lines, ``customer_key`` is whom customer limits count, ``day`` is the
    sale's day in the store's zone. Promotional codes and VIP cards come by their codes; a card has no limit of uses. ``uses_return`` says whether cancelling gives uses back. Raises BenefitGone, after
    which the transaction must be rolled back.
    """
    granted = evaluation.activations
    if not granted:
        return {}
    codes, limited = _claim_codes(granted, promo_code_ids, customer_key, at)
    claims = _claims(granted, customer_key, day)
    counters = _count([claim for several in claims for claim in several])
    consumption, promo_codes = [], []
    for activation, several in zip(granted, claims, strict=True):
        used_codes = [codes[code] for code in activation.promo_codes if code in codes]
        used: list[dict[str, Any]] = [
            {"promo_code": pk, "customer": customer_key} if pk in limited else {"promo_code": pk}
            for pk in used_codes
        ]
        used += [
            {
                "counter": counters[claim.key],
                "counts": claim.counts,
                "amount": str(claim.amount),
                "returns": uses_return,
            }
            | ({"items": dict(activation.items)} if claim.counts == "item" and activation.items else {})
            for claim in strictest(several)
        ]
        consumption.append(used)
        promo_codes.append(used_codes[0] if used_codes else None)
    return insert_activations(
        sale_id=sale_id,
        evaluation=evaluation,
        consumption=consumption,
        promo_codes=promo_codes,
        vip_cards=vip_card_ids,
        line_ids=line_ids,
        at=at,
    )


def _claims(granted: Sequence[engine.Activation], customer_key: str, day: date) -> list[list[Claim]]:
    """Return for each activation what it takes from counters. Only what is limited has any."""
    limited = {a.revision for a in granted if a.consumption or a.budget is not None}
    if not limited:
        return [[] for _ in granted]
    rows = CampaignRevision.objects.filter(pk__in=limited).values_list("pk", "campaign_id")
    campaigns = dict(rows)
    return [
        claims_of(a, campaigns[a.revision], customer_key, day) if a.revision in limited else []
        for a in granted
    ]


def claims_of(activation: engine.Activation, campaign_id: int, customer_key: str, day: date) -> list[Claim]:
    """Return what an activation takes from its campaign's counters."""
    claims = [
        Claim(
            campaign_id=campaign_id,
            scope=use.scope,
            scope_key=customer_key if use.scope == "customer" else use.key,
            counts=use.counts,
            per=use.per,
            window_starts_on=window_starts_on(use.per, day),
            amount=Decimal(use.amount),
            maximum=Decimal(use.max),
        )
        for use in activation.consumption
        if use.amount
    ]
    if activation.budget is not None and activation.discount:
        claims.append(
            Claim(
                campaign_id=campaign_id,
                scope="total",
                scope_key="",
                counts="money",
                per="campaign",
                window_starts_on=EVER,
                amount=money.to_decimal(activation.discount),
                maximum=money.to_decimal(activation.budget),
            )
        )
    return claims


def strictest(claims: Iterable[Claim]) -> list[Claim]:
    """Return one claim for each counter: two limits of a campaign may share one; then the smaller one decides."""
    return list({claim.key: claim for claim in sorted(claims, key=lambda claim: -claim.maximum)}.values())


_INSERT_COUNTERS = """
INSERT INTO campaigns_campaigncounter
    (campaign_id, scope, scope_key, counts, per, window_starts_on, used, maximum)
SELECT w.campaign_id, w.scope, w.scope_key, w.counts, w.per, w.window_starts_on, 0, w.maximum
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::numeric[], %s::numeric[])
    AS w(campaign_id, scope, scope_key, counts, per, window_starts_on, amount, maximum)
ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING
"""

# The rows are locked in the order of their ids before the condition is tested; the test then sees what others committed.
_RAISE_COUNTERS = """
WITH locked AS (
    SELECT c.id, w.amount, w.maximum
    FROM campaigns_campaigncounter c
    JOIN unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::numeric[],
                %s::numeric[])
        AS w(campaign_id, scope, scope_key, counts, per, window_starts_on, amount, maximum)
        USING (campaign_id, scope, scope_key, counts, per, window_starts_on)
    ORDER BY c.id
    FOR NO KEY UPDATE OF c
)
UPDATE campaigns_campaigncounter c
SET used = c.used + locked.amount, maximum = locked.maximum
FROM locked
WHERE c.id = locked.id AND c.used + locked.amount <= locked.maximum
RETURNING c.campaign_id, c.scope, c.scope_key, c.counts, c.per, c.window_starts_on, c.id
"""


def _count(claims: Sequence[Claim]) -> dict[tuple[Any, ...], int]:
    """Raise every claimed counter, all or none, and return their ids. Raises BenefitGone."""
    if not claims:
        return {}
    claims = strictest(claims)
    columns: list[Any] = [
        [claim.campaign_id for claim in claims],
        [claim.scope for claim in claims],
        [claim.scope_key for claim in claims],
        [claim.counts for claim in claims],
        [claim.per for claim in claims],
        [claim.window_starts_on for claim in claims],
        [claim.amount for claim in claims],
        [claim.maximum for claim in claims],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_COUNTERS, columns)
        cursor.execute(_RAISE_COUNTERS, columns)
        raised = {tuple(row[:6]): row[6] for row in cursor.fetchall()}
    if len(raised) < len(claims):
        raise BenefitGone
    return raised


# Locks the codes by id and takes a use of each that has one left which no reservation keeps (campaigns/migrations/0017).
_CLAIM_CODES = "SELECT code_id, per_customer FROM claim_promo_codes(%s, %s)"

# The code's own row is locked before: two sales of one customer come one after the other.
_CLAIM_PERSONAL_USES = """
INSERT INTO campaigns_promocodeuse AS u (promo_code_id, customer_key, used)
SELECT w.id, %s, 1 FROM unnest(%s::bigint[]) AS w(id) ORDER BY 1
ON CONFLICT (promo_code_id, customer_key) DO UPDATE SET used = u.used + 1
WHERE u.used < (SELECT max_uses_per_customer FROM campaigns_promocode k WHERE k.id = u.promo_code_id)
RETURNING u.promo_code_id
"""


def _claim_codes(
    granted: Iterable[engine.Activation], ids: Mapping[str, int], customer_key: str, at: datetime
) -> tuple[dict[str, int], frozenset[int]]:
    """Use each code that opened a campaign, once for the sale; return their keys, and those that limit each customer.

    Raises BenefitGone when one has no use left.
    """
    wanted = {
        code: ids[code]
        for activation in granted
        if activation.revision is not None
        for code in activation.promo_codes
    }
    if not wanted:
        return {}, frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_CODES, [sorted(wanted.values()), at])
        claimed = cursor.fetchall()
        if len(claimed) < len(wanted):
            raise BenefitGone
        limited = [pk for pk, limit in claimed if limit is not None]
        if limited:
            cursor.execute(_CLAIM_PERSONAL_USES, [customer_key, limited])
            if not customer_key or len(cursor.fetchall()) < len(limited):
                raise BenefitGone
    return wanted, frozenset(limited)
