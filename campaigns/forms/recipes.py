"""Everyday campaigns in a few fields: each recipe asks for what differs and writes the whole document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from campaigns.engine.conditions.birthday import UNIT_CHOICES
from campaigns.engine.document import decode_campaign
from campaigns.engine.fields import DocumentError
from campaigns.engine.selector import BY_CHOICES
from campaigns.forms.declared import Json
from campaigns.forms.document import code_from_name
from campaigns.forms.inputs import (
    ChoiceInput,
    DateInput,
    LinesInput,
    LinesWidget,
    NumberInput,
    TextInput,
    WholeNumberInput,
)


def _money(label: Any, help_text: Any = "") -> NumberInput:
    return NumberInput(label=label, help_text=help_text, unit="R$")


def _percent(label: Any = "") -> NumberInput:
    return NumberInput(label=label or _("Discount"), help_text=_("From 0 to 100."), unit="%")


class RecipeForm(forms.Form):
    """What every recipe asks for. Subclasses add fields and say how the document looks.

    `places` tells on which field a complaint about a part of the document is shown.
    """

    use_required_attribute = False
    template_name = "components/form.html"
    places: ClassVar[Mapping[str, str]] = {}

    name = TextInput(label=_("Name"), help_text=_("Managers find the campaign by it."))
    first_day = DateInput(
        label=_("First day"), required=False, help_text=_("Empty starts with its publication.")
    )
    last_day = DateInput(
        label=_("Last day"), required=False, help_text=_("Included. Empty goes on until it is paused.")
    )
    stores = LinesInput(
        label=_("Stores"),
        required=False,
        widget=LinesWidget("store", {"rows": 2}),
        help_text=_("None means every store."),
    )

    def parts(self) -> Json:
        """Return what is particular of this recipe: rules, thresholds, benefits."""
        raise NotImplementedError

    def document(self) -> Json:
        """Return the document of what was typed so far; empty fields are left out."""
        self.errors  # noqa: B018 - reads the posted data
        name = self.value("name") or ""
        document: Json = {"name": name, "code": code_from_name(name), "stores": self.value("stores") or []}
        first, last = self.moment("first_day"), self.moment("last_day", timedelta(days=1))
        if first:
            document["starts_at"] = first
        if last:
            document["ends_at"] = last
        return {key: value for key, value in {**document, **self.parts()}.items() if value not in (None, "")}

    def value(self, name: str) -> Any:
        return (
            self.cleaned_data.get(name)
            if self.is_bound
            else self.get_initial_for_field(self.fields[name], name)
        )

    def moment(self, name: str, later: timedelta = timedelta()) -> str | None:
        try:
            day = date.fromisoformat(self.value(name) or "")
        except ValueError:
            return None
        return timezone.make_aware(datetime.combine(day + later, time())).isoformat()

    def clean(self) -> None:
        try:
            decode_campaign(self.document())
        except DocumentError as error:
            for problem in error.problems:
                self._complain(problem.path, translate(problem.message) % problem.params)

    def _complain(self, path: str, text: str) -> None:
        places = {"code": "name", "starts_at": "first_day", "ends_at": "last_day", **self.places}
        while path and path not in places and path not in self.fields:
            path = path.rpartition(".")[0]
        name = places.get(path, path) or None
        if name is None or name not in self.errors:
            self.add_error(name if name in self.fields else None, ValidationError(text))


class ProductsForm(RecipeForm):
    """Adds the choice of products that take part."""

    by = ChoiceInput(
        label=_("Products by"),
        choices=[(value, _(label)) for value, label in BY_CHOICES],
        initial="all",
        required=False,
    )
    values = LinesInput(
        label=_("Which ones"),
        required=False,
        widget=LinesWidget("sibling:by", {"rows": 2}),
        help_text=_("Search, or paste a list: one a line."),
    )
    places: ClassVar[Mapping[str, str]] = {"conditions": "values"}

    def products(self) -> Json | None:
        if (self.value("by") or "all") == "all":
            return None
        return {"kind": "product", "by": self.value("by"), "values": self.value("values") or []}


class PercentOff(ProductsForm):
    percent = _percent()
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
    percent = _percent(_("Off the second unit"))
    places: ClassVar[Mapping[str, str]] = {**ProductsForm.places, "benefits.0.percent": "percent"}

    def parts(self) -> Json:
        benefit = {"kind": "multibuy", "take": 2, "discounted": 1, "percent": self.value("percent")}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class FixedPrice(ProductsForm):
    price = _money(_("Price of each unit"))
    places: ClassVar[Mapping[str, str]] = {**ProductsForm.places, "benefits.0.price": "price"}

    def parts(self) -> Json:
        benefit = {"kind": "item_final_price", "price": self.value("price")}
        return {"conditions": self.products(), "benefits": [_filled(benefit)]}


class AmountAbove(RecipeForm):
    minimum = _money(_("For purchases from"))
    amount = _money(_("Discount"))
    places: ClassVar[Mapping[str, str]] = {"minimum_amount": "minimum", "benefits.0.amount": "amount"}

    def parts(self) -> Json:
        benefit = {"kind": "order_amount", "amount": self.value("amount")}
        return {"minimum_amount": self.value("minimum"), "benefits": [_filled(benefit)]}


class GiftAbove(RecipeForm):
    minimum = _money(_("For purchases from"))
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
    percent = _percent()
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
    percent = _percent()
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
    percent = _percent()
    places: ClassVar[Mapping[str, str]] = {"benefits.0.percent": "percent", "conditions.methods": "methods"}

    def parts(self) -> Json:
        return {
            "conditions": {"kind": "payment", "methods": self.value("methods") or []},
            "benefits": [_filled({"kind": "order_percent", "percent": self.value("percent")})],
        }


class FirstPurchaseOff(RecipeForm):
    percent = _percent()
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
