"""The forms of stamp plans: the plan itself, step by step, and what is done to a customer's stamps by hand."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loyalty.forms.terms import TermsForm, UnitsField, product_picker
from loyalty.models import StampPlan, StampReward
from retail.models import Category, Product


class PercentField(UnitsField):
    unit = "%"

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), max_value=100, **options)


class StampPlanForm(TermsForm):
    model = StampPlan

    orders = forms.IntegerField(
        label=_("Orders"),
        min_value=1,
        max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("How many orders give one reward."),
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("Every product"),
        help_text=_("An order with at least one product of it earns one stamp."),
    )
    reward = forms.ChoiceField(
        label=_("Reward"),
        choices=StampReward.choices,
        initial=StampReward.PRODUCT,
        widget=forms.RadioSelect,
        help_text=_("What a customer with enough stamps may take."),
    )
    reward_product = forms.CharField(
        label=_("Product"),
        max_length=64,
        required=False,
        widget=product_picker(),
        help_text=_("Only for a product. Search by name, or type the SKU."),
    )
    reward_percent = PercentField(
        label=_("Discount"),
        initial=100,
        help_text=_("Off one unit of the product, or off the delivery fee. 100 is free."),
    )
    shows_extras = forms.BooleanField(
        label=_("Show other items"),
        required=False,
        help_text=_("The summary also shows items that earn stamps and are no part of the reward."),
    )

    @classmethod
    def initial_of(cls, instance: StampPlan) -> dict[str, Any]:
        product = instance.reward_product
        return super().initial_of(instance) | {"reward_product": product.sku if product else ""}

    def clean_reward_product(self) -> str:
        """Return the SKU; it is forgotten where the reward is the delivery."""
        if self.cleaned_data.get("reward") == StampReward.DELIVERY:
            return ""
        sku = self.cleaned_data["reward_product"].strip()
        if not sku:
            raise ValidationError(_("Say which product the reward is."), code="required")
        self.product = Product.objects.filter(sku=sku).first()
        if self.product is None:
            raise ValidationError(_("There is no product “%(sku)s”."), params={"sku": sku}, code="unknown")
        return sku

    def row(self) -> dict[str, Any]:
        category = self.cleaned_data["category"]
        sku = self.cleaned_data["reward_product"] or None
        return super().row() | {"category": category.code if category else None, "reward_product": sku}

    def draft(self) -> StampPlan | None:
        """Return the plan that is typed, unsaved, once enough of it can be read for a sentence."""
        self.is_valid()
        typed = self.cleaned_data
        if not typed.get("orders") or not typed.get("reward_percent") or not typed.get("reward"):
            return None
        return StampPlan(
            orders=typed["orders"],
            category=typed.get("category"),
            reward=typed["reward"],
            reward_product=getattr(self, "product", None),
            reward_percent=typed["reward_percent"],
            shows_extras=typed.get("shows_extras", False),
            pending_days=typed.get("pending_days") or 0,
            valid_days=typed.get("valid_days"),
        )


class StampsForm(forms.Form):
    """What is done by hand: `add` or `take` stamps, or remove one `reward`, always with a reason."""

    action = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            ("add", _("Add stamps")),
            ("take", _("Take stamps away")),
            ("reward", _("Remove the reward")),
        ],
        widget=forms.RadioSelect,
        initial="add",
    )
    stamps = forms.IntegerField(
        label=_("How many"),
        required=False,
        min_value=1,
        max_value=1000,
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("A reward is always as many as the plan asks for."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=240, help_text=_("Kept with the entry; whoever audits reads it.")
    )
    operation = forms.UUIDField(widget=forms.HiddenInput)

    def clean_stamps(self) -> int | None:
        if self.cleaned_data["stamps"] is None and self.data.get("action") != "reward":
            raise ValidationError(_("Say how many."), code="required")
        return self.cleaned_data["stamps"]
