"""Real processes against a real server: one effect for eight senders, never more than the limit for sixteen tills."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from urllib.error import HTTPError

import psycopg2
import pytest

from campaigns.models import Activation, CampaignCounter, PromoCode, PromoCodeUse
from config.local.processes import start_child, stop_group
from customers.models import Customer
from loyalty.models import Account, PointsProgram
from retail.models import Sale
from tests.pos_api.senders import fresh, post, read_then_write, sell_in_processes
from tests.pos_api.till import Till, issue_code, line, publish, sale

CPF = "39053344705"


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """Run the real web server on the test's database; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start_child(
        [
            *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", "--blocking-threads", "4", "--log-level", "error"),
        ],
        environment=os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        death_signal=signal.SIGTERM,
        output=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}/api/v1/"
        _wait(address, process)
        yield address
    finally:
        stop_group(process, signal.SIGTERM, patience_seconds=10)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _attempt in range(150):
        assert process.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(address + "terminal/")  # noqa: S310
        except HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.mark.django_db(transaction=True)
class TestSenders:
    def test_eight_senders_of_one_sale_make_one_sale(self, committed_db: str) -> None:
        publish(limits=[{"scope": "customer", "counts": "sale", "max": 5}])
        till = Till.open()
        documents = [sale(total="90.00", customer={"document": CPF}) for _number in range(12)]

        with served(committed_db) as address, ThreadPoolExecutor(8) as pool:
            for position, document in enumerate(documents[:5]):
                # Every third is changed on the way: the same ticket with other content.
                altered = document | {"operation": "clearance"}
                sent = [altered if position % 3 == 2 and sender == 7 else document for sender in range(8)]
                answers = list(pool.map(lambda body: post(address, "sales/", till.credential, body), sent))
                statuses = Counter(status for status, _body in answers)
                bodies = {body for status, body in answers if status in (200, 201)}

                assert statuses[201] == 1
                assert len(bodies) == 1
                assert set(statuses) <= {200, 201, 409}

        assert Sale.objects.count() == Activation.objects.count() == 5
        assert CampaignCounter.objects.get().used == 5
        assert Customer.objects.count() == 1

    def test_one_idempotency_key_makes_one_sale_of_several(self, committed_db: str) -> None:
        till = Till.open()
        documents = [sale() for _number in range(8)]

        with served(committed_db) as address, ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(
                    lambda body: post(address, "sales/", till.credential, body, key="only-one"), documents
                )
            )

        assert Counter(status for status, _body in answers) == {201: 1, 422: 7}
        assert Sale.objects.count() == 1

    def test_says_so_while_another_sender_is_still_at_it(self, committed_db: str) -> None:
        till = Till.open()
        document = sale()
        till.sell(document)
        with psycopg2.connect(committed_db) as other, other.cursor() as cursor:
            cursor.execute("DELETE FROM retail_saleline")
            cursor.execute("DELETE FROM retail_sale RETURNING id")
            # Not committed: whoever inserts the same ticket must wait for how this ends.
            response = till.sell(document)
            other.rollback()
        other.close()

        assert (response.status_code, response.json()["code"]) == (409, "in_progress")
        assert response["Retry-After"] == "2"
        assert till.sell(document).status_code == 200


