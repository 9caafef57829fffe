from decimal import Decimal

import pytest

from loyalty.models import Account, Entry, Lot, PointsProgram
from loyalty.services.levels import levels_of
from loyalty.services.programs import upsert_programs
from loyalty.services.stamp_plans import upsert_stamp_plans
from retail.models import Category
from tests.builders import NOON, build_customer, build_product

pytestmark = pytest.mark.django_db

FOUR_LEVELS = [{"name": f"Nível {number}", "points": f"{number * 10}"} for number in range(1, 5)]


def save(**fields):
    return upsert_programs(rows=[{"code": "pontos", "name": "Pontos", **fields}])[0]


def give_points(points: str) -> None:
    account = Account.objects.create(
        customer=build_customer(),
        kind="points",
        program=PointsProgram.objects.get(),
        created_at=NOON,
    )
    lot = Lot.objects.create(
        account=account,
        source="adjustment",
        cause="adjustment:1",
        earned=Decimal(points),
        available_from=NOON,
        created_at=NOON,
    )
    Entry.objects.create(
        lot=lot,
        account=account,
        kind="earn",
        amount=Decimal(points),
        cause="adjustment:1",
        occurred_at=NOON,
        recorded_at=NOON,
    )


def wrong(result):
    return [(error.path, error.code) for error in result.errors]


class TestPrograms:
    def test_one_point_for_ten_and_four_levels(self):
        result = save(points="1", per_amount="10.00", levels=FOUR_LEVELS)

        assert result.status == "created"
        assert [level.points for level in levels_of(PointsProgram.objects.get())] == [10, 20, 30, 40]

    def test_the_defaults_are_those_of_the_manual(self):
        save()

        program = PointsProgram.objects.get()
        assert (program.valid_days, program.pending_days, program.earns_on_discounted) == (None, 0, True)

    def test_saving_the_same_again_changes_nothing(self):
        save(levels=FOUR_LEVELS)

        assert save(levels=FOUR_LEVELS).status == "unchanged"
        assert PointsProgram.objects.get().version == 1

    def test_a_change_of_levels_alone_is_a_change(self):
        save(levels=FOUR_LEVELS)

        assert save(levels=[*FOUR_LEVELS, {"points": "50"}]).status == "updated"
        assert PointsProgram.objects.get().version == 2

    def test_thresholds_can_all_move_at_once(self):
        save(levels=[{"points": "10"}, {"points": "20"}, {"points": "30"}])

        save(levels=[{"points": "20"}, {"points": "30"}, {"points": "40"}])
        save(levels=[{"points": "5"}, {"points": "20"}, {"points": "35"}])

        assert [level.points for level in levels_of(PointsProgram.objects.get())] == [5, 20, 35]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"points": "1"}, [("per_amount", "required")]),
            ({"per_amount": "1"}, [("points", "required")]),
            ({"points": "0", "per_amount": "0"}, [("points", "range"), ("per_amount", "range")]),
            ({"redeem_step": "0"}, [("redeem_step", "range")]),
            ({"pending_days": None}, [("pending_days", "type")]),
            ({"valid_days": 0}, [("valid_days", "range")]),
            ({"valid_days": 5, "pending_days": 5}, [("valid_days", "range")]),
            ({"expired_restore": "grace_days"}, [("grace_days", "required")]),
            ({"clawback": "ignore"}, [("clawback", "choice")]),
            ({"levels": "x"}, [("levels", "type")]),
            ({"levels": [{"points": "10"}, {"points": "10"}]}, [("levels", "order")]),
            ({"levels": [{"points": "0"}]}, [("levels", "range")]),
            ({"levels": [3]}, [("levels", "type")]),
            ({"levels": [{"points": "10", "gift": 1}]}, [("levels", "unknown_field")]),
            (
                {"levels": [{"points": "10", "gifts": ["NO"]}]},
                [("levels[0].gifts[0].sku", "unknown_product")],
            ),
            ({"levels": [{"points": "10", "gifts": ["A", "A"]}]}, [("levels", "duplicate")]),
            ({"code": "a b"}, [("code", "invalid")]),
        ],
    )
    def test_says_which_field_is_wrong(self, fields, expected):
        assert wrong(save(**fields)) == expected
        assert not PointsProgram.objects.exists()


class TestRemovingALevel:
    def test_goes_while_nobody_has_the_points_of_level_one(self):
        save(levels=FOUR_LEVELS)
        give_points("9.99")

        assert save(levels=FOUR_LEVELS[:3]).status == "updated"

    def test_stays_while_somebody_has_them(self):
        save(levels=FOUR_LEVELS)
        give_points("10.00")

        assert wrong(save(levels=FOUR_LEVELS[:3])) == [("levels", "points_reach_level")]
        assert len(levels_of(PointsProgram.objects.get())) == 4

    def test_stays_until_its_gifts_are_detached(self):
        product = build_product()
        with_gift = [*FOUR_LEVELS[:3], {**FOUR_LEVELS[3], "gifts": [product.sku]}]
        save(levels=with_gift)

        assert wrong(save(levels=FOUR_LEVELS[:3])) == [("levels", "level_has_gifts")]

        save(levels=FOUR_LEVELS)
        assert save(levels=FOUR_LEVELS[:3]).status == "updated"


class TestStampPlans:
    def test_ten_orders_of_a_category_for_a_product(self):
        Category.objects.create(code="pizzas", name="Pizzas")
        product = build_product()

        result = upsert_stamp_plans(
            rows=[
                {
                    "code": "dez",
                    "name": "Dez",
                    "category": "pizzas",
                    "orders": 10,
                    "reward": "product",
                    "reward_product": product.sku,
                    "reward_percent": "100",
                }
            ]
        )[0]

        assert (result.status, result.errors) == ("created", ())

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"reward": "product"}, [("reward_product", "required")]),
            ({"orders": 0}, [("orders", "range")]),
            ({"reward_percent": "100.01"}, [("reward_percent", "percent")]),
            ({"reward_percent": "NaN"}, [("reward_percent", "percent")]),
            ({"reward_percent": "1e400000"}, [("reward_percent", "percent")]),
            ({"category": "none"}, [("category", "unknown_category")]),
        ],
    )
    def test_says_which_field_is_wrong(self, fields, expected):
        row = {"code": "dez", "name": "Dez", "orders": 10, "reward": "delivery", "reward_percent": "50"}

        assert wrong(upsert_stamp_plans(rows=[row | fields])[0]) == expected
