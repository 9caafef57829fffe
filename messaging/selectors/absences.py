"""Who has bought nothing for so many days."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from customers.models import CustomerMetrics
from messaging.schedule import start_of_day
from messaging.selectors.zones import lives_in


def last_bought_on(day: date, zone: ZoneInfo) -> QuerySet[CustomerMetrics]:
    """Return customers of a zone who can be reached somehow and whose last purchase was on a day."""
    reachable = ~Q(customer__email="") | ~Q(customer__phone="")
    return (
        CustomerMetrics.objects.filter(
            lives_in(zone, customer="customer"),
            reachable,
            customer__is_active=True,
            last_at__gte=start_of_day(day, zone),
            last_at__lt=start_of_day(day + timedelta(days=1), zone),
        )
        .select_related("customer__home_store")
        .order_by("customer_id")
    )


def metrics_of(customer_id: int | None) -> CustomerMetrics | None:
    """Return what a customer's sales come to; None for somebody who has bought nothing."""
    return CustomerMetrics.objects.filter(customer=customer_id, last_at__isnull=False).first()
