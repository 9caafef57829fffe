"""From a table with headings to rows of products, forgiving about how people write both."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import plain_amount
from retail.forms.table_file import bare, read_table
from retail.upsert import MAX_ROWS

# Column of a product: the headings by which it is known, as `bare` leaves them.
HEADINGS = {
    "sku": ("sku", "codigosku", "codigo", "referencia"),
    "name": ("name", "nome", "descricao", "description", "produto", "product"),
    "code": ("code", "productcode", "codigodoproduto", "codigoproduto", "codproduto"),
    "barcode": ("barcode", "ean", "gtin", "codigodebarras"),
    "ncm": ("ncm",),
    "category": ("category", "categoria"),
    "price": ("price", "preco", "precodevenda", "valor"),
    "original_price": ("originalprice", "precooriginal", "precode", "precocheio"),
    "cost": ("cost", "custo"),
    "floor_price": ("floorprice", "precominimo"),
    "discountable": ("discountable", "permitedesconto", "descontavel"),
    "image_url": ("imageurl", "picture", "imagem", "foto"),
    "is_active": ("isactive", "active", "ativo"),
}
_AMOUNTS = {"price", "original_price", "cost", "floor_price"}
_FLAGS = {"discountable", "is_active"}
_YES = {"1", "true", "yes", "y", "sim", "s", "verdadeiro", "x"}
_NO = {"0", "false", "no", "n", "nao", "falso"}
_BY_HEADING = {heading: name for name, headings in HEADINGS.items() for heading in headings}


class ImportForm(forms.Form):
    """The table that is to be looked at."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, with headings in the first row. Up to 10,000 products at a time."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file"):
            cleaned["rows"], cleaned["ignored"] = rows_from_table(read_table(cleaned["file"]))
        return cleaned


class ConfirmForm(forms.Form):
    """The rows that were looked at, on their way back."""

    rows = forms.CharField(widget=forms.HiddenInput, strip=False)

    def clean_rows(self) -> list[Any]:
        try:
            rows = json.loads(self.cleaned_data["rows"])
        except ValueError as error:
            raise ValidationError(_("Choose the file again."), code="rows") from error
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise ValidationError(_("Choose the file again."), code="rows")
        return rows


def rows_from_table(table: Sequence[Sequence[str]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return product rows and the headings that mean nothing here. Raises ValidationError."""
    if len(table) < 2:
        raise ValidationError(_("The file needs a row of headings and at least one product."), code="empty")
    if len(table) - 1 > MAX_ROWS:
        raise ValidationError(_("The file has more than 10,000 products. Divide it."), code="too_many_rows")
    columns = [_BY_HEADING.get(bare(heading)) for heading in table[0]]
    if "sku" not in columns:
        raise ValidationError(
            _("No column is called SKU. Download the example to see the headings."), code="sku"
        )
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        raise ValidationError(
            _("Two columns mean the same: %(name)s."), params={"name": sorted(twice)[0]}, code="twice"
        )
    ignored = [heading for heading, name in zip(table[0], columns, strict=True) if heading and not name]
    rows = [
        {name: _value(name, cell) for name, cell in zip(columns, line, strict=False) if name and cell != ""}
        for line in table[1:]
    ]
    return rows, ignored


def _value(name: str, cell: str) -> Any:
    if name in _AMOUNTS:
        # A comma as the last separator is a decimal comma, whatever language the reader speaks.
        comma = cell.rfind(",") > cell.rfind(".")
        return plain_amount(cell, comma=comma)
    if name in _FLAGS:
        word = bare(cell)
        return True if word in _YES else False if word in _NO else cell
    if name == "ncm":
        return cell.replace(".", "")
    return cell
