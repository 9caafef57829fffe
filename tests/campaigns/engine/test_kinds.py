"""The contract of a kind: one file with everything that documents, forms, texts and tests need of it."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from campaigns.engine import benefits, conditions
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.conditions.base import Condition
from campaigns.engine.decoding import Reader
from campaigns.engine.document import encode_kind, read_kind
from campaigns.engine.fields import Field
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.engine.marks import Phrase

CASES = Path(__file__).parent.parent / "cases"
PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "evaluation.md"
ALL = {**CONDITIONS, **BENEFITS}

EXAMPLES: dict[str, dict[str, Any]] = {
    "product": {"by": "sku", "values": ["A"]},
    "payment": {"methods": ["pix"]},
    "customer": {"attribute": "age", "operator": "gte", "value": 18},
    "purchase_number": {"number": 5},
    "customer_field": {"field": "email", "value": "a@example.com"},
    "order_percent": {"percent": "10.00"},
    "order_amount": {"amount": "20.00", "every_amount": "100.00"},
    "item_percent": {"percent": "10.00", "target": {"by": "sku", "values": ["B"]}},
    "item_amount": {"amount": "5.00"},
    "item_final_price": {"price": "9.90"},
    "multibuy": {"take": 3, "discounted": 1, "percent": "100.00"},
    "buy_get": {
        "buy": {"selector": {"by": "sku", "values": ["A"]}, "quantity": 2},
        "get": {"selector": {"by": "sku", "values": ["B"]}},
    },
    "bundle_price": {"take": 3, "price": "10.00"},
    "progressive": {"tiers": [{"from": "2", "amount": "20.00"}]},
    "gift": {"products": [{"sku": "BOTTON"}]},
    "cashback": {"percent": "5.00"},
    "voucher": {"amount": "10.00"},
    "issue_code": {"pool": "volte"},
    "points": {"program": "pontos", "fixed": "10"},
    "freight_percent": {"percent": "100.00"},
}


def built(tag: str) -> Condition | Benefit:
    reader = Reader()
    example = read_kind(reader, {"kind": tag, **EXAMPLES.get(tag, {})}, "", ALL)
    assert reader.problems == []
    return example


@pytest.mark.parametrize("tag", ALL)
class TestKind:
    def test_has_a_module_of_its_name(self, tag: str) -> None:
        package = conditions if tag in CONDITIONS else benefits

        assert import_module(f"{package.__name__}.{tag}") is import_module(ALL[tag].__module__)

    def test_says_what_it_is_called_and_means(self, tag: str) -> None:
        kind = ALL[tag]

        assert kind.kind == tag
        assert kind.label
        assert kind.doc.endswith(".")
        assert kind.__doc__

    def test_labels_every_argument(self, tag: str) -> None:
        def check(field: Field) -> None:
            assert field.name
            assert field.label
            for inner in field.item.fields if field.item else field.fields:
                check(inner)

        for field in ALL[tag].fields:
            check(field)
            assert field.help, field.name

    def test_has_worked_examples(self, tag: str) -> None:
        assert (CASES / f"{tag}.toml").is_file()

    def test_is_on_the_page_of_the_algorithm(self, tag: str) -> None:
        assert f"| `{tag}` | {ALL[tag].doc} |" in PAGE.read_text()

    def test_is_written_as_it_was_read(self, tag: str) -> None:
        written = encode_kind(built(tag))
        reader = Reader()

        again = read_kind(reader, written, "", ALL)

        assert encode_kind(again) == written

    def test_can_be_said_in_words(self, tag: str) -> None:
        phrase = built(tag).phrase()

        assert isinstance(phrase, Phrase)
        assert phrase.message % dict.fromkeys(phrase.params, "x")

    def test_refuses_an_unknown_argument(self, tag: str) -> None:
        reader = Reader()

        read_kind(reader, {"kind": tag, **EXAMPLES.get(tag, {}), "colour": "red"}, "here", ALL)

        assert [(p.path, p.code) for p in reader.problems] == [("here.colour", "unknown_field")]


def test_every_refusal_of_a_condition_has_a_sentence() -> None:
    source = (Path(__file__).parents[3] / "campaigns" / "explanations.py").read_text()

    for kind in CONDITIONS.values():
        for code in kind.codes:
            assert f'"{code}": gettext_noop(' in source


def test_an_unknown_kind_is_an_error() -> None:
    reader = Reader()

    read_kind(reader, {"kind": "lottery"}, "benefits.0", BENEFITS)

    assert [(p.path, p.code) for p in reader.problems] == [("benefits.0.kind", "unknown_kind")]


def test_examples_cover_what_has_required_arguments() -> None:
    needing = {tag for tag, kind in ALL.items() if any(field.required for field in kind.fields)}

    assert needing <= set(EXAMPLES)
