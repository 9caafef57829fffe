"""The checks of a campaign's general data: period, hours, store, sale category, exchange, consent.

A compiled campaign carries only those that can refuse it.
"""

from collections.abc import Callable

from campaigns.engine.campaign import Campaign
from campaigns.engine.pricing import opens_in
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict

Guard = Callable[[Campaign, Scene], Verdict | None]


def guards_of(campaign: Campaign) -> tuple[Guard, ...]:
    """Return the guards that this campaign needs, in the order in which their refusals are shown."""
    wanted = (
        (campaign.schedule is not None, within_schedule),
        (bool(campaign.stores), in_store),
        (bool(campaign.operations), for_operation),
        (campaign.requires_consent is not None, with_consent),
    )
    return tuple(guard for needed, guard in wanted if needed)


def outside_window(campaign: Campaign, scene: Scene) -> Verdict:
    """Return the refusal of a campaign at a moment that is not in its period."""
    moment = scene.around.moment
    if campaign.starts_at is not None and moment < campaign.starts_at:
        return Verdict(
            satisfied=False, code="not_started", required=campaign.starts_at, actual=moment, unit=Unit.INSTANT
        )
    return Verdict(satisfied=False, code="ended", required=campaign.ends_at, actual=moment, unit=Unit.INSTANT)


def within_schedule(campaign: Campaign, scene: Scene) -> Verdict | None:
    schedule = campaign.schedule
    if schedule is None or schedule.is_open(scene.local):
        return None
    return Verdict(
        satisfied=False, code="schedule", required=schedule, actual=scene.local, unit=Unit.SCHEDULE
    )


def in_store(campaign: Campaign, scene: Scene) -> Verdict | None:
    if opens_in(campaign.stores, scene.around.store):
        return None
    return Verdict(
        satisfied=False,
        code="store",
        required=campaign.stores,
        actual=scene.around.store.code or None,
        unit=Unit.TEXT,
    )


def for_operation(campaign: Campaign, scene: Scene) -> Verdict | None:
    if scene.basket.operation in campaign.operations:
        return None
    return Verdict(
        satisfied=False,
        code="operation",
        required=campaign.operations,
        actual=scene.basket.operation,
        unit=Unit.TEXT,
    )


EXCHANGED = Verdict(satisfied=False, code="exchange")


def with_consent(campaign: Campaign, scene: Scene) -> Verdict | None:
    shopper = scene.shopper
    if shopper is None:
        return CUSTOMER_REQUIRED
    if campaign.requires_consent in shopper.consents:
        return None
    return Verdict(satisfied=False, code="consent", required=campaign.requires_consent, unit=Unit.TEXT)
