"""Records that may be of the same person."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Value

from customers.models import Customer
from retail.models.search import Searchable

MOST = 20


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record that may be of the same person, with what both have alike: phone, email, name, birth_date."""

    customer: Customer
    alike: tuple[str, ...]


def mergeable(records: QuerySet[Customer], customer: Customer) -> QuerySet[Customer]:
    """Return those of some records that could be merged with this one: those of somebody else by document could not."""
    others = records.filter(merged_into__isnull=True).exclude(pk=customer.pk)
    if not customer.document:
        return others
    return others.filter(Q(document__isnull=True) | Q(document=customer.document))


def likely_duplicates(customer: Customer) -> list[Duplicate]:
    """Return at most twenty records with the same phone, e-mail or name, those that are most alike first. One query."""
    match = Q(pk__in=())
    for name in ("phone", "email"):
        if value := getattr(customer, name):
            match |= Q(**{name: value})
    if customer.name:
        match |= Q(searchable=Searchable(Value(customer.name)))
    named = Customer.objects.alias(searchable=Searchable("name")).filter(match)
    found = mergeable(named, customer).order_by("pk")
    return sorted(
        (alike(customer, other) for other in found[:MOST]), key=lambda one: (-len(one.alike), one.customer.pk)
    )


def alike(customer: Customer, other: Customer) -> Duplicate:
    """Return another record with what it has alike."""
    names = [
        name
        for name in ("phone", "email", "birth_date")
        if getattr(customer, name) and getattr(customer, name) == getattr(other, name)
    ]
    if customer.name and customer.name.casefold() == other.name.casefold():
        names.append("name")
    return Duplicate(other, tuple(names))
