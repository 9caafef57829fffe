"""A small shop for the till's tests: one store, a few products, a customer and campaigns of different kinds."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from campaigns.services.campaigns import create_campaign
from campaigns.services.promo_code_pools import PoolSettings, create_pool
from campaigns.services.promo_codes import Terms, add_word
from customers.models import Customer
from pos_api.services.credentials import issue_terminal_key
from retail.models import Store
from tests.builders import (
    build_category,
    build_customer,
    build_customer_grouping,
    build_product,
    build_store,
    build_terminal,
    build_user,
)
from tests.e2e.conftest import PASSWORD

ALL = {"by": "all", "values": []}


@dataclass
class Shop:
    key: str
    store: Store
    manager: AbstractUser
    customer: Customer


def build_shop(*, campaigns: bool = True) -> Shop:
    """Build the shop; with `campaigns`, those that the flows of the till need."""
    store = build_store(code="0012", name="Fiel Pinheiros")
    terminal = build_terminal(store=store, code="1", name="Caixa 1")
    shirts = build_category(code="camisetas", name="Camisetas")
    for size in "PM":
        build_product(
            sku=f"CAM-{size}",
            name=f"Camiseta básica branca {size}",
            price=Decimal("60.00"),
            category=shirts,
            barcode=f"789100020010{'PM'.index(size)}",
        )
    build_product(sku="CAF-500", name="Café torrado 500 g", price=Decimal("18.90"), barcode="7891000100103")
    build_product(sku="QUEIJO", name="Queijo minas kg", price=Decimal("49.90"))
    build_product(sku="BOTTON", name="Botton", price=Decimal("5.00"))
    build_product(sku="CANECA", name="Caneca", price=Decimal("25.00"))
    customer = build_customer(
        code="C1",
        name="Maria Aparecida",
        document="39053344705",
        birth_date=date(1990, 11, 22),
        remark="Aceita troca só com nota",
        email="maria@example.com",
        phone="+5511987654321",
    )
    build_customer_grouping(code="vip", name="Clientes VIP", customers=[customer])
    manager = build_user(username="gerente", password=PASSWORD, is_staff=True, is_superuser=True)
    _key, credential = issue_terminal_key(terminal=terminal, at=timezone.now(), created_by=manager)
    if campaigns:
        _build_campaigns(manager)
    return Shop(key=credential, store=store, manager=manager, customer=customer)


def _build_campaigns(manager: AbstractUser) -> None:
    _publish(
        manager,
        code="CAMISETAS10",
        name="10% em camisetas",
        conditions={"all": [{"kind": "product", "by": "category", "values": ["camisetas"]}]},
        benefits=[{"kind": "item_percent", "percent": "10.00"}],
    )
    _publish(
        manager,
        code="ACIMA200",
        name="R$ 20 acima de R$ 200",
        minimum_amount="200.00",
        benefits=[{"kind": "order_amount", "amount": "20.00"}],
    )
    _publish(
        manager,
        code="BRINDE",
        name="Brinde do mês",
        minimum_amount="50.00",
        benefits=[
            {
                "kind": "gift",
                "products": [{"sku": "BOTTON", "quantity": 1}, {"sku": "CANECA", "quantity": 1}],
                "choose": 1,
            }
        ],
    )
    _publish(
        manager,
        code="SACOLA",
        name="Sacola com desconto",
        optional=True,
        benefits=[{"kind": "order_amount", "amount": "1.00"}],
    )
    _publish(
        manager,
        code="BOASVINDAS",
        name="Boas-vindas",
        conditions={"all": [{"kind": "promo_code"}]},
        benefits=[{"kind": "order_amount", "amount": "5.00"}],
    )
    settings = PoolSettings(name="Bem-vindo", campaign="BOASVINDAS")
    pool = create_pool(code="bem-vindo", settings=settings, user=None, at=timezone.now())
    add_word(pool=pool, word="BEMVINDO", terms=Terms(), at=timezone.now())


def _publish(manager: AbstractUser, **document: Any) -> None:
    now = timezone.now()
    starts_at = (now - timedelta(days=1)).isoformat()
    create_campaign(document={"starts_at": starts_at, **document}, publish=True, user=manager, at=now)
