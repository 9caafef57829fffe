"""The forms of webhook endpoints."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.webhooks.event_types import EVENT_TYPES
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.services.endpoints import EndpointPlan
from retail.forms.fields import DayField, PastedListField
from retail.rows import FieldError


def event_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Return the events by group, as form fields want them."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for kind in EVENT_TYPES.values():
        groups.setdefault(str(kind.group), []).append((kind.code, f"{kind.label} ({kind.code})"))
    return list(groups.items())


class EndpointForm(forms.Form):
    description = forms.CharField(
        label=_("Description"),
        max_length=160,
        help_text=_("Which system it is, such as “ERP of the head office”."),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_(
            "Begins with https://. Each event is sent there with POST, signed with the endpoint's secret."
        ),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    is_active = forms.BooleanField(
        label=pgettext_lazy("endpoint", "Switched on"),
        required=False,
        initial=True,
        help_text=_("What happens while it is off is not told afterwards."),
    )
    event_types = forms.MultipleChoiceField(
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ask only for what the other system needs."),
    )
    stores = PastedListField(
        label=_("Stores"),
        required=False,
        max_entries=5_000,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false", "data-picker": "store"}),
        help_text=_(
            "Only what happens in these, by their codes. Empty: every store, and what belongs to none, such as merges."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["event_types"].choices = event_choices()  # type: ignore[attr-defined]

    def plan(self) -> EndpointPlan:
        """Return what was decided."""
        data = self.cleaned_data
        return EndpointPlan(
            description=data["description"],
            url=data["url"],
            event_types=data["event_types"],
            store_codes=data["stores"],
            is_active=data["is_active"],
        )

    def add_refusals(self, errors: Iterable[FieldError]) -> None:
        """Show what the service refused beside its fields."""
        for error in errors:
            name = error.path.partition("[")[0]
            self.add_error(name if name in self.fields else None, error.message)


def initial_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return what the form of an endpoint shows at first."""
    return {
        "description": endpoint.description,
        "url": endpoint.url,
        "is_active": endpoint.is_active,
        "event_types": endpoint.event_types,
        "stores": "\n".join(endpoint.store_codes),
    }


class SecretForm(forms.Form):
    """How long calls are signed with the old secret, too."""

    OVERLAPS = [
        ("0", _("Not at all: it ends now")),
        ("1", _("One hour")),
        ("24", _("One day")),
        ("168", _("One week")),
    ]
    overlap = forms.TypedChoiceField(
        label=_("Calls are signed with the old secret, too, for"),
        choices=OVERLAPS,
        coerce=lambda hours: timedelta(hours=int(hours)),
        initial="24",
        help_text=_("Time to enter the new one in the other system without losing a call."),
    )


class ReplayForm(forms.Form):
    """Which part of the log is sent again."""

    first_day = DayField(label=_("From"), help_text=_("The first day, from its beginning."))
    last_day = DayField(label=_("To"), help_text=_("The last day, to its end."))
    which = forms.ChoiceField(
        label=_("Which"),
        choices=[("failed", _("Only what was given up")), ("all", _("Everything, accepted or not"))],
        initial="failed",
        help_text=_("The other system knows repetitions by their id."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first_day") and data.get("last_day") and data["first_day"] > data["last_day"]:
            self.add_error("last_day", _("It ends before it begins."))
        return data

    def period(self) -> tuple[datetime, datetime]:
        """Return when it begins, and the first moment after it."""
        return (
            timezone.make_aware(datetime.combine(self.cleaned_data["first_day"], time.min)),
            timezone.make_aware(
                datetime.combine(self.cleaned_data["last_day"] + timedelta(days=1), time.min)
            ),
        )
