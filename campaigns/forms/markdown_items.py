"""Products of a markdown as managers give them: one by one, row by row, or as a file."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.engine.markdowns import MOST_ITEMS
from campaigns.forms import inputs
from campaigns.services.markdown_items import unknown_products
from retail.forms.fields import plain_amount
from retail.forms.table_file import bare, read_table

# Column of a product: the headings by which it is known, as `bare` leaves them.
HEADINGS = {
    "value": (
        "product",
        "produto",
        "sku",
        "code",
        "codigo",
        "codigosku",
        "codigodoproduto",
        "productcode",
        "value",
        "skuorproductcode",
        "skuoucodigodoproduto",
    ),
    "price": ("price", "newprice", "preco", "novopreco", "precopor", "por", "valor"),
    "percent": (
        "percent",
        "percentage",
        "percentageoff",
        "percentual",
        "desconto",
        "percentualdedesconto",
        "discount",
    ),
}
_BY_HEADING = {heading: name for name, headings in HEADINGS.items() for heading in headings}


class AddProductForm(forms.Form):
    """One product with its new price or percentage."""

    use_required_attribute = False

    value = inputs.TextInput(label=_("Product"), max_length=200, required=True)
    price = inputs.NumberInput(label=_("New price"), unit="R$", required=False)
    percent = inputs.NumberInput(label=_("or percentage off"), unit="%", required=False)

    def __init__(self, *args: Any, by: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.by = by
        picker = "code" if by == "code" else "sku"
        self.fields["value"].widget.attrs.update(
            {"data-picker": picker, "data-picker-single": "", "autocomplete": "off"}
        )

    def clean_value(self) -> str:
        """Refuse what the catalogue does not know: here it is a slip, while a file may name what comes later."""
        value: str = self.cleaned_data["value"]
        if unknown_products(self.by, [value]):
            message = _("The catalogue has no product “%(value)s”. Choose one from the list.")
            raise ValidationError(message, code="unknown_product", params={"value": value})
        return value

    def item(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


class ImportForm(forms.Form):
    """The table that is to be looked at."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX with the headings product and price, or product and percentage. Up to 100,000 rows."
        ),
    )
    whole = forms.BooleanField(
        label=_("The file is the whole list"),
        required=False,
        help_text=_("Products that are not in it leave the markdown."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file"):
            cleaned["rows"] = rows_from_table(read_table(cleaned["file"]))
        return cleaned


class ConfirmForm(forms.Form):
    """The rows that were looked at, on their way back."""

    rows = forms.CharField(widget=forms.HiddenInput, strip=False)
    whole = forms.BooleanField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def clean_rows(self) -> list[Any]:
        try:
            rows = json.loads(self.cleaned_data["rows"])
        except ValueError as error:
            raise ValidationError(_("Choose the file again."), code="rows") from error
        if not isinstance(rows, list) or len(rows) > MOST_ITEMS:
            raise ValidationError(_("Choose the file again."), code="rows")
        return rows


def rows_from_table(table: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return items of a markdown from a table with headings. Raises ValidationError."""
    if len(table) < 2:
        raise ValidationError(_("The file needs a row of headings and at least one product."), code="empty")
    if len(table) - 1 > MOST_ITEMS:
        raise ValidationError(_("The file has more than 100,000 products. Divide it."), code="too_many_rows")
    columns = [_BY_HEADING.get(bare(heading)) for heading in table[0]]
    if "value" not in columns:
        raise ValidationError(_("No column is called product, SKU or code."), code="product")
    if not {"price", "percent"} & set(columns):
        raise ValidationError(_("No column is called price or percentage."), code="price")
    if twice := [name for name in HEADINGS if columns.count(name) > 1]:
        raise ValidationError(
            _("Two columns mean the same: %(name)s."), params={"name": twice[0]}, code="twice"
        )
    return [
        {name: _cell(name, cell) for name, cell in zip(columns, line, strict=False) if name and cell != ""}
        for line in table[1:]
    ]


def _cell(name: str, cell: str) -> str:
    if name == "value":
        return cell
    text = cell.removesuffix("%").strip()
    # A comma as the last separator is a decimal comma, whatever language the reader speaks.
    return plain_amount(text, comma=text.rfind(",") > text.rfind("."))


def rows_from_page(data: Mapping[str, Any], values: Sequence[str]) -> list[dict[str, str]]:
    """Return the items of a page of rows as they were typed: `price-0`, `percent-0` beside `values[0]`."""
    rows = []
    for place, value in enumerate(values):
        row = {"value": value}
        for name in ("price", "percent"):
            text = str(data.get(f"{name}-{place}", "")).strip()
            if text:
                row[name] = inputs.plain_number(text) or text
        rows.append(row)
    return rows
