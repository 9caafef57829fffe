"""What VIP cards gave: sales with them that stand, and their discount less what returns took back."""

from decimal import Decimal

from django.db.models import (
    Count,
    DecimalField,
    F,
    IntegerField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from campaigns.models import Activation
from loyalty.models import VipCard

_MONEY = DecimalField(max_digits=14, decimal_places=2)


def with_uses(cards: QuerySet[VipCard]) -> QuerySet[VipCard]:
    """Return cards with `uses` (sales that stand), `given` and `last_used_at`."""
    mine = Activation.objects.filter(vip_card=OuterRef("pk"), reversed_at__isnull=True).order_by()
    by_card = mine.values("vip_card")
    uses = by_card.annotate(number=Count("pk")).values("number")
    given = by_card.annotate(total=Sum(F("discount") - F("undone"))).values("total")
    last = by_card.annotate(last=Max("activated_at")).values("last")
    return cards.annotate(
        uses=Coalesce(Subquery(uses, output_field=IntegerField()), 0),
        given=Coalesce(Subquery(given, output_field=_MONEY), Value(Decimal(0), output_field=_MONEY)),
        last_used_at=Subquery(last),
    )
