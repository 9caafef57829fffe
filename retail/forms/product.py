from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import MoneyField
from retail.models import Category, Product


class ProductForm(forms.ModelForm):
    """One SKU; its SKU never changes, because recorded sales name it."""

    price = MoneyField(label=_("Price"), help_text=_("What one unit costs today, before any campaign."))
    original_price = MoneyField(
        label=_("Original price"),
        required=False,
        help_text=_("The price before a markdown, struck through on tags."),
    )
    cost = MoneyField(
        label=_("Cost"), required=False, help_text=_("For margins in reports; tills never see it.")
    )
    floor_price = MoneyField(
        label=_("Floor price"), required=False, help_text=_("No discount takes one unit below this price.")
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.order_by("name", "pk"),
        required=False,
        empty_label="—",
        help_text=_("Where it stands in the product tree. Campaigns may name a whole branch."),
    )

    image_url = forms.URLField(
        label=_("Picture"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Address of a picture, https://…"),
    )

    class Meta:
        model = Product
        fields = [
            "sku",
            "name",
            "barcode",
            "code",
            "category",
            "ncm",
            "price",
            "original_price",
            "cost",
            "floor_price",
            "discountable",
            "is_active",
            "image_url",
        ]
        help_texts = {
            "sku": _("The smallest unit that is sold: one colour, one size. It cannot be changed later."),
            "name": _("As it is printed on the receipt."),
            "barcode": _("EAN or internal, as the scanner reads it."),
            "code": _(
                "Shared by the sizes and colours of one article. Campaigns may name it instead of every SKU."
            ),
            "ncm": _("Eight digits of the Mercosur nomenclature. Campaigns may name it."),
            "discountable": _("Switched off, no campaign ever discounts it."),
            "is_active": _("An inactive product is hidden from tills and from search."),
        }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.instance.pk:
            self.fields["sku"].disabled = True
