"""Which reason to show first, and which campaign: what nobody can change now before what the customer can,
and among campaigns the nearest miss."""

from campaigns.engine.evaluation import Refusal
from campaigns.engine.verdict import Verdict

# The reason of a campaign with several: one that no purchase can change comes before any advice to buy more.
_FIXED = {
    code: rank
    for rank, code in enumerate(
        (
            "not_started",
            "ended",
            "schedule",
            "store",
            "operation",
            "exchange",
            "limit_reached",
            "budget_reached",
            "consent",
        )
    )
}
_AT_THE_TILL = (
    "minimum_amount",
    "minimum_quantity",
    "payment",
    "product",
    "no_qualifying_lines",
    "promo_code",
)
_LAST = {"not_accepted": 1}

# How near a campaign is, by its first reason, when no distance can be measured.
_THRESHOLDS = frozenset({"minimum_amount", "minimum_quantity"})
_NEAR = {
    "not_accepted": 1,
    "customer_required": 2,
    "payment": 3,
    "product": 4,
    "promo_code": 5,
    "promo_code_not_usable": 5,
}
_LOST = frozenset(
    {"outranked", "exclusive_elsewhere", "order_discount_elsewhere", "not_best", "stopped", "no_effect"}
)


# Whatever else refuses a campaign, it is no nearer than this.
_FAR = dict.fromkeys(_LOST, (2, 0, 0)) | {code: (4, 0, rank) for code, rank in _FIXED.items()}


_ALONE = _FAR | {code: (1, 1, rank) for code, rank in _NEAR.items()}
_ALONE_AND_OTHER = (3, 1, 0)


def arrange(verdicts: list[Verdict]) -> tuple[Verdict, ...]:
    """Return a campaign's verdicts without repetition, the one to show first."""
    unique: list[Verdict] = []
    for verdict in verdicts:
        if verdict not in unique:
            unique.append(verdict)
    return tuple(sorted(unique, key=_reason_rank))


def _reason_rank(verdict: Verdict) -> tuple[int, int, int]:
    code = verdict.code
    if code in _FIXED:
        return 0, _FIXED[code], 0
    if code in _LAST:
        return 3, 0, 0
    if code in _AT_THE_TILL:
        return 2, 0, distance(verdict)
    return 1, 0, 0


def distance(verdict: Verdict) -> int:
    """Return how far a number is from what is required, in millionths; the farthest when it cannot be measured."""
    missing, required = verdict.missing, verdict.required
    if verdict.code not in _THRESHOLDS or missing is None or not required:
        return 1_000_000 + _AT_THE_TILL.index(verdict.code) if verdict.code in _AT_THE_TILL else 2_000_000
    return int(missing * 1_000_000 // required)


def nearness(refusal: Refusal) -> tuple[int, int, int]:
    """Sort key of campaigns: thresholds nearly met, other things the customer can do, what lost, what is closed."""
    verdicts = refusal.verdicts
    code = verdicts[0].code
    if len(verdicts) == 1 and code not in _THRESHOLDS:  # most have one reason, and ask a table
        return _ALONE.get(code, _ALONE_AND_OTHER)
    if code in _FAR:
        return _FAR[code]
    if code in _THRESHOLDS:
        return 0, len(verdicts), distance(verdicts[0])
    if code in _NEAR:
        return 1, len(verdicts), _NEAR[code]
    return 3, len(verdicts), 0
