"""Long lists in parts that fit one statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet

T = TypeVar("T")

BATCH = 500


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def whole_rows(rows: QuerySet[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Yield the rows of an ordered query in lists of at most `size`, as they are when their list is read.

    A million whole rows are more than a process holds, and cursors that outlive a transaction are not used: the keys are
    read first.
    """
    for keys in batches(list(rows.values_list("pk", flat=True)), size):
        yield list(rows.filter(pk__in=keys))
