"""What managers' programs get of how far messages are, whom a mailing can reach, and what came of mailings and automations."""

from typing import Any

from messaging.hold_out import Group, Uplift
from messaging.selectors.attribution import WAYS, Attribution, Counted
from messaging.selectors.audience import Reach
from messaging.selectors.mailings import Progress, Results
from messaging.selectors.outcomes import Outcome

_MAYBE = {"type": ["string", "null"], "format": "date-time"}
_NUMBER = {"type": "integer"}
_MONEY = {"type": "string", "examples": ["1189.90"]}
PROGRESS: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Messages by what became of them; null in lists.",
    "properties": {
        **dict.fromkeys(
            ("people", "held_out", "waiting", "sent", "delivered", "read", "failed", "in_doubt"), _NUMBER
        ),
        "not_sent": {"type": "object", "additionalProperties": _NUMBER, "description": "By reason."},
    },
}
REACH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "people": _NUMBER,
        "held_out": _NUMBER,
        "reachable": _NUMBER,
        "unreachable": _NUMBER,
        "by_channel": {"type": "object", "additionalProperties": _NUMBER},
    },
}
GROUP: dict[str, Any] = {
    "type": "object",
    "properties": {"people": _NUMBER, "buyers": _NUMBER, "revenue": _MONEY},
}
_COUNTED: dict[str, Any] = {"type": "object", "properties": {"sales": _NUMBER, "revenue": _MONEY}}
ATTRIBUTED: dict[str, Any] = {
    "type": "object",
    "description": (
        "Sales within `days` times 24 hours after the message that they count for: the last one before, or the one whose code or value was used."
    ),
    "properties": {
        "days": _NUMBER,
        "sales": _NUMBER,
        "revenue": _MONEY,
        **{f"by_{way}": _COUNTED for way in WAYS},
    },
}
UPLIFT: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Buyers in a hundred people more than among those held out, with its 95 % interval.",
    "properties": {
        name: {"type": "string"} for name in ("points", "low", "high", "extra_buyers", "extra_revenue")
    },
}
OUTCOME: dict[str, Any] = {
    **dict.fromkeys(("opened", "clicked", "bounced", "complained", "unsubscribed", "segments"), _NUMBER),
    "cost": {
        "type": ["string", "null"],
        "description": "In reais with four places, by the prices of the moments of sending; null where none was known.",
    },
}
RESULTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "progress": PROGRESS,
        **OUTCOME,
        "sales": _NUMBER,
        "attributed": ATTRIBUTED,
        "written_to": GROUP,
        "held_out": GROUP,
        "uplift": UPLIFT,
        "until": _MAYBE,
    },
}


def represent_progress(progress: Progress) -> dict[str, Any]:
    return {
        "people": progress.people,
        "held_out": progress.held_out,
        "waiting": progress.waiting,
        "sent": progress.sent,
        "delivered": progress.arrived,
        "read": progress.read,
        "failed": progress.failed,
        "in_doubt": progress.in_doubt,
        "not_sent": progress.not_sent,
    }


def represent_reach(reach: Reach) -> dict[str, Any]:
    return {
        "people": reach.people,
        "held_out": reach.held_out,
        "reachable": reach.reachable,
        "unreachable": reach.unreachable,
        "by_channel": reach.by_channel,
    }


def represent_results(results: Results) -> dict[str, Any]:
    return {
        "progress": represent_progress(results.progress),
        **represent_outcome(results.outcome),
        "attributed": represent_attributed(results.attribution),
        "sales": results.sales,
        "written_to": represent_group(results.written_to),
        "held_out": represent_group(results.held_out),
        "uplift": represent_uplift(results.uplift),
        "until": results.until,
    }


def represent_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what people did with messages, and what sending them cost."""
    return {
        "opened": outcome.opened,
        "clicked": outcome.clicked,
        "bounced": outcome.bounced,
        "complained": outcome.complained,
        "unsubscribed": outcome.unsubscribed,
        "segments": outcome.segments,
        "cost": None if outcome.cost is None else f"{outcome.cost:.4f}",
    }


def represent_attributed(found: Attribution) -> dict[str, Any]:
    return {"days": found.days, **_counted(found.total)} | {
        f"by_{way}": _counted(found.by_way[way]) for way in WAYS
    }


def _counted(counted: Counted) -> dict[str, Any]:
    return {"sales": counted.sales, "revenue": f"{counted.revenue:.2f}"}


def represent_group(group: Group) -> dict[str, Any]:
    return {"people": group.people, "buyers": group.buyers, "revenue": f"{group.revenue:.2f}"}


def represent_uplift(found: Uplift | None) -> dict[str, str] | None:
    if found is None:
        return None
    return {
        name: str(getattr(found, name)) for name in ("points", "low", "high", "extra_buyers", "extra_revenue")
    }
