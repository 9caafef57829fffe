from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.forms.inputs import InstantInput
from campaigns.models import Campaign, CodeAlphabet, PoolTerms, PromoCodePool
from campaigns.services.promo_code_pools import PoolSettings
from campaigns.services.promo_codes import MOST_BY_JOB, Terms
from customers.models import CustomerGrouping
from retail.forms.fields import CodeField

MOST_MEGABYTES = 40
MOST_USES = 1_000_000_000


class CampaignChoice(forms.ModelChoiceField):
    def label_from_instance(self, campaign: Any) -> str:
        return f"{campaign.name} ({campaign.code})"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class PoolForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    code = CodeField(
        label=_("Code of the pool"),
        max_length=64,
        help_text=_("Unique and permanent."),
    )
    campaign = CampaignChoice(
        label=_("Campaign"),
        queryset=Campaign.objects.none(),
        to_field_name="code",
        required=False,
        help_text=_("The campaign that the codes open. Its rules must ask for a promotional code."),
    )
    terms = forms.ChoiceField(
        label=_("A code opens"),
        choices=PoolTerms,
        initial=PoolTerms.LIVE,
        required=False,
        help_text=_(
            "Codes that keep what the campaign said when they were issued stay good when it is changed or paused."
        ),
    )
    prefix = forms.CharField(  # type: ignore[assignment]
        label=_("Prefix"),
        max_length=16,
        required=False,
        help_text=_("Stands before generated codes: NATAL-7GK2-M0ZD-9QWT-31HX."),
    )
    length = forms.IntegerField(
        label=_("Symbols after the prefix"),
        min_value=6,
        max_value=32,
        initial=16,
        required=False,
        help_text=_("16 cannot be guessed. Short codes are only for few of them."),
    )
    alphabet = forms.ChoiceField(
        label=_("Made of"),
        choices=CodeAlphabet,
        initial=CodeAlphabet.BASE32,
        required=False,
        help_text=_("Easy to read aloud."),
    )
    has_check_symbol = forms.BooleanField(
        label=_("The last symbol checks the others"),
        required=False,
        initial=True,
        help_text=_("A mistyped code is recognised as such."),
    )
    max_uses = forms.IntegerField(
        label=_("Uses of each code"),
        min_value=1,
        max_value=MOST_USES,
        required=False,
        initial=1,
        help_text=_("Empty is without a limit."),
    )
    max_uses_per_customer = forms.IntegerField(
        label=_("Uses of each code by one customer"),
        min_value=1,
        max_value=MOST_USES,
        required=False,
        help_text=_("With a limit, the customer must be identified. Empty is without one."),
    )
    valid_days = forms.IntegerField(
        label=_("Valid for (days)"),
        min_value=1,
        max_value=36_500,
        required=False,
        help_text=_("After the code is issued, to the end of that day."),
    )
    expires_at = InstantInput(
        label=_("Valid until"), required=False, help_text=_("The first moment at which it no longer holds.")
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

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code == "new":
            # The address of this form: the page of such a pool could not be reached.
            raise forms.ValidationError(
                _("This word is taken by the system. Choose another one."), code="reserved"
            )
        return code

    def settings(self) -> PoolSettings:
        data = self.cleaned_data
        return PoolSettings(
            name=data["name"],
            campaign=data["campaign"].code if data["campaign"] else None,
            for_automations=data["for_automations"],
            terms=data["terms"] or PoolTerms.LIVE,
            prefix=data["prefix"],
            length=data["length"] or 16,
            alphabet=data["alphabet"] or CodeAlphabet.BASE32,
            has_check_symbol=data["has_check_symbol"],
            max_uses=data["max_uses"],
            max_uses_per_customer=data["max_uses_per_customer"],
            valid_days=data["valid_days"],
            expires_at=_moment(data["expires_at"]),
        )

    @staticmethod
    def initial_of(pool: PromoCodePool) -> dict[str, Any]:
        return {
            "name": pool.name,
            "code": pool.code,
            "campaign": pool.campaign.code if pool.campaign else "",
            "terms": pool.terms,
            "prefix": pool.pattern,
            "length": pool.length,
            "alphabet": pool.alphabet,
            "has_check_symbol": pool.has_check_symbol,
            "max_uses": pool.max_uses,
            "max_uses_per_customer": pool.max_uses_per_customer,
            "valid_days": pool.valid_days,
            "expires_at": pool.expires_at.isoformat() if pool.expires_at else "",
            "for_automations": pool.for_automations,
        }


class TermsForm(forms.Form):
    """What holds for the codes that are made. At first, what the pool says."""

    max_uses = forms.IntegerField(
        label=_("Uses of each code"),
        min_value=1,
        max_value=MOST_USES,
        required=False,
        initial=1,
        help_text=_("Empty is without a limit."),
    )
    max_uses_per_customer = forms.IntegerField(
        label=_("Uses of each code by one customer"),
        min_value=1,
        max_value=MOST_USES,
        required=False,
        help_text=_("With a limit, the customer must be identified. Empty is without one."),
    )
    starts_at = InstantInput(label=_("Valid from"), required=False)
    expires_at = InstantInput(
        label=_("Valid until"), required=False, help_text=_("The first moment at which it no longer holds.")
    )

    def terms(self) -> Terms:
        data = self.cleaned_data
        return Terms(
            max_uses=data["max_uses"],
            max_uses_per_customer=data["max_uses_per_customer"],
            starts_at=_moment(data.get("starts_at")),
            expires_at=_moment(data.get("expires_at")),
        )


class GenerateForm(TermsForm):
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_BY_JOB, initial=100)
    customer = forms.CharField(
        label=_("Only for the customer"),
        max_length=64,
        required=False,
        help_text=_("Document, code or card. Empty: whoever has the code."),
    )
    field_order = ["count", "max_uses", "max_uses_per_customer", "starts_at", "expires_at", "customer"]


