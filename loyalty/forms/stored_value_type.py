"""The form of a type of stored values. The kind decides which fields count; the others are forgotten."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loyalty.forms.terms import TermsForm, days_field
from loyalty.models import AccountKind, StoredValueType
from loyalty.selectors.stored_values import USUAL
from loyalty.services.stored_value_types import ONLY_OF, StoredValueKind
from retail.forms.fields import MoneyField
from retail.models import Clawback

# Another word than "type" in every language: each type is of one kind.
KIND_LABEL = pgettext_lazy("stored value", "Kind")


class TypeField(forms.ModelChoiceField):
    """A choice of types, each with its kind: names such as “Aurora” do not say it."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.get_kind_display()})"


class CodesField(forms.CharField):
    """Codes of other objects: one a line, or separated by commas or semicolons. `picker` names what is searched."""

    def __init__(self, *, picker: str, **options: Any) -> None:
        widget = forms.Textarea({"rows": 2, "spellcheck": "false", "data-picker": picker})
        super().__init__(required=False, max_length=20_000, widget=widget, **options)

    def clean(self, value: Any) -> list[str]:
        entries = (entry.strip() for entry in re.split(r"[\n,;]", super().clean(value)))
        return list(dict.fromkeys(entry for entry in entries if entry))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


class StoredValueTypeForm(TermsForm):
    model = StoredValueType
    # Whoever pays for it, or is given it, has it at once.
    pending_days = None  # type: ignore[assignment]

    kind = forms.ChoiceField(
        label=KIND_LABEL,
        choices=StoredValueKind.choices,
        initial=StoredValueKind.GIFT_CARD,
        widget=forms.RadioSelect,
        help_text=_(
            "A gift card is sold and used whole, once. An e-purse is loaded and spent in parts. A voucher is given by "
            "rules or by hand and counts for one purchase. A credit note comes from a return and is spent in parts."
        ),
    )
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Switched off, no new ones are made; those that customers hold can still be used."),
    )
    fixed_load = MoneyField(
        label=_("Value that is loaded"),
        required=False,
        help_text=_("What each one holds when it is sold. Empty: as the customer wishes."),
    )
    fixed_price = MoneyField(
        label=_("Price"),
        required=False,
        help_text=_(
            "What the customer pays for that value, such as 50.00 for 60.00. Empty: the value itself."
        ),
    )
    ceiling = MoneyField(
        label=_("Ceiling"),
        required=False,
        initial=USUAL[AccountKind.E_PURSE]["ceiling"],
        help_text=_(
            "The most that one may hold after any load. Empty: no limit. For e-purses 150.00 is usual."
        ),
    )
    is_reloadable = forms.BooleanField(
        label=_("Can be loaded again"),
        required=False,
        initial=True,
        help_text=_("Whoever has it may put more into it at the till, up to the ceiling."),
    )
    categories = CodesField(
        label=_("Product families"),
        picker="category",
        help_text=_("It pays only products of these, and of the families below them. Empty: every product."),
    )
    groupings = CodesField(
        label=_("Groupings of products"),
        picker="grouping",
        help_text=_(
            "It pays products of these lists, too. With families and lists empty it pays everything."
        ),
    )
    stores = CodesField(
        label=_("Stores"), picker="store", help_text=_("Where it can be used. Empty: in every store.")
    )
    is_personal = forms.BooleanField(
        label=_("Only for its customer"),
        required=False,
        help_text=_("The till takes it only when the customer that it belongs to is identified."),
    )
    minimum_purchase = MoneyField(
        label=_("Smallest purchase"),
        required=False,
        help_text=_("It pays only from this amount due. Empty: any purchase."),
    )
    valid_days = days_field(
        _("Days until it expires"),
        _("After it is made or loaded, to the end of that day. Empty: never. What exists keeps its date."),
        least=1,
    )
    clawback = forms.ChoiceField(
        label=_("A return of what was spent already"),
        choices=Clawback.choices,
        initial=Clawback.CHARGE_BACK,
        help_text=_("When a purchase gave one of these, it was used, and then the purchase is returned."),
    )

    def __init__(self, data: Any = None, *, instance: Any = None, **options: Any) -> None:
        super().__init__(data, instance=instance, **options)
        if instance is not None and instance.values.exists():
            self.fields["kind"].disabled = True

    @classmethod
    def initial_of(cls, instance: StoredValueType) -> dict[str, Any]:
        return super().initial_of(instance) | {
            "stores": list(instance.store_codes),
            "categories": [category.code for category in instance.categories.all()],
            "groupings": [grouping.code for grouping in instance.groupings.all()],
        }

    def row(self) -> dict[str, Any]:
        """Return the type as the service takes it, without what its kind does not have."""
        row = super().row()
        for name, kinds in ONLY_OF.items():
            if row["kind"] not in kinds:
                row[name] = False if name == "is_reloadable" else None
        return row
