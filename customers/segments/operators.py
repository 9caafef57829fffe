"""What a condition may compare by, and the SQL of each comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: Mapping[str, Promise | str] = {
    "eq": _("is"),
    "ne": _("is not"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "gt": _("is more than"),
    "gte": _("is at least"),
    "lt": _("is less than"),
    "lte": _("is at most"),
    "between": _("is from … to …"),
    "starts_with": _("begins with"),
    "is_set": _("is known"),
    "is_empty": _("is not known"),
}
# How many values each takes: none, one, two, or a list (None).
VALUES: Mapping[str, int | None] = {
    name: {"in": None, "not_in": None, "between": 2, "is_set": 0, "is_empty": 0}.get(name, 1)
    for name in LABELS
}
SETS = ("in", "not_in")
BOUNDS = ("eq", "gt", "gte", "lt", "lte", "between")
_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Sql:
    """A part of a statement with the values of its placeholders, in their order."""

    text: str
    params: tuple[Any, ...] = ()


def compare(
    expression: Sql, operator: str, values: Sequence[Any], *, folded: str = "", blank: bool = False
) -> Sql:
    """Return the predicate that compares an expression with values.

    What is not known (NULL) matches only `ne`, `not_in` and `is_empty`. `folded` is the function that both pass through, to
    ignore case (`upper`) or case and accents (`searchable`); `blank` says that not known is written as an empty text.
    """
    text, value = expression.text, "%s"
    if folded:
        text, value = f"{folded}({text})", f"{folded}(%s)"
    match operator:
        case "is_set":
            known = expression.text
            return Sql(f"{known} <> ''" if blank else f"{known} IS NOT NULL", expression.params)
        case "is_empty":
            known = expression.text
            return Sql(f"coalesce({known}, '') = ''" if blank else f"{known} IS NULL", expression.params)
        case "ne":
            return Sql(f"{text} IS DISTINCT FROM {value}", (*expression.params, *values))
        case "in" | "not_in":
            among = f"ANY(ARRAY(SELECT {folded}(v) FROM unnest(%s::text[]) v))" if folded else "ANY(%s)"  # noqa: S608
            found = f"({text} = {among})" + (" IS NOT TRUE" if operator == "not_in" else "")
            return Sql(found, (*expression.params, list(values)))
        case "between":
            return Sql(f"{text} BETWEEN {value} AND {value}", (*expression.params, *values))
        case "starts_with":
            return Sql(f"starts_with({text}, {value})", (*expression.params, *values))
    return Sql(f"{text} {_SIGNS[operator]} {value}", (*expression.params, *values))


def holds_for_nothing(operator: str, values: Sequence[int | Decimal]) -> bool:
    """Tell whether a comparison of numbers holds for 0: for a customer of whom there is no row at all."""
    match operator:
        case "between":
            return values[0] <= 0 <= values[1]
        case "eq":
            return values[0] == 0
        case "gt":
            return values[0] < 0
        case "gte":
            return values[0] <= 0
        case "lt":
            return values[0] > 0
    return values[0] >= 0


def any_of(predicates: Sequence[Sql]) -> Sql:
    """Return the predicate that holds where one of these does."""
    return _joined(predicates, " OR ")


def all_of(predicates: Sequence[Sql]) -> Sql:
    """Return the predicate that holds where all of these do; it always holds for none."""
    return _joined(predicates, " AND ") if predicates else Sql("true")


def _joined(predicates: Sequence[Sql], word: str) -> Sql:
    if len(predicates) == 1:
        return predicates[0]
    return Sql(
        "(" + word.join(f"({one.text})" for one in predicates) + ")",
        tuple(value for one in predicates for value in one.params),
    )
