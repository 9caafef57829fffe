"""Everyday campaigns in a few fields: each recipe asks for what differs and writes the whole document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from campaigns.engine.conditions.birthday import UNIT_CHOICES
from campaigns.forms.declared import Json
from campaigns.forms.inputs import (
    ChoiceInput,
    LinesInput,
    LinesWidget,
    WholeNumberInput,
)
from campaigns.forms.recipe import ProductsForm, RecipeForm, money_input, percent_input


class PercentOff(ProductsForm):
    percent = percent_input()
    places: ClassVar[Mapping[str, str]] = {**ProductsForm.places, "benefits.0.percent": "percent"}

    def parts(self) -> Json:
        benefit = {"kind": "item_percent", "percent": self.value("percent")}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class TakeAndPay(ProductsForm):
    take = WholeNumberInput(label=_("Take"), initial=3)
    pay = WholeNumberInput(label=_("Pay"), initial=2)
    places: ClassVar[Mapping[str, str]] = {
        **ProductsForm.places,
        "benefits.0.take": "take",
        "benefits.0.discounted": "pay",
        "benefits.0": "pay",
    }

    def parts(self) -> Json:
        take, pay = self.value("take"), self.value("pay")
        free = take - pay if take is not None and pay is not None else None
        benefit = {"kind": "multibuy", "take": take, "discounted": free, "percent": "100"}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class SecondUnit(ProductsForm):
    percent = percent_input(_("Off the second unit"))
    places: ClassVar[Mapping[str, str]] = {**ProductsForm.places, "benefits.0.percent": "percent"}

    def parts(self) -> Json:
        benefit = {"kind": "multibuy", "take": 2, "discounted": 1, "percent": self.value("percent")}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class FixedPrice(ProductsForm):
    price = money_input(_("Price of each unit"))
    places: ClassVar[Mapping[str, str]] = {**ProductsForm.places, "benefits.0.price": "price"}

    def parts(self) -> Json:
        benefit = {"kind": "item_final_price", "price": self.value("price")}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class AmountAbove(RecipeForm):
    minimum = money_input(_("For purchases from"))
    amount = money_input(_("Discount"))
    places: ClassVar[Mapping[str, str]] = {"minimum_amount": "minimum", "benefits.0.amount": "amount"}

    def parts(self) -> Json:
        benefit = {"kind": "order_amount", "amount": self.value("amount")}
        return {"minimum_amount": self.value("minimum"), "benefits": [_filled(benefit)]}


class GiftAbove(RecipeForm):
    minimum = money_input(_("For purchases from"))
    gifts = LinesInput(
        label=_("Gifts"),
        widget=LinesWidget("sku", {"rows": 2}),
        help_text=_("The SKUs that the operator may choose from."),
    )
    choose = WholeNumberInput(label=_("How many to choose"), initial=1)
    places: ClassVar[Mapping[str, str]] = {
        "minimum_amount": "minimum",
        "benefits.0.products": "gifts",
        "benefits.0.choose": "choose",
    }

    def parts(self) -> Json:
        products = [{"sku": sku} for sku in self.value("gifts") or []]
        benefit = {"kind": "gift", "products": products, "choose": self.value("choose")}
        return {"minimum_amount": self.value("minimum"), "benefits": [_filled(benefit)]}


class WithCode(RecipeForm):
    word = forms.CharField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("What the customer says, such as NATAL10."),
    )
    percent = percent_input()
    per_customer = WholeNumberInput(
        label=_("Uses by each customer"), required=False, help_text=_("Empty is without a limit.")
    )
    places: ClassVar[Mapping[str, str]] = {"benefits.0.percent": "percent", "limits": "per_customer"}

    def parts(self) -> Json:
        uses = self.value("per_customer")
        limit = {"scope": "customer", "counts": "sale", "max": uses, "per": "campaign"}
        return {
            "conditions": {"kind": "promo_code"},
            "limits": [limit] if uses is not None else [],
            "benefits": [_filled({"kind": "order_percent", "percent": self.value("percent")})],
        }

    def clean(self) -> None:
        if not (self.value("word") or "").strip():
            self.add_error("word", translate("This field is required."))
        super().clean()


class BirthdayOff(RecipeForm):
    percent = percent_input()
    unit = ChoiceInput(
        label=_("Valid in the birthday's"),
        choices=[(value, _(label)) for value, label in UNIT_CHOICES],
        initial="month",
    )
    places: ClassVar[Mapping[str, str]] = {"benefits.0.percent": "percent", "conditions.unit": "unit"}

    def parts(self) -> Json:
        return {
            "conditions": {"kind": "birthday", "unit": self.value("unit") or "month", "which": "current"},
            "limits": [{"scope": "customer", "counts": "sale", "max": 1, "per": "year"}],
            "benefits": [_filled({"kind": "order_percent", "percent": self.value("percent")})],
        }


class PaymentOff(RecipeForm):
    methods = LinesInput(
        label=_("Payment methods"),
        initial=["pix"],
        widget=LinesWidget("payment_method", {"rows": 2}),
        help_text=_("As the till names them, for example pix."),
    )
    percent = percent_input()
    places: ClassVar[Mapping[str, str]] = {"benefits.0.percent": "percent", "conditions.methods": "methods"}

    def parts(self) -> Json:
        return {
            "conditions": {"kind": "payment", "methods": self.value("methods") or []},
            "benefits": [_filled({"kind": "order_percent", "percent": self.value("percent")})],
        }


class FirstPurchaseOff(RecipeForm):
    percent = percent_input()
    places: ClassVar[Mapping[str, str]] = {"benefits.0.percent": "percent"}

    def parts(self) -> Json:
        return {
            "conditions": {"kind": "first_purchase"},
            "benefits": [_filled({"kind": "order_percent", "percent": self.value("percent")})],
        }


def _filled(benefit: Json) -> Json:
    return {name: value for name, value in benefit.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A card of the page where a campaign begins. `icon` is a picture's name."""

    code: str
    title: Any
    text: Any
    icon: str
    form: type[RecipeForm]

    @property
    def fields(self) -> tuple[str, ...]:
        """The order in which its fields are asked for: its own, then when and where."""
        common = tuple(RecipeForm.base_fields)
        own = tuple(name for name in self.form.base_fields if name not in common)
        leading = tuple(name for name in own if name not in ("by", "values"))
        products = tuple(name for name in own if name in ("by", "values"))
        return ("name", *leading, *products, "first_day", "last_day", "stores")


