"""What stands before the first step of the machine of value: campaigns, a program, a plan, a code, two customers."""

from datetime import timedelta
from typing import Any

from django.test import RequestFactory

from campaigns.models import PromoCode
from campaigns.services.campaigns import create_campaign
from customers.models import Customer
from loyalty.models import PointsProgram, StampPlan, StoredValueType
from loyalty.services.ledger import open_accounts
from pos_api.authentication import TerminalAuthentication
from tests.builders import NOON, build_category, build_customer, build_product, build_user
from tests.pos_api.till import Till, issue_code
from tests.pos_api.value_model import CEILING

PRICES = {"MEIA": 7_00, "CALCA": 13_00, "LIVRO": 33_00}
KINDS = ("cashback", "points", "stamps")
EVER_LIMIT, CODE_USES = 4, 2
ORDERS = 3
# By what gives value: the days before it can be used, and those after which it cannot.
DAYS = {"pontos": (1, 5), "selos": (0, 9), "VOLTE": (0, 4), "OPINE": (1, 9)}
# By its code: the kind of a type of stored value, and the days after which what is put in cannot be used.
TYPES = {"presente": ("gift_card", 6), "bolsa": ("e_purse", 4), "calcas": ("e_purse", 9), "vale": ("voucher", 5),
         "nota": ("credit_note", 7)}  # fmt: skip


def publish(code: str, **document: Any) -> None:
    create_campaign(
        document={"code": code, "name": code.title()} | document,
        user=None,
        at=NOON - timedelta(hours=1),
        publish=True,
    )


class Shop:
    """What stands before the first step: made once, every run of the machine starts from it."""

    def __init__(self, till: Till) -> None:
        request: Any = RequestFactory().get("/", headers={"Authorization": f"Api-Key {till.credential}"})
        self.caller, _key = TerminalAuthentication().authenticate(request) or (None, "")
        self.user = build_user()
        self.program = PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1,
            pending_days=DAYS["pontos"][0], valid_days=DAYS["pontos"][1],
        )  # fmt: skip
        self.plan = StampPlan.objects.create(
            code="selos", name="Selos", orders=ORDERS, reward="delivery", reward_percent=50,
            valid_days=DAYS["selos"][1],
        )  # fmt: skip
        publish("DEZ", benefits=[{"kind": "item_percent", "percent": "10.00"}], priority=1,
                conditions={"kind": "product", "by": "sku", "values": ["CALCA"]},
                limits=[{"scope": "total", "counts": "sale", "max": EVER_LIMIT},
                        {"scope": "customer", "counts": "sale", "max": 1, "per": "day"}])  # fmt: skip
        publish("CINCO", benefits=[{"kind": "order_amount", "amount": "5.00"}], priority=2, budget="900.00",
                conditions={"kind": "promo_code"})  # fmt: skip
        publish("VOLTE", benefits=[{"kind": "cashback", "percent": "10.00", "valid_days": DAYS["VOLTE"][1],
                                    "max_percent": "50"}], priority=3)  # fmt: skip
        publish("OPINE", benefits=[{"kind": "cashback", "amount": "2.00", "valid_days": DAYS["OPINE"][1],
                                    "start_after_days": DAYS["OPINE"][0], "requires_review": True}], priority=4,
                conditions={"kind": "product", "by": "sku", "values": ["LIVRO"]})  # fmt: skip
        issue_code(campaign="CINCO", max_uses=CODE_USES)
        PromoCode.objects.update(starts_at=None)
        trousers = build_category(code="calcas")
        build_product(sku="CALCA", category=trousers)
        self.types = {
            code: StoredValueType.objects.create(
                code=code, name=code.title(), kind=kind, valid_days=days, is_reloadable=kind == "e_purse",
                ceiling=CEILING // 100 if kind == "e_purse" else None,
            )
            for code, (kind, days) in TYPES.items()
        }  # fmt: skip
        self.types["calcas"].categories.add(trousers)
        self.customers: list[Customer] = [build_customer(), build_customer()]
        keys = [("cashback", None), ("points", self.program.pk), ("stamps", self.plan.pk)]
        # By the customer's place and the kind.
        self.account_ids = {
            (place, kind): account.pk
            for place, customer in enumerate(self.customers)
            for (kind, _unit), account in open_accounts(customer.pk, keys, at=NOON).items()
        }
