"""The directed bad inputs of the reliability page, one row each: what is sent, and the code that must come back.

Rows 1 to 50 carry the numbers of that page; 12 and 45 follow the contract (an exact JSON number is accepted, there is no
currency).
"""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from retail.models import Sale
from tests.pos_api.till import Till, basket, line, sale

EVALUATE = "baskets/evaluate/"
SALES = "sales/"

ARABIC_5 = "\u0665"
FULL_WIDTH_5 = "\uff15"


def raw(text: str) -> bytes:
    return text.encode()


def on_line(**fields: Any) -> dict[str, Any]:
    return basket(line(**fields))


def raw_line(name: str, value: str) -> bytes:
    """Return an evaluate body whose line has ``value`` spelled literally."""
    fields = {"line": "1", "sku": '"A"', "quantity": "1", "unit_price": '"1.00"'} | {name: value}
    return raw('{"lines":[{' + ",".join(f'"{key}":{text}' for key, text in fields.items()) + "}]}")


def far(**delta: float) -> str:
    return (timezone.now() + timedelta(**delta)).isoformat()


# number, what it is, body, status, path of the first error ("" where the whole is meant), code
EVALUATIONS: list[tuple[str, str, Any, int, str, str]] = [
    ("1", "negative quantity", on_line(quantity="-5"), 422, "lines[0].quantity", "quantity"),
    ("2", "quantity of zero", on_line(quantity="0"), 422, "lines[0].quantity", "quantity"),
    ("3", "quantity over 99,999", on_line(quantity="100000"), 422, "lines[0].quantity", "quantity"),
    ("4", "product over the range", on_line(quantity="99999", unit_price="999999999999.99"), 422, "lines", "too_large"),
    ("5", "negative price", on_line(unit_price="-1.00"), 422, "lines[0].unit_price", "money"),
    ("6", "price of three decimals", on_line(unit_price="1.005"), 422, "lines[0].unit_price", "money"),
    ("7", "price with exponent", on_line(unit_price="1e3"), 422, "lines[0].unit_price", "money"),
    ("8", "price with underscore", on_line(unit_price="1_000"), 422, "lines[0].unit_price", "money"),
    ("9", "Arabic digits in a price", on_line(unit_price=ARABIC_5), 422, "lines[0].unit_price", "money"),
    ("9", "full-width digits in a price", on_line(unit_price=FULL_WIDTH_5), 422, "lines[0].unit_price", "money"),
    ("9", "Arabic digits in a number", on_line(line=ARABIC_5), 422, "lines[0].line", "type"),
    ("10", "NaN as text", on_line(unit_price="NaN"), 422, "lines[0].unit_price", "money"),
    ("10", "Infinity as text", on_line(unit_price="Infinity"), 422, "lines[0].unit_price", "money"),
    ("10", "bare NaN", raw_line("unit_price", "NaN"), 400, "", "not_json"),
    ("10", "bare -Infinity", raw_line("unit_price", "-Infinity"), 400, "", "not_json"),
    ("11", "1e400", raw_line("unit_price", "1e400"), 422, "lines[0].unit_price", "money"),
    ("11", "5,000 digits", raw_line("unit_price", "9" * 5000), 400, "", "not_json"),
    ("12", "exact JSON number", raw_line("unit_price", "19.99"), 200, "", ""),
    ("12", "inexact JSON number", raw_line("unit_price", "19.990000000000002"), 422, "lines[0].unit_price", "money"),
    ("13", "comma", on_line(unit_price="10,00"), 422, "lines[0].unit_price", "money"),
    ("13", "spaces", on_line(unit_price=" 10.00"), 422, "lines[0].unit_price", "money"),
    ("14", "boolean as number", on_line(quantity=True), 422, "lines[0].quantity", "quantity"),
    ("14", "list as number", on_line(unit_price=[]), 422, "lines[0].unit_price", "type"),
    ("14", "null as number", on_line(unit_price=None), 422, "lines[0].unit_price", "money"),
    ("15", "2^31", on_line(line=2**31), 422, "lines[0].line", "range"),
    ("16", "2^63", on_line(line=2**63), 422, "lines[0].line", "range"),
    ("17", "integer as 5.000", on_line(line="5.000"), 422, "lines[0].line", "type"),
    ("17", "integer as 1_0", on_line(line="1_0"), 422, "lines[0].line", "type"),
    ("18", "repeated key", raw('{"lines":[],"lines":[]}'), 400, "", "not_json"),
    ("19", "unknown field", basket(colour="red"), 422, "colour", "unknown_field"),
    ("19", "unknown field of a line", on_line(color="red"), 422, "lines[0].color", "unknown_field"),
    ("21", "NUL inside a text", on_line(seller="a\0b"), 422, "lines[0].seller", "characters"),
    ("22", "lone surrogate", raw_line("sku", r'"a\ud800"'), 422, "lines[0].sku", "characters"),
    ("25", "no lines", {"lines": []}, 422, "lines", "too_short"),
    ("25", "lines missing", {}, 422, "lines", "required"),
    ("26", "top-level list", [], 422, "", "type"),
    ("26", "top-level null", raw("null"), 422, "", "type"),
    ("26", "top-level text", raw('"basket"'), 422, "", "type"),
    ("27", "empty body", b"", 400, "", "not_json"),
    ("27", "truncated JSON", raw('{"lines": ['), 400, "", "not_json"),
    ("28", "UTF-16", json.dumps(basket()).encode("utf-16"), 400, "", "not_json"),
    ("28", "byte order mark", b"\xef\xbb\xbf" + json.dumps(basket()).encode(), 400, "", "not_json"),
    ("28", "Latin-1", '{"lines": [{"sku": "Maçã"}]}'.encode("latin-1"), 400, "", "not_json"),
    ("32", "more than 1 MB", raw('{"basket": "' + "x" * 1_100_000 + '"}'), 413, "", "too_large"),
    ("33", "20,000 levels", b"[" * 20_000 + b"]" * 20_000, 400, "", "not_json"),
    ("33", "100,000 levels", b"[" * 100_000, 400, "", "not_json"),
    ("34", "21 levels", b"[" * 21 + b"]" * 21, 400, "", "not_json"),
    ("34", "500 levels in a free field", raw('{"redeem":' + "[" * 500 + "]" * 500 + "}"), 400, "", "not_json"),
    ("35", "10,000 lines", basket(*[line(n, sku="A") for n in range(1, 10_001)]), 422, "lines", "too_long"),
    ("36", "2,000 lines", basket(*[line(n, sku="A") for n in range(1, 2001)]), 200, "", ""),
    ("37", "the same SKU twice", basket(line(1), line(2)), 200, "", ""),
    ("38", "the same line number twice", basket(line(1), line(1)), 422, "lines[1].line", "duplicate"),
    ("39", "CPF with wrong digits", basket(customer={"document": "390.533.447-06"}), 422, "customer.document", "document"),
    ("39", "repeated digits", basket(customer={"document": "111.111.111-11"}), 422, "customer.document", "document"),
    ("39", "10 digits", basket(customer={"document": "3905334470"}), 422, "customer.document", "document"),
    ("40", "alphanumeric CNPJ", basket(customer={"document": "12.ABC.345/01DE-35"}), 200, "", ""),
    ("40", "the same, wrong digits", basket(customer={"document": "12.ABC.345/01DE-36"}), 422, "customer.document", "document"),
    ("41", "time without offset", basket(occurred_at="2026-11-22T10:00:00"), 422, "occurred_at", "time"),
    ("42", "25 hours ahead", basket(occurred_at=far(hours=25)), 422, "occurred_at", "out_of_range"),
    ("42", "year 1", basket(occurred_at="0001-01-01T00:00:00+23:59"), 422, "occurred_at", "out_of_range"),
    ("44", "30 February", basket(occurred_at="2026-02-30T10:00:00-03:00"), 422, "occurred_at", "time"),
    ("44", "offset of 25 hours", basket(occurred_at="2026-02-20T10:00:00+25:00"), 422, "occurred_at", "time"),
    ("45", "a currency", basket(currency="USD"), 422, "currency", "unknown_field"),
    ("46", "NCM of seven digits", on_line(ncm="6109100"), 422, "lines[0].ncm", "too_short"),
    ("47", "a store", basket(store="0099"), 422, "store", "unknown_field"),
    ("+", "nobody as customer", basket(customer={}), 422, "customer", "required"),
    ("+", "text as customer", basket(customer="Ana"), 422, "customer", "type"),
    ("+", "redeeming a text", basket(redeem="max"), 422, "redeem", "type"),
    ("+", "redeeming what there is not", basket(redeem={"bitcoin": "1.00"}), 422, "redeem.bitcoin", "unknown_field"),
    ("+", "max in capitals", basket(redeem={"cashback": "MAX"}), 422, "redeem.cashback", "redeem"),
    ("+", "negative cashback", basket(redeem={"cashback": "-1.00"}), 422, "redeem.cashback", "redeem"),
    ("+", "a third decimal", basket(redeem={"cashback": "1.005"}), 422, "redeem.cashback", "redeem"),
    ("+", "true cashback", basket(redeem={"cashback": True}), 422, "redeem.cashback", "redeem"),
    ("+", "NaN points", basket(redeem={"points": {"pontos": "NaN"}}), 422, "redeem.points.pontos", "redeem"),
    ("+", "points without program", basket(redeem={"points": 10}), 422, "redeem.points", "type"),
    ("+", "a value without code", basket(redeem={"stored_values": [{"amount": "max"}]}), 422, "redeem.stored_values[0].code", "required"),
    ("+", "the same value twice", basket(redeem={"stored_values": [{"code": "a1"}, {"code": " A1 "}]}), 422, "redeem.stored_values[1].code", "duplicate"),
    ("+", "a reward of nothing", basket(redeem={"rewards": [{"sku": "MUG"}]}), 422, "redeem.rewards[0].program", "required"),
    ("+", "21 values", basket(redeem={"stored_values": [{"code": f"C{n}"} for n in range(21)]}), 422, "redeem.stored_values", "too_long"),
    ("+", "nothing to redeem", basket(redeem={}), 200, "", ""),
    ("+", "an anonymous customer's cashback", basket(redeem={"cashback": "max"}), 200, "", ""),
    ("+", "21 promotional codes", basket(promo_codes=[f"C{n}" for n in range(21)]), 422, "promo_codes", "too_long"),
    ("+", "e-mail without domain", basket(customer={"email": "ana"}), 422, "customer.email", "format"),
    ("+", "letters as phone", basket(customer={"phone": "ana"}), 422, "customer.phone", "phone"),
]  # fmt: skip

