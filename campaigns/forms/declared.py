"""Forms generated from the declarations of the engine: one field of a document, one input of a page.

A kind of condition or benefit that is added to the engine has its form here without a line of code. A form is bound to
posted data or filled from a document; `document()` gives the JSON of what it shows, leaving out what is empty, and
`inputs()` lists its fields by their path in the document, so that the engine's complaints land beside them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.engine.conditions.customer import NUMBERS
from campaigns.engine.encoding import encode
from campaigns.engine.fields import Field, Problem
from campaigns.explanations import problem_text
from campaigns.forms.declared_inputs import form_field, span
from campaigns.forms.inputs import plain_number

Json = dict[str, Any]


class Holder(Protocol):
    """What an error can be put on."""

    def add_error(self, name: str, message: Any) -> None: ...


Input = tuple[str, Holder, str]


class Complaint(NamedTuple):
    """What is wrong with one input: `anchor` is its id on the page, empty where it has none."""

    anchor: str
    label: str
    text: str


# Operators of a comparison that take a list, also of one entry.
LIST_OPERATORS = ("in", "between")


def _number(entry: str) -> int | str:
    number = plain_number(entry)
    if number is None:
        return entry
    return number if "." in number else int(number)


def place_problems(problems: Iterable[Problem], places: Iterable[Input], errors: list[str]) -> None:
    """Put each problem on the input whose path is the longest beginning of its own; without one, into `errors`."""
    by_path = {path: (holder, name) for path, holder, name in places}
    for problem in problems:
        text = problem_text(problem)
        path = problem.path
        while path and path not in by_path:
            path = path.rpartition(".")[0]
        if not path:
            errors.append(f"{problem.path}: {text}" if problem.path else text)
            continue
        holder, name = by_path[path]
        if isinstance(holder, DeclaredForm) and name in holder.errors:
            continue  # what could not be read is also missing; the first complaint is the useful one
        holder.add_error(name, text)


def is_rows(declared: Field) -> bool:
    return declared.type == "list" and declared.item is not None and declared.item.type == "object"


def positions(data: Mapping[str, Any], prefix: str) -> list[int]:
    """Return the numbers that follow a prefix in posted names, in order: `limits-0-max`, `limits-2-max` give 0, 2."""
    found = {match[1] for name in data if (match := re.match(rf"{re.escape(prefix)}-([0-9]{{1,4}})-", name))}
    return sorted(int(number) for number in found)


# What a kind is about, also where it may be left out.
_LEADING = ("percent", "amount", "values", "value", "multiplier", "fixed", "tiers", "schedule")


def _main_names(declared: tuple[Field, ...]) -> tuple[str, ...]:
    if not any(field.required for field in declared):
        return tuple(field.name for field in declared[:4])
    return tuple(
        field.name for field in declared if field.required or field.type == "choice" or field.name in _LEADING
    )


class DeclaredForm(forms.Form):
    """The form of an object with declared fields, nested objects and lists of objects included."""

    use_required_attribute = False

    def __init__(
        self,
        declared: tuple[Field, ...],
        data: Mapping[str, Any] | None = None,
        *,
        document: Json | None = None,
        prefix: str,
        path: str = "",
        main: tuple[str, ...] = (),
    ) -> None:
        self.declared = declared
        self.path = path
        self.main = main or _main_names(declared)
        plain = [field for field in declared if field.type != "object" and not is_rows(field)]
        shown = {field.name: encode(field, field.default) for field in plain if not field.required}
        super().__init__(data, prefix=prefix, initial={**shown, **(document or {})})
        self.fields.update({field.name: form_field(field) for field in plain})
        for name, shown_field in self.fields.items():
            shown_field.span = span(shown_field, name)  # type: ignore[attr-defined]
        self.children: dict[str, ObjectForm | RowsForm] = {}
        for field in declared:
            if field.type == "object" or is_rows(field):
                make = RowsForm if is_rows(field) else ObjectForm
                self.children[field.name] = make(
                    field,
                    data,
                    document=(document or {}).get(field.name),
                    prefix=self.add_prefix(field.name),
                    path=self.path_of(field.name),
                )

    def path_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def document(self) -> Json:
        """Return the JSON of this object. What could not be read is left out and stands in `errors`."""
        if self.is_bound:
            self.errors  # noqa: B018 - reads the posted data
        values = (
            self.cleaned_data if self.is_bound else {name: self.initial.get(name) for name in self.fields}
        )
        found: Json = {}
        for field in self.declared:
            child = self.children.get(field.name)
            value = child.document() if child is not None else values.get(field.name)
            if field.type == "value":
                value = self._comparison(value, values)
            if value is not None:
                found[field.name] = value
        return found

    @staticmethod
    def _comparison(value: Any, values: Json) -> Any:
        if not isinstance(value, list):
            return value
        if values.get("attribute") in NUMBERS:
            value = [_number(entry) for entry in value]
        if values.get("operator") in LIST_OPERATORS:
            return value or None
        return value[0] if value else None

    def add_error(self, field: str | None, error: Any) -> None:
        """Put an error on a field; unlike Django's, also on a form that shows a document and was not posted."""
        if self.is_bound:
            super().add_error(field, error)

    def inputs(self) -> Iterator[Input]:
        """Yield path, holder and name of every input in here."""
        for name in self.fields:
            yield self.path_of(name), self, name
        for child in self.children.values():
            yield from child.inputs()

    @property
    def wrong(self) -> int:
        """How many inputs in here have something wrong."""
        own = len(self.errors) if self.is_bound else 0
        return own + sum(child.wrong for child in self.children.values())

    def complaints(self) -> Iterator[Complaint]:
        """Yield what is wrong in here, in declaration order."""
        for part in self.parts():
            if isinstance(part, ObjectForm | RowsForm):
                yield from part.complaints()
            elif self.is_bound and part.errors:
                yield Complaint(str(part.auto_id), str(part.label), " ".join(dict.fromkeys(part.errors)))

    def parts(self) -> list[Any]:
        """Return what a page shows, in declaration order: bound fields, ObjectForms and RowsForms."""
        return [self._part(field) for field in self.declared]

    def main_parts(self) -> list[Any]:
        """Return the parts that are always shown."""
        return [self._part(field) for field in self.declared if field.name in self.main]

    def more_parts(self) -> list[Any]:
        """Return the parts that a page may fold away."""
        return [self._part(field) for field in self.declared if field.name not in self.main]

    def more_is_open(self) -> bool:
        """Say whether a folded part holds something, or something wrong."""
        return any(self._says_something(field) for field in self.declared if field.name not in self.main)

    def _part(self, field: Field) -> Any:
        child = self.children.get(field.name)
        return child if child is not None else self[field.name]

    def _says_something(self, field: Field) -> bool:
        child = self.children.get(field.name)
        if isinstance(child, RowsForm):
            return bool(child.rows)
        if child is not None:
            return child.shown
        bound = self[field.name]
        default = bound.field.prepare_value(encode(field, field.default))
        return bool(self.is_bound and bound.errors) or (bound.value() or None) != (default or None)


