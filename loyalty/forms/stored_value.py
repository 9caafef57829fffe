"""What managers do to stored values: find one by its code, give one, replace, assign, add and take."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.forms.adjustment import ADD, TAKE, ReasonForm
from loyalty.forms.customer_choice import ChooseCustomerForm
from loyalty.forms.stamp_plan import PercentField
from loyalty.forms.stored_value_type import CodesField, TypeField
from loyalty.models import AccountKind, StoredValueType
from retail import money
from retail.forms.fields import DayField, MoneyField


class FindForm(forms.Form):
    """A code, typed in full. It is sent in the body of the request, so that no log and no history keeps it."""

    code = forms.CharField(
        label=_("Code, in full"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As it is printed, or scanned. Also an old code of a card that was replaced."),
    )


class ChangeForm(ReasonForm):
    """Why something is done to a stored value."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=240,
        help_text=_("Its statement shows it, with your name."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReplaceForm(ChangeForm):
    code = forms.CharField(
        label=_("Code of the new card"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Scan the new card if it has a code of its own. Empty: a code is made and shown once."),
    )
    field_order = ("code", "reason")


class AssignForm(ChangeForm, ChooseCustomerForm):
    """Whose it is; an empty customer lets it go to whoever has the code."""

    field_order = ("customer", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["customer"].required = False
        self.fields["customer"].help_text = _(
            "Search by name, CPF, phone or card. Empty: it belongs to whoever has its code."
        )

    def clean_customer(self) -> Customer | None:  # type: ignore[override]
        return super().clean_customer() if self.cleaned_data["customer"].strip() else None


class AdjustForm(ChangeForm):
    """Add to a stored value, or take from it. `operation` makes sending it twice harmless."""

    direction = forms.ChoiceField(
        label=_("What to do"),
        choices=[(ADD, _("Add")), (TAKE, _("Take away"))],
        help_text=_("What is taken comes from what expires first."),
    )
    amount = MoneyField(
        label=_("Amount"), help_text=_("It never holds more than its ceiling, nor less than nothing.")
    )
    expires_on = DayField(
        label=_("Can be used until"),
        required=False,
        help_text=_("The last day, for what is added. Empty: as long as its type says."),
    )
    operation = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("direction", "amount", "expires_on", "reason", "operation")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_expires_on(self) -> date | None:
        return _not_over(self.cleaned_data["expires_on"], self.today)

    @property
    def signed(self) -> int:
        """The cents by which it moves."""
        amount = money.from_decimal(self.cleaned_data["amount"])
        return amount if self.cleaned_data["direction"] == ADD else -amount


class IssueForm(ChooseCustomerForm, ChangeForm):
    """Give a customer a stored value."""

    type = TypeField(
        label=_("Type"),
        queryset=StoredValueType.objects.filter(is_active=True).order_by("name", "pk"),
        to_field_name="code",
        empty_label=None,
        help_text=_("What it is, what it pays and how long it is good."),
    )
    amount = MoneyField(
        label=_("Amount"),
        required=False,
        help_text=_("What it holds. Empty where the type fixes it, or where a voucher is a percentage."),
    )
    percent = PercentField(
        label=_("or percentage"),
        required=False,
        help_text=_("Vouchers only: the part of one purchase that it pays."),
    )
    expires_on = DayField(
        label=_("Can be used until"),
        required=False,
        help_text=_("The last day. Empty: as long as its type says."),
    )
    stores = CodesField(
        label=_("Stores"), picker="store", help_text=_("Where it can be used. Empty: where its type can.")
    )
    operation = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("customer", "type", "amount", "percent", "expires_on", "stores", "reason", "operation")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_expires_on(self) -> date | None:
        return _not_over(self.cleaned_data["expires_on"], self.today)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind = values.get("type")
        if kind is not None and values.get("percent") is not None and kind.kind != AccountKind.VOUCHER:
            self.add_error("percent", _("Only a voucher is worth a percentage, and then no amount."))
        return values


def _not_over(day: date | None, today: date) -> date | None:
    if day is not None and day < today:
        raise ValidationError(_("This day is over."), code="past")
    return day
