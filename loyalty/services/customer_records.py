"""Holding on to a customer's record while value is given to it, so that nobody merges it meanwhile.

A record is locked before the accounts of its customer, as a merge does it (docs/decisions/0092).
"""

from collections.abc import Collection

from customers.models import Customer
from loyalty.services.refusals import CustomerMerged, CustomerUnknown


def lock_record(customer_id: int) -> int | None:
    """Lock a customer's record; return the one that it was merged into, None when it stands."""
    records = Customer.objects.select_for_update(no_key=True).values_list("merged_into_id", flat=True)
    return records.get(pk=customer_id)


def require_standing(customer_id: int) -> None:
    """Lock a customer's record. Raises CustomerMerged when it was merged into another one."""
    into = lock_record(customer_id)
    if into is not None:
        raise CustomerMerged(into)


def require_active(customer_id: int) -> None:
    """Lock a customer's record. Raises CustomerUnknown when there is none, or it is closed."""
    active = Customer.objects.active().select_for_update(no_key=True).values_list("pk", flat=True)
    if not active.filter(pk=customer_id):
        raise CustomerUnknown


def lock_standing(customer_ids: Collection[int]) -> dict[int, int]:
    """Lock the records of customers, and those that they were merged into; return by id the one that stands. Two queries."""
    merged = Customer.objects.filter(pk__in=customer_ids, merged_into__isnull=False)
    wanted = {*customer_ids, *merged.values_list("merged_into_id", flat=True)}
    records = Customer.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    into = dict(records.values_list("pk", "merged_into_id"))
    return {pk: into[pk] or pk for pk in customer_ids}
