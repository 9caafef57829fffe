"""Who is told: adding and changing endpoints, their secrets, switching them off and on. Every step is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.services.issuing_terms import refuse_unknown_stores
from messaging.webhooks.addresses import AddressRefused, parse_url
from messaging.webhooks.event_types import EVENT_TYPES
from messaging.webhooks.models import (
    ChangeAction,
    DeliveryState,
    DisabledReason,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from messaging.webhooks.reasons import ADDRESS_REFUSALS
from messaging.webhooks.signatures import new_nonce, secret_of
from retail.rows import FieldError

MOST_ENDPOINTS = 50
LONGEST_OVERLAP = timedelta(days=30)
Actor = User | None


class WebhookError(Exception):
    """An endpoint cannot be treated so; `code` says why."""

    code = "webhook"


class EndpointInvalid(WebhookError):
    """What was entered is wrong; `errors` name every field."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors)
        self.errors = list(errors)


class EndpointOvertaken(WebhookError):
    """Somebody else changed the endpoint in the meantime."""

    code = "version_conflict"

    def __str__(self) -> str:
        return _("Somebody else changed this endpoint in the meantime. Look at it again.")


class EndpointOff(WebhookError):
    """The endpoint is switched off; nothing is sent to it."""

    code = "endpoint_off"

    def __str__(self) -> str:
        return _("This endpoint is switched off. Switch it on first.")


