"""Read back campaign documents that were stored: what `encode_campaign` wrote, after `decode_campaign` had checked it.

Nothing is asked again, which makes reading five times faster; a process that starts reads every live campaign before it
answers its first basket. What turns out not to be in the form that is stored is read the careful way.
"""

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from campaigns.engine.campaign import CAMPAIGN_FIELDS, Campaign, Group, Node
from campaigns.engine.decoding import read_instant
from campaigns.engine.document import decode_campaign
from campaigns.engine.encoding import encode
from campaigns.engine.fields import Field, attribute_name
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from retail import money

Read = Callable[[Any], Any]


def read_stored(document: Mapping[str, Any], *, revision: Any = None) -> Campaign:
    """Return the campaign of a stored document, as `decode_campaign` does. Raises DocumentError like it."""
    try:
        campaign: Campaign = _CAMPAIGN.read(document, revision=revision)
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError):
        return decode_campaign(document, revision=revision)
    return campaign


class _Shape:
    """How objects of one class are read back: what is written as its default is left to the class."""

    __slots__ = ("build", "members")

    def __init__(self, build: Callable[..., Any], declared: tuple[Field, ...], **known: Any) -> None:
        self.build = build
        self.members: dict[str, tuple[Any, str, Read | None]] = {
            field.name: (
                None if field.required else encode(field, field.default),
                attribute_name(field.name),
                _reader(field),
            )
            for field in declared
        }
        self.members |= {name: (value, name, None) for name, value in known.items()}

    def read(self, document: Mapping[str, Any], **values: Any) -> Any:
        members = self.members
        for name, value in document.items():
            default, attribute, read = members[name]
            if value is not default and value != default:
                values[attribute] = value if read is None else read(value)
        return self.build(**values)


def _reader(field: Field) -> Read | None:
    """Return what makes the value of a member from its JSON; None when it is that already."""
    match field.type:
        case "object" if field.build is not None:
            return _Shape(field.build, field.fields).read
        case "list" if field.item is not None:
            return _list(_reader(field.item))
    return _READERS.get(field.type)


def _list(read: Read | None) -> Read:
    return tuple if read is None else lambda items: tuple([read(item) for item in items])


@lru_cache(maxsize=4096)
def _money(text: str) -> int:
    return money.parse(text)


@lru_cache(maxsize=4096)
def _percent(text: str) -> int:
    return int(Decimal(text) * 10_000)


@lru_cache(maxsize=4096)
def _instant(text: str) -> Any:
    moment = read_instant(text)
    if moment is None:
        raise ValueError(text)
    return moment


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tree(node: Mapping[str, Any]) -> Node | None:
    kind = node.get("kind")
    if kind is not None:
        condition: Node = _CONDITIONS[kind].read(node)
        return condition
    ((operator, children),) = node.items()
    nodes = [found for child in children if (found := _tree(child)) is not None]
    return Group(operator, tuple(nodes)) if nodes else None


def _benefits(items: list[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple([_BENEFITS[item["kind"]].read(item) for item in items])


_READERS: dict[str, Read] = {
    "money": _money,
    "percent": _percent,
    "decimal": Decimal,
    "quantity": Decimal,
    "instant": _instant,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "value": _value,
    "tree": _tree,
    "benefits": _benefits,
}
_CONDITIONS = {tag: _Shape(kind, kind.fields, kind=tag) for tag, kind in CONDITIONS.items()}
_BENEFITS = {tag: _Shape(kind, kind.fields, kind=tag) for tag, kind in BENEFITS.items()}
_CAMPAIGN = _Shape(Campaign, CAMPAIGN_FIELDS)
