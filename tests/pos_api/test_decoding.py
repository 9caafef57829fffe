from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from django.utils.translation import override
from msgspec import Meta, Struct

from pos_api.decoding import Decoder, parse_json
from pos_api.fields import Cents, Document, Identifier, LineNumber, Moment, Phone, Quantity, Word
from pos_api.problems import FieldProblem, Invalid, NotJson


class Item(Struct, forbid_unknown_fields=True, kw_only=True):
    line: LineNumber
    sku: Identifier
    quantity: Quantity = Quantity(1)
    price: Cents = Cents(0)


class Order(Struct, forbid_unknown_fields=True, kw_only=True):
    items: Annotated[list[Item], Meta(min_length=1, max_length=3)]
    at: Moment | None = None
    document: Document | None = None
    codes: list[Word] = []
    phone: Phone | None = None
    notes: dict[str, str] = {}


orders: Decoder[Order] = Decoder(Order)


def problems(data: str | bytes) -> tuple[FieldProblem, ...]:
    with pytest.raises(Invalid) as info:
        orders.decode(data.encode() if isinstance(data, str) else data)
    return info.value.errors


def refused(data: str | bytes) -> dict[str, str]:
    """Return the codes by path that decoding ``data`` as an order names."""
    return {error.path: error.code for error in problems(data)}


def messages(data: str) -> dict[str, str]:
    """Return the messages by path that decoding ``data`` as an order gives, in English."""
    with override("en"):
        return {error.path: error.message for error in problems(data)}


def item(**fields: str) -> str:
    raw = {"line": "1", "sku": '"A"'} | fields
    return '{"items":[{' + ",".join(f'"{name}":{value}' for name, value in raw.items()) + "}]}"


class TestDecoder:
    def test_reads_money_quantities_documents_codes_and_times(self) -> None:
        text = (
            '{"items":[{"line":1,"sku":"A-1","quantity":"0.350","price":"19.99"}],'
            '"at":"2026-11-22T10:00:00-03:00","document":"390.533.447-05","codes":[" bemvindo "],'
            '"phone":"(11) 98765-4321"}'
        )

        order = orders.decode(text.encode())

        assert order.items[0].price == 1999
        assert order.items[0].quantity == Decimal("0.350")
        assert order.document == "39053344705"
        assert order.codes == ["BEMVINDO"]
        assert order.phone == "+5511987654321"

    @pytest.mark.parametrize(
        ("value", "cents"),
        [('"12"', 1200), ('"12.5"', 1250), ("12.50", 1250), ("12", 1200), ("1.999e1", 1999), ("0", 0)],
    )
    def test_reads_an_exact_amount_however_it_is_written(self, value: str, cents: int) -> None:
        assert orders.decode(item(price=value).encode()).items[0].price == cents

    @pytest.mark.parametrize(
        "value",
        [
            "-5", '"-5"', "1.005", '"1.005"', '"1e3"', '"1_000"', '"٣"', '"１２"', '"NaN"', '"Infinity"', "1e400",
            '"10,00"', '" 10"', '"10 "', '""', "true", "[]", "{}", "null", '"9999999999999"', "1e-400",
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_amount(self, value: str) -> None:
        assert refused(item(price=value)) in ({"items[0].price": "money"}, {"items[0].price": "type"})

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("-1", "Must not be negative."),
            ('"-1.00"', "Must not be negative."),
            ("-1e20", "Must not be negative."),
            ("1e20", "Must be at most 999999999999.99."),
            ('"1e20"', "Must be at most 999999999999.99."),
            ('"1000000000000"', "Must be at most 999999999999.99."),
            ('"1e3"', "Must be written in full, such as “12.50”."),
            ('"1.005"', "Must be an amount with at most two decimals, such as “12.50”."),
            ('"1e9999999"', "Must be an amount with at most two decimals, such as “12.50”."),
        ],
    )
    def test_says_what_is_wrong_with_an_amount(self, value: str, message: str) -> None:
        assert messages(item(price=value)) == {"items[0].price": message}

    def test_counts_entries_and_characters_in_words_that_fit(self) -> None:
        assert messages('{"items":[]}') == {"items": "Must have at least 1 entry."}
        assert messages('{"items":[' + ",".join(["{}"] * 4) + "]}")["items"] == "Must have at most 3 entries."
        assert messages(item(sku='"' + "x" * 65 + '"')) == {
            "items[0].sku": "Must have at most 64 characters."
        }

    @pytest.mark.parametrize("value", ["-5", "0", '"0.000"', "100000", '"0.0001"', "true", '"1,5"', '"٣"'])
    def test_refuses_what_is_no_quantity(self, value: str) -> None:
        assert refused(item(quantity=value)) == {"items[0].quantity": "quantity"}

    @pytest.mark.parametrize(
        "value", ["2147483648", str(2**63), "true", '"5"', '"1_0"', "5.000", "0", "1" * 300]
    )
    def test_refuses_what_is_no_line_number(self, value: str) -> None:
        assert set(refused(item(line=value))) == {"items[0].line"}

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (r'"a\u0000"', "characters"),
            (r'"\ud800"', "characters"),
            ('"a\u200bb"', "characters"),
            ('"a\u202eb"', "characters"),
            (r'"a\u200bb"', "characters"),
            (r'"a\nb"', "characters"),
            ('"\x7f"', "characters"),
            ('""', "blank"),
            ('"  "', "blank"),
            ('"A "', "spaces"),
            ('"' + "x" * 65 + '"', "too_long"),
            ("5", "type"),
        ],
    )
    def test_refuses_what_is_no_identifier(self, value: str, code: str) -> None:
        assert refused(item(sku=value)) == {"items[0].sku": code}

    def test_names_every_wrong_field_at_once(self) -> None:
        text = '{"items":[{"line":0,"sku":"","prize":1},{"line":1}],"document":"111.111.111-11","at":"2026-02-30"}'

        assert refused(text) == {
            "items[0].line": "range",
            "items[0].sku": "blank",
            "items[0].prize": "unknown_field",
            "items[1].sku": "required",
            "document": "document",
            "at": "time",
        }

    def test_stops_naming_at_a_hundred_errors(self) -> None:
        text = "{" + ",".join(f'"x{n}":1' for n in range(500)) + "}"

        assert len(refused(text)) == 100

    @pytest.mark.parametrize("text", ["[]", "null", '"x"', "5", "true"])
    def test_refuses_another_top_level_type(self, text: str) -> None:
        assert refused(text) == {"": "type"}

    def test_refuses_a_list_that_is_too_long_without_looking_at_each_entry(self) -> None:
        assert refused('{"items":[' + ",".join(["{}"] * 5000) + "]}") == {"items": "too_long"}

    @pytest.mark.parametrize(
        "value", ["2026-11-22T10:00:00", "2026-11-22T10:00:00+25:00", "2026-13-01T00:00:00Z", 5]
    )
    def test_refuses_a_time_without_offset_or_sense(self, value: Any) -> None:
        assert refused(f'{{"items":[{{"line":1,"sku":"A"}}],"at":"{value}"}}') == {"at": "time"}

    def test_accepts_text_in_any_language(self) -> None:
        order = orders.decode('{"items":[{"line":1,"sku":"Maçã"}],"notes":{"nome":"José \\"Zé\\""}}'.encode())

        assert order.items[0].sku == "Maçã"
        assert order.notes == {"nome": 'José "Zé"'}


