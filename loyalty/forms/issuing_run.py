"""The form of an issuing run: whose purchases are looked at, and what they are given."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerGrouping
from loyalty.days import first_day, last_day
from loyalty.forms.customer_choice import customers_meant, reference_to
from loyalty.forms.issuing_terms import IssuingTermsForm, stores_field
from loyalty.models import IssuingRun
from retail.forms.fields import DayField


class RunForm(IssuingTermsForm):
    period_from_day = DayField(
        label=_("Purchases from"), required=False, help_text=_("Empty: from the first one.")
    )
    period_until_day = DayField(
        label=_("Purchases until"),
        required=False,
        help_text=_("That day included. Empty: until the preview."),
    )
    stores = stores_field(_("Stores whose purchases count"), _("Codes of stores. Empty: all of them."))
    customer = forms.CharField(
        label=_("One customer"),
        max_length=120,
        required=False,
        help_text=_("CPF, code, card, phone or e-mail. Empty: all of them."),
    )
    grouping = forms.ModelChoiceField(
        queryset=CustomerGrouping.objects.none(),
        label=_("Customer grouping"),
        required=False,
        empty_label=_("Everybody"),
        help_text=_("Only who belongs to it."),
    )
    country = forms.CharField(
        label=_("Country"), max_length=2, required=False, help_text=_("Two letters, such as BR. Empty: any.")
    )
    language = forms.CharField(
        label=_("Language"), max_length=8, required=False, help_text=_("Such as pt-br. Empty: any.")
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["grouping"].queryset = CustomerGrouping.objects.order_by("name", "pk")  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, instance: Any, zone: ZoneInfo) -> dict[str, Any]:
        run: IssuingRun = instance
        return super().initial_of(run, zone) | {
            "period_from_day": first_day(run.period_starts_at, zone),
            "period_until_day": last_day(run.period_ends_at, zone),
            "stores": "\n".join(run.store_codes),
            "customer": "" if run.customer is None else identity_of(run.customer),
            "grouping": run.grouping,
            "country": run.country,
            "language": run.language,
        }

    def clean_customer(self) -> Customer | None:
        text = self.cleaned_data["customer"].strip()
        if not text:
            return None
        found = customers_meant(text)
        if not found:
            raise ValidationError(_("There is no such customer."), code="unknown")
        if len(found) > 1:
            raise ValidationError(
                _("Several customers have this; give the CPF or the card."), code="ambiguous"
            )
        return found[0]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().values() | {
            "period_starts_at": self.start("period_from_day"),
            "period_ends_at": self.end("period_until_day"),
            "store_codes": data["stores"],
            "customer": data["customer"],
            "grouping": data["grouping"],
            "country": data["country"].upper(),
            "language": data["language"].lower().replace("_", "-"),
        }


def identity_of(customer: Customer) -> str:
    """Return by what the form finds this customer again, and nobody else."""
    return customer.document or reference_to(customer.pk)
