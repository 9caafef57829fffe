"""Customer groupings of a segment: campaigns see them as any other grouping, its members are brought up to date now and then.

An evaluation reads the groupings of one customer with the query that it makes anyway; asking each segment of each
basket instead would cost every sale more than most segments change in a quarter of an hour
(docs/decisions/0101-customer-metrics-and-segments.md).
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from customers.models import CustomerGrouping, Segment
from customers.segments.statements import segment_ids_sql
from customers.segments.tree import TreeInvalid, stored_tree
from retail.selectors.company import company_zone

logger = logging.getLogger(__name__)
# How old the members of a grouping may be.
EVERY = timedelta(minutes=15)

_REFRESH = """
WITH wanted AS MATERIALIZED ({ids}),
gone AS (
    DELETE FROM customers_customer_groupings m
     WHERE m.customergrouping_id = %s AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = m.customer_id)
    RETURNING 1),
came AS (
    INSERT INTO customers_customer_groupings (customer_id, customergrouping_id)
    SELECT w.id, %s FROM wanted w ORDER BY w.id ON CONFLICT DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM wanted), (SELECT count(*) FROM gone), (SELECT count(*) FROM came)
"""


@transaction.atomic
def make_grouping(*, segment: Segment, at: datetime) -> CustomerGrouping:
    """Return the grouping of a segment, under the segment's code and name, its members up to date. Raises CodeTaken."""
    found = segment.groupings.order_by("pk").first()
    if found is None:
        if CustomerGrouping.objects.filter(code=segment.code).exists():
            raise CodeTaken
        found = CustomerGrouping.objects.create(code=segment.code, name=segment.name, segment=segment)
    refresh(found.pk, at=at)
    found.refresh_from_db()
    return found


class CodeTaken(Exception):
    """A grouping that is kept by hand has the segment's code."""

    code = "taken"


@transaction.atomic
def refresh(grouping_id: int, *, at: datetime) -> int | None:
    """Make the members of a grouping those of its segment; None when another process is about it. Two statements."""
    rows = CustomerGrouping.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    grouping = rows.select_related("segment").filter(pk=grouping_id, segment__isnull=False).first()
    if grouping is None or grouping.segment is None:
        return None
    ids = segment_ids_sql(stored_tree(grouping.segment.tree), at=at, zone=company_zone())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_REFRESH.format(ids=ids.text), (*ids.params, grouping.pk, grouping.pk))
        members, _gone, _came = cursor.fetchone()
    grouping.refreshed_at, grouping.segment_revision = at, grouping.segment.revision
    grouping.save(update_fields=["refreshed_at", "segment_revision"])
    Segment.objects.filter(pk=grouping.segment.pk, revision=grouping.segment.revision).update(
        count=members, counted_at=at
    )
    return int(members)


def refresh_due(*, at: datetime) -> int:
    """Refresh the groupings whose members are old or whose segment was changed; return how many. Copies share the work."""
    due = CustomerGrouping.objects.filter(segment__isnull=False).filter(
        Q(refreshed_at__isnull=True)
        | Q(refreshed_at__lte=at - EVERY)
        | ~Q(segment_revision=F("segment__revision"))
    )
    refreshed = 0
    for pk in due.order_by("refreshed_at", "pk").values_list("pk", flat=True):
        try:
            refreshed += refresh(pk, at=at) is not None
        except TreeInvalid:
            # A field that there was is gone: its members stay, and the others are refreshed.
            logger.exception("the segment of grouping %s cannot be read", pk)
    return refreshed
