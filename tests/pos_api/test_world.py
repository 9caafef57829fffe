"""The promises over the whole database: they hold after honest work, and each is missed when somebody breaks it."""

import pytest
from django.db import connection

from campaigns.models import Activation, CampaignCounter, PromoCode, PromoCodeUse
from loyalty.models import Account, PointsProgram
from retail.models import Sale
from tests.builders import build_customer
from tests.pos_api.till import Till, issue_code, line, publish, sale
from tests.world import CHECKS, assert_world, problems

CPF = "39053344705"

# check: what breaks it, as a fault of the software would; %(sale)s is a sale with a partial return, %(over)s a cancelled one.
FAULTS = {
    "metrics_are_what_the_sales_come_to": "UPDATE customers_customermetrics SET turnover_total = turnover_total + 1",
    "categories_are_what_the_lines_come_to": "UPDATE customers_categorytotal SET quantity = quantity + 1",
    "counter_is_what_stands_in_its_window": "UPDATE campaigns_campaigncounter SET used = used + 1 WHERE counts = 'sale'",
    "code_is_used_by_sales_that_stand": "UPDATE campaigns_promocode SET used = used - 1",
    "code_is_used_by_each_customer_in_sales_that_stand": "UPDATE campaigns_promocodeuse SET used = used + 1",
    "reservation_that_is_over_keeps_nothing": "UPDATE pos_api_reservation SET state = 'released', ended_at = now()",
    "return_gave_the_credit_note_that_it_says": "UPDATE retail_salereturn SET credited = credited + 1",
    "sale_that_is_over_holds_no_activation": "UPDATE campaigns_activation SET reversed_at = NULL WHERE sale_id = %(over)s",
    "sale_has_its_answer": "UPDATE retail_sale SET response = NULL WHERE id = %(sale)s",
    "sale_is_the_sum_of_its_lines": (
        "UPDATE retail_sale SET gross = gross + 1, discount = discount + 1 WHERE id = %(sale)s"
    ),
    "sale_is_refunded_what_its_returns_say": "UPDATE retail_sale SET refunded = refunded + 1 WHERE id = %(sale)s",
    "sale_gives_back_no_more_money_than_it_took": "UPDATE retail_salereturn SET amount = amount + 1000",
    "line_came_back_as_its_returns_say": "UPDATE retail_saleline SET returned = 0 WHERE returned = 1",
    "sale_is_in_the_state_of_its_lines": "UPDATE retail_sale SET state = 'returned' WHERE id = %(sale)s",
    "value_moves_for_the_customer_of_the_sale": "UPDATE retail_sale SET customer_id = %(other)s WHERE id = %(sale)s",
    "merged_customer_has_nothing_of_his_own": """
        UPDATE customers_customer SET merged_into_id = %(other)s, is_active = false
         WHERE id = (SELECT customer_id FROM retail_sale WHERE id = %(sale)s)""",
    "cancelled_sale_spent_nothing": (
        "UPDATE retail_sale SET state = 'cancelled', cancelled_at = now() WHERE id = %(sale)s"
    ),
}


@pytest.fixture
def rows(till: Till) -> dict[str, int]:
    """One sale of everything with a unit that came back, and one that was cancelled."""
    program = PointsProgram.objects.create(code="pontos", name="Pontos", points=1, per_amount=1)
    PointsProgram.objects.filter(pk=program.pk).update(point_value="0.10", redeem_step=1)
    limits = [
        {"scope": "customer", "counts": "sale", "max": 9},
        {"scope": "total", "counts": "item", "max": 9},
    ]
    publish(limits=limits, conditions={"kind": "promo_code"})
    issue_code(max_uses=9)
    PromoCode.objects.update(max_uses_per_customer=9)
    buyer = {"customer": {"document": CPF}, "promo_codes": ["BEMVINDO"]}
    till.sell(sale(total="90.00", **buyer))
    bought = line(quantity="2", category="camisas")
    sold = till.sell(sale(bought, total="175.00", redeem={"points": {"pontos": "50"}}, **buyer))
    assert sold.status_code == 201, sold.content
    over = till.sell(sale(total="90.00", **buyer)).json()
    assert till.cancel(over["sale"]).status_code == 200
    assert till.give_back(sold.json()["sale"], {1: "1"}).status_code == 201
    kept = {"redeem": {"points": {"pontos": "5"}}, "customer": buyer["customer"]}
    assert till.send("POST", "reservations/", kept).status_code == 201
    return {
        "sale": Sale.objects.get(uuid=sold.json()["sale"]).pk,
        "over": Sale.objects.get(uuid=over["sale"]).pk,
        "other": build_customer().pk,
    }


def test_holds_after_a_sale_a_return_and_a_cancellation(rows: dict[str, int]) -> None:
    assert_world()

    # What is held against each other is there.
    assert Account.objects.get().balance > 0
    assert CampaignCounter.objects.count() == 2
    assert PromoCodeUse.objects.get().used == PromoCode.objects.get().used == 2
    assert Activation.objects.filter(reversed_at__isnull=True).count() == 2


def test_has_a_fault_for_every_check() -> None:
    assert set(FAULTS) == set(CHECKS)


@pytest.mark.parametrize("check", FAULTS)
def test_misses_what_somebody_broke(rows: dict[str, int], check: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FAULTS[check], rows if "%(" in FAULTS[check] else None)
        assert cursor.rowcount

    assert check in {name for name, _detail in problems()}
    with pytest.raises(AssertionError, match=check):
        assert_world()


@pytest.mark.django_db(transaction=True)
@pytest.mark.breaks_world("sale_is_the_sum_of_its_lines")
def test_a_test_that_commits_says_what_it_breaks_on_purpose(rows: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FAULTS["sale_is_the_sum_of_its_lines"], rows)

    assert_world(but_for=["sale_is_the_sum_of_its_lines"])
