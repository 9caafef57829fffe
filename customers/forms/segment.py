"""The conditions of a segment as the fields of a page: what was posted becomes a document, a document becomes what is drawn.

Every part of the tree has a prefix that says where it stands: `t` is the whole, `t.0` its first part, `t.0.1` the second
part of that. Nothing that was typed is lost when a part is added or removed, whether it is complete or not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from customers.segments.kinds import Kind
from customers.segments.operators import VALUES
from customers.segments.registry import GROUPS, Field, fields
from customers.segments.tree import MOST_CONDITIONS, MOST_LEVELS
from retail.forms.fields import plain_amount
from retail.rows import FieldError
from retail.typed import typed_number

Json = dict[str, Any]
ROOT = "t"
UNITS = {
    "": _("whenever"),
    "days": _("in the last … days"),
    "months": _("in the last … months"),
    "dates": _("from … until …"),
}
_MOST_PARTS = MOST_CONDITIONS + 10
_GROUPED = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+", re.ASCII)
_DAY_MONTH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})", re.ASCII)


# --- From the page -------------------------------------------------------------------------------


def read_document(data: Mapping[str, str]) -> Json:
    """Return the tree that a page posted, complete or not. Unknown fields stay what they are, to be complained about."""
    return _read_group(data, ROOT, 1)


def _read_group(data: Mapping[str, str], prefix: str, level: int) -> Json:
    name = "any" if data.get(f"{prefix}-match") == "any" else "all"
    parts: list[Json] = []
    for place in range(_MOST_PARTS):
        kind = data.get(f"{prefix}.{place}-kind")
        if kind == "group" and level < MOST_LEVELS:
            parts.append(_read_group(data, f"{prefix}.{place}", level + 1))
        elif kind == "condition":
            parts.append(_read_condition(data, f"{prefix}.{place}"))
        elif kind is None:
            break
    return {name: parts}


def _read_condition(data: Mapping[str, str], prefix: str) -> Json:
    chosen = data.get(f"{prefix}-field", "").replace("\x00", "").strip()
    # What was answered to another question is no answer to this one.
    is_other = data.get(f"{prefix}-drawn", chosen) != chosen

    def given(name: str) -> str:
        return "" if is_other else data.get(f"{prefix}-{name}", "").replace("\x00", "").strip()

    known = fields().get(chosen)
    document: Json = {"field": chosen, "operator": given("operator")}
    if known is None:
        return document
    operator = document["operator"]
    if operator not in known.kind.operators:
        document["operator"] = operator = next(iter(known.kind.operators))
    wanted = VALUES[operator]
    if wanted == 1:
        document["value"] = _typed(known.kind, given("value"))
    elif wanted == 2:
        document["value"] = [_typed(known.kind, given("value")), _typed(known.kind, given("value2"))]
    elif wanted is None:
        document["value"] = [_typed(known.kind, one) for one in _listed(given("value"))]
    if known.subject is not None:
        document["of"] = _listed(given("of"))
    if known.measures and wanted != 0:
        document["measure"] = given("measure") or next(iter(known.measures))
    if known.period and (period := _read_period(given)):
        document["period"] = period
    return document


def _listed(text: str) -> list[str]:
    entries = text.replace(";", ",").replace("\n", ",").split(",")
    return list(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def _read_period(given: Any) -> Json:
    unit = given("unit")
    if unit in ("days", "months"):
        return {unit: _whole(given("length"))}
    if unit == "dates":
        return {name: given(name) for name in ("from", "until") if given(name)} or {"from": ""}
    return {}


def _typed(kind: Kind, text: str) -> Any:
    """Return what documents have for what somebody typed; what cannot be read stays as it is, and is complained about."""
    if kind.input == "number":
        return _whole(text)
    if kind.input == "money":
        amount = plain_amount(text, comma=_is_portuguese())
        # 1.500 is one and a half to documents and a thousand and a half to Brazilians. As a list no field takes it.
        return [text] if _is_portuguese() and "," not in text and _GROUPED.fullmatch(amount) else amount
    if kind.input == "day_of_year" and (typed := _DAY_MONTH.fullmatch(text)):
        return f"{typed[2]:0>2}-{typed[1]:0>2}"
    return text


def _is_portuguese() -> bool:
    return (get_language() or "").startswith("pt")


def _whole(text: str) -> Any:
    number = typed_number(text)
    return text if number is None else number


# --- Changing the tree -----------------------------------------------------------------------------


def act(document: Json, action: str) -> Json:
    """Do what a button of the page says, `add-condition:t.0` or `remove:t.0.1`, and return the document."""
    name, _colon, prefix = action.partition(":")
    steps = [typed_number(step) for step in prefix.split(".")[1:]]
    way = [step for step in steps if step is not None]
    if name == "remove" and way:
        parts = _parts(document, way[:-1])
        if parts is not None and way[-1] < len(parts):
            del parts[way[-1]]
        return document
    parts = _parts(document, way)
    if parts is None:
        return document
    if name == "add-condition":
        parts.append({"field": "", "operator": ""})
    elif name == "add-group" and len(way) + 1 < MOST_LEVELS:
        inner = "any" if "all" in _at(document, way) else "all"
        parts.append({inner: [{"field": "", "operator": ""}]})
    return document


def _at(document: Json, way: Sequence[int]) -> Json:
    for step in way:
        parts = document.get("all", document.get("any"))
        if not isinstance(parts, list) or step >= len(parts):
            return {}
        document = parts[step]
    return document


def _parts(document: Json, way: Sequence[int]) -> list[Json] | None:
    found = _at(document, way)
    parts = found.get("all", found.get("any"))
    return parts if isinstance(parts, list) else None


# --- To the page -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCondition:
    """A condition as templates/customers/segment_condition.html draws it; `values` and `of` are texts to type on."""

    prefix: str
    field: Field | None
    chosen: str
    operator: str
    operators: Sequence[tuple[str, Any]] = ()
    input: str = ""
    how_many: str = ""
    values: Sequence[str] = ("", "")
    choices: Sequence[tuple[str, Any]] = ()
    of: str = ""
    of_choices: Sequence[tuple[str, Any]] = ()
    measure: str = ""
    unit: str = ""
    units: Sequence[tuple[str, Any]] = ()
    length: str = ""
    starts: str = ""
    until: str = ""
    errors: Sequence[str] = ()
    is_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnGroup:
    """A group as templates/customers/segment_group.html draws it."""

    prefix: str
    match: str
    parts: "Sequence[DrawnGroup | DrawnCondition]" = field(default_factory=list)
    errors: Sequence[str] = ()
    is_root: bool = False
    may_nest: bool = True
    is_group: bool = True


@dataclass(slots=True)
class _Drawing:
    """What is wrong where, and what was offered already: each list is asked for once a page."""

    errors: list[FieldError]
    offered: dict[Kind, Sequence[tuple[str, Any]]] = field(default_factory=dict)

    def choices(self, kind: Kind | None) -> Sequence[tuple[str, Any]]:
        if kind is None or kind.input not in ("select", "code"):
            return ()
        if kind.input == "select":
            return kind.choices()
        if kind not in self.offered:
            self.offered[kind] = kind.choices()
        return self.offered[kind]


def draw(document: Json, errors: Iterable[FieldError] = (), *, path: str = "tree") -> DrawnGroup:
    """Return what the page draws of a document; each error stands beside the part that its path names."""
    return _draw_group(document, ROOT, path, _Drawing(list(errors)), 1)


def _draw_group(document: Json, prefix: str, path: str, drawing: _Drawing, level: int) -> DrawnGroup:
    match = "any" if "any" in document else "all"
    parts: list[DrawnGroup | DrawnCondition] = []
    for place, part in enumerate(document.get(match) or ()):
        own = (f"{prefix}.{place}", f"{path}.{match}[{place}]")
        if "all" in part or "any" in part:
            parts.append(_draw_group(part, *own, drawing, level + 1))
        else:
            parts.append(_draw_condition(part, *own, drawing))
    mine = [error.message for error in drawing.errors if error.path in (path, f"{path}.{match}")]
    return DrawnGroup(
        prefix=prefix,
        match=match,
        parts=parts,
        errors=mine,
        is_root=level == 1,
        may_nest=level < MOST_LEVELS,
    )


def _draw_condition(document: Json, prefix: str, path: str, drawing: _Drawing) -> DrawnCondition:
    mine = [
        error.message
        for error in drawing.errors
        if error.path == path or error.path.startswith((f"{path}.", f"{path}["))
    ]
    known, operator = fields().get(document.get("field", "")), document.get("operator", "")
    if known is None:
        chosen = document.get("field", "")
        return DrawnCondition(prefix=prefix, field=None, chosen=chosen, operator=operator, errors=mine)
    wanted, value = VALUES.get(operator, 1), document.get("value")
    listed = value if isinstance(value, list) and wanted != 1 else [value]
    shown = [_shown(known.kind, one) for one in listed] or [""]
    period = document.get("period") or {}
    unit = "days" if "days" in period else "months" if "months" in period else "dates" if period else ""
    return DrawnCondition(
        prefix=prefix,
        field=known,
        chosen=known.code,
        operator=operator,
        operators=list(known.kind.operators.items()),
        input=known.kind.input,
        how_many={0: "none", 1: "one", 2: "two"}.get(wanted if wanted is not None else -1, "list"),
        values=[", ".join(shown), ""] if wanted is None else [*shown, "", ""][:2],
        choices=drawing.choices(known.kind),
        of=", ".join(document.get("of") or ()),
        of_choices=drawing.choices(known.subject),
        measure=document.get("measure", ""),
        unit=unit,
        units=[(name, label) for name, label in UNITS.items() if known.period != "months" or name != "days"],
        length=str(period.get("days") or period.get("months") or ""),
        starts=str(period.get("from", "")),
        until=str(period.get("until", "")),
        errors=mine,
    )


def _shown(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if kind.input == "money" and _is_portuguese():
        return str(value).replace(".", ",")
    if kind.input == "day_of_year" and len(str(value)) == 5:
        month, _hyphen, day = str(value).partition("-")
        return f"{day}/{month}"
    return str(value)


def offered() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Return the fields that a condition may ask for, under their headings."""
    groups: dict[str, tuple[Any, list[tuple[str, Any]]]] = {str(heading): (heading, []) for heading in GROUPS}
    for code, one in fields().items():
        groups[str(one.group)][1].append((code, one.label))
    return [(heading, found) for heading, found in groups.values() if found]
