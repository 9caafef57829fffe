"""The form of an automation, made of what its occasion declares. Its limits are those of the settings' own types."""

from datetime import time
from decimal import Decimal
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import PromoCodePool
from messaging.models import Automation, Channel
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import CodeSettings, Setting
from messaging.services.automations import AutomationRefused, Plan
from retail import formats
from retail.models import Store

_PLACES = ("first_channel", "second_channel", "third_channel")
_NO_CHANNEL = [("", _("No other channel"))]

REFUSALS = {
    "no_channel": _("Choose a channel before switching it on."),
    "channel_repeated": _("Each channel can stand in the chain once."),
    "no_template": _("Write the text for %(channel)s first."),
    "no_voucher_type": _("Choose a type of voucher that is switched on and may hold so much."),
    "pool_not_for_automations": _("These promo codes are not made for automations."),
    "automation_changed": _("Somebody else saved this automation meanwhile. Look at it again."),
    "automation_off": _("The automation is off. Switch it on first; it may remind only when somebody asks."),
    "days_in_order": _("The last day comes before the first."),
    "nobody": _("Nothing of known customers ends on these days."),
    "hold_out_range": _("This must be a percentage from 0 to 99.99 with at most two places."),
    "hold_out_not_marketing": _("Only of marketing can people be held out."),
}


