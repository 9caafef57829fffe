"""A customer's PIN, as a manager sets it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PinForm(forms.Form):
    pin = forms.CharField(
        label=_("New PIN"),
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        min_length=4,
        max_length=8,
        required=False,
        help_text=_(
            "Four to eight digits, not all the same. The customer types it; nobody can read it again."
        ),
    )
    remove = forms.BooleanField(
        label=_("Take the PIN away"),
        required=False,
        help_text=_("The customer can choose a new one at the till."),
    )
