from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import PastedListField
from retail.forms.table_file import bare, read_table
from retail.services.groupings import MAX_MEMBERS

# How entries may be named: the headings by which a file's column is known, as `bare` leaves them.
HEADINGS = {
    "sku": ("sku", "codigosku"),
    "code": ("code", "codigo", "productcode", "codigodoproduto", "codigoproduto", "filial", "loja", "store"),
    "document": ("document", "documento", "cpf", "cnpj", "cpfcnpj", "cpfoucnpj"),
    "card": ("card", "cartao", "loyaltycard", "cartaofidelidade"),
}


class GroupingForm(forms.Form):
    """The name of a list; its members come after."""

    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_(
            "How campaigns and the ERP call it. Empty: made of the name. It cannot be changed later."
        ),
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As managers see it: “Winter products”, “South”, “VIP”.")
    )


class MembersForm(forms.Form):
    """Many members at once, pasted or as a file. ``names`` are the words by which a member of this kind is called.

    Cleaned, ``entries`` are the texts and ``name`` the word that a heading of the file said, else "".
    """

    entries = PastedListField(
        label=_("Paste a list"),
        required=False,
        help_text=_("Copied from a spreadsheet: one a line, or parted by commas, semicolons or spaces."),
    )
    file = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        help_text=_(
            "CSV or XLSX, up to 100,000 rows. A heading such as SKU, code, CPF or card says which column is read; without "
            "one it is the first."
        ),
    )

    def __init__(self, *, names: Collection[str], **options: Any) -> None:
        super().__init__(**options)
        self.names = names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        entries = list(cleaned.get("entries") or [])
        cleaned["name"] = ""
        if cleaned.get("file"):
            cleaned["name"], found = self._read(cleaned["file"])
            entries += found
        if not entries and not self.errors:
            raise ValidationError(_("Paste a list or choose a file."), code="required")
        entries = list(dict.fromkeys(entries))
        if len(entries) > MAX_MEMBERS:
            raise ValidationError(
                _("This has more than %(limit)d entries."), params={"limit": MAX_MEMBERS}, code="too_long"
            )
        cleaned["entries"] = entries
        return cleaned

    def _read(self, file: UploadedFile) -> tuple[str, list[str]]:
        """Return which name the heading says (empty without a heading) and the cells of that column."""
        table = read_table(file)
        for name in self.names:
            for column, heading in enumerate(table[0] if table else ()):
                if bare(heading) in HEADINGS[name]:
                    return name, [row[column] for row in table[1:] if len(row) > column and row[column]]
        return "", [row[0] for row in table if row[0]]
