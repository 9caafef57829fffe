"""The forms of associations and markdowns, generated from the engine's declarations like the campaign builder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.document_summary import COMPETITION, CRITERIA
from campaigns.engine.associations import ASSOCIATION_FIELDS
from campaigns.engine.fields import DocumentError, Field, Problem
from campaigns.engine.markdowns import HEADER_FIELDS
from campaigns.forms import inputs
from campaigns.forms.declared import Complaint, DeclaredForm, Input, Json, place_problems
from campaigns.forms.document import code_from_name


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a page with some fields of a document; the first `main` are always shown."""

    title: Promise | str
    text: Promise | str
    names: tuple[str, ...]
    main: int = 20


class PublishedForm:
    """A document as titled parts of a page, posted or filled from a document.

    `document()` is what the page says; what the service says of it is put beside the fields with `show`.
    """

    declared: ClassVar[tuple[Field, ...]]
    sections: ClassVar[Sequence[Section]]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, document: Json | None = None, fixed_code: str = ""
    ) -> None:
        self.errors: list[str] = []
        by_name = {field.name: field for field in self.declared}
        self.parts = [(section, self._part(section, by_name, data, document)) for section in self.sections]
        code = self.field_form("code")
        if fixed_code:
            code.fields["code"].disabled = True
            code.initial["code"] = fixed_code
        else:
            code.fields["code"].required = False
            code.fields["code"].help_text = _("Unique and permanent. Left empty, it is made from the name.")
        code.fields["name"].required = True

    @staticmethod
    def _part(
        section: Section, by_name: Mapping[str, Field], data: Mapping[str, Any] | None, document: Json | None
    ) -> DeclaredForm:
        declared = tuple(by_name[name] for name in section.names)
        main = section.names[: section.main]
        return DeclaredForm(declared, data, document=document, prefix="document", main=main)

    def field_form(self, name: str) -> DeclaredForm:
        """Return the part that has a field."""
        return next(form for _section, form in self.parts if name in form.fields)

    def document(self) -> Json:
        found: Json = {}
        for _section, form in self.parts:
            found |= form.document()
        if not found.get("code") and found.get("name"):
            found["code"] = code_from_name(found["name"])
        return found

    def is_valid(self, read: Callable[[Json], Any]) -> bool:
        """Ask the service about the document (`read` raises DocumentError). Errors of typing and of meaning are shown together."""
        document = self.document()
        unnamed = not (document.get("name") or "").strip()
        if unnamed:
            self.field_form("name").add_error("name", _("Enter a name."))
        try:
            read(document)
        except DocumentError as error:
            # Without a name no code is made of it either; one complaint is enough.
            nameless = unnamed and not document.get("code")
            self.show([problem for problem in error.problems if not (nameless and problem.path == "code")])
        return not self.wrong

    def complaints(self) -> Iterator[Complaint]:
        """Yield what is wrong, field by field, in the order of the page."""
        for _section, form in self.parts:
            yield from form.complaints()

    def inputs(self) -> Iterator[Input]:
        for _section, form in self.parts:
            yield from form.inputs()

    def show(self, problems: Sequence[Problem]) -> None:
        place_problems(problems, self.inputs(), self.errors)

    @property
    def wrong(self) -> int:
        return sum(form.wrong for _section, form in self.parts) + len(self.errors)


class AssociationForm(PublishedForm):
    declared = ASSOCIATION_FIELDS
    sections = (
        Section(_("Association"), _("What managers find it by."), ("name", "code")),
        Section(
            _("Campaigns"),
            _("Two or more. Their order here decides between campaigns of one priority."),
            ("campaigns",),
        ),
        Section(
            _("Which one is granted"),
            _("Only campaigns that apply to the sale compete."),
            ("criterion", "compete_on"),
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        form = self.field_form("criterion")
        for name, explained in (("criterion", CRITERIA), ("compete_on", COMPETITION)):
            field = inputs.ChoiceInput(
                choices=list(explained.items()),
                widget=forms.RadioSelect,
                label=form.fields[name].label,
                required=True,
            )
            field.span = "span-6"  # type: ignore[attr-defined]
            form.fields[name] = field


class MarkdownForm(PublishedForm):
    declared = HEADER_FIELDS
    sections = (
        Section(
            _("Markdown"),
            _("What managers find it by, and how products are recognised."),
            ("name", "code", "by"),
        ),
        Section(
            _("When and where"),
            _("Empty dates mean from now on and without an end; no stores mean all of them."),
            ("starts_at", "ends_at", "stores", "schedule"),
            3,
        ),
        Section(_("For whom"), _("Who gets the new prices."), ("customers", "include_covered")),
        Section(
            _("Bounds"),
            _("Only within these; what is empty does not matter. Prices are those before the markdown."),
            (
                "price_min",
                "price_max",
                "minimum_quantity",
                "maximum_quantity",
                "minimum_amount",
                "maximum_amount",
            ),
        ),
    )