class TooManyEndpoints(WebhookError):
    code = "too_many_endpoints"

    def __str__(self) -> str:
        return _("There can be no more than %(most)d endpoints.") % {"most": MOST_ENDPOINTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """All that a manager decides about an endpoint."""

    description: str
    url: str
    event_types: Sequence[str]
    store_codes: Sequence[str] = ()
    is_active: bool = True


@transaction.atomic
def create_endpoint(*, plan: EndpointPlan, actor: Actor, at: datetime) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint; return it and its secret, which cannot be shown again.

    Raises EndpointInvalid, TooManyEndpoints.
    """
    _check(plan)
    if WebhookEndpoint.objects.filter(removed_at__isnull=True).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    endpoint = WebhookEndpoint.objects.create(**_values(plan), is_active=plan.is_active, created_at=at)
    secret = _new_secret(endpoint, at=at)
    keep_change(endpoint, ChangeAction.CREATED, actor, at)
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    plan: EndpointPlan,
    actor: Actor,
    at: datetime,
    version: int | None = None,
) -> WebhookEndpoint:
    """Change an endpoint, and switch it on or off. `version` is the one that was looked at.

    Raises EndpointInvalid, EndpointOvertaken.
    """
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if version is not None and version != locked.version:
        raise EndpointOvertaken
    _check(plan, standing=locked)
    before = _document(locked)
    was_active = locked.is_active
    for name, value in _values(plan).items():
        setattr(locked, name, value)
    if locked.url != before["url"]:
        _forget_failures(locked)
    if plan.is_active != was_active:
        _switch(locked, plan.is_active, at=at)
    if _document(locked) == before:
        return locked
    locked.version += 1
    locked.save()
    action = ChangeAction.CHANGED
    if plan.is_active != was_active:
        action = ChangeAction.SWITCHED_ON if plan.is_active else ChangeAction.SWITCHED_OFF
    keep_change(locked, action, actor, at)
    return locked


def switch_endpoint(
    *, endpoint: WebhookEndpoint, is_active: bool, actor: Actor, at: datetime
) -> WebhookEndpoint:
    """Switch an endpoint on or off and change nothing else. Raises EndpointInvalid where its address is refused now."""
    plan = EndpointPlan(
        description=endpoint.description,
        url=endpoint.url,
        event_types=endpoint.event_types,
        store_codes=endpoint.store_codes,
        is_active=is_active,
    )
    return change_endpoint(endpoint=endpoint, plan=plan, actor=actor, at=at)


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, actor: Actor, at: datetime) -> bool:
    """Remove an endpoint and its secrets; what was sent stays in the log. Returns False when it was removed before."""
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if locked.removed_at is not None:
        return False
    if locked.is_active:
        _switch(locked, is_active=False, at=at)
    locked.removed_at = at
    locked.version += 1
    locked.save()
    locked.secrets.all().delete()
    keep_change(locked, ChangeAction.REMOVED, actor, at)
    return True


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, overlap: timedelta, actor: Actor, at: datetime) -> str:
    """Make a new secret and return it; calls are signed with the old ones, too, for `overlap` from now on."""
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    ends_at = at + min(overlap, LONGEST_OVERLAP)
    locked.secrets.filter(expires_at__lte=at).delete()
    locked.secrets.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=ends_at)).update(expires_at=ends_at)
    secret = _new_secret(locked, at=at)
    keep_change(locked, ChangeAction.SECRET_ROTATED, actor, at)
    return secret


def valid_secrets(endpoint_id: int, *, at: datetime) -> list[str]:
    """Return what calls are signed with at a moment, the newest first."""
    rows = WebhookSecret.objects.filter(endpoint=endpoint_id).exclude(expires_at__lte=at).order_by("-pk")
    return [secret_of(bytes(nonce)) for nonce in rows.values_list("nonce", flat=True)]


def disable_failing(endpoint: WebhookEndpoint, *, reason: DisabledReason, at: datetime) -> None:
    """Switch a locked endpoint off because its address answers no more; its notice stands in the back-office."""
    _switch(endpoint, is_active=False, at=at)
    endpoint.disabled_at, endpoint.disabled_reason = at, reason
    endpoint.version += 1
    endpoint.save()
    keep_change(endpoint, ChangeAction.DISABLED, None, at)


def _switch(endpoint: WebhookEndpoint, is_active: bool, *, at: datetime) -> None:
    endpoint.is_active = is_active
    endpoint.disabled_at, endpoint.disabled_reason = None, ""
    if is_active:
        _forget_failures(endpoint)
        return
    # What is being sent right now is closed by its sender.
    WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING).update(
        state=DeliveryState.FAILED, error="endpoint_off", closed_at=at
    )


def _forget_failures(endpoint: WebhookEndpoint) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None


def _new_secret(endpoint: WebhookEndpoint, *, at: datetime) -> str:
    nonce = new_nonce()
    WebhookSecret.objects.create(endpoint=endpoint, nonce=nonce, created_at=at)
    return secret_of(nonce)


def _values(plan: EndpointPlan) -> dict[str, Any]:
    return {
        "description": plan.description.strip(),
        "url": plan.url,
        "event_types": list(dict.fromkeys(plan.event_types)),
        "store_codes": list(dict.fromkeys(plan.store_codes)),
    }


def _check(plan: EndpointPlan, *, standing: WebhookEndpoint | None = None) -> None:
    """Raise EndpointInvalid. What an endpoint asked for before may stay; one that is refused today can be switched off."""
    known_events = standing.event_types if standing else ()
    errors: list[FieldError] = []
    if not plan.description.strip():
        errors.append(FieldError("description", "required", _("This is required.")))
    elif len(plan.description) > 160 or "\x00" in plan.description:
        errors.append(FieldError("description", "text", _("Must be a text of up to 160 characters.")))
    try:
        if plan.is_active or standing is None or standing.url != plan.url:
            parse_url(plan.url)
    except AddressRefused as refused:
        errors.append(FieldError("url", f"address_{refused.code}", str(ADDRESS_REFUSALS[refused.code])))
    if not plan.event_types:
        errors.append(FieldError("event_types", "required", _("Choose at least one event.")))
    for place, code in enumerate(plan.event_types):
        if code not in EVENT_TYPES and code not in known_events:
            errors.append(FieldError(f"event_types[{place}]", "unknown", _("There is no such event.")))
    refuse_unknown_stores(plan.store_codes, "stores", errors)
    if errors:
        raise EndpointInvalid(errors)


def _document(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return asdict(
        EndpointPlan(
            description=endpoint.description,
            url=endpoint.url,
            event_types=list(endpoint.event_types),
            store_codes=list(endpoint.store_codes),
            is_active=endpoint.is_active,
        )
    )


def keep_change(
    endpoint: WebhookEndpoint, action: ChangeAction, actor: Actor, at: datetime, **details: Any
) -> None:
    """Note what was done to an endpoint, and how it stands now."""
    document: Mapping[str, Any] = _document(endpoint) | details
    WebhookChange.objects.create(
        endpoint=endpoint, action=action, document=document, actor=actor, changed_at=at
    )