@pytest.mark.django_db(transaction=True)
class TestLimits:
    def test_sixteen_processes_never_pass_a_limit(self, committed_db: str) -> None:
        publish(
            limits=[
                {"scope": "total", "counts": "sale", "max": 20},
                {"scope": "customer", "counts": "sale", "max": 2},
            ]
        )
        till = Till.open()
        buyers = ["39053344705", "11144477735", "52998224725", "12345678909"]
        several = [
            [sale(total="90.00", customer={"document": buyers[(p + n) % 4]}) for n in range(4)]
            for p in range(16)
        ]

        with served(committed_db) as address:
            answers = sell_in_processes(address, till.credential, several)

        statuses = Counter(status for status, _body in answers)
        assert statuses == {201: 8, 409: 56}
        assert all(
            json.loads(body)["code"] == "benefit_unavailable" for status, body in answers if status == 409
        )
        used = {counter.scope_key: counter.used for counter in CampaignCounter.objects.all()}
        customers = Customer.objects.filter(document__in=buyers).values_list("pk", flat=True)
        assert used == {"": 8} | {f"c:{customer}": 2 for customer in customers}
        assert len(used) == 5

    def test_sixteen_processes_use_a_limit_a_budget_and_a_code_up_exactly(self, committed_db: str) -> None:
        publish("LIMITE", limits=[{"scope": "total", "counts": "sale", "max": 7}])
        publish("VERBA", budget="90.00", priority=1)
        publish("CODIGO", conditions={"kind": "promo_code"}, priority=2)
        issue_code(campaign="CODIGO", max_uses=5)
        till = Till.open()
        # The store records whatever the total is: every sale gets what is left for it.
        type(till.terminal.store).objects.update(totals_mode="accept")
        several = [
            [sale(total="72.90", promo_codes=["BEMVINDO"]) for _number in range(2)] for _process in range(16)
        ]

        with served(committed_db) as address:
            answers = sell_in_processes(address, till.credential, several)

        assert Counter(status for status, _body in answers) == {201: 32}
        granted = Counter(Activation.objects.values_list("campaign__code", flat=True))
        assert granted["LIMITE"] == 7
        assert granted["CODIGO"] == PromoCode.objects.get().used == 5
        spent = sum(Activation.objects.filter(campaign__code="VERBA").values_list("discount", flat=True))
        counter = CampaignCounter.objects.get(campaign__code="VERBA")
        assert counter.used == spent <= Decimal("90.00")
        assert Decimal("90.00") - spent < Decimal("10.00")

    def test_sixteen_processes_use_a_code_once_for_each_customer(self, committed_db: str) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code(max_uses=None)
        PromoCode.objects.update(max_uses_per_customer=1)
        till = Till.open()
        buyers = [CPF, "11144477735"]
        several = [
            [sale(total="90.00", promo_codes=["BEMVINDO"], customer={"document": buyers[process % 2]})]
            for process in range(16)
        ]

        with served(committed_db) as address:
            answers = sell_in_processes(address, till.credential, several)

        assert Counter(status for status, _body in answers) == {201: 2, 409: 14}
        assert PromoCode.objects.get().used == 2
        assert sorted(PromoCodeUse.objects.values_list("used", flat=True)) == [1, 1]

    def test_a_first_purchase_is_first_once(self, committed_db: str) -> None:
        publish(conditions={"all": [{"kind": "first_purchase"}]})
        till = Till.open()

        for buyer in ({"document": CPF}, {"phone": "+5511987654321"}):
            with served(committed_db) as address:
                several = [[sale(total="90.00", customer=buyer)] for _process in range(16)]
                answers = sell_in_processes(address, till.credential, several)

            assert Counter(status for status, _body in answers) == {201: 1, 409: 15}
        assert Customer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.breaks_world("counter_is_what_stands_in_its_window")
class TestNegativeControl:
    def test_reading_before_writing_grants_more_than_the_limit(self, committed_db: str) -> None:
        publish(limits=[{"scope": "total", "counts": "sale", "max": 10}])
        till = Till.open()
        till.sell(sale(total="90.00"))
        barrier = fresh.Barrier(16)
        with psycopg2.connect(committed_db) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE granted (id serial)")
            connection.commit()
            senders = [fresh.Process(target=read_then_write, args=(committed_db, barrier)) for _ in range(16)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join(60)
            cursor.execute("SELECT count(*) FROM granted")
            granted = cursor.fetchone()[0]
        connection.close()

        assert granted > 9


class TestValue:
    def test_eight_tills_spend_one_balance_once_and_take_each_unit_back_once(self, committed_db: str) -> None:
        PointsProgram.objects.create(code="pontos", name="Pontos", point_value="0.10", redeem_step=1)
        PointsProgram.objects.update(points=1, per_amount=1)
        till = Till.open()
        buyer = {"document": CPF}
        earned = till.sell(sale(customer=buyer)).json()["sale"]
        PointsProgram.objects.update(points=None, per_amount=None)
        redeem = {"points": {"pontos": "100"}}
        documents = [sale(total="90.00", customer=buyer, redeem=redeem) for _number in range(8)]
        bought = till.sell(sale(line(quantity="3"), total="300.00")).json()["sale"]
        returns = [{"return": f"R{n}", "lines": [{"line": 1, "quantity": "1"}]} for n in range(8)]

        with served(committed_db) as address, ThreadPoolExecutor(8) as pool:
            sold = list(pool.map(lambda body: post(address, "sales/", till.credential, body), documents))
            path = f"sales/{bought}/returns/"
            taken = list(pool.map(lambda body: post(address, path, till.credential, body), returns))

        assert Counter(status for status, _body in sold) == {201: 1, 409: 7}
        assert all(b"benefit_unavailable" in body for status, body in sold if status == 409)
        assert Account.objects.get().balance == 0
        assert Counter(status for status, _body in taken) == {201: 3, 409: 5}
        assert Sale.objects.get(uuid=bought).refunded == 300
        assert Sale.objects.get(uuid=earned).state == "committed"
