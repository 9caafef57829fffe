"""Form fields as Brazilian managers type: 1.234,56, dates by calendar, long lists pasted from a spreadsheet."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from retail.rows import validate_code

_SEPARATORS = re.compile(r"[\s,;]+")
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", re.ASCII)


class MoneyField(forms.DecimalField):
    """An amount in reais, from 0,00. `unit` is drawn before the input."""

    unit = "R$"

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        super().__init__(max_digits=14, decimal_places=2, localize=True, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = plain_amount(value, comma=(get_language() or "").startswith("pt"))
            # Decimal() knows more forms of numbers than people mean: 1e9, NaN, digits of other scripts.
            if value and not _AMOUNT.fullmatch(value):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


def plain_amount(text: str, *, comma: bool) -> str:
    """Return "R$ 1.234,56" (`comma`) or "1,234.56" as "1234.56".

    What could mean two things ("1.234") is returned as it is and fails for its three decimals.
    """
    amount = text.replace("R$", "").replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    if comma and "," in amount:
        return amount.replace(".", "").replace(",", ".", 1)
    if not comma and _GROUPED.fullmatch(amount):
        return amount.replace(",", "")
    return amount


class DayField(forms.DateField):
    """A date, chosen in the browser's own calendar; what is typed or sent by programs is ISO."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**options)

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        if day is not None and not 1880 <= day.year <= 2200:
            raise ValidationError(_("This date cannot be right."), code="range")
        return day


class CodeField(forms.SlugField):
    """A name that other systems use, as it may stand in an address."""

    default_validators = [validate_code]


class PastedListField(forms.CharField):
    """Codes pasted from a spreadsheet or typed: one a line, or parted by commas, semicolons or spaces."""

    def __init__(self, *, max_entries: int = 100_000, **options: Any) -> None:
        self.max_entries = max_entries
        options.setdefault("widget", forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
        super().__init__(**options)

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        entries = list(dict.fromkeys(entry for entry in _SEPARATORS.split(text) if entry))
        if len(entries) > self.max_entries:
            raise ValidationError(
                _("This has more than %(limit)d entries."),
                params={"limit": self.max_entries},
                code="too_long",
            )
        return entries
