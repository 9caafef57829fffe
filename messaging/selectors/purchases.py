"""Purchases that a message can be about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import CharField, Exists, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from loyalty.models import Lot, SurveyAnswer
from messaging.models import Message
from messaging.selectors.contacts import Recipient, recipients
from retail.models import Sale, SaleState

_KEY = "sale:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A purchase as it stands: what of its cashback waits for an answer to its survey, and whether that was given."""

    sale: Sale
    waiting: Decimal
    is_answered: bool

    @property
    def stands(self) -> bool:
        """Whether nothing of it was taken back."""
        return self.sale.state == SaleState.COMMITTED


def occasion_key(sale: Sale) -> str:
    return f"{_KEY}{sale.pk}"


def sale_key(occasion_key: str) -> str:
    """Return the key of the sale that a message is about: `sale:<key>`, with more behind it where it is one of several."""
    return occasion_key.removeprefix(_KEY).partition(":")[0]


def made_between(since: datetime, until: datetime) -> QuerySet[Sale]:
    """Return the purchases of known, active customers from one moment to another, inclusive, without their documents."""
    return (
        Sale.objects.real()
        .filter(
            occurred_at__gte=since,
            occurred_at__lte=until,
            customer__isnull=False,
            customer__is_active=True,
        )
        .select_related("customer__home_store", "store")
        .defer("request", "response", "shares")
        .order_by("pk")
    )


def not_written_about(sales: QuerySet[Sale], occasion: str) -> QuerySet[Sale]:
    """Leave out those of which an occasion has written already, or has said why not."""
    key = Concat(Value(_KEY), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    return sales.exclude(Exists(Message.objects.filter(occasion=occasion, occasion_key=key)))


def with_recipients(sales: Sequence[Sale]) -> list[tuple[Sale, Recipient]]:
    """Return sales of customers, each with whom to write to, in three queries."""
    customers = {sale.pk: sale.customer for sale in sales if sale.customer is not None}
    known = recipients(list(customers.values()))
    return [(sale, known[customers[sale.pk].pk]) for sale in sales if sale.pk in customers]


def with_answers(sales: QuerySet[Sale], *, only_waiting: bool) -> QuerySet[Sale]:
    """Annotate whether a survey `is_answered`; with `only_waiting`, leave out those of which no cashback waits for it."""
    if only_waiting:
        sales = sales.filter(Exists(_waiting().filter(sale=OuterRef("pk"))))
    return sales.annotate(is_answered=Exists(SurveyAnswer.objects.filter(sale=OuterRef("pk"))))


def purchase(key: str | int) -> Purchase | None:
    """Return a purchase by its key, in three queries; None when there is none."""
    return purchases([int(key)]).get(int(key))


def purchases(keys: Collection[int]) -> dict[int, Purchase]:
    """Return purchases by their keys, in three queries."""
    sales = Sale.objects.real().select_related("customer__home_store", "store")
    known = sales.defer("request", "response", "shares").in_bulk(list(keys))
    waiting = _waiting().filter(sale__in=known).values_list("sale").annotate(amount=Sum("remaining"))
    amounts = dict(waiting.order_by("sale"))
    answered = set(SurveyAnswer.objects.filter(sale__in=known).values_list("sale", flat=True))
    return {
        key: Purchase(sale=sale, waiting=amounts.get(key) or Decimal(0), is_answered=key in answered)
        for key, sale in known.items()
    }


def newest_purchases() -> QuerySet[Sale]:
    """Return real purchases of customers with a name, to look at a text with."""
    sales = Sale.objects.real().filter(customer__isnull=False, state=SaleState.COMMITTED)
    return (
        sales.exclude(customer__name="")
        .select_related("customer")
        .defer("request", "response", "shares")
        .order_by("-pk")
    )


def _waiting() -> QuerySet[Lot]:
    return Lot.objects.filter(awaits_review=True, reviewed_at__isnull=True, remaining__gt=0)
