"""Pages of groupings of customers; what the three kinds have in common stands in retail/views/grouping.py."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers import documents
from customers.models import Customer, CustomerGrouping
from customers.phones import readable
from customers.services.groupings import CUSTOMERS
from retail import formats
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
from retail.views.lists import Action


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
    found: CustomerGrouping
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    default_order = "name"

    def may_change(self) -> bool:
        # The members of a segment's grouping are nobody's to change.
        return super().may_change() and not self.found.is_computed

    def get_actions(self) -> list[Action]:
        segment = self.found.segment
        if segment is not None and self.request.user.has_perm("customers.view_segment"):
            address = reverse("customers:segment_detail", args=[segment.code])
            return [Action(_("Open the segment"), address, "filter")]
        return super().get_actions()

    def extra_context(self) -> dict[str, Any]:
        context = super().extra_context()
        if self.found.is_computed:
            context["subtitle"] = _("%(code)s: the members of a segment, as of %(moment)s") % {
                "code": self.found.code,
                "moment": formats.moment(self.found.refreshed_at),
            }
        return context

    def row_url(self, instance: Customer) -> str:
        return reverse("customers:customer_detail", args=[instance.pk])


class CustomerGroupingMembers(CustomerGroupingPage, GroupingMembers):
    pass
