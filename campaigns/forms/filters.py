from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.engine.kinds import BENEFITS
from campaigns.models import CampaignCategory
from campaigns.selectors import CampaignFilter
from retail.models import Store

STATUS_LABELS = {
    # Portuguese has another word for campaigns than for customers or terminals.
    "active": pgettext_lazy("campaign", "Active"),
    "scheduled": _("Scheduled"),
    "paused": _("Paused"),
    "ended": _("Ended"),
    "draft": _("Draft"),
}
STATUS_TONES = {"active": "success", "scheduled": "info", "paused": "warning", "ended": "", "draft": "accent"}


class CampaignFilterForm(forms.Form):
    """What the list of campaigns is narrowed by. A value off the list narrows nothing."""

    use_required_attribute = False

    status = forms.ChoiceField(label=_("Status"), required=False, widget=forms.Select)
    category = forms.ChoiceField(label=_("Category"), required=False)
    benefit = forms.ChoiceField(label=_("Type of benefit"), required=False)
    store = forms.ChoiceField(label=_("Store"), required=False)
    created_from = forms.DateField(
        label=_("Created from"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    created_until = forms.DateField(
        label=_("Created until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        categories = CampaignCategory.objects.order_by("name").values_list("code", "name")
        stores = Store.objects.filter(is_active=True).order_by("name").values_list("code", "name")
        self._choices("status", [("", _("Every state")), *STATUS_LABELS.items()])
        self._choices("category", [("", _("Every category")), *categories])
        self._choices(
            "benefit", [("", _("Every kind")), *((tag, _(kind.label)) for tag, kind in BENEFITS.items())]
        )
        self._choices("store", [("", _("Every store")), *stores])

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        field.choices = choices  # type: ignore[attr-defined]

    def wanted(self, q: str) -> CampaignFilter:
        self.is_valid()
        return CampaignFilter(
            q=q, **{name: self.cleaned_data.get(name) or _EMPTY.get(name, "") for name in self.fields}
        )


_EMPTY: dict[str, Any] = {"created_from": None, "created_until": None}
