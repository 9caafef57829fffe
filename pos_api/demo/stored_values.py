"""The demonstration's stored values: their types, and what a few customers hold."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from customers.models import Customer
from loyalty.models import StoredValueType
from loyalty.services.stored_value_by_hand import Issue, issue_by_hand
from loyalty.services.stored_value_states import block
from loyalty.services.stored_value_types import upsert_stored_value_types

# The first of a kind is the usual one: what a till sells that names no type.
TYPES: list[dict[str, Any]] = [
    {"code": "vale-presente", "name": "Vale-presente", "kind": "gift_card", "valid_days": 365},
    {"code": "carteira", "name": "Carteira Aurora", "kind": "e_purse"},
    {
        "code": "kdo",
        "name": "KDO",
        "kind": "e_purse",
        "fixed_load": "60.00",
        "fixed_price": "50.00",
        "categories": ["calcas"],
    },
    {
        "code": "vale-fidelidade",
        "name": "Vale fidelidade",
        "kind": "voucher",
        "valid_days": 60,
        "minimum_purchase": "100.00",
        "is_personal": True,
    },
    {"code": "nota-de-credito", "name": "Nota de crédito", "kind": "credit_note", "valid_days": 180},
]
# Customer (in the order of their ids), type, cents or percentage, why.
HELD: list[tuple[int, str, int | None, str | None, str]] = [
    (0, "vale-presente", 100_00, None, "Sorteio de inauguração"),
    (0, "kdo", None, None, "Carteira antiga"),
    (1, "carteira", 80_00, None, "Carteira antiga"),
    (2, "vale-fidelidade", None, "15", "Cliente de dez anos"),
    (3, "vale-fidelidade", 25_00, None, "Pedido entregue com atraso"),
    (4, "nota-de-credito", 89_90, None, "Troca sem o mesmo tamanho"),
    (5, "vale-presente", 50_00, None, "Sorteio de inauguração"),
]
# Whose card is lost: the last one's.
LOST = "Cartão perdido na loja"


def build_stored_values(*, user: User, at: datetime) -> None:
    """Make the types once, with what a few customers hold of them; the last card is lost, and blocked."""
    if StoredValueType.objects.exists():
        return
    for result in upsert_stored_value_types(rows=TYPES):
        if result.errors:
            raise AssertionError(f"sample row: {result.errors}")
    types = {kind.code: kind for kind in StoredValueType.objects.all()}
    customers = list(Customer.objects.order_by("pk")[: len(HELD)])
    for number, (place, code, amount, percent, reason) in enumerate(HELD):
        issued = issue_by_hand(
            Issue(
                type=types[code],
                customer_id=customers[place].pk,
                operation=f"demo-{number}",
                reason=reason,
                amount=amount,
                percent=None if percent is None else Decimal(percent),
            ),
            actor_id=user.pk,
            at=at,
        )
    block(issued.stored, reason=LOST, at=at, actor_id=user.pk)
