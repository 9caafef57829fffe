"""The forms of a campaign's rules (a tree of all/any groups) and of its benefits (a list)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.engine.document import MAX_TREE_DEPTH
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.forms.declared import Complaint, DeclaredForm, Input, Json, positions

OPERATORS = (("all", _("All of these must hold")), ("any", _("At least one of these must hold")))


class KindForm(DeclaredForm):
    """The form of one condition or benefit."""

    is_group = False

    def __init__(
        self,
        kinds: Mapping[str, Any],
        tag: str,
        data: Mapping[str, Any] | None,
        *,
        document: Json | None,
        prefix: str,
        path: str,
        number: int = 0,
    ) -> None:
        self.kind, self.number, self.faults = kinds[tag], number, list[Any]()
        self.tag, self.label, self.doc = tag, _(self.kind.label), _(self.kind.doc)
        super().__init__(self.kind.fields, data, document=document, prefix=prefix, path=path)

    def document(self) -> Json:
        return {"kind": self.tag, **super().document()}

    def inputs(self) -> Iterator[Input]:
        yield self.path, _Faults(self.faults), ""
        yield from super().inputs()

    @property
    def wrong(self) -> int:
        return len(self.faults) + super().wrong

    def complaints(self) -> Iterator[Complaint]:
        for fault in self.faults:
            yield Complaint(f"kind-{self.prefix}", str(self.label), str(fault))
        for complaint in super().complaints():
            yield complaint._replace(label=f"{self.label} › {complaint.label}")


class _Faults:
    """Takes the errors that concern a kind as a whole."""

    def __init__(self, faults: list[Any]) -> None:
        self.faults = faults

    def add_error(self, _name: str, message: Any) -> None:
        self.faults.append(message)


class BenefitsForm:
    """An ordered list of benefits. `prefix` is also the path of the list in the document."""

    def __init__(self, data: Mapping[str, Any] | None, *, documents: list[Json] | None = None) -> None:
        self.prefix, self.errors = "benefits", list[Any]()
        self.items: list[KindForm] = []
        if data is None:
            for number, document in enumerate(documents or ()):
                self._append(document["kind"], None, document, number)
        else:
            for number in positions(data, self.prefix):
                tag = data.get(f"{self.prefix}-{number}-_kind", "")
                if tag in BENEFITS:
                    self._append(tag, data, None, number)

    def _append(self, tag: str, data: Mapping[str, Any] | None, document: Json | None, number: int) -> None:
        form = KindForm(
            BENEFITS,
            tag,
            data,
            document=document,
            prefix=f"{self.prefix}-{number}",
            path=f"{self.prefix}.{len(self.items)}",
            number=number,
        )
        self.items.append(form)

    def add(self, tag: str) -> None:
        if tag in BENEFITS:
            self._append(tag, None, {}, max((item.number for item in self.items), default=-1) + 1)

    def remove(self, number: int) -> None:
        self.items = [item for item in self.items if item.number != number]

    def document(self) -> list[Json]:
        return [item.document() for item in self.items]

    def add_error(self, _name: str, message: Any) -> None:
        self.errors.append(message)

    def inputs(self) -> Iterator[Input]:
        yield self.prefix, self, ""
        for item in self.items:
            yield from item.inputs()

    @property
    def wrong(self) -> int:
        return len(self.errors) + sum(item.wrong for item in self.items)

    def complaints(self) -> Iterator[Complaint]:
        """Yield what is wrong in here, in the order of the page."""
        for error in self.errors:
            yield Complaint("benefits-body", str(_("Benefits")), str(error))
        for item in self.items:
            yield from item.complaints()


class GroupForm:
    """A group of the tree: an operator and its children, conditions or groups. The root is always a group."""

    is_group = True

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        document: Json | None,
        prefix: str = "conditions",
        path: str = "conditions",
        number: int = 0,
        depth: int = 1,
    ) -> None:
        self.prefix, self.path, self.number, self.depth = prefix, path, number, depth
        self.errors: list[Any] = []
        self.children: list[GroupForm | KindForm] = []
        # A document whose only rule stands alone comes back as it was, not inside a group of one.
        self.bare = False
        if data is None:
            self._fill(document or {})
        else:
            self.operator = "any" if data.get(f"{prefix}-_op") == "any" else "all"
            self._read(data)

    def _fill(self, document: Json) -> None:
        self.bare = "kind" in document
        self.operator, entries = "all", [document]
        if not self.bare:
            self.operator, entries = next(iter(document.items()), ("all", []))
        for number, entry in enumerate(entries):
            self._append(number, None, entry, entry.get("kind", ""))

    def _read(self, data: Mapping[str, Any]) -> None:
        numbers = positions(data, self.prefix)
        kinds = {number: data.get(f"{self.prefix}-{number}-_kind", "") for number in numbers}
        known = [
            number
            for number in numbers
            if kinds[number] in CONDITIONS or f"{self.prefix}-{number}-_op" in data
        ]
        self.bare = data.get(f"{self.prefix}-_bare") == "1" and self.operator == "all" and len(known) == 1
        self.bare = self.bare and kinds[known[0]] in CONDITIONS
        for number in known:
            self._append(number, data, None, kinds[number])

    def _append(self, number: int, data: Mapping[str, Any] | None, document: Json | None, tag: str) -> None:
        prefix = f"{self.prefix}-{number}"
        path = self.path if self.bare else f"{self.path}.{self.operator}.{len(self.children)}"
        if tag:
            self.children.append(
                KindForm(CONDITIONS, tag, data, document=document, prefix=prefix, path=path, number=number)
            )
        elif self.depth < MAX_TREE_DEPTH:
            group = GroupForm(
                data, document=document, prefix=prefix, path=path, number=number, depth=self.depth + 1
            )
            self.children.append(group)

    @property
    def may_nest(self) -> bool:
        return self.depth < MAX_TREE_DEPTH - 1

    def find(self, prefix: str) -> "GroupForm | None":
        """Return the group of a prefix, this one or one inside."""
        if prefix == self.prefix:
            return self
        groups = (child.find(prefix) for child in self.children if isinstance(child, GroupForm))
        return next((group for group in groups if group is not None), None)

    def add(self, tag: str) -> None:
        """Append an empty condition of a kind, or an empty group for `all` and `any`."""
        number = max((child.number for child in self.children), default=-1) + 1
        self.bare = False
        if tag in CONDITIONS:
            self._append(number, None, {}, tag)
        elif tag in ("all", "any"):
            self._append(number, None, {tag: []}, "")

    def remove(self, number: int) -> None:
        self.children = [child for child in self.children if child.number != number]

    def document(self) -> Json | None:
        children = [child.document() for child in self.children]
        filled = [child for child in children if child is not None]
        if not filled and self.depth == 1:
            return None
        return filled[0] if self.bare else {self.operator: filled}

    def add_error(self, _name: str, message: Any) -> None:
        self.errors.append(message)

    def inputs(self) -> Iterator[Input]:
        if not self.bare:
            yield self.path, self, ""
        for child in self.children:
            yield from child.inputs()

    @property
    def wrong(self) -> int:
        return len(self.errors) + sum(child.wrong for child in self.children)

    def complaints(self) -> Iterator[Complaint]:
        """Yield what is wrong in here, in the order of the page."""
        for error in self.errors:
            yield Complaint(f"group-{self.prefix}", str(_("Rules")), str(error))
        for child in self.children:
            yield from child.complaints()
