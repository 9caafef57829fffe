"""PUT and DELETE carts/{id}/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.facts import Facts
from messaging.models import Cart, Message, Template
from messaging.occasions.texts.recovery import TEXTS as RECOVERY_TEXTS
from messaging.selectors.contacts import cart_recipient
from messaging.services.composition import compose
from messaging.services.planning import plan
from pos_api.services.credentials import issue_terminal_key
from tests.builders import build_customer, build_terminal
from tests.messaging.builders import build_automation, build_cart, build_company, build_shop

pytestmark = pytest.mark.django_db

# Left half an hour ago, as a visitor without a record.
VISITOR = {"name": "Maria", "phone": "+5511987654321", "accepts_marketing": True}
LINES = [
    {"sku": "VES-118-M", "name": "Vestido", "quantity": "1", "unit_price": "159.90"},
    {"sku": "MEI-004", "quantity": 2, "unit_price": 15},
]


class Shop:
    """An online shop that reports its carts."""

    def __init__(self, client, *, is_test=False, store=None):
        self.client = client
        self.terminal = build_terminal(store=store or build_shop())
        _key, credential = issue_terminal_key(terminal=self.terminal, at=timezone.now(), is_test=is_test)
        self.headers = {"Authorization": f"Api-Key {credential}"}

    def put(self, cart="c1", **document):
        return self.client.put(
            f"/api/v1/carts/{cart}/",
            {"lines": LINES} | document,
            content_type="application/json",
            headers=self.headers,
        )

    def delete(self, cart="c1"):
        return self.client.delete(f"/api/v1/carts/{cart}/", headers=self.headers)


@pytest.fixture
def shop(client):
    return Shop(client)


class TestPut:
    def test_records_the_cart_as_it_stands(self, shop):
        customer = build_customer(document="39053344705")

        first = shop.put(customer={"document": "390.533.447-05"}, link="https://loja.example.com/c/1")
        second = shop.put(customer={"document": "390.533.447-05"}, lines=LINES[:1])

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["total"] == "189.90"
        assert second.json() | {"last_interaction_at": ""} == {
            "id": "c1", "state": "open", "total": "159.90", "last_interaction_at": "",
        }  # fmt: skip
        cart = Cart.objects.get()
        assert (cart.customer, cart.store, cart.episode) == (customer, shop.terminal.store, 1)

    def test_keeps_the_carts_of_two_stores_apart(self, shop, client):
        other = Shop(client)

        assert (shop.put().status_code, other.put().status_code) == (201, 201)
        assert other.delete().status_code == 204
        assert Cart.objects.get(store=shop.terminal.store).state == "open"

    def test_an_older_report_changes_nothing(self, shop):
        now = timezone.now()
        shop.put(occurred_at=now.isoformat())

        answer = shop.put(occurred_at=(now - timedelta(minutes=1)).isoformat(), lines=[])

        assert answer.json()["state"] == "open"
        assert Cart.objects.get().lines

    def test_a_clock_that_runs_ahead_does_not_delay_the_message(self, shop):
        shop.put(occurred_at=(timezone.now() + timedelta(hours=3)).isoformat())

        assert Cart.objects.get().last_interaction_at <= timezone.now()

    def test_a_cart_without_lines_is_deleted(self, shop):
        shop.put()

        assert shop.put(lines=[]).json()["state"] == "deleted"

    def test_touching_a_closed_cart_begins_anew(self, shop):
        shop.put()
        shop.delete()

        assert shop.put().json()["state"] == "open"
        assert Cart.objects.get().episode == 2

    def test_knows_a_customer_by_the_contact(self, shop):
        customer = build_customer(phone="+5511987654321")

        shop.put(contact={"phone": "(11) 98765-4321", "email": "Maria@Example.com"})

        cart = Cart.objects.get()
        assert (cart.customer, cart.email) == (customer, "maria@example.com")

    def test_somebody_unknown_is_a_contact(self, shop):
        assert shop.put(customer={"email": "Nova@example.com"}).status_code == 201
        assert (Cart.objects.get().customer, Cart.objects.get().email) == (None, "nova@example.com")

    def test_leads_to_a_message_but_never_with_a_test_key(self, client):
        build_automation(settings={"delay_minutes": 5})
        contact = {"phone": "+5511987654321", "accepts_marketing": True}
        real, test = Shop(client), Shop(client, is_test=True)
        real.put(contact=contact)
        test.put(contact=contact)

        plan("recovery", at=timezone.now() + timedelta(minutes=6))

        assert Message.objects.get().cart.store == real.terminal.store

    @pytest.mark.parametrize(
        ("document", "path", "code"),
        [
            ({"lines": [{"sku": "A", "quantity": "-1", "unit_price": "1"}]}, "lines[0].quantity", None),
            ({"lines": [{"sku": "A", "quantity": "1", "unit_price": "1.999"}]}, "lines[0].unit_price", None),
            ({"lines": "x"}, "lines", None),
            ({"lines": None}, "lines", None),
            ({"lines": [LINES[0]] * 2001}, "lines", None),
            ({"link": "javascript:alert(1)"}, "link", None),
            ({"link": 'https://x.com/"><script>'}, "link", None),
            ({"contact": {"email": "x"}}, "contact.email", None),
            ({"contact": {"phone": "12"}}, "contact.phone", None),
            ({"customer": {"document": "111"}}, "customer.document", None),
            ({"occurred_at": "2026-11-22T10:00:00"}, "occurred_at", None),
            ({"occurred_at": "2099-01-01T00:00:00Z"}, "occurred_at", "range"),
            ({"occurred_at": "2001-01-01T00:00:00Z"}, "occurred_at", "range"),
            ({"language": "fr"}, "language", None),
            ({"colour": "red"}, "colour", None),
        ],
        ids=str,
    )
    def test_names_what_is_wrong(self, shop, document, path, code):
        answer = shop.put(**document)

        assert answer.status_code == 422
        errors = answer.json()["errors"]
        assert path in [error["path"] for error in errors]
        assert code in (None, errors[0]["code"])
        assert not Cart.objects.exists()

    @pytest.mark.parametrize("cart", ["x" * 81, "%00", "%20a", "a%E2%80%8Bb"])
    def test_refuses_an_id_that_cannot_be_right(self, shop, cart):
        assert shop.put(cart).status_code in (400, 404, 422)
        assert not Cart.objects.exists()

    def test_needs_a_terminals_key(self, client):
        answer = client.put("/api/v1/carts/c1/", {"lines": []}, content_type="application/json")

        assert answer.status_code == 401


class TestDelete:
    def test_closes_the_cart_and_may_be_repeated(self, shop):
        shop.put()

        assert [shop.delete().status_code for _ in range(3)] == [204, 204, 204]
        assert Cart.objects.get().state == "bought"

    def test_does_not_know_carts_that_were_never_reported(self, shop):
        assert shop.delete("unknown").status_code == 404


class TestConversations:
    @pytest.mark.parametrize(("about", "planned"), [("both", 2), ("carts", 1), ("conversations", 1)])
    def test_may_be_recovered_as_carts_are_where_that_is_wanted(self, client, about, planned):
        build_automation(settings={"about": about}, enabled_at=timezone.now() - timedelta(days=1))
        shop, left = Shop(client), (timezone.now() - timedelta(minutes=31)).isoformat()
        talked = shop.put("talk", lines=[], conversation=True, contact=VISITOR, occurred_at=left)
        other = VISITOR | {"phone": "+5511987654322"}
        shop.put("cart", contact=other, occurred_at=left)

        assert talked.json()["state"] == "open"
        assert plan("recovery", at=timezone.now()) == planned

    def test_of_a_cart_that_was_emptied_are_none(self, client):
        build_automation(enabled_at=timezone.now() - timedelta(days=1))
        left = (timezone.now() - timedelta(minutes=31)).isoformat()

        emptied = Shop(client).put(lines=[], contact=VISITOR, occurred_at=left)

        assert emptied.json()["state"] == "deleted"
        assert plan("recovery", at=timezone.now()) == 0

    def test_speak_of_no_cart(self):
        cart = build_cart(lines=[], total=0, is_conversation=True)
        facts = Facts(recipient=cart_recipient(cart), company=build_company(), store=cart.store, subject=cart)
        for (channel, language), words in RECOVERY_TEXTS.items():
            template = Template(
                occasion="recovery", channel=channel, language=language,
                subject=words.subject, text=words.text, html=words.html,
            )  # fmt: skip
            composed = compose(template, facts)
            assert "Total" not in composed.text + composed.html
            assert "sacola" not in composed.subject + composed.text + composed.html
            assert "bag" not in composed.subject + composed.text
