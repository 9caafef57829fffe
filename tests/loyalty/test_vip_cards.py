"""VIP cards: what the database refuses, what the service reads, until when a card holds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from loyalty.models import VipCard
from loyalty.selectors.vip_cards import last_day, usable_card
from loyalty.services.vip_cards import VipCardRefused, change_vip_card, create_vip_card
from retail.models import Company
from tests.builders import NOON, build_customer, build_vip_card

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/Sao_Paulo")
NEW = {"code": "#VIP#1001", "percent": "10.00", "valid_until": "2026-12-31"}


def create(**values: Any) -> VipCard:
    return create_vip_card(customer=build_customer(), values=NEW | values, at=NOON)


def refusals(**values: Any) -> list[tuple[str, str]]:
    with pytest.raises(VipCardRefused) as refused:
        create(**values)
    return [(error.path, error.code) for error in refused.value.errors]


class TestConstraints:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({"code": "VIP1001"}, "vip_card_code_prefixed"),
            ({"code": "#VIP#"}, "vip_card_code_prefixed"),
            ({"code": "#VIP#-1"}, "vip_card_code_prefixed"),
            ({"code": "#vip#1001"}, "vip_card_code_prefixed"),
            ({"code": "#VIP#ana"}, "vip_card_code_prefixed"),
            ({"code": "X#VIP#1001"}, "vip_card_code_prefixed"),
            ({"percent": 0}, "vip_card_percent_in_range"),
            ({"percent": Decimal("100.0001")}, "vip_card_percent_in_range"),
        ],
    )
    def test_are_enforced_by_the_database(self, values: dict[str, Any], name: str) -> None:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            build_vip_card(**values)

    def test_one_code_is_one_card(self) -> None:
        build_vip_card(code="#VIP#1001")

        with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
            build_vip_card(code="#VIP#1001")

    def test_a_customer_with_a_card_is_not_deleted(self) -> None:
        card = build_vip_card()

        with pytest.raises(ProtectedError):
            card.customer.delete()


class TestCreate:
    def test_reads_what_is_typed_and_keeps_it_in_one_form(self) -> None:
        card = create(
            code=" #vip#Ana-1 ", notify=["(11) 98765-4321", "Gerente@Loja.com.br", "+55 11 98765-4321"]
        )

        assert card.code == "#VIP#ANA-1"
        assert card.percent == Decimal("10")
        assert card.notify == ["+5511987654321", "gerente@loja.com.br"]
        assert (card.is_active, card.version, card.created_at) == (True, 1, NOON)

    @pytest.mark.parametrize(
        "code", ["VIP1001", "#VIP#", "#VIP#-1", "1001", "#VIP#A 1", "#VIP#Ã", "#VIP#A#1"]
    )
    def test_enforces_prefix_and_number(self, code: str) -> None:
        assert refusals(code=code) == [("code", "vip_code")]

    def test_refuses_a_code_that_exists_however_it_is_written(self) -> None:
        create()

        assert refusals(code="#vip#1001") == [("code", "duplicate")]

    def test_makes_a_number_up_where_none_is_given(self) -> None:
        first, second = create(code=""), create(code="")

        assert first.code.startswith("#VIP#")
        assert len(first.code) == 15
        assert first.code != second.code

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"percent": "0"}, [("percent", "percent")]),
            ({"percent": "100.01"}, [("percent", "percent")]),
            ({"percent": "ten"}, [("percent", "percent")]),
            ({"percent": True}, [("percent", "percent")]),
            ({"valid_until": None}, [("valid_until", "required")]),
            ({"valid_until": "2026-11-19"}, [("valid_until", "range")]),
            ({"valid_until": "31/12/2026"}, [("valid_until", "date")]),
            ({"notify": "11987654321"}, [("notify", "type")]),
            ({"notify": ["abc"]}, [("notify", "address")]),
            ({"notify": ["ana@"]}, [("notify", "address")]),
            ({"notify": [5]}, [("notify", "type")]),
            ({"notify": [f"a{n}@x.com.br" for n in range(11)]}, [("notify", "too_many")]),
            ({"is_active": "yes"}, [("is_active", "type")]),
            ({"rate": "10"}, [("rate", "unknown_field")]),
            ({"code": "#VIP#" + "9" * 60}, [("code", "too_long")]),
        ],
    )
    def test_names_what_is_wrong(self, values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        assert refusals(**values) == expected

    def test_names_what_is_missing(self) -> None:
        with pytest.raises(VipCardRefused) as refused:
            create_vip_card(customer=build_customer(), values={}, at=NOON)

        assert [error.path for error in refused.value.errors] == ["percent", "valid_until"]


class TestPeriod:
    def test_ends_with_the_last_day_of_the_company_whatever_the_hour_of_its_making(self) -> None:
        card = create(valid_until="2026-11-20")

        assert card.expires_at == datetime(2026, 11, 21, 3, tzinfo=UTC)
        assert last_day(card, ZONE) == date(2026, 11, 20)
        last_moment = card.expires_at - timedelta(microseconds=1)
        assert usable_card([card.code], at=last_moment) == card
        assert usable_card([card.code], at=card.expires_at) is None

    def test_counts_by_the_companys_clock(self) -> None:
        Company.objects.update(time_zone="America/Manaus")

        assert create().expires_at == datetime(2027, 1, 1, 4, tzinfo=UTC)


class TestUsableCard:
    def test_is_the_first_that_holds_in_the_order_of_the_codes(self) -> None:
        blocked, second, third = build_vip_card(is_active=False), build_vip_card(), build_vip_card()

        found = usable_card([blocked.code, "BEMVINDO", third.code, second.code], at=NOON)

        assert found == third

    def test_costs_no_query_where_no_code_looks_like_one(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert usable_card(["BEMVINDO", "VIP"], at=NOON) is None


class TestChange:
    def test_changes_what_may_change(self) -> None:
        card = create()
        later = NOON + timedelta(days=1)

        changed = change_vip_card(
            card=card, values={"percent": "12.5", "valid_until": "2027-01-31", "notify": []}, at=later
        )

        changed.refresh_from_db()
        assert (changed.percent, changed.version, changed.updated_at) == (Decimal("12.5"), 2, later)
        assert last_day(changed, ZONE) == date(2027, 1, 31)

    def test_ends_a_card_by_a_day_that_is_over(self) -> None:
        changed = change_vip_card(card=create(), values={"valid_until": "2026-11-19"}, at=NOON)

        assert usable_card([changed.code], at=NOON) is None

    def test_blocks_and_lets_it_be_used_again(self) -> None:
        card = create()

        blocked = change_vip_card(card=card, values={"is_active": False}, at=NOON)
        assert usable_card([card.code], at=NOON) is None
        change_vip_card(card=blocked, values={"is_active": True}, at=NOON)

        assert usable_card([card.code], at=NOON) == card

    def test_writes_nothing_where_nothing_differs(self) -> None:
        card = create()

        changed = change_vip_card(card=card, values={"percent": "10"}, at=NOON + timedelta(days=1))

        assert (changed.version, changed.updated_at) == (1, NOON)

    @pytest.mark.parametrize("name", ["code", "customer"])
    def test_leaves_code_and_customer_alone(self, name: str) -> None:
        with pytest.raises(VipCardRefused) as refused:
            change_vip_card(card=create(), values={name: "#VIP#2"}, at=NOON)

        assert [(error.path, error.code) for error in refused.value.errors] == [(name, "unknown_field")]

    def test_refuses_what_somebody_else_changed_meanwhile(self) -> None:
        card = create()
        change_vip_card(card=card, values={"percent": "20"}, at=NOON)

        with pytest.raises(VipCardRefused) as refused:
            change_vip_card(card=card, values={"percent": "30"}, at=NOON, version=1)

        assert [error.code for error in refused.value.errors] == ["version_conflict"]
