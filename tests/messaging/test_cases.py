"""The figures of the specification, N25 to N28, as case files that anybody can read."""

import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from campaigns.models import PromoCodePool
from messaging.models import Message
from messaging.occasions import SettingsInvalid, read_settings
from messaging.rendering import measure_sms
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from tests.messaging.builders import build_automation, build_cart, build_message, build_reachable_customer
from tests.pos_api.till import Till, basket, publish

CASES = Path(__file__).parent / "cases"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def cases(name: str) -> list[dict[str, Any]]:
    return tomllib.loads((CASES / f"{name}.toml").read_text())["case"]


def on_the_day(clock: str) -> datetime:
    return datetime.combine(datetime(2026, 11, 20), time.fromisoformat(clock), tzinfo=SAO_PAULO)


@pytest.mark.parametrize("case", cases("n25_delay"), ids=lambda case: str(case["delay_minutes"]))
def test_n25_the_delay(case):
    if case["accepted"]:
        assert read_settings("recovery", {"delay_minutes": case["delay_minutes"]})
    else:
        with pytest.raises(SettingsInvalid):
            read_settings("recovery", {"delay_minutes": case["delay_minutes"]})


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases("n26_scan"), ids=lambda case: case["name"])
def test_n26_the_scan(sms, case):
    build_automation(settings={"delay_minutes": case["delay_minutes"]})
    build_cart(last_interaction_at=on_the_day(case["left"]))
    down = [on_the_day(moment) for moment in case.get("scheduler_down", ["00:00:00", "00:00:00"])]

    at = on_the_day("10:00:00")
    while at < on_the_day("11:30:00"):
        if not down[0] <= at < down[1]:
            if at.minute % 5 == 0:
                plan("recovery", at=at)
            deliver_due(clock=lambda: at)  # noqa: B023
        at += timedelta(minutes=1)

    message = Message.objects.get()
    if "reason" in case:
        assert (message.state, message.reason) == ("suppressed", case["reason"])
    else:
        assert message.sent_at == on_the_day(case["sent_at"])
        late = message.sent_at - message.due_at
        assert timedelta(0) <= late <= timedelta(minutes=9, seconds=59)


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases("n27_code"), ids=str)
def test_n27_the_code(sms, case):
    sent_at = on_the_day(case["sent"]).astimezone(UTC)
    with time_machine.travel(sent_at, tick=False):
        till = Till.open()
        publish(conditions={"kind": "promo_code"})
        pool = PromoCodePool.objects.create(
            code="volte", name="Volte", for_automations=True, campaign_id=_campaign()
        )
        build_automation(pool=pool, settings={"code_valid_hours": case["valid_hours"]})
        cart = build_cart(
            customer=build_reachable_customer(), last_interaction_at=sent_at - timedelta(minutes=31)
        )
        message = build_message(
            cart=cart, due_at=sent_at - timedelta(minutes=1), expires_at=sent_at + timedelta(minutes=9)
        )
        deliver_due(clock=lambda: sent_at)
    message.refresh_from_db()

    with time_machine.travel(sent_at + timedelta(**case["after"]), tick=False):
        answer = till.evaluate(
            basket(promo_codes=[message.promo_code.code], customer={"document": message.customer.document})
        )

    assert answer.json()["promo_codes"][0]["status"] == ("applied" if case["usable"] else "not_usable")


def _campaign() -> int:
    from campaigns.models import Campaign

    return Campaign.objects.get().pk


@pytest.mark.parametrize("case", cases("n28_sms"), ids=str)
def test_n28_the_cost_of_a_text_message(case):
    size = measure_sms(case["text"].ljust(case["padded_to"], "x"))

    assert (size.encoding, size.segments) == (case["encoding"], case["segments"])
