import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pos_api.fields import Quantity
from pos_api.returned_units import ReturnDocument, ReturnLine
from retail import formats
from retail.models import SaleLine


class SaleReturnForm(forms.Form):
    """How many units of each line come back. Its own id makes sending it twice harmless."""

    reference = forms.CharField(max_length=64, widget=forms.HiddenInput)
    refund_as = forms.ChoiceField(
        label=_("What was paid in money"),
        choices=[("money", _("Give it back in money")), ("credit_note", _("Give a credit note"))],
        initial="money",
        required=False,
        help_text=_("A credit note is a code that pays in later purchases, in as many parts as needed."),
    )

    def __init__(self, *, lines: Sequence[SaleLine], **options: Any) -> None:
        super().__init__(**options)
        self.lines = [line for line in lines if line.returned < line.quantity]
        self.initial.setdefault("reference", f"M-{uuid.uuid4().hex[:12]}")
        for line in self.lines:
            left = line.quantity - line.returned
            self.fields[self.name_of(line)] = forms.DecimalField(
                label=line.product.name if line.product else line.sku,
                min_value=0,
                max_value=left,
                max_digits=8,
                decimal_places=3,
                required=False,
                localize=True,
                help_text=_("Up to %(left)s of line %(number)s.")
                % {"left": formats.number(left), "number": line.line},
            )

    @staticmethod
    def name_of(line: SaleLine) -> str:
        return f"line_{line.line}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.get(self.name_of(line)) for line in self.lines):
            raise forms.ValidationError(_("Say of at least one line how much comes back."), code="empty")
        return cleaned

    def document(self) -> ReturnDocument:
        """Return what the service takes."""
        quantities = {line.line: self.cleaned_data[self.name_of(line)] for line in self.lines}
        return ReturnDocument(
            reference=self.cleaned_data["reference"],
            refund_as=self.cleaned_data["refund_as"] or "money",
            lines=[
                ReturnLine(line=number, quantity=Quantity(_plain(quantity)))
                for number, quantity in quantities.items()
                if quantity
            ],
        )


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
