"""Codes are money: nobody learns from an answer which of them exist, and whoever guesses is locked out."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import AccountKind, StoredValue, StoredValueType
from loyalty.selectors.stored_values import digest_of, find_by_code, usual_type
from loyalty.services.stored_value_states import block, replace_code
from loyalty.services.stored_values import Making, make
from loyalty.stored_codes import code_of
from pos_api.models import LookupGuard
from retail.models import Sale
from tests.pos_api.till import Till, basket, sale

pytestmark = pytest.mark.django_db
UNKNOWN = "0000-0000-0000-0000"
MOMENT = timezone.now().isoformat()
_LITERAL = re.compile(r"\"s\d+_x\d+\"|'[^']*'|\d+")


def issue(**values: Any) -> str:
    """Make a gift card of 50.00, sold by nobody, and return its code."""
    kind = values.pop("type", None) or usual_type(AccountKind.GIFT_CARD)
    defaults = {"origin": "test", "operation": f"{StoredValue.objects.count()}", "amount": 50_00}
    [made] = make([Making(type=kind, **defaults | values)], at=timezone.now() - timedelta(hours=1))
    return made.code


def presenting(*codes: str, amount: str = "max") -> dict[str, Any]:
    return {"stored_values": [{"code": code, "amount": amount} for code in codes]}


def _used(till: Till) -> str:
    code = issue()
    assert till.sell(sale(total="50.00", redeem=presenting(code))).status_code == 201
    return code


def _expired(_till: Till) -> str:
    return issue(expires_at=timezone.now() - timedelta(minutes=1))


def _blocked(_till: Till) -> str:
    code = issue()
    stored = find_by_code(code)
    assert stored is not None
    block(stored, reason="Perdido", at=timezone.now())
    return code


def _replaced(_till: Till) -> str:
    code = issue()
    stored = find_by_code(code)
    assert stored is not None
    replace_code(stored, reason="Perdido", at=timezone.now())
    return code


def _foreign(_till: Till) -> str:
    return issue(store_codes=["OTHER"])


def _of_a_foreign_type(_till: Till) -> str:
    kind = StoredValueType.objects.create(code="x", name="X", kind="gift_card", store_codes=["OTHER"])
    return issue(type=kind)


def _taken_back(till: Till) -> str:
    code: str = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()["code"]
    assert till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"}).status_code == 200
    return code


def _personal(_till: Till) -> str:
    kind = StoredValueType.objects.create(code="p", name="P", kind="gift_card", is_personal=True)
    return issue(type=kind)


STATES: dict[str, Callable[[Till], str]] = {
    "used": _used,
    "expired": _expired,
    "blocked": _blocked,
    "replaced": _replaced,
    "foreign": _foreign,
    "of a foreign type": _of_a_foreign_type,
    "taken back": _taken_back,
    "personal": _personal,
}


def _evaluate(till: Till, code: str) -> Any:
    return till.evaluate(basket(redeem=presenting(code)))


def _commit(till: Till, code: str) -> Any:
    document = sale(total="50.00", ticket="T", redeem=presenting(code, amount="50.00"))
    return till.sell(document | {"occurred_at": MOMENT})


def _check(till: Till, code: str) -> Any:
    return till.send("GET", f"stored-values/{code}/")


def _load(till: Till, code: str) -> Any:
    return till.send("POST", f"stored-values/{code}/load/", {"amount": "10.00"})


def _take_back(till: Till, code: str) -> Any:
    return till.send("POST", f"stored-values/{code}/take-back/", {"reason": "Engano"})


# Every way in which a terminal can name a code.
QUESTIONS = {
    "evaluate": _evaluate,
    "commit": _commit,
    "check": _check,
    "load": _load,
    "take back": _take_back,
}
# Whoever has somebody else's card may ask what it holds, but not pay with it. What the store itself has sold it may
# know to be used, or taken back.
CASES = [
    (question, state)
    for question in QUESTIONS
    for state in STATES
    if (question, state) not in {("check", "personal"), ("load", "personal"), ("take back", "taken back")}
]


def ask(till: Till, question: str, code: str) -> tuple[int, str, list[str]]:
    """Return the status, the body with the code taken out of it, and the statements that it took."""
    with CaptureQueriesContext(connection) as queries:
        answer = QUESTIONS[question](till, code)
    shapes = [_LITERAL.sub("?", query["sql"].split(" WHERE ")[0]).strip()[:200] for query in queries]
    return answer.status_code, json.dumps(answer.json()).replace(code, "CODE"), shapes


@pytest.mark.parametrize(("question", "state"), CASES)
def test_every_reason_has_one_answer(till: Till, question: str, state: str) -> None:
    code = STATES[state](till)
    ask(till, question, "WARM-UP")  # what a process reads once is read now

    unknown, known = ask(till, question, UNKNOWN), ask(till, question, code)

    assert unknown[0] == {"evaluate": 200, "commit": 409}.get(question, 404)
    assert known[:2] == unknown[:2]
    # As long as both take the same statements no clock tells them apart.
    assert known[2] == unknown[2]


def _guesses(count: int) -> list[str]:
    return [f"GUESS-{number:04d}" for number in range(count)]


class TestGuessing:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_ten_failures_lock_every_way_of_asking(self, till: Till, question: str) -> None:
        right = issue()
        before = [QUESTIONS[question](till, code).status_code for code in _guesses(10)]

        wrong_now = {name: ask(till, name, UNKNOWN)[:2] for name in QUESTIONS}
        right_now = {name: ask(till, name, right)[:2] for name in QUESTIONS}

        assert set(before) == {{"evaluate": 200, "commit": 409}.get(question, 404)}
        assert {status for status, _body in wrong_now.values()} == {429}
        # Nobody goes on guessing: the right code is answered as a wrong one.
        assert right_now == wrong_now
        assert Sale.objects.count() == 0

    def test_lawful_tills_go_on(self, till: Till) -> None:
        right, other = issue(), Till.open(store=till.terminal.store)
        sold = sale(total="50.00", redeem=presenting(issue()))
        first = till.sell(sold)
        for code in _guesses(10):
            _check(till, code)

        assert _check(till, right).status_code == 429
        # The same till sells, and sends again what was recorded; the one beside it uses codes as ever.
        assert till.evaluate(basket()).status_code == 200
        assert till.sell(sale()).status_code == 201
        assert till.sell(sold).content == first.content
        assert _check(other, right).status_code == 200
        assert other.sell(sale(total="50.00", redeem=presenting(right))).status_code == 201

    def test_the_lock_ends(self, till: Till) -> None:
        right = issue()
        for code in _guesses(10):
            _check(till, code)
        assert _check(till, right).status_code == 429

        LookupGuard.objects.update(locked_until=timezone.now())

        assert _check(till, right).status_code == 200

    def test_one_wrong_card_however_often_it_is_tried_locks_nobody_out(self, till: Till) -> None:
        for _time in range(15):
            _check(till, UNKNOWN)

        assert _check(till, issue()).status_code == 200

    def test_one_wrong_card_is_one_however_and_wherever_it_is_typed(self, till: Till) -> None:
        codes = [code_of(bytes([number] * 16), key=b"guess") for number in range(5)]

        for code in codes:
            _check(till, code)
            _evaluate(till, code.lower())
            _check(till, code.replace("-", ""))

        assert _check(till, issue()).status_code == 200

    def test_codes_that_are_given_out_already_count_too(self, till: Till) -> None:
        taken = [issue(code=code) for code in _guesses(10)]

        answers = [
            till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "1.00", "code": code})
            for code in [*taken, "NEW-CODE"]
        ]

        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "1.00"}).status_code == 201

    def test_sales_of_a_till_without_connection_wait_too(self, till: Till) -> None:
        right = issue()
        waiting = sale(total="50.00", offline=True, redeem=presenting(right, amount="50.00"))
        for code in _guesses(10):
            assert till.sell(sale(offline=True, redeem=presenting(code))).status_code == 201

        [result] = till.send("POST", "sales/batch/", [waiting]).json()["results"]
        statuses = {till.sell(waiting).status_code, result["status"]}

        assert (statuses, result["problem"]["code"]) == ({429}, "lookups_locked")
        assert 0 < result["problem"]["retry_after"] <= 900
        # What names no card is recorded, whatever promotional codes it had.
        assert till.sell(sale(offline=True, promo_codes=["NATAL"])).status_code == 201
        LookupGuard.objects.update(locked_until=timezone.now())
        assert till.sell(waiting).json()["redeemed"][0]["amount"] == "50.00"

    def test_sales_that_are_recorded_all_the_same_count_their_wrong_codes(self) -> None:
        till = Till.open(totals_mode="accept")

        statuses = [till.sell(sale(redeem=presenting(code))).status_code for code in _guesses(11)]

        assert statuses == [201] * 10 + [429]


def test_two_codes_that_end_alike_are_told_apart_when_a_sale_is_sent_again(till: Till) -> None:
    first, second = issue(code="GIFT-A-0001"), issue(code="GIFT-B-0001", amount=20_00)
    document = sale(total="30.00", redeem=presenting(second, first))

    answer = till.sell(document)

    assert [row["code"] for row in answer.json()["redeemed"]] == [second, first]
    assert till.sell(document).content == answer.content
    recorded = Sale.objects.get()
    assert "GIFT" not in f"{recorded.request}{recorded.response}{recorded.shares}"


def test_a_code_that_nobody_has_is_read_as_far_as_any_other_and_pays_nothing(till: Till) -> None:
    issue()
    foreign = _foreign(till)
    till.sell(sale(total="60.00"))

    with connection.cursor() as cursor:
        rows = []
        for code in (UNKNOWN, foreign):
            cursor.execute(
                "SELECT pos_stored_values(%s, 1, now(), now(), NULL)::json -> 'values'", [[digest_of(code)]]
            )
            rows.append(cursor.fetchone()[0])
    answer = till.evaluate(basket(redeem=presenting(UNKNOWN))).json()

    # Somebody else's card stands in for it: its time is spent, its money is out of reach.
    assert [len(row) for row in rows] == [1, 1]
    assert [len(row[0]) for row in rows] == [len(rows[1][0])] * 2
    assert rows[0][0][0] == digest_of(UNKNOWN)
    assert answer["redeemed"] == []
    assert [row["reason"] for row in answer["not_redeemed"]] == ["not_usable"]
