"""VIP cards at the till and in the API: whose they are, what they take off, and how it is undone."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Activation, LineAdjustment, PromoCodeHold
from campaigns.services.plan import change_policy
from campaigns.vip_card_uses import with_uses
from loyalty.models import VipCard
from pos_api.services.customer_merges import merge_customers
from retail.models import Sale
from tests.builders import (
    build_campaign,
    build_customer,
    build_product,
    build_program,
    build_sale,
    build_user,
    build_vip_card,
)
from tests.pos_api.manager import Manager, codes
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

pytestmark = pytest.mark.django_db
CPF, OTHER = "39053344705", "11144477735"
CODE = "#VIP#ANA1"


@pytest.fixture
def card() -> VipCard:
    return build_vip_card(code=CODE, customer=build_customer(document=CPF, name="Ana Souza"))


@pytest.fixture
def manager() -> Manager:
    return Manager.sign_in(is_superuser=True)


def vip(**fields: Any) -> dict[str, Any]:
    return {"promo_codes": [CODE]} | fields


def status_of(answer: Any) -> str:
    (entry,) = answer.json()["promo_codes"]
    status: str = entry["status"]
    return status


class TestAtTheTill:
    def test_takes_its_rate_off_what_campaigns_left(self, till: Till, card: VipCard) -> None:
        publish(benefits=[{"kind": "order_percent", "percent": "20"}])

        answer = till.evaluate(basket(promo_codes=[" #vip#ana1 "])).json()

        assert answer["totals"]["discount"] == "28.00"
        assert answer["totals"]["net"] == "72.00"
        assert answer["promo_codes"] == [{"code": CODE, "status": "applied", "campaign": CODE}]
        assert [(row["campaign"], row["discount"]) for row in answer["activations"]] == [
            ("DEZ", "20.00"),
            (CODE, "8.00"),
        ]
        assert answer["lines"][0]["adjustments"][-1] == {
            "campaign": CODE,
            "benefit": "item_percent",
            "amount": "8.00",
        }

    def test_tells_whose_sale_it_is_where_the_till_names_nobody(self, till: Till, card: VipCard) -> None:
        build_program(code="pontos", points=Decimal(1), per_amount=Decimal(10))
        publish("ANIVERSARIO", conditions={"kind": "customer", "attribute": "document", "operator": "in", "value": [CPF]})  # fmt: skip

        evaluated = till.evaluate(basket(**vip())).json()
        sold = till.sell(sale(total="81.00", **vip()))

        assert evaluated["totals"]["net"] == "81.00"
        assert evaluated["earned"]["points"] == [{"program": "pontos", "points": 8}]
        assert sold.status_code == 201, sold.json()
        assert Sale.objects.get().customer == card.customer
        assert sold.json()["balances"][0]["available"] == 8

    def test_is_used_by_its_customer_only(self, till: Till, card: VipCard) -> None:
        build_customer(document=OTHER)

        mine = till.evaluate(basket(**vip(customer={"document": CPF})))
        of_another = till.evaluate(basket(**vip(customer={"document": OTHER})))
        of_somebody_new = till.evaluate(basket(**vip(customer={"document": "52998224725"})))

        assert (status_of(mine), status_of(of_another), status_of(of_somebody_new)) == (
            "applied",
            "not_usable",
            "not_usable",
        )
        assert of_another.json()["totals"]["discount"] == "0.00"

    @pytest.mark.parametrize(
        "change",
        [
            {"is_active": False},
            {"expires_at": timezone.now() - timedelta(hours=1)},
            {"code": "#VIP#ANA2"},
        ],
    )
    def test_one_answer_for_blocked_expired_and_unknown(
        self, till: Till, card: VipCard, change: dict[str, Any]
    ) -> None:
        VipCard.objects.update(**change)

        answer = till.evaluate(basket(**vip()))

        assert answer.json()["promo_codes"] == [{"code": CODE, "status": "not_usable"}]
        assert answer.json()["totals"]["discount"] == "0.00"

    def test_is_judged_by_the_moment_of_the_sale(self, till: Till, card: VipCard) -> None:
        VipCard.objects.update(expires_at=timezone.now() + timedelta(minutes=4))

        later = (timezone.now() + timedelta(minutes=8)).isoformat()

        assert status_of(till.evaluate(basket(**vip()))) == "applied"
        assert status_of(till.evaluate(basket(**vip(occurred_at=later)))) == "not_usable"

    def test_says_so_where_nothing_takes_a_discount(self, till: Till, card: VipCard) -> None:
        build_product(sku="CAMISA", discountable=False)

        answer = till.evaluate(basket(**vip()))

        assert status_of(answer) == "not_activated"
        assert [row["reason"] for row in answer.json()["not_activated"]] == ["no_effect"]

    def test_respects_the_floor_price(self, till: Till, card: VipCard) -> None:
        build_product(sku="CAMISA", price=Decimal(100), floor_price=Decimal(95))

        assert till.evaluate(basket(**vip())).json()["totals"]["net"] == "95.00"

    def test_goes_with_its_customer_into_another_record(self, till: Till, card: VipCard) -> None:
        kept = build_customer(document=None)
        merge_customers(
            kept_id=kept.pk,
            absorbed_id=card.customer_id,
            reason="one person",
            actor=build_user(),  # type: ignore[arg-type]
            at=timezone.now(),
        )

        sold = till.sell(sale(total="90.00", **vip()))

        assert sold.status_code == 201, sold.json()
        assert Sale.objects.get().customer == kept

    def test_goes_with_promotional_codes(self, till: Till, card: VipCard) -> None:
        publish(conditions={"kind": "promo_code"})
        code = issue_code()

        sold = till.sell(sale(total="81.00", promo_codes=[CODE, "BEMVINDO"]))

        assert sold.status_code == 201, sold.json()
        code.refresh_from_db()
        assert code.used == 1
        assert {row["code"]: row["status"] for row in sold.json()["promo_codes"]} == {
            CODE: "applied",
            "BEMVINDO": "applied",
        }

    def test_opens_codes_that_count_each_customer(self, till: Till, card: VipCard) -> None:
        publish(conditions={"kind": "promo_code"})
        code = issue_code(max_uses=None)
        type(code).objects.update(max_uses_per_customer=1)

        both = till.evaluate(basket(promo_codes=["BEMVINDO", CODE])).json()
        alone = till.evaluate(basket(promo_codes=["BEMVINDO"])).json()

        assert both["totals"]["net"] == "81.00"
        assert alone["totals"]["net"] == "100.00"

    def test_leaves_nothing_to_keep_for_a_reservation(self, till: Till, card: VipCard) -> None:
        made = till.send("POST", "reservations/", {"reference": "CART-1", "promo_codes": [CODE]})
        kept = made.json().get("reservation")
        sold = till.sell(sale(total="90.00", promo_codes=[CODE], reservation=kept))

        assert made.status_code == 201, made.json()
        assert made.json()["promo_codes"] == [CODE]
        assert not PromoCodeHold.objects.exists()
        assert sold.status_code == 201, sold.json()
        assert Sale.objects.get().customer == card.customer

    def test_guessing_cards_locks_the_terminals_look_ups(self, till: Till) -> None:
        for number in range(10):
            till.evaluate(basket(promo_codes=[f"#VIP#{number}"]))

        assert till.evaluate(basket(promo_codes=["#VIP#99"])).status_code == 429

    def test_evaluating_takes_the_one_query(self, till: Till, card: VipCard) -> None:
        till.evaluate(basket())
        till.evaluate(basket(**vip()))

        with CaptureQueriesContext(connection) as without:
            till.evaluate(basket(promo_codes=["#VIP#NINGUEM"]))
        with CaptureQueriesContext(connection) as queries:
            till.evaluate(basket(**vip()))

        assert len(queries) == 1
        # One more counts the code that was not found.
        assert len(without) == 2


class TestRecorded:
    def test_is_an_activation_of_the_card(self, till: Till, card: VipCard) -> None:
        publish()

        sold = till.sell(sale(line(), line(2, sku="MEIA"), total="162.00", **vip()))

        assert sold.status_code == 201, sold.json()
        activation = Activation.objects.get(vip_card=card)
        assert (activation.campaign, activation.revision, activation.discount) == (None, None, Decimal("18"))
        amounts = LineAdjustment.objects.filter(activation=activation).order_by("sale_line__line")
        assert [row.amount for row in amounts] == [Decimal("9.00"), Decimal("9.00")]
        assert [part["amount"] for part in activation.deal] == ["9.00", "9.00"]
        assert Activation.objects.get(campaign__code="DEZ").adjustments.count() == 2
        used = with_uses(VipCard.objects.all()).get()
        assert (used.uses, used.given) == (1, Decimal("18.00"))

    def test_is_given_back_unit_by_unit(self, till: Till, card: VipCard) -> None:
        publish(benefits=[{"kind": "order_percent", "percent": "20"}])
        sold = till.sell(sale(line(quantity="3"), total="216.00", **vip())).json()

        first = till.give_back(sold["sale"], {1: "1"}).json()
        one = with_uses(VipCard.objects.all()).get()
        second = till.give_back(sold["sale"], {1: "2"}).json()

        assert first["refund"]["amount"] == "72.00"
        assert (one.uses, one.given) == (1, Decimal("16.00"))
        assert second["refund"]["amount"] == "144.00"
        activation = Activation.objects.get(vip_card=card)
        assert activation.undone == activation.discount
        assert activation.reversed_at is not None
        assert with_uses(VipCard.objects.all()).get().uses == 0

    def test_still_holds_for_what_is_kept_where_that_is_priced_again(self, till: Till, card: VipCard) -> None:
        publish(benefits=[{"kind": "order_percent", "percent": "20"}])
        change_policy(policy={"refund": "recalculate"}, user=None, at=timezone.now())
        sold = till.sell(sale(line(quantity="3"), total="216.00", **vip())).json()
        # What the card becomes later changes no return.
        VipCard.objects.update(percent=Decimal(50), is_active=False)

        back = till.give_back(sold["sale"], {1: "1"}).json()

        assert back["refund"]["amount"] == "72.00"
        assert Activation.objects.get(vip_card=card).undone == Decimal("8.00")

    def test_is_taken_back_with_a_cancelled_sale(self, till: Till, card: VipCard) -> None:
        sold = till.sell(sale(total="90.00", **vip())).json()

        cancelled = till.cancel(sold["sale"]).json()

        assert cancelled["reversed"] == [{"campaign": CODE, "discount": "10.00"}]
        assert with_uses(VipCard.objects.all()).get().uses == 0

    def test_gives_nothing_in_a_sale_that_was_cancelled_before_it_arrived(
        self, till: Till, card: VipCard
    ) -> None:
        document = sale(total="90.00", **vip(business_date=timezone.localdate().isoformat()))
        till.cancel_ticket(document["ticket"], document["business_date"])

        sold = till.sell(document)

        assert (sold.status_code, sold.json()["state"]) == (201, "cancelled")
        assert sold.json()["totals"]["discount"] == "0.00"
        assert not Activation.objects.exists()

    def test_a_card_that_was_blocked_since_is_refused_with_what_it_costs(
        self, till: Till, card: VipCard
    ) -> None:
        till.evaluate(basket(**vip()))
        VipCard.objects.update(is_active=False)

        refused = till.sell(sale(total="90.00", **vip()))

        assert (refused.status_code, refused.json()["code"]) == (409, "benefit_unavailable")
        assert refused.json()["unavailable"] == [{"code": CODE, "reason": "not_usable"}]
        assert not Sale.objects.exists()

    def test_an_offline_sale_leaves_its_cost_to_a_manager(self, till: Till, card: VipCard) -> None:
        VipCard.objects.update(is_active=False)

        sold = till.sell(sale(total="90.00", **vip(offline=True)))

        assert sold.status_code == 201, sold.json()
        (missed,) = sold.json()["exceptions"]
        assert (missed["kind"], missed["subject"], missed["cost"]) == ("code_not_usable", CODE, "10.00")

    def test_the_database_keeps_campaigns_and_cards_apart(self, card: VipCard) -> None:
        recorded = build_sale()
        campaign = build_campaign(publish=True)
        facts = {"sale": recorded, "activated_at": timezone.now()}

        with pytest.raises(IntegrityError, match="activation_of_campaign_or_vip_card"), transaction.atomic():
            Activation.objects.create(
                **facts, vip_card=card, campaign=campaign, revision=campaign.live_revision
            )
        with pytest.raises(IntegrityError, match="activation_of_campaign_or_vip_card"), transaction.atomic():
            Activation.objects.create(**facts)
        Activation.objects.create(**facts, vip_card=card)
        with pytest.raises(IntegrityError, match="activation_of_one_vip_card_per_sale"), transaction.atomic():
            Activation.objects.create(**facts, vip_card=build_vip_card())


class TestCheck:
    def test_shows_the_customer_the_rate_and_until_when(self, till: Till, card: VipCard) -> None:
        answer = till.send("GET", "vip-cards/check/?code=%23vip%23ana1")

        assert answer.status_code == 200
        assert answer.json() == {
            "code": CODE,
            "customer": {"id": card.customer_id, "name": "Ana Souza"},
            "percent": "10.00",
            "valid_until": "2035-12-31",
        }

    def test_one_answer_for_whatever_cannot_be_used(self, till: Till, card: VipCard) -> None:
        build_vip_card(code="#VIP#OLD", expires_at=timezone.now())
        build_vip_card(code="#VIP#STOPPED", is_active=False)

        answers = [
            till.send("GET", f"vip-cards/check/?code=%23VIP%23{word}")
            for word in ("OLD", "STOPPED", "NOBODY")
        ]

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].json()["code"] == "vip_card_not_usable"

    def test_guessing_locks_the_terminals_look_ups(self, till: Till, card: VipCard) -> None:
        for number in range(10):
            till.send("GET", f"vip-cards/check/?code=%23VIP%23{number}")

        locked = till.send("GET", "vip-cards/check/?code=%23VIP%23ANA1")

        assert (locked.status_code, locked.json()["code"]) == (429, "lookups_locked")


class TestForManagers:
    def test_makes_shows_changes_and_blocks_a_card(self, manager: Manager) -> None:
        customer = build_customer(document=CPF, name="Ana Souza")
        body = {
            "customer": {"document": CPF},
            "code": "#vip#1001",
            "percent": "7.5",
            "valid_until": "2030-12-31",
            "notify": ["(11) 98765-4321"],
        }

        made = manager.send("POST", "vip-cards/", body)
        key = made.json()["id"]
        changed = manager.send("PATCH", f"vip-cards/{key}/", {"is_active": False, "percent": "12.125"})

        assert made.status_code == 201, made.json()
        assert made.json() | {"created_at": "", "updated_at": ""} == {
            "id": key,
            "code": "#VIP#1001",
            "customer": {"id": customer.pk, "name": "Ana Souza"},
            "percent": "7.50",
            "valid_until": "2030-12-31",
            "notify": ["+5511987654321"],
            "is_active": True,
            "uses": 0,
            "discount": "0.00",
            "last_used_at": None,
            "version": 1,
            "created_at": "",
            "updated_at": "",
        }
        assert (changed.status_code, changed.json()["is_active"], changed.json()["percent"]) == (
            200,
            False,
            "12.125",
        )
        assert manager.send("GET", f"vip-cards/{key}/").json() == changed.json()

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"code": "1001"}, [("code", "vip_code")]),
            ({"code": CODE}, [("code", "duplicate")]),
            ({"customer": {"document": OTHER}}, [("customer.document", "unknown_customer")]),
            ({"customer": None}, [("customer", "reference")]),
            ({"percent": "101"}, [("percent", "percent")]),
        ],
    )
    def test_names_what_is_wrong(
        self, manager: Manager, card: VipCard, fields: dict[str, Any], expected: Any
    ) -> None:
        body = {"customer": {"document": CPF}, "percent": "10", "valid_until": "2030-12-31"}

        answer = manager.send("POST", "vip-cards/", body | fields)

        assert answer.status_code == 422
        assert codes(answer) == expected

    def test_lists_with_what_each_gave_in_one_query_for_any_number(
        self, manager: Manager, till: Till, card: VipCard
    ) -> None:
        till.sell(sale(total="90.00", **vip()))
        expired = build_vip_card(code="#VIP#OLD", expires_at=timezone.now())

        everything = manager.send("GET", "vip-cards/").json()["results"]
        found = {
            query: [row["code"] for row in manager.send("GET", f"vip-cards/?{query}").json()["results"]]
            for query in (
                "q=souza&ordering=-discount",
                "usable=false",
                "usable=true",
                "code=%23vip%23old",
                f"customer={card.customer_id}",
                "is_active=false",
            )
        }

        assert [(row["code"], row["uses"], row["discount"]) for row in everything] == [
            (CODE, 1, "10.00"),
            ("#VIP#OLD", 0, "0.00"),
        ]
        assert found == {
            "q=souza&ordering=-discount": [CODE, expired.code],
            "usable=false": ["#VIP#OLD"],
            "usable=true": [CODE],
            "code=%23vip%23old": ["#VIP#OLD"],
            f"customer={card.customer_id}": [CODE],
            "is_active=false": [],
        }
