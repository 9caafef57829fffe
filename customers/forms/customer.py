from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.columns import Document, Phone
from customers.models import Consent, ConsentChannel, Customer, CustomerGrouping, Purpose
from retail.forms.fields import DayField
from retail.forms.store import state_choices
from retail.models import Store
from retail.rows import Column, FieldRefused


class _ReadField(forms.CharField):
    """A text that is read as the rows of the customers' API are, so that pages and API refuse the same."""

    column: Column

    def clean(self, value: Any) -> Any:
        try:
            return self.column.read(super().clean(value))
        except FieldRefused as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from refusal


class DocumentField(_ReadField):
    column = Document()


class PhoneField(_ReadField):
    column = Phone()


class CustomerForm(forms.Form):
    """Everything a manager may write down about a customer."""

    name = forms.CharField(label=_("Name"), max_length=160, required=False)
    document = DocumentField(
        label=_("CPF or CNPJ"),
        required=False,
        max_length=32,
        help_text=_("With or without punctuation. It is checked, and belongs to one customer only."),
    )
    birth_date = DayField(
        label=_("Birth date"), required=False, help_text=_("For birthday campaigns and messages.")
    )
    sex = forms.ChoiceField(
        label=_("Sex"),
        required=False,
        choices=[("", "—"), ("f", _("Female")), ("m", _("Male")), ("o", _("Other"))],
    )
    phone = PhoneField(
        label=_("Phone"),
        required=False,
        max_length=32,
        help_text=_("With area code: (11) 98765-4321."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=[("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))],
    )
    street = forms.CharField(label=_("Street"), max_length=160, required=False)
    number = forms.CharField(label=_("Number"), max_length=20, required=False)
    complement = forms.CharField(label=_("Complement"), max_length=80, required=False)
    district = forms.CharField(label=_("District"), max_length=80, required=False)
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    state = forms.ChoiceField(label=_("State (UF)"), choices=state_choices, required=False)
    postal_code = forms.CharField(label=_("Postal code (CEP)"), max_length=12, required=False)
    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("The chain's own number for this customer."),
    )
    card = forms.CharField(label=_("Loyalty card"), max_length=64, required=False)
    home_store = forms.ModelChoiceField(
        label=_("Home store"), queryset=Store.objects.order_by("name", "pk"), required=False, empty_label="—"
    )
    origin = forms.CharField(
        label=_("Origin"),
        max_length=60,
        required=False,
        help_text=_("Where the customer came from: till, site, event."),
    )
    loyalty_category = forms.CharField(label=_("Loyalty category"), max_length=40, required=False)
    groupings = forms.ModelMultipleChoiceField(
        label=_("Groupings"),
        queryset=CustomerGrouping.objects.order_by("name", "pk"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Lists that campaigns refer to."),
    )
    remark = forms.CharField(
        label=_("Remark"),
        max_length=240,
        required=False,
        help_text=_("Shown in red to the seller at the point of sale."),
    )
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        initial=True,
        help_text=_("An inactive customer is unknown to tills."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # What may be missing is missing, not empty: two customers without a card are not the same one.
        for name in ("code", "card"):
            cleaned[name] = cleaned.get(name) or None
        if not any(cleaned.get(name) for name in ("document", "phone", "email", "code", "card")):
            raise forms.ValidationError(
                _("Give at least a document, a phone, an e-mail, a code or a card."), code="required"
            )
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the form as a row of the customers' services."""
        values: dict[str, Any] = dict(self.cleaned_data)
        store, day = values["home_store"], values["birth_date"]
        values["home_store"] = store.code if store else None
        values["birth_date"] = day.isoformat() if day else None
        values["groupings"] = [grouping.code for grouping in values["groupings"]]
        return values


def initial_of(customer: Customer) -> dict[str, Any]:
    """Return what the form shows of a customer."""
    names = [name for name in CustomerForm.base_fields if name != "groupings"]
    return {name: getattr(customer, name) for name in names} | {"groupings": list(customer.groupings.all())}


class ConsentForm(forms.Form):
    """One answer of the customer, as evidence."""

    purpose = forms.ChoiceField(label=_("What for"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("By which channel"), choices=ConsentChannel.choices, required=False)
    granted = forms.TypedChoiceField(
        label=_("Answer"),
        choices=[("yes", _("Agrees")), ("no", _("Does not agree, or takes it back"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("Text that was shown"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the customer read or heard when answering."),
    )
    text_version = forms.CharField(
        label=_("Version of the text"),
        required=False,
        max_length=Consent._meta.get_field("text_version").max_length,
    )
