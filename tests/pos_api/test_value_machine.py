"""The life of value as a state machine: any sequence of sales, returns, cancellations, repetitions, days that pass, expiry,
adjustments, debts and surveys, held after every step against a ledger in memory (`value_model`), and in every tenth step and
at the end of each run against every promise over the whole database (`tests.world`).
"""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from campaigns.services import release
from loyalty import counter, stored_value_redemption
from loyalty.services import returns
from pos_api.services import returned_value
from tests.pos_api.till import Till
from tests.pos_api.value_machine import ValueMachine
from tests.pos_api.value_shop import Shop
from tests.world import assert_world

# Each run of the machine is a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)

QUICK = settings(
    max_examples=20, stateful_step_count=20, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink], database=None,
)  # fmt: skip
# Together 2,000 runs; in parts, that processes may share them.
PARTS = 8
DEEP = settings(QUICK, max_examples=2_000 // PARTS, stateful_step_count=50)


def run(till: Till, machine: type[ValueMachine], wanted: settings) -> None:
    machine.shop = Shop(till)
    run_state_machine_as_test(machine, settings=wanted)


def test_value_lives_as_the_model_says(till: Till) -> None:
    run(till, ValueMachine, QUICK)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_value_lives_as_the_model_says_for_long(till: Till, part: int) -> None:
    run(till, ValueMachine, DEEP)


_due_back = returned_value._due_back


def _forget_what_is_whole(one: dict[str, Any], progress: returned_value.Progress) -> tuple[int, int]:
    amount, units = _due_back(one, progress)
    return amount, (one["units"] or 0) if one.get("whole") else units


# Faults as somebody could make them: (where, name, what stands there instead)
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "limits are not given back": (release, "_lower_counters", lambda amounts: None),
    "what was spent is owed by nobody": (returns, "owed_for", lambda *amounts: 0),
    "points are taken back with the last unit only": (
        returned_value,
        "units_after_returns",
        lambda total, quantity, came: total if came >= quantity else 0,
    ),
    "a gift card keeps what exceeds the sale": (stored_value_redemption, "USED_WHOLE", frozenset()),
    "a use comes back with the first unit": (returned_value, "_due_back", _forget_what_is_whole),
    "what was earned last is spent first": (counter, "by_expiry", lambda lot: -lot.id),
}


def live_a_story(machine: ValueMachine) -> None:
    """Earn, spend, lose and return, step by step, and look at everything after each."""
    nothing: frozenset[str] = frozenset()
    steps = [
        lambda: machine.choose_policies("debt", 0),
        lambda: machine.sell(0, {"CALCA": 3}, nothing),
        lambda: machine.wait(24),
        lambda: machine.sell(0, {"LIVRO": 3}, nothing),
        lambda: machine.wait(24),
        lambda: machine.sell(0, {"MEIA": 1}, frozenset({"points"})),
        lambda: machine.adjust(0, "points", -40_00),
        lambda: machine.take_back(0, {1: 1}),
        lambda: machine.take_back(0, {1: 2}),
        lambda: machine.buy("presente", 60_00, None),
        lambda: machine.buy("bolsa", 17_77, 1),
        lambda: machine.issue(("vale", 50)),
        lambda: machine.sell(1, {"MEIA": 2, "CALCA": 3}, nothing, [2, 1, 0], ["max"] * 3),
        lambda: machine.take_back(len(machine.stored) - 1, {1: 1}),
        lambda: machine.wait(24),
        lambda: machine.take_back(len(machine.stored) - 1, {1: 1, 2: 3}),
    ]
    for step in steps:
        step()
        assert_world()
        machine.ledger_is_as_the_model_says()
        machine.balances_are_as_the_model_says()
        machine.limits_are_as_the_model_says()
    assert [sum(kinds["points"].debts) > 0 for kinds in machine.model.accounts] == [True, False]


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_notices_a_fault(till: Till, monkeypatch: pytest.MonkeyPatch, fault: str | None) -> None:
    ValueMachine.shop = Shop(till)
    machine = ValueMachine()
    if fault is None:
        live_a_story(machine)
        machine.teardown()
        return
    monkeypatch.setattr(*FAULTS[fault])

    with pytest.raises(AssertionError):
        live_a_story(machine)
    transaction.set_rollback(True)
    machine.teardown()
