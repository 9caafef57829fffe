from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import DayField


class KeyForm(forms.Form):
    """A new key for one terminal."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("To tell keys apart, such as “Checkout 1, installed in November”."),
    )
    is_test = forms.BooleanField(
        label=_("Test key"),
        required=False,
        help_text=_("Begins with fiel_test_. For trying out; never install it in a store."),
    )
    last_day = DayField(
        label=_("Last day"),
        required=False,
        help_text=_("The key stops working after this day. Empty: it works until it is revoked."),
    )

    def clean_last_day(self) -> datetime | None:
        day = self.cleaned_data["last_day"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is over."), code="past")
        # Stored half-open: valid until the next day begins.
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class RotationForm(forms.Form):
    """How long the old key goes on working beside the new one."""

    GRACES = [
        ("0", _("Not at all: it stops now")),
        ("1", _("One hour")),
        ("24", _("One day")),
        ("168", _("One week")),
    ]
    grace = forms.TypedChoiceField(
        label=_("The old key goes on working for"),
        choices=GRACES,
        coerce=lambda hours: timedelta(hours=int(hours)),
        initial="24",
        help_text=_("Time to install the new key without closing the till."),
    )
