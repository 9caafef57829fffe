"""Which customers a terminal may change: those who stand at the counter of its store (docs/decisions/0023)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from customers.models import Customer
from pos_api.models import CounterVisit
from pos_api.problems import NotFound

_RECORD = """
INSERT INTO pos_api_countervisit AS v (store_id, customer_id, seen_at) VALUES (%s, %s, %s)
ON CONFLICT (store_id, customer_id) DO UPDATE SET seen_at = greatest(v.seen_at, excluded.seen_at)
"""


def record_visit(*, store_id: int, customer_id: int, at: datetime) -> None:
    """Note that a terminal of the store knows who the customer is: they were looked up exactly, or registered."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [store_id, customer_id, at])


def customer_at_counter(*, store_id: int, customer_id: int, at: datetime) -> Customer:
    """Return the customer whom the store's terminals have looked up or registered lately.

    Raises NotFound alike for one who does not exist and one who was not looked up: ids can be counted through.
    """
    since = at - timedelta(minutes=settings.COUNTER_MINUTES)
    visit = (
        CounterVisit.objects.filter(store=store_id, customer=customer_id, seen_at__gt=since)
        .select_related("customer")
        .first()
    )
    if visit is None:
        raise NotFound(_("Look the customer up first."), code="customer_not_looked_up")
    return visit.customer
