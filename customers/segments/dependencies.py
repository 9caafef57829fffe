"""What a tree depends on besides itself: a grouping of a segment has whoever that segment's tree has."""

from collections.abc import Iterator

from customers.models import CustomerGrouping, Segment
from customers.segments.kinds import Code
from customers.segments.tree import Condition, Group, TreeInvalid, stored_tree


def conditions_of(tree: Group) -> Iterator[Condition]:
    """Yield the conditions of a tree, in their order."""
    for part in tree.parts:
        if isinstance(part, Group):
            yield from conditions_of(part)
        else:
            yield part


def groupings_named(tree: Group) -> set[str]:
    """Return the codes of the customer groupings that a tree asks for."""
    return {
        code
        for condition in conditions_of(tree)
        if isinstance(condition.field.kind, Code) and condition.field.kind.model() is CustomerGrouping
        for code in condition.values
    }


def asks_for_itself(tree: Group, segment: Segment) -> bool:
    """Whether a segment with this tree would depend on its own answer, over however many other segments.

    Its members would come and go with each refresh. A grouping under the segment's code is its own, made or not yet.
    """
    if segment.code in groupings_named(tree):
        return True
    return any(
        grouping.segment_id == segment.pk or segment.code in groupings_named(inner)
        for grouping, inner in _segments_behind(tree)
    )


def uses_profile(tree: Group) -> bool:
    """Whether a tree chooses people by what they bought, collected or read, itself or through a grouping."""
    trees = [tree, *(inner for _grouping, inner in _segments_behind(tree))]
    return any(condition.field.is_profile for one in trees for condition in conditions_of(one))


def _segments_behind(tree: Group) -> Iterator[tuple[CustomerGrouping, Group]]:
    """Yield each grouping of a segment that a tree depends on, with its tree; one query for each step away."""
    waiting, seen = groupings_named(tree), set[str]()
    while waiting:
        seen |= waiting
        found = CustomerGrouping.objects.filter(code__in=waiting, segment__isnull=False)
        waiting = set()
        for grouping in found.select_related("segment").order_by("pk"):
            assert grouping.segment is not None  # noqa: S101 - the filter says so
            try:
                inner = stored_tree(grouping.segment.tree)
            except TreeInvalid:
                # It is not refreshed any more: its members depend on nothing.
                inner = Group(False, ())
            yield grouping, inner
            waiting |= groupings_named(inner) - seen