class ObjectForm:
    """A nested object; one that may be absent has a switch."""

    is_object = True

    def __init__(
        self, field: Field, data: Mapping[str, Any] | None, *, document: Json | None, prefix: str, path: str
    ) -> None:
        self.label, self.help, self.optional = (
            _(field.label),
            _(field.help) if field.help else "",
            field.nullable,
        )
        self.switch, self.path = f"{prefix}-_on", path
        self.errors: list[Any] = []
        given = document is not None if data is None else self.switch in data
        self.shown = given or not self.optional
        self.form = DeclaredForm(field.fields, data, document=document, prefix=prefix, path=path)

    def document(self) -> Json | None:
        return self.form.document() if self.shown else None

    def add_error(self, _name: str, message: Any) -> None:
        self.errors.append(message)

    def inputs(self) -> Iterator[Input]:
        yield self.path, self, ""
        yield from self.form.inputs()

    def complaints(self) -> Iterator[Complaint]:
        anchor = f"id_{self.switch}" if self.optional else ""
        for error in self.errors:
            yield Complaint(anchor, str(self.label), str(error))
        if self.shown:
            yield from self.form.complaints()

    @property
    def wrong(self) -> int:
        return len(self.errors) + (self.form.wrong if self.shown else 0)


class RowsForm:
    """A list of objects, each with its row of inputs."""

    is_rows = True

    def __init__(
        self,
        field: Field,
        data: Mapping[str, Any] | None,
        *,
        document: list[Json] | None,
        prefix: str,
        path: str,
    ) -> None:
        if field.item is None:
            raise TypeError(f"the list {field.name} declares no item")
        self.label, self.help = _(field.label), _(field.help) if field.help else ""
        self.declared, self.prefix, self.path = field.item.fields, prefix, path
        self.errors: list[Any] = []
        if data is None:
            documents: list[Json] = list(document or ()) or [{} for _ in range(field.min_items)]
            self.rows = [self._row(None, entry, place, place) for place, entry in enumerate(documents)]
        else:
            numbers = positions(data, prefix)
            self.rows = [self._row(data, None, number, place) for place, number in enumerate(numbers)]

    def _row(
        self, data: Mapping[str, Any] | None, document: Json | None, number: int, place: int
    ) -> DeclaredForm:
        row = DeclaredForm(
            self.declared,
            data,
            document=document,
            prefix=f"{self.prefix}-{number}",
            path=f"{self.path}.{place}",
        )
        row.number = number  # type: ignore[attr-defined]
        return row

    @property
    def next_number(self) -> int:
        return max((row.number for row in self.rows), default=-1) + 1  # type: ignore[attr-defined]

    def add(self) -> None:
        self.rows.append(self._row(None, {}, self.next_number, len(self.rows)))

    def remove(self, number: int) -> None:
        self.rows = [row for row in self.rows if row.number != number]  # type: ignore[attr-defined]

    def document(self) -> list[Json]:
        return [row.document() for row in self.rows]

    def add_error(self, _name: str, message: Any) -> None:
        self.errors.append(message)

    def inputs(self) -> Iterator[Input]:
        yield self.path, self, ""
        for row in self.rows:
            yield from row.inputs()

    def complaints(self) -> Iterator[Complaint]:
        for error in self.errors:
            yield Complaint(f"rows-{self.prefix}", str(self.label), str(error))
        for place, row in enumerate(self.rows):
            for complaint in row.complaints():
                yield complaint._replace(label=f"{self.label_of(place)} › {complaint.label}")

    def label_of(self, place: int) -> str:
        """Name a row for people: its list and its number."""
        return f"{self.label} {place + 1}"

    @property
    def wrong(self) -> int:
        return len(self.errors) + sum(row.wrong for row in self.rows)
