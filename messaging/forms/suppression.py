"""The form that lets a bounced address be written to again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.models.suppression import LONGEST_LIFT_REASON


class LiftForm(forms.Form):
    """Why somebody knows better than the provider."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=LONGEST_LIFT_REASON,
        help_text=_(
            "Such as: the customer confirmed the address; the mailbox was full. It is kept with your name."
        ),
    )
