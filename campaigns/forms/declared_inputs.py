"""The input of one declared field: its widget, its choices, what helps to fill it, and its width on the page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.engine.fields import Field
from campaigns.forms import inputs

WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
# What helps to fill a list or a text, by the name of the field. `sibling:by` asks the field beside it.
PICKERS = {
    "values": "sibling:by",
    "stores": "store",
    "sku": "sku",
    "methods": "payment_method",
    "operations": "operation",
    "channels": "channel",
    "pool": "pool",
    "program": "program",
    "category": "campaign_category",
    "requires_consent": "consent",
    "consents": "consent",
    "groupings": "groupings",
    "store": "shop",
    "operation": "operation",
    "value": "sibling:attribute",
    "campaigns": "campaign",
    "customer": "customer",
    "method": "payment_method",
    "product_category": "category",
    "ncm": "ncm",
    "loyalty_category": "loyalty_category",
}


def form_field(declared: Field) -> forms.Field:
    """Return the input of one plain field. Raises KeyError for a type that has none."""
    options: dict[str, Any] = {
        "label": _(declared.label),
        "help_text": _(declared.help) if declared.help else "",
        # Only what may really be left empty is marked as optional.
        "required": declared.required or (declared.type in ("choice", "integer") and not declared.nullable),
    }
    picker = PICKERS.get(declared.name, "")
    if declared.type == "list":
        return _list_field(declared, options, picker)
    if declared.type in ("text", "code"):
        long = (declared.maximum or 0) > 500
        widget = forms.Textarea({"rows": 2}) if long else forms.TextInput()
        if picker:
            widget.attrs.update({"data-picker": picker, "data-picker-single": "", "autocomplete": "off"})
        return inputs.TextInput(widget=widget, **options)
    if declared.type == "choice":
        return inputs.ChoiceInput(choices=_options(declared), **options)
    if declared.type == "value":
        return inputs.ValueInput(widget=inputs.LinesWidget(picker, {"rows": 2}), **options)
    return _PLAIN[declared.type](**options)


_PLAIN: dict[str, Any] = {
    "boolean": inputs.SwitchInput,
    "integer": inputs.WholeNumberInput,
    "decimal": inputs.NumberInput,
    "quantity": inputs.NumberInput,
    "money": lambda **options: inputs.NumberInput(unit="R$", **options),
    "percent": lambda **options: inputs.NumberInput(unit="%", **options),
    "instant": inputs.InstantInput,
    "date": inputs.DateInput,
    "time": inputs.TimeInput,
}


def _list_field(declared: Field, options: dict[str, Any], picker: str) -> forms.Field:
    item = declared.item
    if item is not None and item.type == "choice":
        return inputs.ChoicesInput(choices=[(value, _(label)) for value, label in item.choices], **options)
    if item is not None and item.type == "integer" and (item.minimum, item.maximum) == (1, 7):
        return inputs.ChoicesInput(choices=WEEKDAYS, cast=int, **options)
    return inputs.LinesInput(widget=inputs.LinesWidget(picker), **options)


def _options(declared: Field) -> list[tuple[str, Any]]:
    options: list[tuple[str, Any]] = [(value, _(label)) for value, label in declared.choices]
    if declared.required or declared.nullable:
        return [("", "---------"), *options]
    return options


def span(field: forms.Field, name: str) -> str:
    """Return the width of an input in its grid."""
    if name in ("name", "description") or isinstance(field, inputs.ChoicesInput | inputs.LinesInput):
        return "span-6"
    return "span-3"
