from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Backtest, Campaign, CampaignStatus
from retail.forms.fields import DayField
from retail.models import Store, StoreGrouping

MOST_OTHERS = 30


class BacktestForm(forms.Form):
    """What the back-test of a campaign's working copy asks. `document` writes it down as the API takes it."""

    from_date = DayField(label=_("From"))
    until_date = DayField(label=_("Until"), help_text=_("The last day, included."))
    stores = forms.ChoiceField(label=_("Stores"), required=False)
    together = forms.ChoiceField(
        label=_("How it is tried"),
        widget=forms.RadioSelect,
        initial="live",
        choices=[
            ("live", _("Together with the campaigns that were live when each sale was made")),
            ("alone", _("Alone, as if no other campaign had existed")),
        ],
    )
    ignore_dates = forms.BooleanField(
        label=_("As if it had held throughout"),
        required=False,
        help_text=_("Otherwise only the days between its start and its end count."),
    )
    others = forms.MultipleChoiceField(
        label=_("With these drafts too"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Other campaigns that are not live yet."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        self.campaign = campaign
        self._choices("stores", _stores())
        drafts = Campaign.objects.filter(status=CampaignStatus.DRAFT).exclude(pk=campaign.pk)
        others = list(drafts.order_by("-updated_at", "-pk").values_list("code", "name")[:MOST_OTHERS])
        self._choices("others", others)
        if not others:
            del self.fields["others"]

    def _choices(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def document(self) -> dict[str, Any]:
        """Return the back-test document. Call it on a valid form."""
        values = self.cleaned_data
        return {
            "from": values["from_date"].isoformat(),
            "until": values["until_date"].isoformat(),
            "stores": [values["stores"]] if values["stores"] else [],
            "saved": [self.campaign.code, *values.get("others", [])],
            "live": values["together"] == "live",
            "ignore_dates": values["ignore_dates"],
        }


def _stores() -> list[Any]:
    groupings = StoreGrouping.objects.order_by("name", "pk").values_list("code", "name")
    stores = Store.objects.order_by("name", "pk").values_list("code", "name")
    choices: list[Any] = [("", _("Every store"))]
    if groupings:
        choices.append((_("Groupings"), [(f"grouping:{code}", name) for code, name in groupings]))
    return [*choices, (_("Stores"), list(stores))]


def asked_before(backtest: Backtest) -> dict[str, Any]:
    """Return what the form shows to ask the same once more."""
    document = backtest.document
    stores = document.get("stores") or [""]
    return {
        "from_date": backtest.from_date,
        "until_date": backtest.until_date,
        "stores": stores[0],
        "together": "live" if document.get("live") else "alone",
        "ignore_dates": document.get("ignore_dates", False),
        "others": [draft["code"] for draft in document.get("campaigns", [])],
    }


def first_question(campaign: Campaign, *, today: date) -> dict[str, Any]:
    """Return what the form shows at first: the last thirty days; a campaign that never ran holds throughout."""
    return {
        "from_date": today - timedelta(days=30),
        "until_date": today,
        "together": "live",
        "ignore_dates": campaign.live_revision is None,
    }
