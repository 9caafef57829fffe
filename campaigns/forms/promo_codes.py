from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from campaigns.forms.inputs import InstantInput
from campaigns.models import Campaign, PromoCodePool
from campaigns.services.promo_codes import MOST_AT_ONCE, Terms


class CampaignChoice(forms.ModelChoiceField):
    def label_from_instance(self, campaign: Any) -> str:
        return f"{campaign.name} ({campaign.code})"


class PoolForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(
        label=_("Code of the pool"),
        max_length=64,
        validators=[validate_slug],
        help_text=_("Unique and permanent."),
    )
    campaign = CampaignChoice(
        label=_("Campaign"),
        queryset=Campaign.objects.none(),
        to_field_name="code",
        required=False,
        help_text=_("The campaign that the codes open. Its rules must ask for a promotional code."),
    )
    prefix = forms.CharField(  # type: ignore[assignment]
        label=_("Prefix"),
        max_length=16,
        required=False,
        help_text=_("Stands before generated codes: NATAL-7GK2-M0ZD-9QWT-31HX."),
    )
    for_automations = forms.BooleanField(
        label=_("For automations"),
        required=False,
        help_text=_("Codes are made one by one when a message needs them."),
    )

    def __init__(self, *args: Any, pool: PromoCodePool | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["campaign"].queryset = Campaign.objects.order_by("name", "pk")  # type: ignore[attr-defined]
        if pool is not None:
            self.fields["code"].disabled = True


class TermsForm(forms.Form):
    """What holds for the codes that are made."""

    max_uses = forms.IntegerField(
        label=_("Uses of each code"),
        min_value=1,
        required=False,
        initial=1,
        help_text=_("Empty is without a limit."),
    )
    starts_at = InstantInput(label=_("Valid from"), required=False)
    expires_at = InstantInput(
        label=_("Valid until"), required=False, help_text=_("The first moment at which it no longer holds.")
    )

    def terms(self) -> Terms:
        moments = {
            name: datetime.fromisoformat(self.cleaned_data[name]) if self.cleaned_data.get(name) else None
            for name in ("starts_at", "expires_at")
        }
        return Terms(max_uses=self.cleaned_data["max_uses"], **moments)


class GenerateForm(TermsForm):
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_AT_ONCE, initial=100)
    customer = forms.CharField(
        label=_("Only for the customer"),
        max_length=64,
        required=False,
        help_text=_("Document, code or card. Empty: whoever has the code."),
    )
    field_order = ["count", "max_uses", "starts_at", "expires_at", "customer"]


class WordForm(TermsForm):
    word = forms.CharField(
        label=_("Word"), max_length=64, help_text=_("What people remember, such as NATAL10.")
    )
    field_order = ["word", "max_uses", "starts_at", "expires_at"]


class ImportForm(TermsForm):
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV or text: one code a line, then optionally the customer's document."),
    )
    text = forms.CharField(
        label=_("Or paste the codes"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            {"rows": 6, "spellcheck": "false", "placeholder": "AMIGO1\nAMIGO2;390.533.447-05"}
        ),
    )
    field_order = ["file", "text", "max_uses", "starts_at", "expires_at"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size > 20 * 1024 * 1024:
            self.add_error("file", _("Files have at most 20 MB."))
        elif file is not None:
            content = file.read()
            try:
                data["text"] = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                data["text"] = content.decode("latin-1")
        if not (data.get("text") or "").strip() and not self.errors:
            self.add_error("text", _("Choose a file or paste the codes."))
        return data