TICKETS: list[tuple[str, str, Any, str]] = [
    ("20", "NUL", "T\0", "characters"),
    ("23", "zero width", "T\u200b1", "characters"),
    ("23", "right to left", "T\u202e1", "characters"),
    ("24", "65 characters", "T" * 65, "too_long"),
    ("24", "blank", "   ", "blank"),
    ("24", "empty", "", "blank"),
    ("24", "a number", 5, "type"),
    ("24", "trailing space", "T1 ", "spaces"),
]


def check(response: Any, status: int, path: str = "", code: str = "") -> dict[str, Any]:
    assert response.status_code == status, response.content[:500]
    if status < 400:
        return response.json()
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    if status == 422:
        assert (body["errors"][0]["path"], body["errors"][0]["code"]) == (path, code)
        assert all(error["message"] for error in body["errors"])
    else:
        assert body["code"] == code
    return body


class TestEvaluate:
    @pytest.mark.parametrize(
        ("body", "status", "path", "code"),
        [row[2:] for row in EVALUATIONS],
        ids=[f"{row[0]} {row[1]}" for row in EVALUATIONS],
    )
    def test_answers_with_the_right_code(
        self, till: Till, body: Any, status: int, path: str, code: str
    ) -> None:
        check(till.evaluate(body), status, path, code)

    @pytest.mark.parametrize(
        ("content_type", "headers"),
        [
            ("application/json; charset=utf-7", {}),
            ("application/json; charset=klingon", {}),
            ("text/plain", {}),
            ("", {}),
            ("application/x-www-form-urlencoded", {}),
            ("application/json", {"Content_Encoding": "gzip"}),
        ],
        ids=["29 utf-7", "29 unknown charset", "30 text", "30 none", "30 form", "31 gzip"],
    )
    def test_refuses_other_content(self, till: Till, content_type: str, headers: dict[str, str]) -> None:
        body = gzip.compress(json.dumps(basket()).encode()) if headers else json.dumps(basket()).encode()

        response = till.send("POST", EVALUATE, body, content_type=content_type, **headers)

        check(response, 415, code="unsupported_media_type")

    def test_accepts_utf_8_by_any_spelling(self, till: Till) -> None:
        for content_type in ("application/json; charset=UTF-8", 'Application/JSON; Charset="utf-8"'):
            assert till.send("POST", EVALUATE, basket(), content_type=content_type).status_code == 200

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE", "HEAD"])
    def test_refuses_other_methods(self, till: Till, method: str) -> None:
        response = till.send(method, EVALUATE)

        assert response.status_code == 405
        assert response["Allow"] == "POST, OPTIONS"
        assert response["Content-Type"] == "application/problem+json"

    def test_names_several_errors_at_once(self, till: Till) -> None:
        body = check(
            till.evaluate(basket(line(1, quantity="-1"), line(2, unit_price="x"), store="1")),
            422,
            "lines[0].quantity",
            "quantity",
        )

        assert [error["path"] for error in body["errors"]] == [
            "lines[0].quantity",
            "lines[1].unit_price",
            "store",
        ]


