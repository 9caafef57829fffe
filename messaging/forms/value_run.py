"""Asking for reminders of what ends within some days."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from messaging.forms.automation import REFUSALS
from messaging.services.automations import AutomationRefused
from messaging.services.value_runs import Run
from retail.forms.fields import DayField
from retail.models import Store

# The chain of channels, or with a plus each of them.
WAYS = (
    ("email", _("E-mail only")),
    ("sms", _("SMS only")),
    ("email,sms", _("E-mail, else SMS")),
    ("sms,email", _("SMS, else e-mail")),
    ("email+sms", _("E-mail and SMS")),
    ("whatsapp", _("WhatsApp only")),
    ("whatsapp,sms,email", _("WhatsApp, else SMS, else e-mail")),
)
_INPUTS = {"channels": "way"}


class ValueRunForm(forms.Form):
    first = DayField(
        label=_("Ends from"), help_text=_("The first last day, by the clocks of each customer's home store.")
    )
    last = DayField(label=_("Until"), help_text=_("The last one, included."))
    store = forms.ModelChoiceField(
        label=_("Store"),
        queryset=Store.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("All stores"),
        help_text=_("The customer's home store; without one, the store that issued it."),
    )
    way = forms.ChoiceField(
        label=_("Remind by"),
        choices=WAYS,
        help_text=_("Consent and the contact policy are looked at when each message leaves."),
    )
    again = forms.BooleanField(
        label=_("Also whom we reminded before"),
        required=False,
        help_text=_("Of the same value, that it ends. Nobody is reminded twice on one day."),
    )

    def run(self) -> Run:
        """Return what was asked for."""
        data = self.cleaned_data
        every = "+" in data["way"]
        return Run(
            first=data["first"],
            last=data["last"],
            store=data["store"],
            channels=data["way"].split("+" if every else ","),
            every_channel=every,
            again=data["again"],
        )

    def add_refusal(self, refusal: AutomationRefused) -> None:
        """Put a refusal of the service beside its input."""
        name: Any = _INPUTS.get(refusal.field, refusal.field) or None
        text = ValidationError(REFUSALS[refusal.code], code=refusal.code, params=dict(refusal.params))
        self.add_error(name, text)
