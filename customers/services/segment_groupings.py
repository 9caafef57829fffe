"""Customer groupings of a segment: campaigns see them as any other grouping, its members are brought up to date now and then.

An evaluation reads the groupings of one customer with the query that it makes anyway; asking each segment of each
basket instead would cost every sale more than most segments change in a quarter of an hour
(docs/decisions/0101-customer-metrics-and-segments.md).
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import CustomerGrouping, Segment
from customers.segments.dependencies import asks_for_itself
from customers.segments.statements import segment_ids_sql
from customers.segments.tree import stored_tree
from retail.selectors.company import company_zone

logger = logging.getLogger(__name__)
# How old the members of a grouping may be.
EVERY = timedelta(minutes=15)
# Milliseconds that one refresh may take. A tick has ten minutes for all of them.
_PATIENCE = 240_000

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


class GroupingRefused(Exception):
    """A segment cannot have a grouping."""

    code: str
    message: object

    def __init__(self) -> None:
        super().__init__(str(self.message))


class CodeTaken(GroupingRefused):
    """A grouping that is kept by hand has the segment's code."""

    code = "taken"
    message = _("There is a grouping with this code already.")


class AsksForItself(GroupingRefused):
    """Who is in the segment would depend on who is in it."""

    code = "cycle"
    message = _("The segment asks, itself or through others, for the grouping that this would make.")


@transaction.atomic
def make_grouping(*, segment: Segment) -> CustomerGrouping:
    """Return the grouping of a segment, under the segment's code and name. Raises CodeTaken, AsksForItself, TreeInvalid.

    A new one has no members before `refresh_due` has gathered them: they may be a million, which is nobody's request to wait for.
    """
    locked = Segment.objects.select_for_update().get(pk=segment.pk)
    found = locked.groupings.order_by("pk").first()
    if found is not None:
        return found
    if CustomerGrouping.objects.filter(code=locked.code).exists():
        raise CodeTaken
    if asks_for_itself(stored_tree(locked.tree), locked):
        raise AsksForItself
    return CustomerGrouping.objects.create(code=locked.code, name=locked.name, segment=locked)


@transaction.atomic
def refresh(grouping_id: int, *, at: datetime) -> int | None:
    """Make the members of a grouping those of its segment; None when another process is about it. Two statements."""
    grouping = _claimed(grouping_id)
    if grouping is None or grouping.segment is None:
        return None
    ids = segment_ids_sql(stored_tree(grouping.segment.tree), at=at, zone=company_zone())
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL jit = off; SET LOCAL statement_timeout = {_PATIENCE}")
        cursor.execute(_REFRESH.format(ids=ids.text), (*ids.params, grouping.pk, grouping.pk))
        members, _gone, _came = cursor.fetchone()
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    grouping.refreshed_at, grouping.segment_revision = at, grouping.segment.revision
    grouping.save(update_fields=["refreshed_at", "segment_revision"])
    Segment.objects.filter(pk=grouping.segment.pk, revision=grouping.segment.revision).update(
        count=members, counted_at=at
    )
    return int(members)


def refresh_due(*, at: datetime) -> int:
    """Refresh the groupings whose members are old or whose segment was changed; return how many. Copies share the work.

    One that cannot be refreshed keeps its members, is logged, and holds no other up, not even when it ends the process:
    who was tried last stands last at the next tick.
    """
    due = CustomerGrouping.objects.filter(segment__isnull=False).filter(
        Q(refreshed_at__isnull=True)
        | Q(refreshed_at__lte=at - EVERY)
        | ~Q(segment_revision=F("segment__revision"))
    )
    refreshed = 0
    for pk in due.order_by(F("refresh_tried_at").asc(nulls_first=True), "pk").values_list("pk", flat=True):
        try:
            refreshed += _note_try(pk, at=at) and refresh(pk, at=at) is not None
        except Exception:
            logger.exception("the members of grouping %s could not be brought up to date", pk)
    return refreshed


@transaction.atomic
def _note_try(grouping_id: int, *, at: datetime) -> bool:
    """Record that a grouping is tried now, whatever comes of it; return False when another process is about it."""
    grouping = _claimed(grouping_id)
    if grouping is None:
        return False
    grouping.refresh_tried_at = at
    grouping.save(update_fields=["refresh_tried_at"])
    return True


def _claimed(grouping_id: int) -> CustomerGrouping | None:
    rows = CustomerGrouping.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return rows.select_related("segment").filter(pk=grouping_id, segment__isnull=False).first()
