"""Who belongs to a mailing's audience, as SQL, and how many of them can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from customers.models import Customer
from customers.segments.dependencies import uses_profile
from customers.segments.operators import Sql
from customers.segments.statements import segment_ids_sql
from customers.segments.tree import stored_tree
from messaging.hold_out import HELD_OUT_SQL, parts_of
from messaging.models import Audience, Channel, Mailing, MailingSale, MailingState
from messaging.selectors.marketing import (
    AGREED_SQL,
    REFUSED_PROFILING_SQL,
    agreed_params,
    marketing_settings,
)
from messaging.selectors.sale_contacts import contacts_of
from retail.models import Sale
from retail.selectors.company import company_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many people an audience has, and through what they can be reached now.

    `by_channel` has those with an address who agreed, and confirmed it where that is asked for, each at the first open channel of
    the chain; not those who refused profiling when the mailing chooses by it. `held_out` are left out of it. Who asked for silence,
    or is under 18, is found when the messages leave.
    """

    people: int
    held_out: int
    by_channel: dict[str, int]

    @property
    def reachable(self) -> int:
        return sum(self.by_channel.values())

    @property
    def unreachable(self) -> int:
        return self.people - self.held_out - self.reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """A chosen sale with nobody to write to: `no_customer` (nor does it tell an address), or `customer_inactive`."""

    sale_id: int
    ticket: str
    reason: str


def address_column(channel: str) -> str:
    """Return the column of `c` that holds a channel's address."""
    return "c.email" if channel == Channel.EMAIL else "c.phone"


def current_tree(mailing: Mailing) -> Any:
    """Return what a mailing asks of customers: of a draft what its segment asks now, later what was confirmed."""
    if mailing.state == MailingState.DRAFT and mailing.segment is not None:
        return mailing.segment.tree
    return mailing.tree


def chooses_by_profile(mailing: Mailing) -> bool:
    """Whether a mailing chooses people by what they bought, collected or read. Raises TreeInvalid.

    Whoever writes to the customers of selected sales does; one person is not chosen, but known.
    """
    if mailing.audience == Audience.SEGMENT:
        return uses_profile(stored_tree(current_tree(mailing)))
    return mailing.audience == Audience.SALES


def ids_sql(mailing: Mailing, *, sale_ids: Sequence[int] | None = None, at: datetime) -> Sql:
    """Return `SELECT ... id` of the customers that are known of an audience. `sale_ids` stand for sales that are not stored yet."""
    if mailing.audience == Audience.SEGMENT:
        return segment_ids_sql(stored_tree(current_tree(mailing)), at=at, zone=company_zone())
    if mailing.audience == Audience.PERSON:
        customer_id = mailing.customer_id or (mailing.sale.customer_id if mailing.sale else None)
        return Sql("SELECT k.id FROM customers_customer k WHERE k.is_active AND k.id = %s", (customer_id,))
    if sale_ids is None:
        sale_ids = list(MailingSale.objects.filter(mailing=mailing).values_list("sale_id", flat=True))
    return Sql(
        "SELECT DISTINCT k.id FROM retail_sale s JOIN customers_customer k ON k.id = s.customer_id"
        " WHERE k.is_active AND s.id = ANY(%s)",
        (list(sale_ids),),
    )


def count_reach(mailing: Mailing, *, sale_ids: Sequence[int] | None = None, at: datetime) -> Reach:
    """Count an audience, stored or not, before anything is sent. A constant number of statements.

    Sales without a customer that tell an address count as a person for each address.
    """
    ids = ids_sql(mailing, sale_ids=sale_ids, at=at)
    cases = [f"WHEN {REFUSED_PROFILING_SQL} THEN ''"] if chooses_by_profile(mailing) else []
    params: list[Any] = []
    since = marketing_settings().double_opt_in_since
    for channel in mailing.channels:
        cases.append(f"WHEN {address_column(channel)} <> '' AND {AGREED_SQL} THEN %s")
        params += [*agreed_params(channel, since=since), channel]
    chain = f"CASE {' '.join(cases)} ELSE '' END" if cases else "''"
    query = (
        f"SELECT {chain} AS channel, {HELD_OUT_SQL} AS held_out, count(*)"  # noqa: S608 - no text of anybody is in it
        f" FROM ({ids.text}) i JOIN customers_customer c ON c.id = i.id GROUP BY 1, 2"
    )
    params += [mailing.uuid.hex, parts_of(mailing.holdout_percent), *ids.params]
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan that reads a million rows takes longer than running it.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(query, params)
        rows = cursor.fetchall()
    unknown = _unknown_people(mailing, sale_ids)
    by_channel = dict.fromkeys(mailing.channels, 0)
    for channel, is_out, count in rows:
        if channel and not is_out:
            by_channel[channel] += count
    return Reach(
        people=sum(count for _channel, _out, count in rows) + unknown,
        held_out=sum(count for _channel, is_out, count in rows if is_out),
        by_channel=by_channel,
    )


def audience_of(mailing: Mailing, *, at: datetime) -> list[Customer]:
    """Return some of the audience to look at the texts with, the newest customers first; at most 20."""
    ids = ids_sql(mailing, at=at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT i.id FROM ({ids.text}) i ORDER BY i.id DESC LIMIT 20", ids.params)  # noqa: S608
        found = [row[0] for row in cursor.fetchall()]
    return list(Customer.objects.select_related("home_store").filter(pk__in=found).order_by("-pk"))


def _unknown_people(mailing: Mailing, sale_ids: Sequence[int] | None) -> int:
    """Count who becomes a customer, or is found among them, when the mailing begins: those whom sales without one can be reached by."""
    sales = Sale.objects.filter(customer__isnull=True, pk__in=_chosen_sales(mailing, sale_ids))
    contacts = contacts_of(list(sales.only("customer", "request"))).values()
    return len({contact.get("email") or contact["phone"] for contact in contacts if contact})


def sales_without_anybody(mailing: Mailing, *, sale_ids: Sequence[int] | None = None) -> list[Nobody]:
    """Return the chosen sales of which nobody is written to, with why, in the order in which they were made.

    `sale_ids` stand for sales that are not stored yet. Two queries.
    """
    chosen = Sale.objects.filter(pk__in=_chosen_sales(mailing, sale_ids)).order_by("occurred_at", "pk")
    suspects = list(
        chosen.filter(Q(customer__isnull=True) | Q(customer__is_active=False)).only(
            "ticket", "customer", "request"
        )
    )
    contacts = contacts_of([sale for sale in suspects if sale.customer_id is None])
    return [
        Nobody(
            sale_id=sale.pk,
            ticket=sale.ticket,
            reason="customer_inactive" if sale.customer_id else "no_customer",
        )
        for sale in suspects
        if not contacts.get(sale.pk)
    ]


def _chosen_sales(mailing: Mailing, sale_ids: Sequence[int] | None) -> list[int]:
    """Return the keys of the sales whose people a mailing is for; none where it is for a segment, or for a customer."""
    if mailing.audience == Audience.SEGMENT:
        return []
    if mailing.audience == Audience.PERSON:
        return [mailing.sale_id] if mailing.sale_id and mailing.customer_id is None else []
    if sale_ids is not None:
        return list(sale_ids)
    return list(MailingSale.objects.filter(mailing=mailing).values_list("sale_id", flat=True))
