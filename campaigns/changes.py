"""What differs between two documents, and the changes of one person put on top of what another stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.engine.decoding import read_instant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs between two documents; `old` or `new` is None where it was absent."""

    path: str
    old: Any
    new: Any


def document_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[FieldChange]:
    """Return the fields that differ, by path (`benefits.0.percent`), in the order of the new document."""
    return list(_changes("", old, new))


def on_top(stored: Mapping[str, Any], *, base: Mapping[str, Any], mine: Mapping[str, Any]) -> Json:
    """Return what is stored with the changes that somebody made to `base`, which became `mine`.

    What they left as it was stays as it is stored, letter by letter; what both changed is mine. All three are canonical.
    """
    return {name: _on_top(stored.get(name), base.get(name), value) for name, value in mine.items()}


def _on_top(stored: Any, base: Any, mine: Any) -> Any:
    if _same(base, mine):
        return stored
    if all(isinstance(one, Mapping) for one in (stored, base, mine)):
        if stored.keys() == base.keys() == mine.keys() and stored.get("kind") == mine.get("kind"):
            return on_top(stored, base=base, mine=mine)
    elif all(_is_structured(one) for one in (stored, base, mine)) and len(stored) == len(base) == len(mine):
        return [_on_top(*items) for items in zip(stored, base, mine, strict=True)]
    return mine


def _changes(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if _same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.get("kind") == new.get("kind"):
        for name in [*new, *(name for name in old if name not in new)]:
            yield from _changes(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif _is_structured(old) and _is_structured(new):
        for position in range(max(len(old), len(new))):
            before = old[position] if position < len(old) else None
            after = new[position] if position < len(new) else None
            yield from _changes(f"{path}.{position}", before, after)
    else:
        yield FieldChange(path, old, new)


def _same(one: Any, other: Any) -> bool:
    """Say whether two values mean the same: a moment may be written in another time zone."""
    if one == other:
        return True
    moment = read_instant(one)
    return moment is not None and moment == read_instant(other)


def _is_structured(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
