"""What a manager says to add or take value, and to let a customer off a debt."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loyalty.forms.units import unit_choices
from retail import money
from retail.forms.fields import DayField, MoneyField

ADD, TAKE = "add", "take"


class AmountField(MoneyField):
    """An amount in the unit of the account that was chosen: reais, points or stamps."""

    unit = ""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=240,
        help_text=_("The customer's statement shows it, with your name."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AdjustmentForm(ReasonForm):
    """Add to an account, or take from it. `operation` makes sending it twice harmless."""

    unit = forms.ChoiceField(
        label=_("Account"), help_text=_("Cashback, or the points or stamps of a program.")
    )
    direction = forms.ChoiceField(
        label=_("What to do"),
        choices=[(ADD, _("Add")), (TAKE, _("Take away"))],
        help_text=_("What is taken comes from what expires first."),
    )
    amount = AmountField(
        label=_("Amount"), help_text=_("Reais, points or stamps, by the account."), min_value=None
    )
    expires_on = DayField(
        label=_("Can be used until"),
        required=False,
        help_text=_("The last day, for what is added. Empty: as long as what is earned today."),
    )
    operation = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("unit", "direction", "amount", "expires_on", "reason", "operation")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["unit"].choices = unit_choices(only_active=True)  # type: ignore[attr-defined]

    def clean_amount(self) -> int:
        """Return hundredths."""
        hundredths = money.from_decimal(self.cleaned_data["amount"])
        if hundredths <= 0:
            raise ValidationError(_("The amount must be greater than zero."), code="min_value")
        return hundredths

    def clean_expires_on(self) -> date | None:
        day = self.cleaned_data["expires_on"]
        if day is not None and day < self.today:
            raise ValidationError(_("This day is over."), code="past")
        return day

    @property
    def signed(self) -> int:
        """The hundredths by which the balance moves."""
        amount: int = self.cleaned_data["amount"]
        return amount if self.cleaned_data["direction"] == ADD else -amount
