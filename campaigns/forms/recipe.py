"""What every recipe of an everyday campaign has in common: name, days and stores, and where complaints are shown."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from campaigns.engine.document import decode_campaign
from campaigns.engine.fields import DocumentError
from campaigns.engine.selector import BY_CHOICES
from campaigns.explanations import problem_text
from campaigns.forms.declared import Json
from campaigns.forms.document import code_from_name
from campaigns.forms.inputs import (
    ChoiceInput,
    DateInput,
    LinesInput,
    LinesWidget,
    NumberInput,
    TextInput,
)


def money_input(label: Any, help_text: Any = "") -> NumberInput:
    """Return an input for an amount of money."""
    return NumberInput(label=label, help_text=help_text, unit="R$")


def percent_input(label: Any = "") -> NumberInput:
    """Return an input for a percentage."""
    return NumberInput(label=label or _("Discount"), help_text=_("From 0 to 100."), unit="%")


class RecipeForm(forms.Form):
    """What every recipe asks for. Subclasses add fields and say how the document looks.

    `places` tells on which field a complaint about a part of the document is shown.
    """

    use_required_attribute = False
    template_name = "components/form.html"
    places: ClassVar[Mapping[str, str]] = {}

    name = TextInput(label=_("Name"), help_text=_("Managers find the campaign by it."))
    first_day = DateInput(
        label=_("First day"), required=False, help_text=_("Empty starts with its publication.")
    )
    last_day = DateInput(
        label=_("Last day"), required=False, help_text=_("Included. Empty goes on until it is paused.")
    )
    stores = LinesInput(
        label=_("Stores"),
        required=False,
        widget=LinesWidget("store", {"rows": 2}),
        help_text=_("None means every store."),
    )

    def parts(self) -> Json:
        """Return what is particular of this recipe: rules, thresholds, benefits."""
        raise NotImplementedError

    def document(self) -> Json:
        """Return the document of what was typed so far; empty fields are left out."""
        self.errors  # noqa: B018 - reads the posted data
        name = self.value("name") or ""
        document: Json = {"name": name, "code": code_from_name(name), "stores": self.value("stores") or []}
        first, last = self.moment("first_day"), self.moment("last_day", timedelta(days=1))
        if first:
            document["starts_at"] = first
        if last:
            document["ends_at"] = last
        return {key: value for key, value in {**document, **self.parts()}.items() if value not in (None, "")}

    def value(self, name: str) -> Any:
        return (
            self.cleaned_data.get(name)
            if self.is_bound
            else self.get_initial_for_field(self.fields[name], name)
        )

    def moment(self, name: str, later: timedelta = timedelta()) -> str | None:
        try:
            day = date.fromisoformat(self.value(name) or "")
        except ValueError:
            return None
        return timezone.make_aware(datetime.combine(day + later, time())).isoformat()

    def clean(self) -> None:
        # A recipe may ask for what a document can do without, such as the least value of the purchase.
        for name, field in self.fields.items():
            if field.required and name not in self.errors and self.value(name) in (None, "", []):
                self.add_error(name, translate("This field is required."))
        try:
            decode_campaign(self.document())
        except DocumentError as error:
            for problem in error.problems:
                self._complain(problem.path, problem_text(problem))

    def _complain(self, path: str, text: str) -> None:
        places = {"code": "name", "starts_at": "first_day", "ends_at": "last_day", **self.places}
        while path and path not in places and path not in self.fields:
            path = path.rpartition(".")[0]
        name = places.get(path, path) or None
        if name is None or name not in self.errors:
            self.add_error(name if name in self.fields else None, ValidationError(text))


class ProductsForm(RecipeForm):
    """Adds the choice of products that take part."""

    by = ChoiceInput(
        label=_("Products by"),
        choices=[(value, _(label)) for value, label in BY_CHOICES],
        initial="all",
        required=False,
    )
    values = LinesInput(
        label=_("Which ones"),
        required=False,
        widget=LinesWidget("sibling:by", {"rows": 2}),
        help_text=_("Search, or paste a list: one a line."),
    )
    places: ClassVar[Mapping[str, str]] = {"conditions": "values"}

    def products(self) -> Json | None:
        if (self.value("by") or "all") == "all":
            return None
        return {"kind": "product", "by": self.value("by"), "values": self.value("values") or []}