class TestSales:
    @pytest.mark.parametrize(
        ("ticket", "code"), [row[2:] for row in TICKETS], ids=[f"{row[0]} {row[1]}" for row in TICKETS]
    )
    def test_refuses_tickets_that_cannot_be_told_apart(self, till: Till, ticket: Any, code: str) -> None:
        check(till.sell(sale(ticket=ticket)), 422, "ticket", code)
        assert not Sale.objects.exists()

    def test_43_accepts_a_clock_that_runs_eleven_minutes_ahead_and_says_so(self, till: Till) -> None:
        body = check(till.sell(sale(occurred_at=far(minutes=11))), 201)

        assert body["flags"] == ["clock_skew"]

    def test_48_refuses_the_same_ticket_with_other_content(self, till: Till) -> None:
        document = sale()
        check(till.sell(document), 201)

        body = check(till.sell(document | {"operation": "clearance"}), 409, code="sale_conflict")

        assert body["fingerprint"]
        assert body["received_at"]

    def test_49_refuses_the_same_key_with_other_content(self, till: Till) -> None:
        check(till.sell(sale(), Idempotency_Key="k-1"), 201)

        response = till.sell(sale(), Idempotency_Key="k-1")

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert Sale.objects.count() == 1

    @pytest.mark.parametrize(
        "key", ["", "x" * 256, "ação", " ", "a\x7f"], ids=["empty", "256", "accents", "blank", "control"]
    )
    def test_refuses_impossible_idempotency_keys(self, till: Till, key: str) -> None:
        check(till.sell(sale(), Idempotency_Key=key), 400, code="bad_idempotency_key")

    def test_refuses_payments_that_do_not_add_up(self, till: Till) -> None:
        payments = [{"method": "pix", "amount": "99.99"}]

        check(till.sell(sale(payments=payments)), 422, "payments", "payments_sum")

    def test_refuses_a_sale_without_a_moment(self, till: Till) -> None:
        document = sale()
        del document["occurred_at"]

        check(till.sell(document), 422, "occurred_at", "required")

    def test_refuses_an_offline_flag_that_is_no_flag(self, till: Till) -> None:
        check(till.sell(sale(offline="yes")), 422, "offline", "type")

    def test_refuses_a_plan_of_the_future(self, till: Till) -> None:
        check(till.sell(sale(plan_version=999)), 422, "plan_version", "unknown")

    def test_refuses_days_far_away(self, till: Till) -> None:
        check(till.sell(sale(business_date="2020-01-01")), 422, "business_date", "out_of_range")


class TestAddresses:
    @pytest.mark.parametrize("path", ["sales/?ticket=%00", "sales/?ticket=a%00b"])
    def test_50_refuses_nul_in_the_query(self, till: Till, path: str) -> None:
        check(till.send("GET", path), 400, code="bad_request")

    @pytest.mark.parametrize("sale_id", ["99999999999999999999", "x", "%00", "0" * 64, "..", "\u0665"])
    def test_50_knows_no_such_sale(self, till: Till, sale_id: str) -> None:
        response = till.send("GET", f"sales/{sale_id}/")

        check(response, 404, code="not_found")

    @pytest.mark.parametrize("path", ["nothing/", "baskets/", "baskets/evaluate", "../v2/"])
    def test_answers_a_problem_for_unknown_addresses(self, till: Till, path: str) -> None:
        check(till.send("POST", path, {}), 404, code="not_found")