class TestNotJson:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b'{"items":[',
            b'\xef\xbb\xbf{"items":[]}',
            '{"items":[]}'.encode("utf-16"),
            '{"items":"é"}'.encode("latin-1"),
            b'{"items":NaN}',
            b'{"items":-Infinity}',
            b'{"items":[],"items":[]}',
            b'{"items":[],"items" :[]}',
            b'{"items":[],"ite\\u006ds":[]}',
            b'{"items":[{"line":1,"sku":"A","sku":"B"}]}',
            b'{"unknown":{"a":1,"a":2}}',
            b'{"unknown":{"a":"1:2","a" :":"}}',
            b'{"unknown":{"a"\n:1,"b":":::","a":2}}',
            b"[" * 20_000 + b"]" * 20_000,
            b"[" * 100_000,
            b"[" * 21 + b"]" * 21,
            b'{"a":' * 21 + b"1" + b"}" * 21,
            b'{"items":' + b"9" * 5000 + b"}",
            b"{} {}",
            b"{'a': 1}",
            b'"\xed\xa0\x80"',
        ],
    )
    def test_refuses_bytes_that_are_not_one_json_text(self, data: bytes) -> None:
        with pytest.raises(NotJson):
            orders.decode(data)

    def test_parses_twenty_levels_and_exact_numbers(self) -> None:
        assert parse_json(b"[" * 20 + b"]" * 20)
        assert parse_json(b'{"a":0.1,"b":12345678901234567890123}') == {
            "a": Decimal("0.1"),
            "b": 12345678901234567890123,
        }


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-03:00", "0001-01-01T00:00:00+10:00"])
def test_a_moment_that_no_reader_of_the_database_could_open_is_refused(moment: str) -> None:
    assert refused('{"items":[{"line":1,"sku":"A"}],"at":"' + moment + '"}') == {"at": "out_of_range"}


class TestRequireWords:
    def test_refuses_a_type_whose_errors_nobody_could_read(self) -> None:
        class Scale(Struct):
            weights: dict[str, list[float | None]]

        with pytest.raises(TypeError, match="no error messages for FloatType"):
            Decoder(list[Scale])

    def test_identifiers_have_theirs(self) -> None:
        class Chosen(Struct):
            sales: list[UUID]

        with pytest.raises(Invalid) as info:
            Decoder(Chosen).decode(b'{"sales": ["01980a3c-9f7e-7c1d-8a51-6f0a3b0c2d4e", "1", 2]}')

        found = [(error.path, error.code) for error in info.value.errors]
        assert found == [("sales[1]", "format"), ("sales[2]", "format")]
