from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Appointment
from retail.forms.fields import DayField
from retail.models import Store


class AppointmentForm(forms.Form):
    """When a customer comes, to whom and what for. Day and time are the store's own."""

    store = forms.ModelChoiceField(
        label=_("Store"),
        queryset=Store.objects.active().order_by("name", "pk"),
        help_text=_("Where the customer comes to."),
    )
    day = DayField(label=_("Day"))
    time = forms.TimeField(
        label=_("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("In the store's time zone."),
    )
    seller = forms.CharField(
        label=_("Seller"),
        max_length=64,
        required=False,
        help_text=_("As tills name the seller. A seller has one appointment at a time."),
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=120, required=False, help_text=_("What the customer comes for.")
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the seller should know or prepare."),
    )

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return what was typed as the service reads it."""
        cleaned = self.cleaned_data
        starts_at = datetime.combine(cleaned["day"], cleaned["time"], tzinfo=zone)
        texts = {name: cleaned[name] for name in ("seller", "purpose", "note")}
        return {"starts_at": starts_at.isoformat(), **texts}


def initial_of(appointment: Appointment) -> dict[str, Any]:
    """Return what the form shows of an appointment."""
    local = appointment.starts_at.astimezone(appointment.store.zone)
    texts = {name: getattr(appointment, name) for name in ("seller", "purpose", "note")}
    return {"store": appointment.store_id, "day": local.date(), "time": local.time(), **texts}
