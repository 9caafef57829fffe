"""What the operator types about a customer, from the till's request to the campaign and the recorded sale."""

import pytest

from retail.models import Sale
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, line, publish, sale

pytestmark = pytest.mark.django_db

# field: what the campaign wants, what is typed, what does not fit
FIELDS = [
    ("name", {"operator": "contains", "value": "souza"}, " Ana SOUZA ", "Ana Lima"),
    ("email", {"operator": "contains", "value": "@example.com"}, "ANA@example.com", "ana@example.org"),
    ("phone", {"operator": "eq", "value": "+5511987654321"}, "+5511987654321", "+5511900000000"),
    ("address", {"operator": "contains", "value": "Rua das Flores"}, "rua das flores, 12", "Rua do Sol, 3"),
    ("birth_date", {"operator": "eq", "value": "1990-11-22"}, "1990-11-22", "1990-11-23"),
    ("sex", {"operator": "in", "value": ["f", "o"]}, "F", "m"),
    ("email", {"operator": "filled"}, "x", "   "),
]


def publish_for(field, rule):
    publish("CAPTURA", optional=True, conditions={"kind": "customer_field", "field": field, **rule})


@pytest.mark.parametrize(("field", "rule", "typed", "other"), FIELDS)
class TestEachField:
    def test_opens_the_campaign_at_the_next_keystroke(self, till: Till, field, rule, typed, other):
        publish_for(field, rule)

        fits = till.evaluate(basket(line(), captured={field: typed}, accepted=["CAPTURA"])).json()
        differs = till.evaluate(basket(line(), captured={field: other}, accepted=["CAPTURA"])).json()
        missing = till.evaluate(basket(line(), accepted=["CAPTURA"])).json()

        assert fits["totals"]["discount"] == "10.00"
        for answer in (differs, missing):
            assert answer["totals"]["discount"] == "0.00"
            assert [refusal["reason"] for refusal in answer["not_activated"]] == ["customer_field"]

    def test_is_recorded_with_the_sale(self, till: Till, field, rule, typed, other):
        publish_for(field, rule)

        sold = till.sell(sale(line(), total="90.00", captured={field: typed}, accepted=["CAPTURA"]))
        refused = till.sell(sale(line(), total="90.00", captured={field: other}, accepted=["CAPTURA"]))

        assert (sold.status_code, refused.status_code) == (201, 409)
        assert Sale.objects.get().request["captured"] == {field: typed}


def test_is_offered_and_given_only_once_accepted(till):
    publish_for("email", {"operator": "filled"})

    offered = till.evaluate(basket(line(), captured={"email": "a@example.com"})).json()

    assert offered["totals"]["discount"] == "0.00"
    assert [(one["campaign"], one["discount"]) for one in offered["optional"]] == [("CAPTURA", "10.00")]


@pytest.mark.parametrize("where", ["alone", "inside"])
def test_is_refused_at_save_on_a_campaign_that_is_not_optional(db, where):
    manager = Manager.sign_in(is_superuser=True)
    leaf = {"kind": "customer_field", "field": "email", "operator": "filled"}
    conditions = leaf if where == "alone" else {"all": [{"any": [leaf]}]}
    document = {
        "code": "CAPTURA",
        "name": "Captura",
        "conditions": conditions,
        "benefits": [{"kind": "item_percent", "percent": "10"}],
    }

    refused = manager.send("POST", "campaigns/", document)
    saved = manager.send("POST", "campaigns/", document | {"optional": True})

    assert refused.status_code == 422
    assert [error["code"] for error in refused.json()["errors"]] == ["optional_only"]
    assert saved.status_code == 201


@pytest.mark.parametrize(
    ("captured", "path"),
    [
        ({"email": 5}, "captured"),
        ({"": "x"}, "captured"),
        ([], "captured"),
        ({"email": "x\u0000"}, "captured"),
    ],
)
def test_that_cannot_be_right_is_named(till, captured, path):
    answer = till.evaluate(basket(line(), captured=captured))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith(path)
