"""How a manager sends the receipt of a sale once more."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from customers.phones import to_e164
from messaging.models import Channel


class SaleReceiptForm(forms.Form):
    channel = forms.ChoiceField(label=_("By"), choices=Channel.choices)
    address = forms.CharField(
        label=_("To"),
        required=False,
        max_length=254,
        help_text=_("An e-mail address, or a phone number. Empty: the customer's own."),
    )
    # The message's id: a button that is pressed twice sends once.
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        address = str(data.get("address") or "")
        data["token"] = data.get("token") or uuid.uuid4()
        if address and data.get("channel") == Channel.EMAIL:
            try:
                validate_email(address)
            except ValidationError:
                self.add_error("address", _("Must be an e-mail address."))
        elif address:
            try:
                data["address"] = to_e164(address)
            except ValueError:
                self.add_error("address", _("Must be a telephone number such as +5511987654321."))
        return data
