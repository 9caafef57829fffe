"""How webhooks look in the back-office: states, errors and changes in words."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.webhooks.models import (
    ChangeAction,
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from messaging.webhooks.reasons import ERRORS
from messaging.webhooks.services.delivery import body_of
from retail import formats
from retail.views.timeline import TimelineEvent, event_at, person_name

DELIVERY_TONES = {
    DeliveryState.PENDING: "info",
    DeliveryState.CLAIMED: "info",
    DeliveryState.DELIVERED: "success",
    DeliveryState.FAILED: "danger",
}
STATE_LABELS = {
    "on": pgettext_lazy("endpoint", "On"),
    "failing": _("Failing"),
    "disabled": _("Switched off by the system"),
    "off": pgettext_lazy("endpoint", "Off"),
    "removed": pgettext_lazy("endpoint", "Removed"),
}
STATE_TONES = {"on": "success", "failing": "warning", "disabled": "danger", "off": "", "removed": ""}
_ICONS = {
    ChangeAction.CREATED: "plus",
    ChangeAction.SWITCHED_ON: "play",
    ChangeAction.SWITCHED_OFF: "pause",
    ChangeAction.DISABLED: "alert",
    ChangeAction.SECRET_ROTATED: "key",
    ChangeAction.REPLAYED: "refresh",
    ChangeAction.REMOVED: "trash",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a manager has to know of one endpoint."""

    title: str
    text: str
    tone: str


def state_of(endpoint: WebhookEndpoint) -> str:
    """Return on, failing, disabled, off or removed."""
    if endpoint.removed_at is not None:
        return "removed"
    if endpoint.disabled_at is not None:
        return "disabled"
    if not endpoint.is_active:
        return "off"
    return "failing" if endpoint.failures else "on"


def notice_of(endpoint: WebhookEndpoint) -> Notice | None:
    """Return what is wrong with an endpoint, None when nothing is."""
    if endpoint.disabled_at is not None:
        text = _now(
            "%(reason)s. Nothing has been sent since %(moment)s. What happened meanwhile is not made up for; what was "
            "given up can be sent again from the log, once it is switched on."
        )
        values = {
            "reason": endpoint.get_disabled_reason_display(),
            "moment": formats.moment(endpoint.disabled_at),
        }
        return Notice(_now("This endpoint was switched off"), text % values, "danger")
    if endpoint.is_active and endpoint.failing_since is not None:
        text = _now(
            "No call has been accepted since %(moment)s. After five days it is switched off by itself."
        )
        moment = {"moment": formats.moment(endpoint.failing_since)}
        return Notice(_now("This endpoint does not accept calls"), text % moment, "warning")
    return None


def error_text(code: str) -> str:
    """Return why a call was not accepted, for people; empty for none."""
    return str(ERRORS.get(code, code))


def outcome_text(row: WebhookDelivery | WebhookAttempt) -> str:
    """Return the status that came back, or why none did."""
    return str(row.status) if row.status else error_text(row.error)


def history_of(endpoint: WebhookEndpoint, *, most: int = 30) -> list[TimelineEvent]:
    """Return what was done to an endpoint, the newest first."""
    changes = endpoint.changes.select_related("actor").order_by("-pk")[:most]
    return [
        event_at(
            change.changed_at,
            change.get_action_display(),
            icon=_ICONS.get(ChangeAction(change.action), "edit"),
            tone="danger" if change.action == ChangeAction.DISABLED else "",
            text=person_name(change.actor) or _now("By the system"),
        )
        for change in changes
    ]


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """One call as the page of a delivery shows it."""

    number: int
    at: str
    outcome: str
    is_accepted: bool
    detail: str
    duration: str
    request_headers: list[tuple[str, str]]
    response_headers: list[tuple[str, str]]
    response: str


def attempts_of(delivery: WebhookDelivery) -> list[ShownAttempt]:
    """Return the calls of a delivery, the newest first."""
    return [_shown(delivery, attempt) for attempt in delivery.attempts.order_by("-pk")]


def _shown(delivery: WebhookDelivery, attempt: WebhookAttempt) -> ShownAttempt:
    return ShownAttempt(
        number=attempt.number,
        at=formats.moment(attempt.began_at),
        outcome=outcome_text(attempt),
        is_accepted=not attempt.error,
        detail=" ".join(filter(None, [error_text(attempt.error) if attempt.status else "", attempt.detail])),
        duration=_now("%(milliseconds)s ms") % {"milliseconds": formats.number(attempt.duration_ms)},
        request_headers=[
            ("POST", attempt.url),
            ("webhook-id", str(delivery.event.uuid)),
            ("webhook-timestamp", str(_seconds(attempt.began_at))),
            ("webhook-signature", _now("not kept")),
        ],
        response_headers=list(attempt.response_headers.items()),
        response=attempt.response,
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def body_text(delivery: WebhookDelivery) -> str:
    """Return the body of the calls, laid out for reading."""
    return json.dumps(json.loads(body_of(delivery.event)), indent=2, ensure_ascii=False)
