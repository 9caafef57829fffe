"""Pages of groupings of customers; what the three kinds have in common stands in retail/views/grouping.py."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers import documents
from customers.models import Customer
from customers.phones import readable
from customers.services.groupings import CUSTOMERS
from retail.models.search import Searchable
from retail.views.columns import Column
from retail.views.grouping import (
    GroupingCreate,
    GroupingDetail,
    GroupingEdit,
    GroupingList,
    GroupingMembers,
    GroupingPage,
)


class CustomerGroupingPage(GroupingPage):
    kind = CUSTOMERS
    url_prefix = "customers:customer_grouping"
    members_relation = "customers"
    member_columns = (
        Column(
            name="name", label=_("Name"), value=str, order_by=Searchable("name"),
            secondary=lambda customer: documents.mask(customer.document) if customer.document else "",
        ),
        Column(name="phone", label=_("Phone"), value=lambda customer: readable(customer.phone)),
        Column(name="email", label=_("E-mail")),
        Column(name="city", label=_("City"), order_by="city"),
    )  # fmt: skip


class CustomerGroupingList(CustomerGroupingPage, GroupingList):
    pass


class CustomerGroupingCreate(CustomerGroupingPage, GroupingCreate):
    pass


class CustomerGroupingEdit(CustomerGroupingPage, GroupingEdit):
    pass


class CustomerGroupingDetail(CustomerGroupingPage, GroupingDetail):
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    default_order = "name"

    def row_url(self, instance: Customer) -> str:
        return reverse("customers:customer_detail", args=[instance.pk])


class CustomerGroupingMembers(CustomerGroupingPage, GroupingMembers):
    pass