RECIPES: dict[str, Recipe] = {
    recipe.code: recipe
    for recipe in (
        Recipe(
            "percent",
            _("Percent off"),
            _("A percentage off some products, or off all of them."),
            "percent",
            PercentOff,
        ),
        Recipe(
            "take-pay",
            _("Take 3, pay 2"),
            _("For every so many units, the cheapest ones are free."),
            "layers",
            TakeAndPay,
        ),
        Recipe(
            "second",
            _("Second unit cheaper"),
            _("Of every two units, the cheaper one has a discount."),
            "copy",
            SecondUnit,
        ),
        Recipe(
            "price",
            _("Special price"),
            _("Each unit of some products costs a fixed price."),
            "product",
            FixedPrice,
        ),
        Recipe(
            "above", _("Value off above"), _("Money off purchases that reach a value."), "money", AmountAbove
        ),
        Recipe(
            "gift", _("Gift"), _("Purchases that reach a value bring a gift to choose."), "gift", GiftAbove
        ),
        Recipe(
            "code",
            _("Promotional code"),
            _("A word that everybody knows opens the discount."),
            "code",
            WithCode,
        ),
        Recipe(
            "birthday",
            _("Birthday"),
            _("A discount around the customer's birthday, once a year."),
            "cake",
            BirthdayOff,
        ),
        Recipe(
            "payment",
            _("Payment method"),
            _("A discount for paying by Pix, or another method."),
            "card",
            PaymentOff,
        ),
        Recipe(
            "first",
            _("First purchase"),
            _("A welcome for customers who buy for the first time."),
            "heart",
            FirstPurchaseOff,
        ),
    )
}
