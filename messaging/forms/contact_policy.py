"""The form of the contact policy."""

from collections.abc import Iterator
from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from messaging.contact_policy import (
    EVERY_CHANNEL,
    LONGEST_DAYS,
    MOST_MESSAGES,
    Policy,
    PolicyRefused,
    governed,
    read_policy,
)
from messaging.models import Channel
from messaging.occasions import KINDS

PLACES = [(EVERY_CHANNEL, _("All channels together")), *Channel.choices]

REFUSALS = {
    "whole_day": _("Quiet hours that begin when they end would last the whole day."),
    "unknown_occasion": _("There is no such occasion."),
    "repeated": _("It is listed twice."),
}


class ContactPolicyForm(forms.Form):
    """Quiet hours for each channel, caps for each channel and for all, and which occasion goes first."""

    quiet_sundays = forms.BooleanField(
        label=_("Quiet all Sunday"), required=False, help_text=_("In the person's own time zone.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for channel, label in Channel.choices:
            self.fields[f"{channel}_starts"] = _clock(_("%(channel)s: quiet from") % {"channel": label})
            self.fields[f"{channel}_ends"] = _clock(_("until"))
        for name, label in PLACES:
            self.fields[f"{name}_most"] = forms.IntegerField(
                label=_("%(channel)s: at most") % {"channel": label},
                required=False,
                min_value=1,
                max_value=MOST_MESSAGES,
                help_text=_("Messages to one person. Empty: no limit."),
            )
            self.fields[f"{name}_days"] = forms.IntegerField(
                label=_("in so many days"), required=False, min_value=1, max_value=LONGEST_DAYS
            )
        codes = governed()
        places = [(place, str(place)) for place in range(1, len(codes) + 1)]
        for code in codes:
            named: Any = KINDS[code].label
            self.fields[f"place_{code}"] = forms.TypedChoiceField(label=named, choices=places, coerce=int)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for channel in Channel.values:
            self._both(f"{channel}_starts", f"{channel}_ends")
        for name, _label in PLACES:
            self._both(f"{name}_most", f"{name}_days")
        taken: dict[int, str] = {}
        for code in governed():
            place = data.get(f"place_{code}")
            if place in taken:
                self.add_error(f"place_{code}", ValidationError(_("Two occasions have the same place.")))
            elif place is not None:
                taken[place] = code
        return data

    def _both(self, first: str, second: str) -> None:
        """Refuse half of a pair."""
        if first in self.errors or second in self.errors:
            return
        filled = [self.cleaned_data.get(name) is not None for name in (first, second)]
        if any(filled) and not all(filled):
            self.add_error(second if filled[0] else first, ValidationError(_("Fill in both, or neither.")))

    def policy(self) -> Policy:
        """Return what was decided."""
        data = self.cleaned_data
        quiet = {
            channel: {
                "starts": f"{data[f'{channel}_starts']:%H:%M}",
                "ends": f"{data[f'{channel}_ends']:%H:%M}",
            }
            for channel in Channel.values
            if data[f"{channel}_starts"] is not None
        }
        caps = {
            name: {"most": data[f"{name}_most"], "days": data[f"{name}_days"]}
            for name, _label in PLACES
            if data[f"{name}_most"] is not None
        }
        return read_policy(
            {
                "quiet": quiet,
                "quiet_sundays": data["quiet_sundays"],
                "caps": caps,
                "priority": sorted(governed(), key=lambda code: data[f"place_{code}"]),
            }
        )

    def add_refusal(self, refusal: PolicyRefused) -> None:
        """Put a refusal of the service beside its field."""
        part, _dot, rest = refusal.field.partition(".")
        field = f"{rest.partition('.')[0]}_ends" if part == "quiet" else None
        self.add_error(field, ValidationError(REFUSALS[refusal.code], code=refusal.code))


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


def initial_of(policy: Policy) -> dict[str, Any]:
    """Return what the form shows of a policy."""
    initial: dict[str, Any] = {"quiet_sundays": policy.quiet_sundays}
    for channel, quiet in policy.quiet.items():
        initial[f"{channel}_starts"] = time.fromisoformat(quiet.starts)
        initial[f"{channel}_ends"] = time.fromisoformat(quiet.ends)
    for name, cap in policy.caps.items():
        initial[f"{name}_most"], initial[f"{name}_days"] = cap.most, cap.days
    for place, code in enumerate(policy.order(), 1):
        initial[f"place_{code}"] = place
    return initial


def describe(policy: Policy) -> Iterator[str]:
    """Say in sentences what a policy holds back."""
    labels = dict(PLACES)
    for channel, quiet in sorted(policy.quiet.items()):
        yield gettext("%(channel)s: quiet from %(starts)s until %(ends)s.") % {
            "channel": labels[channel],
            "starts": quiet.starts,
            "ends": quiet.ends,
        }
    if policy.quiet_sundays:
        yield gettext("Quiet all Sunday.")
    for name, cap in sorted(policy.caps.items()):
        most = ngettext("%(count)s message", "%(count)s messages", cap.most) % {"count": cap.most}
        days = ngettext("%(count)s day", "%(count)s days", cap.days) % {"count": cap.days}
        yield gettext("%(channel)s: at most %(most)s in %(days)s.") % {
            "channel": labels[name],
            "most": most,
            "days": days,
        }
    if policy.is_empty:
        yield gettext("Nothing is held back.")
    yield gettext("The most important first: %(occasions)s.") % {
        "occasions": ", ".join(str(KINDS[code].label) for code in policy.order())
    }
