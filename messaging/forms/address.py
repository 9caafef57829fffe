"""An address that somebody types to write to one person, and what that person said."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from customers.phones import to_e164
from messaging.services.typed_addresses import TypedAddress


class TypedAddressForm(forms.Form):
    to = forms.CharField(
        label=_("E-mail or phone"),
        max_length=254,
        help_text=_("Whoever has it already is found; otherwise a customer with this address is made."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=160,
        required=False,
        help_text=_("Of somebody new. A name that is known stays as it is."),
    )
    agreed = forms.BooleanField(
        label=_("The person agreed to get marketing at this address"),
        required=False,
        help_text=_(
            "Kept as a consent with your name and this moment. Without one, now or before, nothing is sent."
        ),
    )
    text = forms.CharField(
        label=_("Text that was shown"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the customer read or heard when answering."),
    )

    def clean_to(self) -> str:
        to: str = self.cleaned_data["to"].strip()
        if "@" in to:
            validate_email(to)
            return to.lower()
        try:
            return to_e164(to)
        except ValueError as error:
            raise ValidationError(
                _("Must be an e-mail address, or a telephone number such as +5511987654321.")
            ) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("text") and not data.get("agreed"):
            self.add_error("agreed", _("Say whether the person agreed to this text."))
        return data

    def address(self) -> TypedAddress:
        """Return what was typed."""
        data = self.cleaned_data
        return TypedAddress(
            to=data["to"],
            name=" ".join(data["name"].split()),
            agreed=data["agreed"],
            text=data["text"],
        )
