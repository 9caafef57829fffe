"""A sale and its return lock rows in the one documented order: sale, reservation, customer, accounts, promo codes, counters, metrics."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from loyalty.selectors.verification import problems
from tests.builders import build_account, build_credit, build_program
from tests.pos_api.till import Till, issue_code, line, publish, sale

ORDER = [
    "retail_sale",
    "pos_api_reservation",
    "customers_customer",
    "loyalty_account",
    "campaigns_promocode",
    "campaigns_campaigncounter",
    "customers_customermetrics",
]
# Functions that lock and write.
FUNCTIONS = {
    "SELECT code_id, per_customer FROM claim_promo_codes": "UPDATE campaigns_promocode ",
    "SELECT add_sale_to_metrics": "UPDATE customers_customermetrics ",
    "SELECT recount_customers": "UPDATE customers_customermetrics ",
}
CPF = "39053344705"
_TAKES_ROWS = re.compile(r'(?:\b(?:UPDATE|INSERT INTO) |\bFROM )"?(' + "|".join(ORDER) + r')"?\b', re.ASCII)


def locked(queries: CaptureQueriesContext) -> list[str]:
    """Return the tables of `ORDER` whose rows are first locked, in that order; a plain SELECT locks nothing."""
    found: dict[str, None] = {}
    for query in queries:
        sql = query["sql"]
        for call, meaning in FUNCTIONS.items():
            sql = sql.replace(call, meaning)
        if re.match(r"\s*SELECT\b", sql) and not re.search(r"FOR (?:NO KEY )?UPDATE", sql):
            continue
        if match := _TAKES_ROWS.search(sql):
            found.setdefault(match[1])
    return list(found)


@pytest.fixture
def till(db: None) -> Till:
    """Points, cashback, a promotional code and a limited campaign wait for one customer."""
    publish(limits=[{"scope": "customer", "counts": "sale", "max": 5}], conditions={"kind": "promo_code"})
    issue_code(max_uses=None)
    build_program(points=1, per_amount=10)
    customer = Customer.objects.create(name="Ana", document=CPF)
    build_credit(build_account(customer=customer), 30_00, available_from=timezone.now())
    return Till.open()


class TestLockOrder:
    def test_of_a_sale_and_of_its_return(self, till: Till) -> None:
        document = sale(
            line(1),
            line(2),
            total="170.00",
            customer={"document": CPF},
            promo_codes=["BEMVINDO"],
            redeem={"cashback": "10.00"},
        )
        asked = {name: document[name] for name in ("customer", "promo_codes", "redeem")}

        with CaptureQueriesContext(connection) as of_the_reservation:
            kept = till.send("POST", "reservations/", asked)
        document["reservation"] = kept.json()["reservation"]
        with CaptureQueriesContext(connection) as of_the_sale:
            recorded = till.sell(document)
        with CaptureQueriesContext(connection) as of_the_return:
            returned = till.give_back(recorded.json()["sale"], {1: "1"})

        assert (recorded.status_code, returned.status_code) == (201, 201)
        assert locked(of_the_sale) == ORDER
        assert locked(of_the_reservation) == ORDER[1:-2]
        positions = [ORDER.index(table) for table in locked(of_the_return)]
        assert positions == sorted(positions)
        assert {"retail_sale", "loyalty_account", "customers_customermetrics"} <= set(locked(of_the_return))
        assert problems() == []

    def test_of_what_a_sale_redeems_is_taken_before_it_is_read(self, till: Till) -> None:
        document = sale(total="80.00", customer={"document": CPF}, redeem={"cashback": "10.00"})

        with CaptureQueriesContext(connection) as queries:
            assert till.sell(document | {"promo_codes": ["BEMVINDO"]}).status_code == 201

        touched = [
            query["sql"]
            for query in queries
            if "loyalty_lot" in query["sql"] or "loyalty_account" in query["sql"]
        ]
        assert re.search(r'FROM "?loyalty_account"? .*FOR NO KEY UPDATE', touched[0])

    def test_lets_others_name_what_is_locked(self, till: Till) -> None:
        document = sale(line(1), line(2), total="200.00", customer={"document": CPF})
        uuid = till.sell(document).json()["sale"]

        with CaptureQueriesContext(connection) as queries:
            answers = [till.sell(document), till.give_back(uuid, {1: "1"}), till.cancel(uuid)]

        assert [answer.status_code for answer in answers] == [200, 201, 200]
        # The database locks the rows that a new row names. FOR UPDATE would keep it waiting, past the documented order.
        locks = [match[0] for query in queries if (match := re.search(r"FOR (NO KEY )?UPDATE", query["sql"]))]
        assert len(locks) > 3
        assert set(locks) == {"FOR NO KEY UPDATE"}
