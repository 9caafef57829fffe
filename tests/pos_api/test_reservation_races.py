"""A sale that waits for what somebody is reserving at that moment: it sees the reservation when it goes on.

Two real connections. One reserves, by hand, and has not committed; the sale has read that everything is free, and waits for
the row. The controls do without what makes it look again, and give away what was reserved.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection, connections
from django.utils import timezone

from campaigns.models import PromoCode
from campaigns.services import settlement
from loyalty.models import Account, AccountKind, Lot
from tests.pos_api.test_stored_values import issue, presenting
from tests.pos_api.till import Till, issue_code, publish, sale

# What settlement must not do: ask for holds in the statement that waits for the code.
_AT_ONCE = """
UPDATE campaigns_promocode c SET used = used + 1
 WHERE c.id = ANY(%s) AND c.used + (SELECT count(*) FROM campaigns_promocodehold h
                                     WHERE h.promo_code_id = c.id AND h.expires_at > %s) < c.max_uses
RETURNING c.id, c.max_uses_per_customer
"""
_HOLD_CODE = "INSERT INTO campaigns_promocodehold (promo_code_id, reservation, customer_key, expires_at) VALUES (%s, %s, '', %s)"
_HOLD_LOT = "INSERT INTO loyalty_hold (lot_id, reservation, amount, expires_at) VALUES (%s, %s, 50, %s)"


@contextmanager
def reserving(url: str, lock: str, pk: int, hold: str, held: int) -> Iterator[Any]:
    """Lock a row and keep something of it on a connection of its own; the caller commits."""
    by_hand = psycopg2.connect(url)
    with by_hand.cursor() as cursor:
        cursor.execute(lock, [pk])
        cursor.execute(hold, [held, str(uuid4()), timezone.now() + timedelta(minutes=15)])
    try:
        yield by_hand
    finally:
        by_hand.close()


def sell_meanwhile(till: Till, document: dict[str, Any], by_hand: Any) -> int:
    """Send a sale, commit the reservation when the sale waits for it, and return the status of the sale."""

    def send() -> int:
        try:
            return till.sell(document).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send)
        for _attempt in range(200):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone()[0]:
                    break
            time.sleep(0.01)
        else:
            raise AssertionError("the sale did not wait")
        by_hand.commit()
        return sent.result(timeout=60)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def sell_with_code(self, url: str) -> int:
        publish(conditions={"kind": "promo_code"})
        code = issue_code()
        lock = "SELECT 1 FROM campaigns_promocode WHERE id = %s FOR NO KEY UPDATE"
        till = Till.open()
        with reserving(url, lock, code.pk, _HOLD_CODE, code.pk) as by_hand:
            return sell_meanwhile(till, sale(total="90.00", promo_codes=["BEMVINDO"]), by_hand)

    def test_a_code(self, committed_db: str) -> None:
        assert self.sell_with_code(committed_db) == 409
        assert PromoCode.objects.get().used == 0

    def test_a_code_is_given_away_by_one_statement(
        self, committed_db: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control."""
        monkeypatch.setattr(settlement, "_CLAIM_CODES", _AT_ONCE)

        assert self.sell_with_code(committed_db) == 201

    def sell_with_card(self, url: str) -> int:
        code = issue(AccountKind.E_PURSE)
        lot = Lot.objects.get()
        lock = "SELECT 1 FROM loyalty_account WHERE id = %s FOR NO KEY UPDATE"
        till = Till.open()
        with reserving(url, lock, lot.account_id, _HOLD_LOT, lot.pk) as by_hand:
            return sell_meanwhile(till, sale(total="50.00", redeem=presenting(code)), by_hand)

    def test_a_card(self, committed_db: str) -> None:
        assert self.sell_with_card(committed_db) == 409
        assert Account.objects.get().balance == 50

    def test_a_card_is_given_away_by_a_sale_that_does_not_lock_first(
        self, committed_db: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control."""
        monkeypatch.setattr("pos_api.services.commit.lock_accounts", lambda *_accounts: {})

        assert self.sell_with_card(committed_db) == 201

    def test_of_eight_tills_one_reserves(self, committed_db: str) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()
        document = {"promo_codes": ["BEMVINDO"], "redeem": presenting(issue())}
        tills = [Till.open() for _number in range(8)]

        def reserve(till: Till) -> int:
            try:
                return till.send("POST", "reservations/", document).status_code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(reserve, tills))

        assert answers == [201] + [409] * 7
