"""Customers: kept up by the chain's own systems in lists, and one by one at the counter."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext as _

from customers.columns import Document, EmailAddress, Groupings, Phone
from customers.models import Customer, CustomerGrouping, Sex
from customers.services.consents import CONSENTS, append_consents, wrong_texts
from retail import upsert
from retail.models import Store
from retail.rows import Choice, Code, Column, Day, Flag, Reference, Row, RowResult, Text, Whole

COLUMNS: dict[str, Column] = {
    "code": Code(64, default=None),
    "name": Text(160),
    "document": Document(),
    "email": EmailAddress(),
    "phone": Phone(),
    "card": Code(64, default=None),
    "birth_date": Day(),
    "sex": Choice(Sex),
    "street": Text(160),
    "number": Text(20),
    "complement": Text(80),
    "district": Text(80),
    "city": Text(80),
    "state": Text(2),
    "postal_code": Text(12),
    "country": Text(2, default="BR"),
    "origin": Text(60),
    "remark": Text(240),
    "language": Text(8, default="pt-br"),
    "loyalty_category": Text(40),
    "level": Whole(0, 1000),
    "home_store": Reference(Store, max_length=32),
    "is_active": Flag(default=True),
}
# What stands beside the customer's own columns in a row.
LINKED: dict[str, Column] = {"groupings": Groupings(), "consents": CONSENTS}
# What is unique, strongest first: the first one that is known says which customer a row is about.
IDENTITIES = ("code", "document", "card")
# What a seller may write; the rest is the chain's business.
COUNTER_COLUMNS: dict[str, Column] = {
    name: column
    for name, column in {**COLUMNS, "consents": CONSENTS}.items()
    if name not in {"code", "remark", "loyalty_category", "level", "home_store", "is_active"}
}


def upsert_customers(
    *,
    rows: Sequence[Any],
    at: datetime,
    source: str,
    recorded_by: User | None = None,
    replace: bool = False,
) -> list[RowResult]:
    """Create or change customers and answer one result per row.

    A row is about the customer that has its code, else its document, else its card. Without any of them
    it is about the one who has the same phone, e-mail and name, so that sending it twice makes one customer.
    ``groupings`` (codes) becomes the whole list of groupings; ``consents`` are recorded where they differ
    from what stands. Absent fields keep their value; with ``replace`` they go back to their default.
    Raises TooManyRows.
    """
    columns = {**COLUMNS, **LINKED}

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, columns)
        return _save(parsed, at=at, source=source, store=None, recorded_by=recorded_by, replace=replace)

    return upsert.in_one_transaction(work)


def update_customer(
    *,
    customer: Customer,
    values: Mapping[str, Any],
    at: datetime,
    source: str,
    recorded_by: User | None = None,
    replace: bool = False,
) -> RowResult:
    """Change one known customer, whatever identifies it included."""

    def work() -> list[RowResult]:
        parsed = upsert.read_rows([values], {**COLUMNS, **LINKED})
        parsed[0].instance = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        return _save(parsed, at=at, source=source, store=None, recorded_by=recorded_by, replace=replace)

    return upsert.in_one_transaction(work)[0]


def save_at_counter(
    *, values: Any, store: Store, at: datetime, customer: Customer | None = None
) -> RowResult:
    """Create or complete a customer with what was asked at a till.

    Only COUNTER_COLUMNS are accepted, and nothing that is known is emptied. A new customer belongs to the store.
    """

    def work() -> list[RowResult]:
        parsed = upsert.read_rows([values], COUNTER_COLUMNS)
        row = parsed[0]
        row.values = {name: value for name, value in row.values.items() if value not in ("", None)}
        if customer is not None:
            row.instance = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        return _save(parsed, at=at, source="till", store=store, recorded_by=None, replace=False)

    return upsert.in_one_transaction(work)[0]


def _save(
    parsed: list[Row],
    *,
    at: datetime,
    source: str,
    store: Store | None,
    recorded_by: User | None,
    replace: bool,
) -> list[RowResult]:
    columns = {**COLUMNS, **LINKED}
    for name in IDENTITIES:
        upsert.refuse_duplicates(parsed, name, _given(name))
    upsert.resolve_references(parsed, columns)
    linked = {
        row.index: {name: row.values.pop(name) for name in LINKED if name in row.values} for row in parsed
    }
    computed = _find_groupings(parsed, linked)
    _refuse_other_texts(parsed, linked)
    _find_customers(parsed)
    _refuse_computed(parsed, computed)
    for row in parsed:
        if not row.errors:
            if row.instance is None and store is not None:
                row.values["home_store"] = store
            upsert.fill_instance(row, Customer, COLUMNS, replace=replace)
    upsert.write(parsed, Customer)
    good = [row for row in parsed if not row.errors]
    changed = _set_groupings(
        {row.instance.pk: linked[row.index]["groupings"] for row in good if "groupings" in linked[row.index]}
    )
    changed |= append_consents(
        answers={
            row.instance: linked[row.index]["consents"] for row in good if "consents" in linked[row.index]
        },
        source=source,
        store=store,
        recorded_by=recorded_by,
        at=at,
    )
    for row in good:
        if row.status == "unchanged" and row.instance.pk in changed:
            row.status = "updated"
    return upsert.results(parsed)


def _refuse_other_texts(parsed: list[Row], linked: dict[int, dict[str, Any]]) -> None:
    """Refuse rows with an answer under the name of a version of ours that has another text."""
    given = [
        (row, place, answer)
        for row in parsed
        if not row.errors
        for place, answer in enumerate(linked[row.index].get("consents", ()))
    ]
    problems = wrong_texts([answer for _row, _place, answer in given])
    for (row, place, _answer), errors in zip(given, problems, strict=True):
        for error in errors:
            row.refuse(f"consents[{place}].{error.path}", error.code, error.message)


def _given(name: str) -> Callable[[Row], Any]:
    return lambda row: row.values.get(name)


def _find_customers(parsed: list[Row]) -> None:
    """Give each row the customer that it is about, locked; refuse what would take another customer's identity."""
    rows = [row for row in parsed if not row.errors]
    known: dict[tuple[str, str], Customer] = {}
    match = Q(pk__in=[row.instance.pk for row in rows if row.instance is not None])
    for name in IDENTITIES:
        match |= Q(**{f"{name}__in": [row.values[name] for row in rows if row.values.get(name)]})
    nameless = [
        row for row in rows if row.instance is None and not any(row.values.get(name) for name in IDENTITIES)
    ]
    for name in ("phone", "email"):
        values = [row.values[name] for row in nameless if row.values.get(name)]
        if values:
            match |= Q(**{f"{name}__in": values})
    candidates = list(
        Customer.objects.filter(match).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    standing = _standing(candidates)
    for customer in candidates:
        owner = standing[customer.pk]
        known |= {(name, getattr(customer, name)): owner for name in IDENTITIES if getattr(customer, name)}
    same = {
        _contact(customer.phone, customer.email, customer.name): standing[customer.pk]
        for customer in reversed(candidates)
    }
    for row in rows:
        if row.instance is None:
            _identify(row, known, same)
        elif standing[row.instance.pk] != row.instance:
            message = _("This record was merged into that of customer %(id)d.")
            row.refuse("", "customer_merged", message % {"id": row.instance.merged_into_id})
            continue
        for name in IDENTITIES:
            found = known.get((name, row.values.get(name) or ""))
            if found is not None and found != row.instance:
                row.refuse(name, "taken", _("Another customer has this already."))
            elif found is not None:
                # A record that was merged into this one keeps what it has, and leads here by it.
                row.values[name] = getattr(found, name)
    _refuse_second_mention(rows)


def _standing(candidates: Sequence[Customer]) -> dict[int, Customer]:
    """Return by id the record that stands, locked: the customer's own, or the one that it was merged into."""
    into = {customer.merged_into_id for customer in candidates if customer.merged_into_id is not None}
    found = {customer.pk: customer for customer in candidates}
    if missing := into - found.keys():
        found |= {
            one.pk: one
            for one in Customer.objects.filter(pk__in=missing).order_by("pk").select_for_update(of=("self",))
        }
    return {customer.pk: found[customer.merged_into_id or customer.pk] for customer in candidates}


def _identify(row: Row, known: Mapping[tuple[str, str], Customer], same: Mapping[Any, Customer]) -> None:
    given = [(name, row.values[name]) for name in IDENTITIES if row.values.get(name)]
    for name, value in given:
        customer = known.get((name, value))
        if customer is None:
            continue
        # A stronger identity that the customer has and that differs: this is somebody else's document or card.
        stronger = given[: given.index((name, value))]
        if not any(getattr(customer, other) for other, _value in stronger):
            row.instance = customer
        return
    if given:
        return
    phone, email = row.values.get("phone", ""), row.values.get("email", "")
    if not phone and not email:
        message = _("A code, document, card, phone or e-mail must say who this is.")
        row.refuse("", "identity_required", message)
        return
    row.instance = same.get(_contact(phone, email, row.values.get("name", "")))


def _contact(phone: str, email: str, name: str) -> tuple[str, str, str]:
    return phone, email, name.casefold()


def _refuse_second_mention(rows: Sequence[Row]) -> None:
    """Refuse rows that found a customer which an earlier row of the list found by another name."""
    upsert.refuse_duplicates(rows, "", lambda row: row.instance.pk if row.instance else None)
    upsert.refuse_duplicates(
        [row for row in rows if row.instance is None],
        "",
        lambda row: (
            None
            if any(row.values.get(name) for name in IDENTITIES)
            else _contact(
                row.values.get("phone", ""), row.values.get("email", ""), row.values.get("name", "")
            )
        ),
    )


def _find_groupings(
    parsed: list[Row], linked: Mapping[int, dict[str, Any]]
) -> dict[int, list[tuple[int, str, int]]]:
    """Replace the codes of groupings by their keys; unknown codes are errors of their row.

    Returns the groupings that a segment computes, by the index of the row: their place in its list, code and key.
    """
    computed: dict[int, list[tuple[int, str, int]]] = {}
    codes = Counter(code for extra in linked.values() for code in extra.get("groupings", ()))
    if not codes:
        return computed
    known = CustomerGrouping.objects.filter(code__in=list(codes)).values_list("code", "pk", "segment_id")
    keys = {code: pk for code, pk, _segment in known}
    # Whom a segment has is no matter of a list.
    by_hand = {code for code, _pk, segment in known if segment is None}
    for row in parsed:
        wanted = linked[row.index].get("groupings")
        if wanted is None:
            continue
        for place, code in enumerate(wanted):
            if code not in keys:
                message = _("There is no %(noun)s “%(code)s”.")
                noun = CustomerGrouping._meta.verbose_name
                row.refuse(f"groupings[{place}]", "unknown_grouping", message % {"noun": noun, "code": code})
            elif code not in by_hand:
                computed.setdefault(row.index, []).append((place, code, keys[code]))
        linked[row.index]["groupings"] = {keys[code] for code in wanted if code in by_hand}
    return computed


def _refuse_computed(parsed: list[Row], computed: Mapping[int, list[tuple[int, str, int]]]) -> None:
    """Refuse to put a customer into a grouping that a segment computes. Who is in it may be sent back as they were read."""
    if not computed:
        return
    rows = [row for row in parsed if row.index in computed]
    members = set(
        Customer.groupings.through._default_manager.filter(
            customer__in=[row.instance.pk for row in rows if row.instance is not None],
            customergrouping__in={key for found in computed.values() for _place, _code, key in found},
        ).values_list("customer_id", "customergrouping_id")
    )
    for row in rows:
        for place, code, key in computed[row.index]:
            if row.instance is None or (row.instance.pk, key) not in members:
                message = _("A segment decides who is in “%(code)s”: nobody is put into it by hand.")
                row.refuse(f"groupings[{place}]", "computed_grouping", message % {"code": code})


def _set_groupings(wanted: Mapping[int, set[int]]) -> set[int]:
    """Make the groupings of each customer exactly those given; return the customers that this changed."""
    if not wanted:
        return set()
    through = Customer.groupings.through
    links = through._default_manager.filter(customer__in=list(wanted), customergrouping__segment__isnull=True)
    old: dict[tuple[int, int], int] = {
        (customer, grouping): key
        for key, customer, grouping in links.values_list("pk", "customer_id", "customergrouping_id")
    }
    new = {(customer, grouping) for customer, groupings in wanted.items() for grouping in groupings}
    gone = [key for pair, key in old.items() if pair not in new]
    added = new - old.keys()
    if gone:
        through._default_manager.filter(pk__in=gone).delete()
    through._default_manager.bulk_create(
        [through(customer_id=customer, customergrouping_id=grouping) for customer, grouping in sorted(added)],
        ignore_conflicts=True,
    )
    return {customer for customer, _grouping in added | (old.keys() - new)}
