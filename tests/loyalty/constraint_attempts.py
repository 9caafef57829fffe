"""Attempts to break the constraints of loyalty beside those of the ledger: issuing, programs, merges, holds, requests."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.models import (
    AdjustmentRequest,
    CustomerMerge,
    CustomerTier,
    Hold,
    IssuingGrant,
    LevelGift,
    ProgramLevel,
    ProgramTier,
    StoredValueCode,
    StoredValueLoad,
    SurveyAnswer,
)
from tests.builders import (
    NOON,
    build_account,
    build_adjustment_request,
    build_credit,
    build_customer,
    build_issuing_rule,
    build_issuing_run,
    build_product,
    build_program,
    build_sale,
    build_stamp_plan,
    build_stored_value,
    build_user,
    build_vip_card,
)


def _changed(build: Callable[[], Any], **values: Any) -> Callable[[], None]:
    def attempt() -> None:
        made = build()
        type(made)._default_manager.filter(pk=made.pk).update(**values)

    return attempt


def _run() -> Any:
    return build_issuing_run(previewed=False)


def _grant(times: int = 1, **values: Any) -> Callable[[], None]:
    def attempt() -> None:
        defaults = {"run": _run(), "customer": build_customer(), "turnover": 0, "visits": 0, "amount": 1}
        for _number in range(times):
            IssuingGrant.objects.create(**defaults | values)

    return attempt


def _merge(times: int = 1, **values: Any) -> Callable[[], None]:
    def attempt() -> None:
        kept, absorbed = build_customer(), build_customer()
        defaults = {
            "kept": kept,
            "absorbed": absorbed,
            "actor": build_user(),
            "reason": "x",
            "merged_at": NOON,
        }
        for _number in range(times):
            CustomerMerge.objects.create(**defaults | values)

    return attempt


def _merged_with_itself() -> None:
    _merge(kept=(same := build_customer()), absorbed=same)()


def _hold(times: int = 1, **values: Any) -> Callable[[], None]:
    def attempt() -> None:
        lot = build_credit(build_account()).lot_id
        defaults = {"lot_id": lot, "reservation": UUID(int=1), "amount": 1, "expires_at": NOON}
        for _number in range(times):
            Hold.objects.create(**defaults | values)

    return attempt


def _second_request() -> None:
    first = build_adjustment_request(build_account(), operation="1")
    build_adjustment_request(first.account, operation="1")


def _request() -> AdjustmentRequest:
    return build_adjustment_request(build_account())


def _decided_alone() -> None:
    user = build_user()
    build_adjustment_request(
        build_account(), requested_by=user, decided_by=user, decided_at=NOON, state="approved"
    )


def _levels(*points: int, numbers: tuple[int, ...] = (1, 2)) -> Callable[[], None]:
    def attempt() -> None:
        program = build_program()
        for number, one in zip(numbers, points, strict=False):
            ProgramLevel.objects.create(program=program, number=number, points=one)

    return attempt


def _second_gift() -> None:
    level = ProgramLevel.objects.create(program=build_program(), number=1, points=10)
    product = build_product()
    for _number in range(2):
        LevelGift.objects.create(level=level, product=product)


def _tiers(second: dict[str, Any], *, threshold: int = 1) -> Callable[[], None]:
    def attempt() -> None:
        first = {"program": build_program(), "number": 1, "code": "a", "name": "A", "threshold": threshold}
        ProgramTier.objects.create(**first)
        if second:
            ProgramTier.objects.create(**first | {"number": 2, "code": "b", "threshold": 2} | second)
        # Places and thresholds may pass through each other: they are looked at in the end.
        connection.check_constraints()

    return attempt


def _second_standing() -> None:
    customer, program = build_customer(), build_program()
    for _number in range(2):
        CustomerTier.objects.create(customer=customer, program=program, changed_at=NOON)


def _survey(**values: Any) -> Callable[[], object]:
    defaults = {"score": 5, "source": "till", "answered_at": NOON}
    return lambda: SurveyAnswer.objects.create(sale=build_sale(), **defaults | values)


def _paid_less_than_nothing() -> None:
    StoredValueLoad.objects.create(lot_id=build_stored_value().lot_id, price=-1)


def _second_of_one_code() -> None:
    first, second = (build_stored_value().stored for _ in "12")
    digest = StoredValueCode.objects.get(stored_value=first).digest
    StoredValueCode.objects.create(
        stored_value=second, digest=digest, last4="0001", created_at=NOON, ended_at=NOON
    )


def _both_set_the_level() -> None:
    for _number in range(2):
        build_program(sets_customer_level=True)


BESIDE_THE_LEDGER: dict[str, Callable[[], object]] = {
    "issuing_run_valid_for_days_or_between_dates": _changed(_run, valid_days=5, usable_until=NOON),
    "issuing_run_usable_period_not_empty": _changed(_run, usable_from=NOON, usable_until=NOON),
    "issuing_run_amounts_not_negative": _changed(_run, most=0),
    "issuing_run_state_known": _changed(_run, state="lost"),
    "issuing_run_period_not_empty": _changed(_run, period_starts_at=NOON, period_ends_at=NOON),
    "issuing_run_issues_what_was_previewed": _changed(_run, issued_count=1),
    "issuing_run_issues_once_confirmed": _changed(_run, state="done"),
    "issuing_grant_once_per_customer": _grant(times=2),
    "issuing_grant_amount_or_percent": _grant(percent=Decimal(10)),
    "issuing_rule_valid_for_days_or_between_dates": _changed(
        build_issuing_rule, valid_days=5, usable_from=NOON
    ),
    "issuing_rule_usable_period_not_empty": _changed(build_issuing_rule, usable_from=NOON, usable_until=NOON),
    "issuing_rule_amounts_not_negative": _changed(build_issuing_rule, minimum_turnover=-1),
    "issuing_rule_trigger_known": _changed(build_issuing_rule, trigger="birthday"),
    "issuing_rule_window_of_a_customer": _changed(build_issuing_rule, trigger="customer"),
    "issuing_rule_period_not_empty": _changed(build_issuing_rule, starts_at=NOON, ends_at=NOON),
    "customer_merge_of_two": _merged_with_itself,
    "customer_merge_has_a_reason": _merge(reason=""),
    "customer_merge_undone_whole": _merge(undone_at=NOON),
    "customer_merge_stands_once": _merge(times=2),
    "hold_once_per_reservation": _hold(times=2),
    "hold_positive": _hold(amount=0),
    "adjustment_request_once_per_operation": _second_request,
    "adjustment_request_names_its_debt": lambda: build_adjustment_request(build_account(), kind="write_off"),
    "adjustment_request_not_zero": lambda: build_adjustment_request(build_account(), 0),
    "adjustment_request_decided_by_somebody": _changed(_request, state="approved"),
    "adjustment_request_by_a_second_person": _decided_alone,
    "points_program_ratio_whole": lambda: build_program(points=1),
    "points_program_value_positive": lambda: build_program(point_value=0),
    "points_program_step_positive": lambda: build_program(redeem_step=0),
    "points_program_policies_known": lambda: build_program(clawback="ignore"),
    "points_program_tier_rules_known": lambda: build_program(tier_basis="mood"),
    "points_program_one_sets_level": _both_set_the_level,
    "program_level_once": _levels(1, 2, numbers=(1, 1)),
    "program_level_threshold_once": _levels(1, 1),
    "program_level_points_positive": _levels(0),
    "level_gift_once": _second_gift,
    "program_tier_once": _tiers({"code": "a"}),
    "program_tier_number_once": _tiers({"number": 1}),
    "program_tier_threshold_once": _tiers({"threshold": 1}),
    "program_tier_threshold_positive": _tiers({}, threshold=0),
    "customer_tier_once_per_program": _second_standing,
    "stamp_plan_needs_orders": lambda: build_stamp_plan(orders=0),
    "stamp_plan_percent_in_range": lambda: build_stamp_plan(reward_percent=0),
    "stamp_plan_reward_whole": lambda: build_stamp_plan(reward="product"),
    "survey_score_in_range": _survey(score=11),
    "survey_released_not_negative": _survey(released=-1),
    "vip_card_code_prefixed": lambda: build_vip_card(code="VIP1"),
    "vip_card_percent_in_range": lambda: build_vip_card(percent=0),
    "stored_value_load_price_not_negative": _paid_less_than_nothing,
    "stored_value_code_digest_once": _second_of_one_code,
}
# Those that say several things, tried in each of them.
IN_EACH_WAY: list[tuple[str, Callable[[], object]]] = [
    ("issuing_run_valid_for_days_or_between_dates", _changed(_run, valid_days=0)),
    ("issuing_run_valid_for_days_or_between_dates", _changed(_run, valid_days=5, usable_from=NOON)),
    ("issuing_run_amounts_not_negative", _changed(_run, minimum_turnover=-1)),
    ("issuing_run_issues_once_confirmed", _changed(_run, state="issuing")),
    ("issuing_grant_amount_or_percent", _grant(amount=0)),
    ("issuing_grant_amount_or_percent", _grant(amount=0, percent=Decimal("100.0001"))),
    ("issuing_grant_amount_or_percent", _grant(amount=0, percent=0)),
    ("issuing_rule_valid_for_days_or_between_dates", _changed(build_issuing_rule, valid_days=0)),
    ("issuing_rule_amounts_not_negative", _changed(build_issuing_rule, most=0)),
    ("issuing_rule_window_of_a_customer", _changed(build_issuing_rule, window_days=30)),
    ("issuing_rule_window_of_a_customer", _changed(build_issuing_rule, trigger="customer", window_days=0)),
    ("adjustment_request_decided_by_somebody", _changed(_request, decided_at=NOON)),
    ("points_program_ratio_whole", lambda: build_program(points=0, per_amount=1)),
    ("points_program_ratio_whole", lambda: build_program(per_amount=1)),
    ("points_program_policies_known", lambda: build_program(expired_restore="forever")),
    ("points_program_tier_rules_known", lambda: build_program(tier_period_months=0)),
    ("points_program_tier_rules_known", lambda: build_program(tier_downgrade="maybe")),
    ("stamp_plan_percent_in_range", lambda: build_stamp_plan(reward_percent=101)),
    ("stamp_plan_reward_whole", lambda: build_stamp_plan(reward_product=build_product())),
    ("vip_card_code_prefixed", lambda: build_vip_card(code="#VIP#ana")),
    ("vip_card_percent_in_range", lambda: build_vip_card(percent=101)),
]
