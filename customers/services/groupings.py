"""Groupings of customers; how groupings work is told in retail.services.groupings."""

from customers.documents import normalize
from customers.models import Customer, CustomerGrouping
from retail.services.groupings import GroupingKind

CUSTOMERS = GroupingKind(
    name="customer",
    model=CustomerGrouping,
    member=Customer,
    through=Customer.groupings.through,
    grouping_column="customergrouping_id",
    member_column="customer_id",
    names={"document": "document", "code": "code", "card": "card"},
    normalize={"document": normalize},
)
