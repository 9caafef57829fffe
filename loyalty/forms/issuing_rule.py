"""The form of an issuing rule: when the point of sale gives something by itself, and what."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from loyalty.days import first_day, last_day
from loyalty.forms.issuing_terms import IssuingTermsForm, stores_field, whole_field
from loyalty.models import IssuingRule, IssuingTrigger
from loyalty.services.issuing_rules import usual_type_for
from retail.forms.fields import CodeField, DayField


class RuleForm(IssuingTermsForm):
    code = CodeField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("What tills name it by. Empty: made from the name. It never changes."),
    )
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Tills follow it with their next basket."),
    )
    trigger = forms.ChoiceField(
        label=_("Given for"),
        choices=IssuingTrigger.choices,
        initial=IssuingTrigger.SALE,
        help_text=_("Every sale needs no customer; the others give to who is identified."),
    )
    window_days = whole_field(
        _("In the last (days)"),
        _("For a known customer: how long visits and turnover are counted, this purchase included."),
        least=1,
        most=3_650,
    )
    once_in_window = forms.BooleanField(
        label=_("Once in that time"),
        required=False,
        initial=True,
        help_text=_("A known customer gets no second voucher of this rule within these days."),
    )
    stores = stores_field(_("Stores that give it"), _("Codes of stores. Empty: all of them."))
    starts_day = DayField(label=_("Given from"), required=False, help_text=_("Empty: from now on."))
    ends_day = DayField(
        label=_("Given until"), required=False, help_text=_("That day included. Empty: without end.")
    )
    priority = whole_field(
        _("Order"), _("Of several, the lowest is given first. All that hold are given."), most=32_000
    )

    @classmethod
    def initial_of(cls, instance: Any, zone: ZoneInfo) -> dict[str, Any]:
        rule: IssuingRule = instance
        return super().initial_of(rule, zone) | {
            "code": rule.code,
            "is_active": rule.is_active,
            "trigger": rule.trigger,
            "window_days": rule.window_days,
            "once_in_window": rule.once_in_window,
            "stores": "\n".join(rule.store_codes),
            "starts_day": first_day(rule.starts_at, zone),
            "ends_day": last_day(rule.ends_at, zone),
            "priority": rule.priority,
        }

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["type"].help_text = _(
            "It says what the vouchers pay. For every sale it cannot be one that is only for its customer."
        )
        if self.instance is not None:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        if self.instance is not None:
            return self.instance.code
        code = self.cleaned_data["code"] or slugify(self.data.get("name", ""))[:64].strip("-")
        if not code:
            raise ValidationError(_("Give it a code."), code="required")
        return code

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().values() | {
            "type": data["type"] or usual_type_for(data["trigger"]),
            "code": data["code"],
            "is_active": data["is_active"],
            "trigger": data["trigger"],
            "window_days": data["window_days"],
            "once_in_window": data["once_in_window"],
            "store_codes": data["stores"],
            "starts_at": self.start("starts_day"),
            "ends_at": self.end("ends_day"),
            "priority": data["priority"] or 0,
        }
