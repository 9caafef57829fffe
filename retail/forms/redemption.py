"""How value is redeemed in the company: how long it may be reserved, and when customers show who they are."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import MoneyField
from retail.models import Company

LONGEST_MINUTES = 24 * 60


class RedemptionForm(forms.ModelForm):
    class Meta:
        model = Company
        fields = ("reservation_minutes", "proof_above", "proof_method")

    reservation_minutes = forms.IntegerField(
        label=_("Reservations last (minutes)"),
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)],
        help_text=_(
            "How long codes and value are kept for a basket when the till does not say. At most 1440: a day."
        ),
    )
    proof_above = MoneyField(
        label=_("Ask above"),
        required=False,
        help_text=_(
            "When one sale uses more than this of a customer's points, cashback and personal cards, the customer shows who "
            "it is. Empty: never."
        ),
    )
