"""Django form fields that speak the language of campaign documents.

`clean` turns what a manager typed, in the reader's language, into the JSON value of a document, or None for nothing;
`prepare_value` writes a JSON value the way the reader writes it. Whether the value makes sense is the engine's to say.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from retail.moments import can_be_stored

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def plain_number(text: str) -> str | None:
    """Read a number as people of the active language write it; return it with a point, or None."""
    text = re.sub(r"[\s\u00a0]|R\$|%", "", text)
    decimal, thousand = get_format("DECIMAL_SEPARATOR"), get_format("THOUSAND_SEPARATOR")
    if decimal in text:
        whole, _mark, rest = text.rpartition(decimal)
        if whole and not re.fullmatch(rf"-?[0-9]+|-?[0-9]{{1,3}}({re.escape(thousand)}[0-9]{{3}})+", whole):
            return None
        text = f"{whole.replace(thousand, '') or '0'}.{rest}"
    elif re.fullmatch(rf"-?[0-9]{{1,3}}({re.escape(thousand)}[0-9]{{3}})+", text):
        text = text.replace(thousand, "")
    elif re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", text):
        text = text.replace(",", ".")  # two digits are no thousands, whoever reads them
    return text if _PLAIN.fullmatch(text) else None


def local_number(text: str) -> str:
    """Write a plain number with the decimal separator of the active language."""
    return text.replace(".", get_format("DECIMAL_SEPARATOR")) if _PLAIN.fullmatch(text) else text


class _Marked:
    """`required` only marks the field on the page: what is missing, the engine says, and only when it is asked."""

    def validate(self, value: Any) -> None:
        return None


class TextInput(_Marked, forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)


class NumberInput(_Marked, forms.CharField):
    """A decimal number: money, a percentage, a quantity. `unit` is written before it."""

    default_error_messages = {"invalid": _("Enter a number, such as 12 or 12.50.")}

    def __init__(self, *, unit: str = "", **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})
        self.unit = unit

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        if text is None:
            return None
        number = plain_number(text)
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number

    def prepare_value(self, value: Any) -> Any:
        return local_number(str(value)) if value is not None else None


class WholeNumberInput(_Marked, forms.CharField):
    default_error_messages = {"invalid": _("Enter a whole number.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.attrs.update({"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:  # type: ignore[override]
        text = super().to_python(value)
        if text is None:
            return None
        number = plain_number(text)
        if number is None or "." in number or len(number) > 12:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(number)


class InstantInput(_Marked, forms.CharField):
    """A date and a time of the current time zone, stored with its offset."""

    widget = forms.DateTimeInput
    default_error_messages = {
        "invalid": _("Enter a date and a time."),
        "range": _("This date cannot be right."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.input_type = "datetime-local"

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if timezone.is_naive(moment):
                moment = timezone.make_aware(moment)
        except (ValueError, OverflowError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not can_be_stored(moment):
            raise ValidationError(self.error_messages["range"], code="range")
        return moment.isoformat()

    def prepare_value(self, value: Any) -> Any:
        try:
            moment = datetime.fromisoformat(value)
            if timezone.is_aware(moment):
                moment = timezone.localtime(moment).replace(tzinfo=None)
        except (TypeError, ValueError, OverflowError):
            return value
        return moment.isoformat("T", "seconds" if moment.second else "minutes")


class DateInput(_Marked, forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.input_type = "date"


class TimeInput(_Marked, forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.input_type = "time"


class ChoiceInput(_Marked, forms.CharField):
    """One of the declared options. A value off the list is shown and left to the engine to refuse."""

    widget = forms.Select

    def __init__(self, *, choices: Sequence[tuple[str, Any]], **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.choices = choices


class SwitchInput(forms.BooleanField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "required": False})


class ChoicesInput(forms.MultipleChoiceField):
    """Several of the declared options, in the order of their declaration; `cast` makes the JSON value of each."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, cast: type = str, **options: Any) -> None:
        super().__init__(**options)
        self.cast = cast

    def clean(self, value: Any) -> list[Any]:
        return [self.cast(option) for option in super().clean(value)]

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)

    def prepare_value(self, value: Any) -> Any:
        return [str(option) for option in value or ()]


class LinesWidget(forms.Textarea):
    """One entry a line. `picker` names what can be searched to fill it (campaigns/views/pickers.py)."""

    def __init__(self, picker: str = "", attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"rows": 3, "spellcheck": "false", **({"data-picker": picker} if picker else {}), **(attrs or {})}
        )


class LinesInput(_Marked, forms.CharField):
    """A list of short texts: one a line, or separated by commas or semicolons."""

    widget = LinesWidget
    separators = r"[\n,;]"

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value="", **options)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        if isinstance(value, list | tuple):
            return list(value)
        entries = [entry.strip() for entry in re.split(self.separators, super().to_python(value) or "")]
        return list(dict.fromkeys(entry for entry in entries if entry))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(entry) for entry in value) if isinstance(value, list | tuple) else value


class ValueInput(LinesInput):
    """Something to compare with: one entry, or several. DeclaredForm decides between a value and a list."""

    # Not the comma: people write it inside of numbers.
    separators = r"[\n;]"

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return super().prepare_value(value)
        return None if value is None else str(value)
