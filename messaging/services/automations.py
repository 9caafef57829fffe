"""Changing how automatic messages are sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import PromoCodePool
from messaging.models import Automation, AutomationRevision, Channel, Template
from messaging.occasions import AUTOMATIC, read_settings, write_settings
from retail.models import Store


class AutomationRefused(Exception):
    """An automation cannot be saved so. `field` says what is in the way, `code` why."""

    def __init__(self, field: str, code: str, **params: object) -> None:
        super().__init__(field, code, params)
        self.field = field
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a manager decides about one automation."""

    enabled: bool
    channels: Sequence[str]
    stores_off: Collection[Store]
    settings: Any
    pool: PromoCodePool | None
    # With at most two places.
    holdout_percent: Decimal = Decimal(0)


def install_automations(*, at: datetime) -> None:
    """Add the row of every automatic occasion that has none, switched off, with every setting at its default."""
    known = set(Automation.objects.values_list("occasion", flat=True))
    missing = [
        Automation(occasion=code, channels=list(kind.channels), updated_at=at)
        for code, kind in AUTOMATIC.items()
        if code not in known
    ]
    if missing:
        Automation.objects.bulk_create(missing, ignore_conflicts=True)


@transaction.atomic
def save_automation(
    *, occasion: str, plan: Plan, version: int | None = None, by: User | None, at: datetime
) -> Automation:
    """Save an automation and keep the revision; with `version` only in the place of the one that was looked at.

    Raises AutomationRefused: `automation_changed`, `hold_out_range`, `hold_out_not_marketing`, `no_channel`, `channel_repeated`, `no_template` (channel), `pool_not_for_automations`,
    or what the occasion has against its settings.
    """
    automation = Automation.objects.select_for_update().get(occasion=occasion)
    if version is not None and version != automation.number:
        raise AutomationRefused("", "automation_changed")
    _check(occasion, plan)
    if plan.enabled and not automation.enabled:
        automation.enabled_at = at
    automation.enabled = plan.enabled
    automation.channels = list(plan.channels)
    automation.settings = write_settings(plan.settings)
    automation.pool = plan.pool
    automation.holdout_percent = plan.holdout_percent
    automation.number += 1
    automation.updated_at = at
    automation.save()
    automation.stores_off.set(plan.stores_off)
    AutomationRevision.objects.create(
        automation=automation, number=automation.number, document=_document(plan), saved_by=by, saved_at=at
    )
    return automation


@transaction.atomic
def switch_automation(*, occasion: str, enabled: bool, by: User | None, at: datetime) -> Automation:
    """Switch an automation on or off and change nothing else. Raises AutomationRefused."""
    automation = Automation.objects.select_related("pool").get(occasion=occasion)
    plan = Plan(
        enabled=enabled,
        channels=automation.channels,
        stores_off=list(automation.stores_off.order_by("pk")),
        settings=read_settings(occasion, automation.settings),
        pool=automation.pool,
        holdout_percent=automation.holdout_percent,
    )
    return save_automation(occasion=occasion, plan=plan, by=by, at=at)


def _check(occasion: str, plan: Plan) -> None:
    if len(set(plan.channels)) != len(plan.channels):
        raise AutomationRefused("channels", "channel_repeated")
    if plan.pool is not None and not (AUTOMATIC[occasion].gives_codes and plan.pool.for_automations):
        raise AutomationRefused("pool", "pool_not_for_automations")
    percent = plan.holdout_percent
    if not 0 <= percent < 100 or percent != percent.quantize(Decimal("0.01")):
        raise AutomationRefused("holdout_percent", "hold_out_range")
    if percent and not AUTOMATIC[occasion].purpose.needs_consent:
        raise AutomationRefused("holdout_percent", "hold_out_not_marketing")
    if not plan.enabled:
        return
    problem = AUTOMATIC[occasion].problem(plan.settings)
    if problem is not None:
        raise AutomationRefused(*problem)
    if not plan.channels:
        raise AutomationRefused("channels", "no_channel")
    written = set(Template.objects.in_use(occasion).values_list("channel", flat=True))
    for channel in plan.channels:
        if channel not in written:
            raise AutomationRefused("channels", "no_template", channel=Channel(channel).label)


def _document(plan: Plan) -> dict[str, object]:
    return {
        "enabled": plan.enabled,
        "channels": list(plan.channels),
        "stores_off": sorted(store.code for store in plan.stores_off),
        "settings": write_settings(plan.settings),
        "pool": plan.pool.code if plan.pool else None,
        "holdout_percent": str(plan.holdout_percent.quantize(Decimal("0.01"))),
    }
