"""The forms of VIP cards: a new card, whose customer is shown before it is made, and what may change of one."""

import re
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.selectors import CustomerAmbiguous, look_up_customer
from loyalty.amounts import percent_text
from loyalty.forms.stamp_plan import PercentField
from loyalty.models import VIP_PREFIX, VipCard
from loyalty.selectors.vip_cards import last_day
from retail.forms.fields import DayField

_BETWEEN = re.compile(r"[\n,;]+")


class VipTermsForm(forms.Form):
    """What may change of a card at any time."""

    percent = PercentField(
        label=_("Discount rate"),
        help_text=_("Taken off what all campaigns leave of each product, never below its floor price."),
    )
    valid_until = DayField(label=_("Valid until"), help_text=_("The card holds to the end of this day."))
    notify = forms.CharField(
        label=_("People to notify"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Telephones or e-mails, one a line. Each is told of every sale with the card. Optional."),
    )

    @classmethod
    def initial_of(cls, card: VipCard, zone: ZoneInfo) -> dict[str, Any]:
        """Return what the fields show of a card."""
        return {
            "percent": Decimal(percent_text(card.percent)),
            "valid_until": last_day(card, zone),
            "notify": "\n".join(card.notify),
        }

    def clean_notify(self) -> list[str]:
        return [part.strip() for part in _BETWEEN.split(self.cleaned_data["notify"]) if part.strip()]

    def values(self) -> dict[str, Any]:
        """Return what was typed as the service reads it."""
        cleaned = self.cleaned_data
        return {
            "percent": cleaned["percent"],
            "valid_until": cleaned["valid_until"].isoformat(),
            "notify": cleaned["notify"],
        }


class VipCardForm(VipTermsForm):
    """A new card."""

    code = forms.CharField(
        label=_("Card number"),
        max_length=VipCard.MAX_LENGTH,
        initial=VIP_PREFIX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As printed on the card, with #VIP# before it. Leave only #VIP# to have a number made."),
    )
    customer = forms.CharField(
        label=_("Customer number"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The customer's number, CPF or CNPJ, loyalty card, phone or e-mail."),
    )
    field_order = ("code", "customer", "percent", "valid_until", "notify")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        return "" if code.upper() == VIP_PREFIX else code

    def clean_customer(self) -> Customer:
        try:
            return find_holder(self.cleaned_data["customer"])
        except LookupError as unknown:
            raise ValidationError(str(unknown), code="unknown") from unknown

    def values(self) -> dict[str, Any]:
        return {"code": self.cleaned_data["code"], **super().values()}


def find_holder(text: str) -> Customer:
    """Return the one customer whom a manager means by a number or anything that identifies. Raises LookupError."""
    text = text.strip()
    by_number = Customer.objects.active().filter(code=text).first() if text else None
    try:
        found = by_number or look_up_customer(text)
    except CustomerAmbiguous as error:
        raise LookupError(_("Several customers have this; give the document or the card.")) from error
    if found is None:
        raise LookupError(_("No customer has this number, CPF or CNPJ, card, phone or e-mail."))
    return found
