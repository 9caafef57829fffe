"""Saved segments: created, changed, counted, removed. What is counted or exported is always asked of the customers of now."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Segment, SegmentRevision
from customers.segments.dependencies import asks_for_itself
from customers.segments.statements import PATIENCE, count_customers
from customers.segments.tree import Group, TreeInvalid, read_tree, stored_tree, write_tree
from retail.rows import FieldError, FieldRefused, read_text
from retail.selectors.company import company_zone

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
# These are addresses.
_RESERVED = frozenset({"new", "count", "fields"})
# Who asks for the number of a saved segment waits longer than who is typing.
_LONGEST_COUNT = timedelta(seconds=20)


class SegmentInvalid(Exception):
    """A segment cannot be saved as it was sent; `errors` name each field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class SegmentInUse(Exception):
    """Groupings are of this segment; `groupings` are their codes."""

    code = "in_use"
    message = gettext_lazy("Customer groupings are of this segment.")

    def __init__(self, groupings: list[str]) -> None:
        super().__init__(str(self.message))
        self.groupings = groupings


class SegmentChanged(Exception):
    """Somebody else saved the segment meanwhile."""

    code = "segment_changed"
    message = gettext_lazy("Somebody else saved this segment meanwhile. Look at it again.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


def create_segment(*, name: str, tree: Any, code: str = "", user: User | None, at: datetime) -> Segment:
    """Save a new segment. Without a code it is made of the name. Raises SegmentInvalid."""
    errors: list[FieldError] = []
    name = _read_name(name, errors)
    code = code or slugify(name)[:64]
    if name and (not _CODE.fullmatch(code) or len(code) > 64):
        message = _("Use small letters, digits and hyphens, up to 64 characters.")
        errors.append(FieldError("code", "code", message))
    if code in _RESERVED:
        errors.append(
            FieldError("code", "reserved", _("This code means something else here. Choose another."))
        )
    _read_tree(tree, errors)
    if errors:
        raise SegmentInvalid(errors)
    try:
        with transaction.atomic():
            segment = Segment.objects.create(
                code=code, name=name, tree=write_tree(tree), created_at=at, updated_at=at
            )
            _keep_revision(segment, user, at)
    except IntegrityError as error:
        taken = FieldError("code", "taken", _("There is a segment with this code already."))
        raise SegmentInvalid([taken]) from error
    return segment


@transaction.atomic
def change_segment(
    *,
    segment: Segment,
    name: str | None = None,
    tree: Any = None,
    revision: int | None = None,
    user: User | None,
    at: datetime,
) -> Segment:
    """Save a segment under a new name, with other conditions, or both; the same again changes nothing.

    `revision` is the one that was looked at. Raises SegmentInvalid, SegmentChanged when it is not the current one.
    """
    errors: list[FieldError] = []
    locked = Segment.objects.select_for_update().get(pk=segment.pk)
    if revision is not None and revision != locked.revision:
        raise SegmentChanged
    name = locked.name if name is None else _read_name(name, errors)
    if tree is not None:
        wanted = _read_tree(tree, errors)
        if wanted is not None and asks_for_itself(wanted, locked):
            message = _(
                "These conditions ask, themselves or through other segments, for the grouping of this segment."
            )
            errors.append(FieldError("tree", "cycle", message))
    if errors:
        raise SegmentInvalid(errors)
    written = locked.tree if tree is None else write_tree(tree)
    if (name, written) == (locked.name, locked.tree):
        return locked
    if written != locked.tree:
        locked.count = locked.counted_at = None
    locked.name, locked.tree, locked.updated_at = name, written, at
    locked.revision += 1
    locked.save()
    _keep_revision(locked, user, at)
    return locked


@transaction.atomic
def delete_segment(*, segment: Segment) -> None:
    """Remove a segment that no grouping is of. Raises SegmentInUse. The log of its exports stays."""
    locked = Segment.objects.select_for_update().get(pk=segment.pk)
    groupings = list(locked.groupings.order_by("code").values_list("code", flat=True))
    if groupings:
        raise SegmentInUse(groupings)
    locked.delete()


def count_segment(*, segment: Segment, at: datetime) -> int:
    """Count a segment's customers and remember the number with it. Raises TreeInvalid, TooSlow after some time."""
    count = count_customers(stored_tree(segment.tree), at=at, zone=company_zone(), within=_LONGEST_COUNT)
    Segment.objects.filter(pk=segment.pk, revision=segment.revision).update(count=count, counted_at=at)
    segment.count, segment.counted_at = count, at
    return count


def count_tree(*, tree: Any, at: datetime) -> int:
    """Count whom a document means, before it is saved. Raises TreeInvalid, its paths beginning with `tree`, and TooSlow soon."""
    return count_customers(read_tree(tree, path="tree"), at=at, zone=company_zone(), within=PATIENCE)


def _read_name(value: Any, errors: list[FieldError]) -> str:
    try:
        name = read_text(value, 120)
    except FieldRefused as refused:
        errors.append(FieldError("name", refused.code, refused.message))
        return ""
    if not name:
        errors.append(FieldError("name", "blank", _("This cannot be empty.")))
    return name


def _read_tree(tree: Any, errors: list[FieldError]) -> Group | None:
    if not isinstance(tree, Mapping):
        errors.append(FieldError("tree", "type", _("This must be an object.")))
        return None
    try:
        return read_tree(tree, path="tree")
    except TreeInvalid as invalid:
        errors += invalid.errors
        return None


def _keep_revision(segment: Segment, user: User | None, at: datetime) -> None:
    SegmentRevision.objects.create(
        segment=segment,
        number=segment.revision,
        name=segment.name,
        tree=segment.tree,
        saved_by=user,
        saved_at=at,
    )
