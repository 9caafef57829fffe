"""The forms of automations. Their limits are those of messaging.occasions."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import PromoCodePool
from messaging.models import Automation, Channel, Occasion
from messaging.occasions import (
    LONGEST_CODE_HOURS,
    LONGEST_DELAY,
    LONGEST_FREQUENCY_HOURS,
    LONGEST_REST_DAYS,
    SHORTEST_DELAY,
    AutomationSettings,
    BirthdaySettings,
    RecoverySettings,
)
from messaging.services.automations import AutomationRefused, Plan
from retail.models import Store

_PLACES = ("first_channel", "second_channel", "third_channel")
_NO_CHANNEL = [("", _("No other channel"))]

REFUSALS = {
    "no_channel": _("Choose a channel before switching it on."),
    "channel_repeated": _("Each channel can stand in the chain once."),
    "no_template": _("Write the text for %(channel)s first."),
    "pool_not_for_automations": _("These promo codes are not made for automations."),
}


class AutomationForm(forms.Form):
    """What all automations have. Subclasses add the settings of their occasion."""

    enabled = forms.BooleanField(
        label=_("Switched on"),
        required=False,
        help_text=_("What was due while it was off is not sent afterwards."),
    )
    first_channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Channel.choices,
        help_text=_("Used when the customer has such an address and agreed to marketing on it."),
    )
    second_channel = forms.ChoiceField(
        label=_("Otherwise by"),
        choices=_NO_CHANNEL + Channel.choices,
        required=False,
        help_text=_("When the first one is closed to us or refuses."),
    )
    third_channel = forms.ChoiceField(
        label=_("And otherwise by"),
        choices=_NO_CHANNEL + Channel.choices,
        required=False,
        help_text=_("One person never gets more than one message."),
    )
    pool = forms.ModelChoiceField(
        label=_("Promo codes"),
        queryset=PromoCodePool.objects.filter(for_automations=True).order_by("name", "pk"),
        required=False,
        empty_label=_("No promo code"),
        help_text=_(
            "Each message gets a code of its own, for its person alone. The campaign behind it decides what it gives."
        ),
    )
    link = forms.CharField(
        label=_("Link of the promo code"),
        required=False,
        max_length=1000,
        help_text=_("The address of your shop; {code} is replaced by the code. Empty: the link of the cart."),
    )
    stores = forms.ModelMultipleChoiceField(
        label=_("Stores"),
        queryset=Store.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Stores that are opened later take part by themselves."),
    )

    def __init__(self, *args: Any, automation: Automation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.automation = automation
        self.fields["stores"].queryset = stores_of(automation)  # type: ignore[attr-defined]

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not link.startswith(("https://", "http://")):
            raise ValidationError(_("Must begin with https://."))
        return link

    def settings(self) -> AutomationSettings:
        raise NotImplementedError

    def plan(self) -> Plan:
        """Return what was decided. Stores that the form does not show keep their switch."""
        data = self.cleaned_data
        shown = set(stores_of(self.automation))
        off = {store for store in self.automation.stores_off.all() if store not in shown}
        return Plan(
            enabled=data["enabled"],
            channels=[data[place] for place in _PLACES if data[place]],
            stores_off=off | (shown - set(data["stores"])),
            settings=self.settings(),
            pool=data["pool"],
        )

    def add_refusal(self, refusal: AutomationRefused) -> None:
        """Put a refusal of the service beside its field."""
        field = "first_channel" if refusal.field == "channels" else refusal.field
        self.add_error(
            field, ValidationError(REFUSALS[refusal.code], code=refusal.code, params=dict(refusal.params))
        )


class BirthdayForm(AutomationForm):
    send_at = forms.TimeField(
        label=_("Hour of the day"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("In the time zone of the customer's home store."),
    )
    code_valid_days = forms.IntegerField(
        label=_("Promo code valid for"),
        min_value=1,
        max_value=LONGEST_CODE_HOURS // 24,
        help_text=_("Days after the message."),
    )

    def settings(self) -> BirthdaySettings:
        data = self.cleaned_data
        return BirthdaySettings(
            send_at=data["send_at"], code_valid_hours=data["code_valid_days"] * 24, link=data["link"]
        )


class RecoveryForm(AutomationForm):
    delay_minutes = forms.IntegerField(
        label=_("Wait"),
        min_value=SHORTEST_DELAY,
        max_value=LONGEST_DELAY,
        help_text=_(
            "Minutes after the customer last touched the cart, 5 to 60. The message leaves at most 9:59 later."
        ),
    )
    frequency_hours = forms.IntegerField(
        label=_("At most one message in"),
        min_value=0,
        max_value=LONGEST_FREQUENCY_HOURS,
        help_text=_("Hours, for one customer. 0 sets no limit."),
    )
    rest_days_after_use = forms.IntegerField(
        label=_("Rest after a used code"),
        min_value=0,
        max_value=LONGEST_REST_DAYS,
        help_text=_("Days without such messages after the customer used a recovery code. 0 sets no limit."),
    )
    code_valid_hours = forms.IntegerField(
        label=_("Promo code valid for"),
        min_value=1,
        max_value=LONGEST_CODE_HOURS,
        help_text=_("Hours after the message was sent, to the second."),
    )

    def settings(self) -> RecoverySettings:
        data = self.cleaned_data
        names = ("delay_minutes", "frequency_hours", "rest_days_after_use", "code_valid_hours", "link")
        return RecoverySettings(**{name: data[name] for name in names})


FORMS: dict[str, type[AutomationForm]] = {Occasion.BIRTHDAY: BirthdayForm, Occasion.RECOVERY: RecoveryForm}


def stores_of(automation: Automation) -> Any:
    """Return the stores that an automation can be on for."""
    stores = Store.objects.filter(is_active=True).order_by("name", "pk")
    return stores.filter(online_shop=True) if automation.occasion == Occasion.RECOVERY else stores


def initial_of(automation: Automation, settings: AutomationSettings) -> dict[str, Any]:
    """Return what the form shows of an automation as it is."""
    initial: dict[str, Any] = {
        "enabled": automation.enabled,
        "pool": automation.pool,
        "link": settings.link,
        "stores": stores_of(automation).exclude(pk__in=automation.stores_off.values("pk")),
        **dict(zip(_PLACES, automation.channels, strict=False)),
    }
    if isinstance(settings, BirthdaySettings):
        return initial | {
            "send_at": settings.send_at,
            "code_valid_days": max(1, settings.code_valid_hours // 24),
        }
    return initial | {
        "delay_minutes": settings.delay_minutes,
        "frequency_hours": settings.frequency_hours,
        "rest_days_after_use": settings.rest_days_after_use,
        "code_valid_hours": settings.code_valid_hours,
    }


def describe_changes(occasion: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Say in sentences what a saving changed, with the words of the form."""
    fields = FORMS[occasion].base_fields
    old, new = _flat(before), _flat(after)
    sentences = []
    for name, value in new.items():
        if value == old.get(name) or (not old and value in ("", None, [])):
            continue
        if name == "enabled":
            sentences.append(gettext("Switched on.") if value else gettext("Switched off."))
            continue
        label = fields[name].label if name in fields else _OTHER_LABELS[name]
        sentences.append(f"{label}: {_written(name, value)}.")
    return sentences


_OTHER_LABELS = {
    "channels": _("Channels"),
    "stores_off": _("Stores where it is off"),
    "code_valid_hours": _("Promo code valid for"),
}


def _written(name: str, value: Any) -> str:
    if name == "channels":
        return ", ".join(str(Channel(code).label) for code in value)
    if isinstance(value, list):
        return ", ".join(value) or gettext("none")
    if name == "send_at":
        return str(value)[:5]
    if name in _UNITS:
        return _UNITS[name] % {"number": value}
    return str(value) if value else gettext("none")


_UNITS = {
    "delay_minutes": _("%(number)s minutes"),
    "frequency_hours": _("%(number)s hours"),
    "rest_days_after_use": _("%(number)s days"),
    "code_valid_hours": _("%(number)s hours"),
}


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    settings = document.get("settings", {})
    return {name: value for name, value in document.items() if name != "settings"} | settings
