"""Records that may be of the same person."""

from dataclasses import dataclass

from django.db import connection
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


@dataclass(frozen=True, slots=True)
class LikelyPair:
    """Two records, by their keys, that may be of the same person: the one that would stay, and what the other has alike."""

    kept: int
    other: int
    alike: tuple[str, ...]


# Of each thing that records share, so many at most are looked at, and so many records of each: an address that a whole
# call centre was registered with is no person.
MOST_SHARED = 1_000
MOST_PAIRS = 1_000
# The record with a document stays, or else the oldest; one with another document is somebody else. Ids come out of the
# grouping itself, so that each part reads the customers once.
_PAIRS = """
WITH shared AS (
    (SELECT 'phone' AS alike, min(id) FILTER (WHERE document IS NOT NULL) AS known, min(id) AS first,
            array_agg(id) FILTER (WHERE document IS NULL) AS bare
       FROM customers_customer WHERE phone <> '' AND merged_into_id IS NULL
      GROUP BY phone HAVING count(*) > greatest(1, count(document)) ORDER BY phone LIMIT %(shared)s)
    UNION ALL
    (SELECT 'email', min(id) FILTER (WHERE document IS NOT NULL), min(id), array_agg(id) FILTER (WHERE document IS NULL)
       FROM customers_customer WHERE email <> '' AND merged_into_id IS NULL
      GROUP BY email HAVING count(*) > greatest(1, count(document)) ORDER BY email LIMIT %(shared)s)
    UNION ALL
    (SELECT 'name', min(id) FILTER (WHERE document IS NOT NULL), min(id), array_agg(id) FILTER (WHERE document IS NULL)
       FROM customers_customer WHERE name <> '' AND birth_date IS NOT NULL AND merged_into_id IS NULL
      GROUP BY birth_date, searchable(name) HAVING count(*) > greatest(1, count(document)) ORDER BY birth_date, searchable(name) LIMIT %(shared)s)),
pairs AS (SELECT alike, coalesce(known, first) AS kept, unnest(bare[1:%(each)s]) AS other FROM shared)
SELECT kept, other, array_agg(alike ORDER BY alike) FROM pairs WHERE kept <> other
 GROUP BY kept, other ORDER BY count(*) DESC, kept, other LIMIT %(pairs)s
"""


def likely_pairs() -> list[LikelyPair]:
    """Return at most a thousand pairs of records with the same phone, e-mail, or name and birth date, the most alike first.

    One statement, whose answer is bounded however many customers there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"shared": MOST_SHARED, "each": MOST, "pairs": MOST_PAIRS})
        return [LikelyPair(kept, other, tuple(alike)) for kept, other, alike in cursor.fetchall()]