class GroupingChoice(forms.ModelChoiceField):
    def label_from_instance(self, grouping: Any) -> str:
        return str(grouping.name)


class MembersForm(TermsForm):
    grouping = GroupingChoice(
        label=_("Customers of the grouping"),
        queryset=CustomerGrouping.objects.none(),
        to_field_name="code",
        help_text=_("Each gets a code that nobody else can use."),
    )
    only_missing = forms.BooleanField(
        label=_("Only those who have none"),
        required=False,
        initial=True,
        help_text=_("Whoever has a usable code of this pool keeps that one."),
    )
    field_order = ["grouping", "only_missing", "max_uses", "starts_at", "expires_at"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grouping"].queryset = CustomerGrouping.objects.order_by("name", "pk")  # type: ignore[attr-defined]


class WordForm(TermsForm):
    word = forms.CharField(
        label=_("Word"), max_length=64, help_text=_("What people remember, such as NATAL10.")
    )
    field_order = ["word", "max_uses", "max_uses_per_customer", "starts_at", "expires_at"]


class ExtendForm(forms.Form):
    expires_at = InstantInput(
        label=_("Valid until"),
        required=False,
        help_text=_("For every code that was not used up. Empty is without end."),
    )

    def moment(self) -> datetime | None:
        return _moment(self.cleaned_data["expires_at"])


class ImportForm(TermsForm):
    file = forms.FileField(
        label=_("File"),
        required=False,
        max_length=160,
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
    field_order = ["file", "text", "max_uses", "max_uses_per_customer", "starts_at", "expires_at"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size > MOST_MEGABYTES * 1024 * 1024:
            self.add_error("file", _("Files have at most %(megabytes)d MB.") % {"megabytes": MOST_MEGABYTES})
        elif file is None and not (data.get("text") or "").strip() and not self.errors:
            self.add_error("text", _("Choose a file or paste the codes."))
        return data