class AutomationForm(forms.Form):
    """What all automations have, and the settings of one of them."""

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
            "Each message gets a code of its own, for its person alone. The campaign behind it decides what it gives. Sets of "
            "codes are made under Promotional codes: tick “For automations”."
        ),
    )
    link = forms.CharField(
        label=_("Link of the promo code"),
        required=False,
        max_length=1000,
        help_text=_("The address of your shop; {code} is replaced by the code. Empty: the link of the cart."),
    )
    holdout_percent = forms.DecimalField(
        label=_("Hold out"),
        min_value=0,
        max_value=Decimal("99.99"),
        decimal_places=2,
        initial=0,
        required=False,
        help_text=_(
            "Percent of the customers who get none of its messages, always the same ones, so that the results can say what it achieves."
        ),
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
        self.kind = AUTOMATIC[automation.occasion]
        self.fields["stores"].queryset = self.kind.stores()  # type: ignore[attr-defined]
        if not self.kind.gives_codes:
            del self.fields["pool"], self.fields["link"]
        if not self.kind.purpose.needs_consent:
            del self.fields["holdout_percent"]
            self.fields["first_channel"].help_text = _("Used when the customer has such an address.")
        if self.kind.gives_codes and not self.kind.has_links:
            self.fields["link"].help_text = _(
                "The address of your shop; {code} is replaced by the code. Empty: no link."
            )
        types = {field.name: field for field in msgspec.structs.fields(self.kind.settings)}
        for setting in self.kind.form:
            self.fields[setting.input] = _field(setting, types[setting.name].type)

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not link.startswith(("https://", "http://")):
            raise ValidationError(_("Must begin with https://."))
        return link

    def plan(self) -> Plan:
        """Return what was decided. Stores that the form does not show keep their switch."""
        data = self.cleaned_data
        shown = set(self.kind.stores())
        off = {store for store in self.automation.stores_off.all() if store not in shown}
        values = {setting.name: _stored(setting, data[setting.input]) for setting in self.kind.form}
        if self.kind.gives_codes:
            values["link"] = data["link"]
        return Plan(
            enabled=data["enabled"],
            channels=[data[place] for place in _PLACES if data[place]],
            stores_off=off | (shown - set(data["stores"])),
            settings=self.kind.settings(**values),
            pool=data.get("pool"),
            holdout_percent=data.get("holdout_percent") or Decimal(0),
        )

    def add_refusal(self, refusal: AutomationRefused) -> None:
        """Put a refusal of the service beside its field."""
        field = "first_channel" if refusal.field == "channels" else refusal.field
        self.add_error(
            field, ValidationError(REFUSALS[refusal.code], code=refusal.code, params=dict(refusal.params))
        )


def _field(setting: Setting, annotation: Any) -> forms.Field:
    """Return the input for a setting, with the limits of its type."""
    texts: dict[str, Any] = {"label": setting.label, "help_text": setting.help}
    if setting.choices:
        return forms.ChoiceField(
            choices=list(setting.options), required=not callable(setting.choices), **texts
        )
    declared = msgspec.inspect.type_info(annotation)
    if isinstance(declared, msgspec.inspect.StrType):
        input_type = forms.EmailField if setting.text == "email" else forms.CharField
        return input_type(required=False, max_length=declared.max_length, **texts)
    if isinstance(declared, msgspec.inspect.TimeType):
        return forms.TimeField(
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            **texts,
        )
    if isinstance(declared, msgspec.inspect.BoolType):
        return forms.BooleanField(required=False, **texts)
    assert isinstance(declared, msgspec.inspect.IntType)  # noqa: S101 - settings are words, texts, times, switches and numbers
    return forms.IntegerField(
        min_value=None if declared.ge is None else -(-declared.ge // setting.per),
        max_value=None if declared.le is None else declared.le // setting.per,
        **texts,
    )


def _stored(setting: Setting, value: Any) -> Any:
    return value * setting.per if setting.per != 1 else value


def initial_of(automation: Automation, settings: Any) -> dict[str, Any]:
    """Return what the form shows of an automation as it is."""
    kind = AUTOMATIC[automation.occasion]
    initial: dict[str, Any] = {
        "enabled": automation.enabled,
        "stores": kind.stores().exclude(pk__in=automation.stores_off.values("pk")),
        "holdout_percent": automation.holdout_percent,
        **dict(zip(_PLACES, automation.channels, strict=False)),
    }
    if isinstance(settings, CodeSettings):
        initial |= {"pool": automation.pool, "link": settings.link}
    for setting in kind.form:
        initial[setting.input] = setting.shown(getattr(settings, setting.name))
    return initial


def describe_changes(occasion: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Say in sentences what a saving changed, with the words of the form."""
    settings = {setting.name: setting for setting in AUTOMATIC[occasion].form}
    old, new = _flat(before), _flat(after)
    sentences = []
    # As the form asks: first what it begins with, then the settings in their order.
    order = ["enabled", *settings]
    for name, value in sorted(new.items(), key=lambda item: _place(item[0], order)):
        usual = _USUAL.get(name)
        if value == old.get(name, usual) or (not old and value in ("", None, [])):
            continue
        if name == "enabled":
            sentences.append(gettext("Switched on.") if value else gettext("Switched off."))
        elif name in settings:
            sentences.append(f"{settings[name].label}: {_setting_written(settings[name], value)}.")
        else:
            label = _OTHER_LABELS.get(name) or AutomationForm.base_fields[name].label
            sentences.append(f"{label}: {_written(name, value)}.")
    return sentences


def _place(name: str, order: list[str]) -> int:
    return order.index(name) if name in order else len(order)


# What savings meant that were kept before there was such a choice.
_USUAL = {"holdout_percent": "0.00"}
_OTHER_LABELS = {"channels": _("Channels"), "stores_off": _("Stores where it is off")}


def _written(name: str, value: Any) -> str:
    if name == "channels":
        return ", ".join(str(Channel(code).label) for code in value)
    if name == "holdout_percent":
        return formats.percent(Decimal(value))
    if isinstance(value, list):
        return ", ".join(value) or gettext("none")
    return str(value) if value else gettext("none")


def _setting_written(setting: Setting, value: Any) -> str:
    if setting.choices:
        return str(dict(setting.options).get(value, value))
    if setting.text:
        return str(value) or gettext("none")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if setting.unit:
        return setting.unit % {"number": setting.shown(value)}
    # A moment of the day, without its seconds.
    return str(value)[: len(f"{time.min:%H:%M}")]


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    settings = document.get("settings", {})
    return {name: value for name, value in document.items() if name != "settings"} | settings
