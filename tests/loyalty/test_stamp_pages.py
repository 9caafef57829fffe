"""The pages of stamp plans as a manager uses them."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from loyalty.models import Account, Entry, StampPlan
from tests.builders import build_category, build_customer, build_product, build_stamp_plan, build_user

pytestmark = pytest.mark.django_db

FIELDS = {
    "name": "Dez pizzas",
    "code": "",
    "is_active": "on",
    "orders": "10",
    "category": "",
    "reward": "delivery",
    "reward_product": "",
    "reward_percent": "50",
    "pending_days": "",
    "valid_days": "",
    "clawback": "charge_back",
    "expired_restore": "keep_expired",
    "grace_days": "",
}


@pytest.fixture
def manager():
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("marina"))
    return client


class TestForm:
    def test_creates_a_plan(self, manager):
        category = build_category(name="Pizzas")
        product = build_product()

        answer = manager.post(
            "/loyalty/stamp-plans/new/",
            {**FIELDS, "category": category.pk, "reward": "product", "reward_product": product.sku},
        )

        plan = StampPlan.objects.get()
        assert answer["Location"] == "/loyalty/stamp-plan/dez-pizzas/"
        assert (plan.orders, plan.category, plan.reward_product) == (10, category, product)
        assert plan.reward_percent == 50

    def test_forgets_the_product_when_the_reward_is_the_delivery(self, manager):
        manager.post("/loyalty/stamp-plans/new/", {**FIELDS, "reward_product": "NADA"})

        assert StampPlan.objects.get().reward_product is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"orders": "0"},
            {"orders": "x"},
            {"reward": "product"},
            {"reward": "product", "reward_product": "NADA"},
            {"reward": ""},
            {"reward_percent": "100,01"},
            {"reward_percent": "0"},
            {"category": "999999999999999999999"},
            {"name": "a\x00"},
            {"valid_days": "5", "pending_days": "5"},
        ],
    )
    def test_comes_back_with_what_was_typed(self, manager, wrong):
        answer = manager.post("/loyalty/stamp-plans/new/", {**FIELDS, **wrong})

        assert answer.status_code == 422
        assert not StampPlan.objects.exists()

    def test_refuses_to_write_over_what_somebody_else_changed(self, manager):
        plan = build_stamp_plan()
        StampPlan.objects.update(version=2)

        answer = manager.post(f"/loyalty/stamp-plan/{plan.code}/edit/", {**FIELDS, "_version": "1"})

        assert answer.status_code == 422
        assert StampPlan.objects.get().name == plan.name

    def test_the_summary_shows_other_items_when_asked_to(self, manager):
        category = build_category()
        build_product(name="Esfirra", category=category)
        sent = {**FIELDS, "category": category.pk}

        without = manager.post("/loyalty/stamp-plans/summary/", sent).content.decode()
        shown = manager.post("/loyalty/stamp-plans/summary/", {**sent, "shows_extras": "on"}).content.decode()

        assert "50%" in without
        assert "Esfirra" not in without
        assert "Esfirra" in shown


class TestPerformance:
    def test_appears_once_a_plan_exists(self, manager):
        assert "/loyalty/performance/" not in manager.get("/loyalty/stamp-plans/").content.decode()

        build_stamp_plan()

        assert "/loyalty/performance/" in manager.get("/loyalty/stamp-plans/").content.decode()

    def act(self, manager, plan, customer, **fields):
        sent = {"action": "add", "stamps": "1", "reason": "Cartão antigo", "operation": str(uuid4())}
        return manager.post(f"/loyalty/stamp-plan/{plan.code}/customers/{customer.pk}/", {**sent, **fields})

    def test_adds_takes_and_removes_the_reward(self, manager):
        plan, customer = build_stamp_plan(orders=10), build_customer(name="Ana Souza")

        self.act(manager, plan, customer, stamps="13")
        self.act(manager, plan, customer, action="take", stamps="1")
        self.act(manager, plan, customer, action="reward", stamps="")

        assert Account.objects.get().balance == 2
        assert [entry.amount for entry in Entry.objects.order_by("pk")] == [13, -1, -10]
        assert {entry.reason for entry in Entry.objects.all()} == {"Cartão antigo"}
        text = manager.get("/loyalty/performance/?q=ana").content.decode()
        assert "Ana Souza" in text
        assert "2 of 10" in text

    def test_sent_twice_it_is_done_once(self, manager):
        plan, customer, operation = build_stamp_plan(), build_customer(), str(uuid4())

        for _time in range(2):
            self.act(manager, plan, customer, stamps="3", operation=operation)

        assert Account.objects.get().balance == 3

    @pytest.mark.parametrize(
        "fields",
        [
            {"action": "take", "stamps": "1"},
            {"action": "reward"},
            {"reason": ""},
            {"reason": "a\x00"},
            {"stamps": ""},
            {"stamps": "1.5"},
            {"stamps": "99999"},
            {"operation": "x"},
            {"action": "steal"},
        ],
    )
    def test_says_what_is_wrong(self, manager, fields):
        answer = self.act(manager, build_stamp_plan(), build_customer(), **fields)

        assert answer.status_code == 422
        assert not Entry.objects.exists()

    def test_filters_those_whose_reward_is_ready(self, manager):
        plan, ready, other = (
            build_stamp_plan(orders=2),
            build_customer(name="Bia"),
            build_customer(name="Caio"),
        )
        self.act(manager, plan, ready, stamps="5")
        self.act(manager, plan, other, stamps="1")

        text = manager.get("/loyalty/performance/?reward=ready").content.decode()
        exported = b"".join(manager.get("/loyalty/performance/?export=csv").streaming_content).decode()

        assert "Bia" in text
        assert "Caio" not in text
        assert "Bia" in exported
        assert "Caio" in exported

    def test_finds_a_customer_without_stamps(self, manager):
        plan, customer = build_stamp_plan(), build_customer(name="Davi Rocha")

        answer = manager.post("/loyalty/performance/", {"customer": "davi", "plan": plan.code})
        unknown = manager.post("/loyalty/performance/", {"customer": "nobody", "plan": plan.code})

        assert answer["Location"] == f"/loyalty/stamp-plan/{plan.code}/customers/{customer.pk}/"
        assert unknown.status_code == 200
        assert "Choose one customer" in unknown.content.decode()

    def test_whoever_may_only_look_moves_nothing(self):
        client = Client()
        client.force_login(build_user(permissions=("loyalty.view_stampplan", "customers.view_customer")))

        assert self.act(client, build_stamp_plan(), build_customer()).status_code == 403
