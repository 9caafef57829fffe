"""The form of a consent text."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.models import ConsentChannel, Purpose
from customers.services.consent_texts import LONGEST


class ConsentTextForm(forms.Form):
    """One more version of what people are shown when they are asked."""

    purpose = forms.ChoiceField(label=_("What for"), choices=Purpose.choices)
    channel = forms.ChoiceField(
        label=_("By which channel"),
        choices=ConsentChannel.choices,
        required=False,
        help_text=_("A text for every channel is shown where a channel has none of its own."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Say who asks, what for, and how it can be taken back. Versions are never changed: saving adds one."
        ),
    )
