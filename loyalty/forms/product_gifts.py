from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.models import ProgramLevel
from loyalty.sentences import level_text


class ProductGiftsForm(forms.Form):
    """The levels of all programs in use; `shown` are the ids that the page had."""

    levels = forms.TypedMultipleChoiceField(
        label=_("Gift of"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A customer with the points of a level may take one gift of it with a purchase."),
    )

    def __init__(self, data: Any = None, *, product: Any) -> None:
        found = (
            ProgramLevel.objects.filter(program__is_active=True)
            .select_related("program")
            .order_by("program__name", "program", "points")
        )
        self.known = list(found)
        present = ProgramLevel.objects.filter(gifts__product=product).values_list("pk", flat=True)
        super().__init__(data, initial={"levels": list(present)})
        self.fields["levels"].choices = [  # type: ignore[attr-defined]
            (level.pk, f"{level.program.name} · {level_text(level.name, level.number, level.points)}")
            for level in self.known
        ]

    @property
    def shown(self) -> list[int]:
        return [level.pk for level in self.known]
