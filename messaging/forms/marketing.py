"""The form of tracking, attribution, double opt-in and stopping."""

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.models.tracking import LONGEST_ANSWER, LONGEST_ATTRIBUTION
from messaging.services.marketing import MarketingDecisions


class MarketingForm(forms.Form):
    """What is counted of marketing messages, and how much of a yes is asked for."""

    track_links = forms.BooleanField(
        label=_("Count clicks"),
        required=False,
        help_text=_(
            "Links of marketing messages lead through this installation. Customers who refused profiling get the plain links."
        ),
    )
    track_opens = forms.BooleanField(
        label=_("Count opened e-mails"),
        required=False,
        help_text=_(
            "Marketing e-mails carry an invisible picture. Programs that open e-mails before people do are left out."
        ),
    )
    attribution_days = forms.IntegerField(
        label=_("Sales count for"),
        min_value=1,
        max_value=LONGEST_ATTRIBUTION,
        help_text=_("Days after a message in which a purchase of its customer is counted for it."),
    )
    double_opt_in = forms.BooleanField(
        label=_("Ask for confirmation"),
        required=False,
        help_text=_(
            "Whoever agrees to marketing from now on gets a link to confirm it. Nothing else is sent before they do."
        ),
    )

    stop_answer = forms.CharField(
        label=_("Answer to SAIR"),
        max_length=LONGEST_ANSWER,
        required=False,
        help_text=_(
            "Sent once to whoever answers SAIR or STOP to an SMS or on WhatsApp. Empty: “You get no more offers from us on "
            "this number”, in the language of the customer."
        ),
    )

    def decisions(self) -> MarketingDecisions:
        """Return what was typed; the form is valid."""
        return MarketingDecisions(**self.cleaned_data)
