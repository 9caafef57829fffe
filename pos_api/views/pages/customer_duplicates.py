"""The records of the whole company that may be of one person, pair by pair; each leads to what merging them would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers import documents
from customers.duplicates import LikelyPair, alike, likely_pairs
from customers.models import Customer
from customers.phones import readable
from pos_api.views.pages.customer_merge import ALIKE, PERMISSIONS
from retail.views.columns import Column
from retail.views.files import csv_response, xlsx_response
from retail.views.lists import ListPage


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records with what they have alike, in the order in which people read it."""

    kept: Customer
    other: Customer
    alike: list[str]


def _known(customer: Customer) -> str:
    document = documents.mask(customer.document) if customer.document else ""
    known = [document, customer.card, readable(customer.phone), customer.email]
    return " · ".join(part for part in known if part)


class CustomerDuplicates(ListPage):
    """A list of pairs instead of objects of one model: it is found as a whole, and each page loads its records."""

    model = Customer
    permission_required = PERMISSIONS
    title = _("Likely duplicates")
    subtitle = _(
        "Records with the same phone, e-mail, or name and birth date. The one with a CPF or CNPJ would stay, or else the older one. "
        "A thousand pairs at most are listed; those that are merged make room for others."
    )
    columns = (
        Column(name="kept", label=_("Would stay"), value=lambda pair: str(pair.kept), secondary=lambda pair: _known(pair.kept)),
        Column(name="other", label=_("Would go into it"), value=lambda pair: str(pair.other), secondary=lambda pair: _known(pair.other)),
        Column(name="alike", label=_("Alike"), value=lambda pair: ", ".join(pair.alike)),
        Column(name="created_at", label=_("Since"), kind="moment", value=lambda pair: pair.other.created_at, on_phone=False),
    )  # fmt: skip
    default_order = "kept"
    export_name = "likely-duplicates"
    empty_icon = "customer"
    empty_title = _("No two records look alike")
    empty_text = _("Nobody is registered twice with the same phone, e-mail, or name and birth date.")

    def get_queryset(self) -> Any:
        return likely_pairs()

    def search(self, queryset: Any, text: str) -> Any:
        return queryset

    def order(self, queryset: Any, order: str) -> Any:
        """Leave the pairs in their order: the most alike first."""
        return queryset

    def complete(self, instances: Sequence[LikelyPair]) -> list[Any]:
        records = Customer.objects.in_bulk({key for pair in instances for key in (pair.kept, pair.other)})
        return [
            Pair(records[pair.kept], records[pair.other], _alike(pair, records))
            for pair in instances
            # One may have been removed meanwhile.
            if pair.kept in records and pair.other in records
        ]

    def row_url(self, instance: Pair) -> str:
        return reverse("pos_api:customer_merge_preview", args=[instance.kept.pk, instance.other.pk])

    def export(self, queryset: Any, kind: str) -> HttpResponseBase:
        respond = xlsx_response if kind == "xlsx" else csv_response
        rows = (
            [column.exported(pair) for column in self.columns]
            for start in range(0, len(queryset), 250)
            for pair in self.complete(queryset[start : start + 250])
        )
        return respond(self.export_name, [str(column.label) for column in self.columns], rows)


def _alike(pair: LikelyPair, records: dict[int, Customer]) -> list[str]:
    """Return all that two records have alike; names that differ in accents count, as where they were found."""
    found = {*pair.alike, *alike(records[pair.kept], records[pair.other]).alike}
    return [str(text) for name, text in ALIKE.items() if name in found]
