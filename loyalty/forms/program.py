"""The form of a points program: one form, and rows of levels, gifts and tiers that are added and removed in the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.forms.terms import TermsForm, UnitsField, product_picker
from loyalty.models import PointsProgram, TierBasis, TierDowngrade
from loyalty.services.levels import MAX_GIFTS, MAX_LEVELS, levels_of
from loyalty.services.program_tiers import MAX_TIERS, tiers_of
from retail.forms.fields import CodeField, MoneyField
from retail.models import Product

Typed = dict[str, Any]


class ProgramForm(TermsForm):
    model = PointsProgram

    points = UnitsField(
        label=_("Points"),
        required=False,
        help_text=_("So many points … Empty: only campaigns give points of this program."),
    )
    per_amount = MoneyField(
        label=_("For each full"),
        required=False,
        help_text=_("… for each time that the purchase reaches this amount."),
    )
    earns_on_discounted = forms.BooleanField(
        label=_("Discounted products earn too"),
        required=False,
        initial=True,
        help_text=_("Switched off, products that were marked down or discounted give no points."),
    )
    point_value = MoneyField(
        label=_("A point pays"),
        required=False,
        help_text=_("Of a purchase. Empty: points are for gifts only."),
    )
    redeem_step = UnitsField(
        label=_("In steps of"),
        initial=Decimal("1.00"),
        help_text=_("Points that pay are taken in multiples of this."),
    )
    tier_basis = forms.ChoiceField(
        label=_("Tiers are reached by"),
        choices=TierBasis.choices,
        initial=TierBasis.SPEND,
        help_text=_("Returned and cancelled purchases do not count."),
    )
    tier_period_months = forms.IntegerField(
        label=_("In the last (months)"),
        min_value=1,
        max_value=120,
        initial=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Also how long a tier is kept, where it is kept."),
    )
    tier_downgrade = forms.ChoiceField(
        label=_("Who no longer reaches a tier"),
        choices=TierDowngrade.choices,
        initial=TierDowngrade.AT_PERIOD_END,
        help_text=_("A higher tier is always given at once."),
    )
    sets_customer_level = forms.BooleanField(
        label=_("Campaigns read these tiers"),
        required=False,
        help_text=_(
            "The number and the code of a customer's tier become loyalty level and loyalty category of the record. "
            "Only one program can do this."
        ),
    )


LEAST = Decimal("0.01")
ABOVE_NOTHING = {"min_value": _("Must be more than 0.")}


class LevelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    points = UnitsField(label=_("Points"), min_value=LEAST, error_messages=ABOVE_NOTHING)
    add = forms.CharField(
        label=_("Add a gift"),
        max_length=64,
        required=False,
        widget=product_picker(),
        help_text=_("Search by name, or type the SKU."),
    )


class GiftForm(forms.Form):
    picture_url = forms.URLField(
        label=_("Another picture"), required=False, max_length=500, assume_scheme="https"
    )


class TierForm(forms.Form):
    code = CodeField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=80)
    threshold = UnitsField(label=_("From"), min_value=LEAST, error_messages=ABOVE_NOTHING)


@dataclass
class Gift:
    sku: str
    form: GiftForm
    product: Product | None = None

    @property
    def picture(self) -> str:
        return self.form["picture_url"].value() or (self.product.image_url if self.product else "")


@dataclass
class Level:
    form: LevelForm
    gifts: list[Gift] = field(default_factory=list)


def _rows(data: Mapping[str, Any], prefix: str, names: Sequence[str], limit: int) -> list[Typed]:
    """Return the rows that a page sent as `prefix-0-name`, …, as they were typed. PostgreSQL keeps no NUL."""
    sent = str(data.get(f"{prefix}-count", ""))
    count = min(int(sent), limit) if sent.isascii() and sent.isdigit() and len(sent) < 6 else 0
    return [
        {name: str(data.get(f"{prefix}-{place}-{name}", "")).replace("\x00", "") for name in names}
        for place in range(count)
    ]


def _refuse_repeated(rows: Sequence[forms.Form], name: str, message: Any) -> None:
    """Mark each row that has a value of an earlier one: rows are sorted, so which was meant to be higher is unknown."""
    seen: set[Any] = set()
    for row in rows:
        value = row.cleaned_data.get(name)
        if value is not None and value in seen:
            row.add_error(name, message)
        seen.add(value)


class ProgramEditor:
    """The whole page: `form`, `levels` and `tiers`. An action adds or removes a row and keeps all that was typed."""

    def __init__(self, instance: PointsProgram | None = None, data: Any = None, action: str = "save") -> None:
        self.instance = instance
        self.is_bound = data is not None
        # A change of rows shows what was typed without judging it.
        self.judges = self.is_bound and action in ("save", "summary")
        self.typed_levels, self.typed_tiers = self._typed(data) if self.is_bound else self._stored()
        self.refusal = ""
        if self.is_bound and not self.judges:
            self._act(action)
            self.form = ProgramForm(instance=instance)
            self.form.initial = {name: data.get(name) for name in self.form.fields}
            if instance is not None:
                self.form.initial["code"] = instance.code
        else:
            if action == "save":
                self._take_typed_gifts()
            self.form = ProgramForm(data, instance=instance)
        self._build()

    # --- What was typed, as plain values -----------------------------------------------------------

    def _typed(self, data: Any) -> tuple[list[Typed], list[Typed]]:
        levels = _rows(data, "level", ("name", "points", "add"), MAX_LEVELS)
        for place, level in enumerate(levels):
            level["gifts"] = _rows(data, f"level-{place}-gift", ("sku", "picture_url"), MAX_GIFTS)
        return levels, _rows(data, "tier", ("code", "name", "threshold"), MAX_TIERS)

    def _stored(self) -> tuple[list[Typed], list[Typed]]:
        if self.instance is None:
            return [], []
        levels = [
            {
                "name": level.name,
                "points": level.points,
                "add": "",
                "gifts": [{"sku": gift.sku, "picture_url": gift.picture_url} for gift in level.gifts],
            }
            for level in levels_of(self.instance)
        ]
        tiers = [
            {"code": tier.code, "name": tier.name, "threshold": tier.threshold}
            for tier in tiers_of(self.instance)
        ]
        return levels, tiers

    def _act(self, action: str) -> None:
        verb, _colon, rest = action.partition(":")
        what, *places = rest.split("-")
        numbers = [int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 6]
        lists: dict[str, tuple[list[Typed], int, Typed]] = {
            "level": (self.typed_levels, MAX_LEVELS, {"name": "", "points": "", "add": "", "gifts": []}),
            "tier": (self.typed_tiers, MAX_TIERS, {"code": "", "name": "", "threshold": ""}),
        }
        if what in lists:
            rows, limit, blank = lists[what]
            if verb == "add" and len(rows) < limit:
                rows.append(blank)
            elif verb == "remove" and len(numbers) == 1 and numbers[0] < len(rows):
                del rows[numbers[0]]
        elif what == "gift" and numbers and numbers[0] < len(self.typed_levels):
            level = self.typed_levels[numbers[0]]
            if verb == "add":
                self._add_gift(level)
            elif len(numbers) == 2 and numbers[1] < len(level["gifts"]):
                del level["gifts"][numbers[1]]

    def _add_gift(self, level: Typed) -> None:
        sku = level["add"].strip()
        if not sku:
            return
        product = Product.objects.filter(sku=sku).first() or Product.objects.filter(barcode=sku).first()
        if product is None:
            self.refusal = _now("There is no product “%(sku)s”.") % {"sku": sku[:64]}
            return
        if product.sku not in [gift["sku"] for gift in level["gifts"]]:
            level["gifts"].append({"sku": product.sku, "picture_url": ""})
        level["add"] = ""

    def _take_typed_gifts(self) -> None:
        """What was searched and not added is meant all the same."""
        for level in self.typed_levels:
            self._add_gift(level)

    # --- The forms that show and read it -----------------------------------------------------------

    def _build(self) -> None:
        skus = {gift["sku"] for level in self.typed_levels for gift in level["gifts"]}
        products = {one.sku: one for one in Product.objects.filter(sku__in=skus)} if skus else {}
        self.levels = [
            Level(
                self._row_form(LevelForm, f"level-{place}", typed),
                [
                    Gift(
                        gift["sku"],
                        self._row_form(GiftForm, f"level-{place}-gift-{number}", gift),
                        products.get(gift["sku"]),
                    )
                    for number, gift in enumerate(typed["gifts"])
                ],
            )
            for place, typed in enumerate(self.typed_levels)
        ]
        self.tiers = [
            self._row_form(TierForm, f"tier-{place}", typed) for place, typed in enumerate(self.typed_tiers)
        ]

    def _row_form(self, form_class: type[forms.Form], prefix: str, typed: Typed) -> Any:
        if not self.judges:
            return form_class(prefix=prefix, initial=typed)
        return form_class({f"{prefix}-{name}": value for name, value in typed.items()}, prefix=prefix)

    @property
    def row_forms(self) -> list[forms.Form]:
        levels = [
            form for level in self.levels for form in (level.form, *(gift.form for gift in level.gifts))
        ]
        return [*levels, *self.tiers]

    @property
    def has_wrong_rows(self) -> bool:
        return any(form.errors for form in self.row_forms)

    def is_valid(self) -> bool:
        are_valid = all([self.form.is_valid(), *(form.is_valid() for form in self.row_forms)])
        _refuse_repeated([level.form for level in self.levels], "points", _("Another level needs as many."))
        _refuse_repeated(self.tiers, "threshold", _("Another tier begins here."))
        _refuse_repeated(self.tiers, "code", _("Another tier has this code."))
        return are_valid and not self.has_wrong_rows and not self.refusal

    def row(self) -> Typed:
        """Return the program as the service takes it, levels and tiers from the lowest. Only after `is_valid`."""
        levels = [
            {
                "name": level.form.cleaned_data["name"],
                "points": level.form.cleaned_data["points"],
                "gifts": [
                    {"sku": gift.sku, "picture_url": gift.form.cleaned_data["picture_url"]}
                    for gift in level.gifts
                ],
            }
            for level in self.levels
        ]
        tiers = [dict(form.cleaned_data) for form in self.tiers]
        return self.form.row() | {
            "levels": sorted(levels, key=lambda level: level["points"]),
            "tiers": sorted(tiers, key=lambda tier: tier["threshold"]),
        }
