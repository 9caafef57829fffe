"""What merging two records, or undoing a merge, would do: said before anybody confirms it. Nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers.models import Customer
from customers.services.merged_records import (
    FieldOutcome,
    MergeRefused,
    field_outcomes,
    newer_answers,
    plain,
    refuse_unlike,
)
from loyalty.models import CustomerMerge
from loyalty.selectors.balances import Balance, balances
from loyalty.selectors.merges import MovedValue, value_moved
from pos_api.services.customer_merges import MOVING, SALES, refuse_merged_on, rows_of, rows_to_return


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """What would move to the kept record. `refusal` says why it cannot be done, None when it can."""

    kept: Customer
    absorbed: Customer
    refusal: MergeRefused | None
    fields: list[FieldOutcome]
    rows: Mapping[str, int]
    groupings: list[str]
    consents: list[tuple[str, str, bool]]
    value: list[Balance]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What would go back to the absorbed record. `fields` are those that would be emptied in the kept one."""

    merge: CustomerMerge
    refusal: MergeRefused | None
    fields: list[str]
    rows: Mapping[str, int]
    value: list[MovedValue]


def preview_merge(*, kept: Customer, absorbed: Customer, at: datetime) -> MergePreview:
    """Return what merging one record into another would do now."""
    refusal = None
    try:
        refuse_unlike(kept, absorbed)
    except MergeRefused as refused:
        refusal = refused
    ours = set(kept.groupings.values_list("code", flat=True))
    theirs = absorbed.groupings.order_by("code").values_list("code", flat=True)
    return MergePreview(
        kept=kept,
        absorbed=absorbed,
        refusal=refusal,
        fields=field_outcomes(kept, absorbed),
        rows=_counts({one.name: rows_of(one, absorbed.pk, kept.pk) for one in (SALES, *MOVING)}),
        groupings=[code for code in theirs if code not in ours],
        consents=[
            (purpose, channel, granted)
            for (purpose, channel), (_given_at, _pk, granted) in sorted(newer_answers(kept, absorbed).items())
        ],
        value=[one for one in balances(absorbed.pk, at=at) if one.available or one.pending or one.owed],
    )


def preview_undo(merge: CustomerMerge, *, at: datetime) -> UndoPreview:
    """Return what undoing a merge that stands would do now."""
    refusal = None
    try:
        refuse_merged_on(merge.kept)
    except MergeRefused as refused:
        refusal = refused
    done = merge.moved["rows"]
    return UndoPreview(
        merge=merge,
        refusal=refusal,
        fields=[
            name
            for name, said in merge.moved["record"]["fields"].items()
            if plain(getattr(merge.kept, name)) == said
        ],
        rows=_counts({one.name: rows_to_return(one, done, merge) for one in (SALES, *MOVING)}),
        value=value_moved(merge, at=at),
    )


def _counts(rows: Mapping[str, Any]) -> dict[str, int]:
    return {name: count for name, found in rows.items() if (count := found.count())}
