"""Declarations of document fields: one declaration serves decoding, JSON Schema, forms and documentation.

A kind declares its arguments as dataclass attributes: `percent: int = percent(label=..., help=...)`. Decoded values
are the engine's own: money is integer cents, a percentage integer millionths, a quantity a `Decimal`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, dataclass_transform

from campaigns.engine.marks import gettext_noop

T = TypeVar("T")
UNSET: Any = dataclasses.MISSING


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a document.

    `type` is one of text, code, choice, boolean, integer, decimal, quantity, money, percent, instant, date, time,
    list, object, selector, value. `label` and `help` are English msgids. `default` is a decoded value. `item` is the
    element of a list, `fields` the members of an object, `build` makes the object of its decoded members.
    """

    name: str = ""
    type: str
    label: str
    help: str = ""
    required: bool = False
    nullable: bool = False
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    item: "Field | None" = None
    fields: "tuple[Field, ...]" = ()
    build: Callable[..., Any] | None = None
    minimum: Any = None
    maximum: Any = None
    min_items: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field. `message` is an English msgid with `%(name)s` places for `params`."""

    path: str
    code: str
    message: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, str]:
        return {"path": self.path, "code": self.code, "message": self.message % self.params}


class DocumentError(ValueError):
    """A document that cannot be read. `problems` lists every fault, in document order."""

    def __init__(self, problems: "list[Problem]") -> None:
        super().__init__("; ".join(f"{p.path}: {p.message % p.params}" for p in problems))
        self.problems = tuple(problems)

    @property
    def errors(self) -> list[dict[str, str]]:
        """The faults as `[{path, code, message}]`."""
        return [problem.as_dict() for problem in self.problems]


def declare(type: str, *, label: str, help: str = "", default: Any = UNSET, **declaration: Any) -> Any:
    """Return a dataclass attribute that carries its Field. Without `default` the field is required."""
    required = default is UNSET
    declared = Field(
        type=type,
        label=label,
        help=help,
        required=required,
        nullable=not required and default is None,
        default=None if required else default,
        **declaration,
    )
    if required:
        return dataclasses.field(metadata={"field": declared})
    return dataclasses.field(default=default, metadata={"field": declared})


def declared_fields(cls: type) -> tuple[Field, ...]:
    """Return the declared fields of a dataclass, in declaration order, with their names."""
    return tuple(
        dataclasses.replace(attribute.metadata["field"], name=attribute.name.rstrip("_"))
        for attribute in dataclasses.fields(cls)
        if "field" in attribute.metadata
    )


def money(**declaration: Any) -> Any:
    return declare("money", minimum=declaration.pop("minimum", 0), **declaration)


def percent(**declaration: Any) -> Any:
    """A percentage from 0 to 100 with at most four decimals, decoded to millionths."""
    return declare("percent", minimum=0, maximum=1_000_000, **declaration)


def integer(**declaration: Any) -> Any:
    declaration.setdefault("maximum", 1_000_000_000)
    return declare("integer", minimum=declaration.pop("minimum", 1), **declaration)


def decimal(**declaration: Any) -> Any:
    return declare("decimal", minimum=declaration.pop("minimum", 0), **declaration)


def quantity(**declaration: Any) -> Any:
    return declare("quantity", minimum=0, **declaration)


def text(**declaration: Any) -> Any:
    return declare("text", maximum=declaration.pop("maximum", 200), **declaration)


def boolean(**declaration: Any) -> Any:
    return declare("boolean", **declaration)


def choice(choices: tuple[tuple[str, str], ...], **declaration: Any) -> Any:
    return declare("choice", choices=choices, **declaration)


def instant(**declaration: Any) -> Any:
    return declare("instant", **declaration)


def objects(cls: type, **declaration: Any) -> Any:
    """A list of objects, each described by the declared fields of a dataclass."""
    label = declaration["label"]
    item = Field(type="object", label=label, fields=declared_fields(cls), build=cls)
    return declare("list", item=item, **declaration)


def texts(**declaration: Any) -> Any:
    """A list of short texts without repetition, decoded to a tuple."""
    item = Field(type="text", label=declaration["label"], maximum=200)
    return declare("list", item=item, **declaration)


GRANT_CHOICES = (
    ("all", gettext_noop("every unit")),
    ("highest", gettext_noop("the dearest unit")),
    ("lowest", gettext_noop("the cheapest unit")),
)


def record(cls: type, **declaration: Any) -> Any:
    """One object described by the declared fields of a dataclass."""
    return declare("object", fields=declared_fields(cls), build=cls, **declaration)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    eq_default=False,
    field_specifiers=(
        declare,
        money,
        percent,
        integer,
        decimal,
        quantity,
        text,
        boolean,
        choice,
        instant,
        objects,
        texts,
        record,
    ),
)
def declared(cls: type[T]) -> type[T]:
    """Make a class a kind: a frozen dataclass whose `fields` are its declared arguments."""
    built = dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)(cls)
    built.fields = declared_fields(built)  # type: ignore[attr-defined]
    return built


def attribute_name(name: str) -> str:
    """Return the attribute that holds a field whose JSON name is a Python keyword."""
    return f"{name}_" if name == "from" else name
