"""Which customer a form means."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from retail.typed import typed_key

_SIGN = "#"


class ChooseCustomerForm(forms.Form):
    customer = forms.CharField(
        label=_("Customer"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"data-picker": "customer", "data-picker-single": "", "autocomplete": "off"}
        ),
        help_text=_("Search by name, CPF, phone or card."),
    )

    def clean_customer(self) -> Customer:
        found = customers_meant(self.cleaned_data["customer"])
        if len(found) != 1:
            raise ValidationError(_("Choose one customer from the list."), code="unknown")
        return found[0]


def reference_to(customer_id: int) -> str:
    """Return what stands for a customer who was chosen from a list. A bare number is that of a card, or the chain's own."""
    return f"{_SIGN}{customer_id}"


def customers_meant(text: str) -> list[Customer]:
    """Return the active customers whom a text means, two at most: the one it refers to, or those that a search finds."""
    text, active = text.strip(), Customer.objects.active()
    key = text.removeprefix(_SIGN)
    if key != text:
        number = typed_key(key)
        return [] if number is None else list(active.filter(pk=number))
    return list(active.search(text).order_by("pk")[:2]) if text else []
