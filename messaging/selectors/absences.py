"""Who has bought nothing for so many days."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from customers.models import CustomerMetrics
from messaging.schedule import start_of_day
from messaging.selectors.birthdays import company_zone


def last_bought_between(first: date, last: date, zone: ZoneInfo) -> QuerySet[CustomerMetrics]:
    """Return customers of a zone who can be reached somehow and whose last purchase was on one of these days."""
    lives = Q(customer__home_store__time_zone=zone.key)
    if zone.key == company_zone():
        lives |= Q(customer__home_store__isnull=True)
    reachable = ~Q(customer__email="") | ~Q(customer__phone="")
    return (
        CustomerMetrics.objects.filter(
            lives,
            reachable,
            customer__is_active=True,
            last_at__gte=start_of_day(first, zone),
            last_at__lt=start_of_day(last + timedelta(days=1), zone),
        )
        .select_related("customer__home_store")
        .order_by("customer_id")
    )


def metrics_of(customer_id: int | None) -> CustomerMetrics | None:
    """Return what a customer's sales come to; None for somebody who has bought nothing."""
    return CustomerMetrics.objects.filter(customer=customer_id, last_at__isnull=False).first()
