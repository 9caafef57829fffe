"""Every error of a document at once, by path. Slow and thorough: it runs only when something is known to be wrong."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import inspect

from pos_api.fields import LINE_BREAKS, UNCLEAN, Day, FieldRefused, Moment, read_custom
from pos_api.problems import FieldProblem
from retail.moments import can_be_stored

MAX_ERRORS = 100
_BREAK = re.compile(r"[\r\n]")
# A code and a text; None: nothing is wrong.
_Problem = tuple[str, str] | None


def require_words(kind: Any) -> None:
    """Raise TypeError when a value inside ``kind`` could be wrong without a message for it: at start, not at a request."""
    seen: set[type] = set()
    waiting: list[Any] = [inspect.type_info(kind)]
    while waiting:
        match waiting.pop():
            case inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.UnionType(types=members):
                waiting.extend(members)
            case inspect.StructType(cls=cls, fields=fields) if cls not in seen:
                seen.add(cls)
                waiting.extend(field.type for field in fields)
            case (
                inspect.ListType(item_type=item)
                | inspect.VarTupleType(item_type=item)
                | inspect.FrozenSetType(item_type=item)
                | inspect.SetType(item_type=item)
            ):
                waiting.append(item)
            case inspect.DictType(key_type=key, value_type=value):
                waiting.extend((key, value))
            case leaf if type(leaf) not in _LEAVES and not isinstance(leaf, _WITHOUT_WORDS):
                raise TypeError(f"no error messages for {leaf!r}")


def collect_errors(raw: Any, kind: Any) -> list[FieldProblem]:
    """Return what is wrong with ``raw`` as a ``kind``, at most 100 errors, in the order of the document."""
    found: list[FieldProblem] = []
    for problem in _walk(raw, inspect.type_info(kind), ""):
        found.append(problem)
        if len(found) == MAX_ERRORS:
            break
    return found


def unclean_texts(raw: Any, path: str = "") -> list[FieldProblem]:
    """Return an error for each text inside ``raw``, keys included, that holds a forbidden character."""
    if isinstance(raw, str):
        return [_unclean(path)] if UNCLEAN.search(raw) else []
    if isinstance(raw, dict):
        errors = [_unclean(path) for name in raw if UNCLEAN.search(name)]
        return errors + [e for name, value in raw.items() for e in unclean_texts(value, _member(path, name))]
    if isinstance(raw, list):
        return [e for index, value in enumerate(raw) for e in unclean_texts(value, f"{path}[{index}]")]
    return []


def _member(path: str, name: str) -> str:
    name = UNCLEAN.sub("?", name[:64])
    return f"{path}.{name}" if path else name


def _unclean(path: str) -> FieldProblem:
    return FieldProblem(path, "characters", _("Contains characters that cannot be stored or seen."))


def _walk(raw: Any, kind: inspect.Type, path: str) -> Iterator[FieldProblem]:
    if isinstance(kind, inspect.Metadata):
        if LINE_BREAKS in (kind.extra or {}) and isinstance(raw, str):
            raw = _BREAK.sub(" ", raw)
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        yield from _walk_union(raw, kind, path)
    elif isinstance(kind, inspect.StructType):
        yield from _walk_struct(raw, kind, path)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.FrozenSetType | inspect.SetType):
        yield from _walk_list(raw, kind, path)
    elif isinstance(kind, inspect.DictType):
        yield from _walk_dict(raw, kind, path)
    elif isinstance(kind, inspect.AnyType | inspect.RawType):
        yield from unclean_texts(raw, path)
    else:
        yield from _check_leaf(raw, kind, path)


def _walk_union(raw: Any, kind: inspect.UnionType, path: str) -> Iterator[FieldProblem]:
    members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    if raw is None and len(members) < len(kind.types):
        return
    attempts = [list(_walk(raw, member, path)) for member in members]
    if all(attempts):
        # The member that came closest: its errors lie deepest in the document.
        yield from max(attempts, key=lambda errors: max(len(error.path) for error in errors))


def _walk_struct(raw: Any, kind: inspect.StructType, path: str) -> Iterator[FieldProblem]:
    if not isinstance(raw, dict):
        yield FieldProblem(path, "type", _("Must be an object."))
        return
    fields = {field.encode_name: field for field in kind.fields}
    for name, value in raw.items():
        if name in fields:
            yield from _walk(value, fields[name].type, _member(path, name))
        elif UNCLEAN.search(name):
            yield _unclean(_member(path, name))
        elif kind.forbid_unknown_fields:
            yield FieldProblem(_member(path, name), "unknown_field", _("There is no such field."))
    for name, field in fields.items():
        if field.required and name not in raw:
            yield FieldProblem(_member(path, name), "required", _("This is required."))


def _walk_list(raw: Any, kind: Any, path: str) -> Iterator[FieldProblem]:
    if not isinstance(raw, list):
        yield FieldProblem(path, "type", _("Must be a list."))
        return
    yield from _check_length(len(raw), kind, path)
    if kind.max_length is not None and len(raw) > kind.max_length:
        return
    for index, value in enumerate(raw):
        yield from _walk(value, kind.item_type, f"{path}[{index}]")


def _walk_dict(raw: Any, kind: inspect.DictType, path: str) -> Iterator[FieldProblem]:
    if not isinstance(raw, dict):
        yield FieldProblem(path, "type", _("Must be an object."))
        return
    yield from _check_length(len(raw), kind, path)
    for name, value in raw.items():
        yield from _walk(name, kind.key_type, _member(path, name))
        yield from _walk(value, kind.value_type, _member(path, name))


def _check_length(length: int, kind: Any, path: str) -> Iterator[FieldProblem]:
    if kind.min_length is not None and length < kind.min_length:
        least = ngettext(
            "Must have at least %(n)d entry.", "Must have at least %(n)d entries.", kind.min_length
        )
        yield FieldProblem(path, "too_short", least % {"n": kind.min_length})
    if kind.max_length is not None and length > kind.max_length:
        most = ngettext("Must have at most %(n)d entry.", "Must have at most %(n)d entries.", kind.max_length)
        yield FieldProblem(path, "too_long", most % {"n": kind.max_length})


def _check_leaf(raw: Any, kind: inspect.Type, path: str) -> Iterator[FieldProblem]:
    if isinstance(raw, str) and UNCLEAN.search(raw):
        yield _unclean(path)
        return
    if isinstance(kind, inspect.CustomType):
        try:
            read_custom(kind.cls, raw)
        except FieldRefused as refusal:
            yield FieldProblem(path, refusal.code, str(refusal.message))
        return
    problem = _LEAVES[type(kind)](raw, kind)
    if problem is not None:
        yield FieldProblem(path, *problem)


def _text_problem(raw: Any, kind: inspect.StrType) -> _Problem:
    if not isinstance(raw, str):
        return "type", _("Must be a text.")
    if kind.min_length and not raw.strip():
        return "blank", _("Must not be empty.")
    if kind.min_length is not None and len(raw) < kind.min_length:
        least = ngettext(
            "Must have at least %(n)d character.", "Must have at least %(n)d characters.", kind.min_length
        )
        return "too_short", least % {"n": kind.min_length}
    if kind.max_length is not None and len(raw) > kind.max_length:
        most = ngettext(
            "Must have at most %(n)d character.", "Must have at most %(n)d characters.", kind.max_length
        )
        return "too_long", most % {"n": kind.max_length}
    if kind.pattern is not None and not re.search(kind.pattern, raw):
        if raw != raw.strip():
            return "spaces", _("Must not begin or end with a space.")
        return "format", _("Does not have the right form.")
    return None


def _integer_problem(raw: Any, kind: inspect.IntType) -> _Problem:
    if isinstance(raw, bool) or not isinstance(raw, int):
        return "type", _("Must be a whole number.")
    low, high = kind.ge, kind.le
    if (low is not None and raw < low) or (high is not None and raw > high):
        return "range", _("Must lie between %(low)s and %(high)s.") % {"low": low, "high": high}
    return None


def _flag_problem(raw: Any, _kind: inspect.BoolType) -> _Problem:
    return None if isinstance(raw, bool) else ("type", _("Must be true or false."))


def _choice_problem(raw: Any, kind: inspect.LiteralType) -> _Problem:
    if raw in kind.values and not isinstance(raw, bool):
        return None
    return "choice", _("Must be one of %(values)s.") % {"values": ", ".join(map(str, kind.values))}


def _moment_problem(raw: Any, _kind: inspect.DateTimeType) -> _Problem:
    if not _converts(raw, Moment):
        return "time", _("Must be a time with offset, such as 2026-11-22T10:00:00-03:00.")
    moment = msgspec.convert(raw, Moment)
    return None if can_be_stored(moment) else ("out_of_range", _("This moment is too far from now."))


def _day_problem(raw: Any, _kind: inspect.DateType) -> _Problem:
    return None if _converts(raw, Day) else ("date", _("Must be a date, such as 2026-11-22."))


def _uuid_problem(raw: Any, _kind: inspect.UUIDType) -> _Problem:
    if _converts(raw, UUID):
        return None
    return "format", _("Must be an identifier, such as 01980a3c-9f7e-7c1d-8a51-6f0a3b0c2d4e.")


def _converts(raw: Any, kind: Any) -> bool:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        return False
    return True


_WITHOUT_WORDS = (
    inspect.StructType,
    inspect.CustomType,
    inspect.NoneType,
    inspect.AnyType,
    inspect.RawType,
)
_LEAVES: dict[type, Callable[[Any, Any], _Problem]] = {
    inspect.StrType: _text_problem,
    inspect.IntType: _integer_problem,
    inspect.BoolType: _flag_problem,
    inspect.LiteralType: _choice_problem,
    inspect.DateTimeType: _moment_problem,
    inspect.DateType: _day_problem,
    inspect.UUIDType: _uuid_problem,
}
