"""The form of the company's settings of messages."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from messaging.models.letterhead import LARGEST_LOGO
from messaging.services.letterhead import SMS_SENDER, MessageSettings

REFUSALS = {
    "logo_type": _("Choose a picture: PNG, JPEG or GIF."),
    "logo_too_large": _("The file may have at most 200 kB. Mail programs load it for every reader."),
}
LONGEST_SMS = 1530


class LetterheadForm(forms.Form):
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif"}),
        help_text=_(
            "PNG, JPEG or GIF, at most 200 kB. Stands on top of every e-mail; without one, the company's name does."
        ),
    )
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    logo_width = forms.IntegerField(
        label=_("Width of the logo"), min_value=40, max_value=400, help_text=_("In pixels, 40 to 400.")
    )
    color = forms.CharField(
        label=_("Colour"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$", _("Must be a colour such as #1f2a44."))],
        help_text=_("Of the head and the buttons. Choose a dark one: the letters on it are white."),
    )
    footer = forms.CharField(
        label=_("Footer"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stands below every e-mail: address, opening hours, registration."),
    )
    sms_limit = forms.IntegerField(
        label=_("SMS length limit"),
        min_value=1,
        max_value=LONGEST_SMS,
        help_text=_(
            "Longest text message, in characters. Longer ones are refused when they are written and when they are filled."
        ),
    )
    sms_segment_price = forms.DecimalField(
        label=_("Price of an SMS segment"),
        required=False,
        min_value=Decimal(0),
        max_digits=8,
        decimal_places=4,
        localize=True,
        help_text=_(
            "What the operator bills for 160 plain or 70 accented characters, in reais. Empty: no costs are shown."
        ),
    )

    sms_sender = forms.CharField(
        label=_("Sender of SMS"),
        required=False,
        max_length=11,
        validators=[
            RegexValidator(
                SMS_SENDER, _("Up to 11 letters without accents, digits and spaces, and at least one letter.")
            )
        ],
        help_text=_(
            "The name that text messages come from, such as AURORA. It must be one of the senders of the messaging service;"
            " nobody can answer to it. Empty: the service chooses a number."
        ),
    )
    whatsapp_price = forms.DecimalField(
        label=_("Price of a WhatsApp message"),
        required=False,
        min_value=Decimal(0),
        max_digits=8,
        decimal_places=4,
        localize=True,
        help_text=_("What one message costs, in reais. Empty: no costs are shown."),
    )

    def clean_logo(self) -> bytes | None:
        file: Any = self.cleaned_data["logo"]
        if not file:
            return None
        if file.size > LARGEST_LOGO:
            raise ValidationError(REFUSALS["logo_too_large"], code="logo_too_large")
        content: bytes = file.read()
        return content or None

    def values(self) -> MessageSettings:
        """Return what was decided."""
        data = self.cleaned_data
        logo = b"" if data["remove_logo"] and data["logo"] is None else data["logo"]
        names = (
            "color", "footer", "logo_width", "sms_limit", "sms_segment_price", "sms_sender", "whatsapp_price",
        )  # fmt: skip
        return MessageSettings(logo=logo, **{name: data[name] for name in names})
