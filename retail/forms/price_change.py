"""What a manager says to change many prices: a rule for a selection, or a file of SKUs with prices."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import MoneyField, plain_amount
from retail.forms.product_import import rows_from_table
from retail.forms.table_file import read_table
from retail.models import Category, PriceField, ProductGrouping
from retail.services.price_rules import FIELDS

_LABELS = dict(PriceField.choices)
_WAYS = (
    ("percent", _("By a percentage")),
    ("amount", _("By an amount")),
    ("value", _("To a fixed price")),
)
_ENDINGS = (("", _("As it comes")), ("99", ",99"), ("90", ",90"), ("95", ",95"), ("00", ",00"))


class PriceRuleForm(forms.Form):
    """Which products, and how their price changes. Cleaned, `request` is what the service reads."""

    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("Every category"),
        help_text=_("What hangs below it changes too."),
    )
    grouping = forms.ModelChoiceField(
        label=_("Grouping"),
        queryset=ProductGrouping.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("Every grouping"),
    )
    q = forms.CharField(
        label=_("Words"),
        max_length=100,
        required=False,
        help_text=_("Words of the name, or a product code. Empty: any."),
    )
    price_min = MoneyField(label=_("Price from"), required=False)
    price_max = MoneyField(label=_("Price up to"), required=False)
    everything = forms.BooleanField(
        label=_("All products on sale"),
        required=False,
        help_text=_("Only needed when nothing above narrows the choice."),
    )
    field = forms.ChoiceField(
        label=_("What changes"),
        choices=[(name, _LABELS[name]) for name in FIELDS],
        help_text=_("Campaigns start from the price; margins are computed with the cost."),
    )
    way = forms.ChoiceField(label=_("How"), choices=_WAYS)
    number = forms.CharField(
        label=_("By how much"),
        max_length=20,
        help_text=_("10 raises by ten, -10 lowers by ten; a fixed price is written as it is."),
    )
    ending = forms.ChoiceField(
        label=_("Ending"),
        choices=_ENDINGS,
        required=False,
        help_text=_("The result becomes the nearest price with this ending."),
    )
    note = forms.CharField(
        label=_("Why"), max_length=200, required=False, help_text=_("Kept with the history of prices.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        select = {
            "all": cleaned["everything"],
            "category": cleaned["category"].code if cleaned["category"] else None,
            "grouping": cleaned["grouping"].code if cleaned["grouping"] else None,
            "q": cleaned["q"],
            **{
                name: None if cleaned[name] is None else str(cleaned[name])
                for name in ("price_min", "price_max")
            },
        }
        rule = {"field": cleaned["field"], cleaned["way"]: _plain(cleaned["number"])}
        if cleaned["ending"] and cleaned["way"] != "value":
            rule["ending"] = cleaned["ending"]
        cleaned["request"] = {"select": select, "rule": rule, "note": cleaned["note"]}
        return cleaned


class PriceFileForm(forms.Form):
    """A table of SKUs with prices. Cleaned, `request` is what the service reads."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX with the headings SKU and price, cost or original price; up to 10,000 rows."
        ),
    )
    note = forms.CharField(
        label=_("Why"), max_length=200, required=False, help_text=_("Kept with the history of prices.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("file"):
            return cleaned
        rows, _ignored = rows_from_table(read_table(cleaned["file"]))
        wanted = [{name: row[name] for name in ("sku", *FIELDS) if name in row} for row in rows]
        if not any(len(row) > 1 for row in wanted):
            raise ValidationError(_("No column is called price, cost or original price."), code="price")
        cleaned["request"] = {"prices": wanted, "note": cleaned["note"]}
        return cleaned


def _plain(text: str) -> str:
    """Return a number as a program writes it; a comma as the last separator is a decimal comma."""
    text = text.strip().removesuffix("%").strip()
    sign, digits = (text[0], text[1:]) if text[:1] in ("-", "+") else ("", text)
    return sign + plain_amount(digits, comma=digits.rfind(",") > digits.rfind("."))


class ConfirmPricesForm(forms.Form):
    """What was looked at, on its way back: the request, what was typed for it, and the fingerprint of its preview."""

    request = forms.JSONField(widget=forms.HiddenInput)
    typed = forms.JSONField(widget=forms.HiddenInput, required=False)
    expected = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean_request(self) -> dict[str, Any]:
        request = self.cleaned_data["request"]
        if not isinstance(request, dict):
            raise ValidationError(_("Choose again what to change."), code="request")
        return request

    def clean_typed(self) -> dict[str, str]:
        typed = self.cleaned_data["typed"] or {}
        if not isinstance(typed, dict) or not all(isinstance(text, str) for text in typed.values()):
            raise ValidationError(_("Choose again what to change."), code="typed")
        return typed
