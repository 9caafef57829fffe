"""The demonstration's loyalty: one points program with four levels and tiers, and one stamp plan."""

from datetime import datetime

from django.contrib.auth.models import User

from customers.models import Customer
from loyalty.models import AccountKind, PointsProgram, StampPlan
from loyalty.services.adjustments import adjust
from loyalty.services.programs import upsert_programs
from loyalty.services.stamp_plans import upsert_stamp_plans
from loyalty.services.stamps import add_stamps

PROGRAM = {
    "code": "clube-aurora",
    "name": "Clube Aurora",
    "points": "1.00",
    "per_amount": "10.00",
    "point_value": "0.20",
    "redeem_step": "10.00",
    "levels": [
        {"name": "Nível 1", "points": "10", "gifts": [{"sku": "BOTTON"}]},
        {"name": "Nível 2", "points": "20", "gifts": [{"sku": "ECOBAG"}, {"sku": "MEIA-CANO-PR-34-39"}]},
        {"name": "Nível 3", "points": "30", "gifts": [{"sku": "BATOM-1"}]},
        {"name": "Nível 4", "points": "40", "gifts": [{"sku": "CHINELO-PR-38"}]},
    ],
    "tiers": [
        {"code": "prata", "name": "Prata", "threshold": "300"},
        {"code": "ouro", "name": "Ouro", "threshold": "1000"},
        {"code": "diamante", "name": "Diamante", "threshold": "3000"},
    ],
}
PLAN = {
    "code": "cartao-meias",
    "name": "Cartão das meias",
    "category": "meias",
    "orders": 5,
    "reward": "product",
    "reward_product": "MEIA-CANO-BR-34-39",
    "reward_percent": "100",
    "shows_extras": True,
}
# What the first customers bring from the paper cards of before: points and stamps.
CARRIED_OVER = [(12, 2), (25, 5), (8, 1), (41, 7), (33, 0), (19, 3), (60, 4), (5, 6)]
REASON = "Saldo do cartão de papel"


def build_loyalty(*, user: User, at: datetime) -> None:
    """Make program and plan once, with what a few customers have carried over."""
    if PointsProgram.objects.exists() or StampPlan.objects.exists():
        return
    results = [*upsert_programs(rows=[PROGRAM]), *upsert_stamp_plans(rows=[PLAN])]
    for result in results:
        if result.errors:
            raise AssertionError(f"sample row: {result.errors}")
    program, plan = PointsProgram.objects.get(), StampPlan.objects.get()
    for customer, (points, stamps) in zip(Customer.objects.order_by("pk"), CARRIED_OVER, strict=False):
        adjust(
            customer_id=customer.pk,
            key=(AccountKind.POINTS, program.pk),
            amount=points * 100,
            reason=REASON,
            actor_id=user.pk,
            operation=f"demo-points-{customer.pk}",
            at=at,
        )
        if stamps:
            add_stamps(
                plan=plan,
                customer_id=customer.pk,
                stamps=stamps,
                reason=REASON,
                actor_id=user.pk,
                operation=f"demo-stamps-{customer.pk}",
                at=at,
            )
