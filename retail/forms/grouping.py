from django import forms
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import PastedListField
from retail.forms.table_file import first_column


class GroupingForm(forms.Form):
    """The name of a list; its members come after."""

    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        help_text=_("How campaigns and the ERP call it. It cannot be changed later."),
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As managers see it: “Winter products”, “South”, “VIP”.")
    )


class MembersForm(forms.Form):
    """Many members at once, pasted or as a file."""

    entries = PastedListField(
        label=_("Paste a list"),
        required=False,
        help_text=_("Copied from a spreadsheet: one a line, or parted by commas, semicolons or spaces."),
    )
    file = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        help_text=_("CSV or XLSX; the first column is read."),
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        entries = list(cleaned.get("entries") or [])
        if cleaned.get("file"):
            entries += first_column(cleaned["file"])
        if not entries and not self.errors:
            raise forms.ValidationError(_("Paste a list or choose a file."), code="required")
        cleaned["entries"] = list(dict.fromkeys(entries))
        return cleaned
