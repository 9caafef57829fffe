"""What the forms of issuing runs and rules have in common: what is given, and when and where it can be used."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from loyalty.days import end_of, first_day, last_day, start_of
from loyalty.forms.stored_value_type import TypeField
from loyalty.forms.terms import MAX_DAYS
from loyalty.issuing import MOST_TIERS
from loyalty.models import AccountKind, PercentMeans, StoredValueType
from loyalty.models.issuing import IssuingTerms
from loyalty.selectors.stored_values import usual_type
from loyalty.services.issuing_terms import ISSUED_KINDS
from retail.forms.fields import DayField, MoneyField, PastedListField
from retail.rows import FieldError

# Lines for tiers, where there are not more already.
ROWS = 6
MOST_COUNT = 1_000_000


class PercentageField(MoneyField):
    unit = "%"


def whole_field(
    label: Any, help_text: Any, *, least: int = 0, most: int = MOST_COUNT, initial: Any = None
) -> Any:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=least,
        max_value=most,
        initial=initial,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def stores_field(label: Any, help_text: Any) -> Any:
    widget = forms.Textarea({"rows": 2, "spellcheck": "false", "data-picker": "store"})
    return PastedListField(label=label, help_text=help_text, required=False, max_entries=5_000, widget=widget)


class IssuingTermsForm(forms.Form):
    """What a run and a rule have in common. `values()` is what their services take; `instance` is what is changed."""

    name = forms.CharField(
        label=_("Name"), max_length=160, help_text=_("What managers know it by; customers do not see it.")
    )
    type = TypeField(
        queryset=StoredValueType.objects.none(),
        label=_("Type of voucher"),
        required=False,
        empty_label=_("The usual voucher"),
        help_text=_("It says what the vouchers pay, and what becomes of them when a purchase is returned."),
    )
    minimum_turnover = MoneyField(
        label=_("Smallest turnover"),
        required=False,
        help_text=_("Reached exactly, it counts. Empty: none is asked for."),
    )
    minimum_visits = whole_field(_("Fewest visits"), _("Each purchase is a visit. Empty: none is asked for."))
    percent_means = forms.ChoiceField(
        label=_("A percentage gives"),
        choices=PercentMeans.choices,
        initial=PercentMeans.TURNOVER,
        help_text=_(
            "With the first, 5 % of 100.00 is a voucher of 5.00. With the second, 5 % off a purchase."
        ),
    )
    most = MoneyField(
        label=_("At most"), required=False, help_text=_("No voucher is worth more. Empty: no limit.")
    )
    valid_days = whole_field(
        _("Valid for (days)"),
        _("To the end of the last day. Empty: the dates beside, or as the type says."),
        least=1,
        most=MAX_DAYS,
    )
    usable_from_day = DayField(
        label=_("Usable from"), required=False, help_text=_("Empty: as soon as it is given.")
    )
    usable_until_day = DayField(
        label=_("Usable until"), required=False, help_text=_("That day included. Not together with days.")
    )
    usable_stores = stores_field(
        _("Stores where it can be used"), _("Codes of stores. Empty: where the type can be used.")
    )

    def __init__(self, data: Any = None, *, instance: Any = None, zone: ZoneInfo, **options: Any) -> None:
        if instance is not None:
            options["initial"] = self.initial_of(instance, zone)
        super().__init__(data, **options)
        self.instance = instance
        self.zone = zone
        known = StoredValueType.objects.filter(kind__in=ISSUED_KINDS)
        kept = known.filter(pk=instance.type_id) if instance is not None else known.none()
        self.fields["type"].queryset = (known.filter(is_active=True) | kept).order_by("name", "pk")  # type: ignore[attr-defined]
        # What a program has written may have more tiers than people need: none of them is lost here.
        self.rows = min(max(ROWS, len(instance.tiers) + 1 if instance is not None else 0), MOST_TIERS)
        for row in range(self.rows):
            self._add_row(row)

    def _add_row(self, row: int) -> None:
        first, number = row == 0, {"number": row + 1}
        # What is wrong is listed above the form by these labels: they say which line it is.
        fields: dict[str, Any] = {
            "from": MoneyField(
                label=_now("Tier %(number)d: from a turnover of") % number,
                required=False,
                help_text=_("Empty: always.") if first else "",
            ),
            "amount": MoneyField(
                label=_now("Tier %(number)d: amount") % number,
                required=False,
                help_text=_("Either this …") if first else "",
            ),
            "percent": PercentageField(
                label=_now("Tier %(number)d: percentage") % number,
                required=False,
                max_value=100,
                help_text=_("… or this.") if first else "",
            ),
        }
        for name, field in fields.items():
            self.fields[f"tier_{row + 1}_{name}"] = field

    @classmethod
    def initial_of(cls, instance: IssuingTerms, zone: ZoneInfo) -> dict[str, Any]:
        initial: dict[str, Any] = {
            name: getattr(instance, name)
            for name in (
                "name",
                "type",
                "minimum_turnover",
                "minimum_visits",
                "percent_means",
                "most",
                "valid_days",
            )
            if hasattr(instance, name)
        }
        initial |= {
            "usable_from_day": first_day(instance.usable_from, zone),
            "usable_until_day": last_day(instance.usable_until, zone),
            "usable_stores": "\n".join(instance.usable_store_codes),
        }
        for row, tier in enumerate(instance.tiers, 1):
            for name in ("from", "amount", "percent"):
                if name in tier:
                    initial[f"tier_{row}_{name}"] = Decimal(tier[name])
        return initial

    def tiers(self) -> list[dict[str, str]]:
        """Return the rows that say something, as the service takes them."""
        rows = []
        for row in range(1, self.rows + 1):
            typed = {
                name: self.cleaned_data.get(f"tier_{row}_{name}") for name in ("from", "amount", "percent")
            }
            if any(value is not None for value in typed.values()):
                rows.append({name: f"{value:f}" for name, value in typed.items() if value is not None})
        return rows

    def values(self) -> dict[str, Any]:
        """Return the fields of the model. Only after `is_valid`."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "type": data["type"] or usual_type(AccountKind.VOUCHER),
            "minimum_turnover": data["minimum_turnover"] or Decimal("0.00"),
            "minimum_visits": data["minimum_visits"] or 0,
            "tiers": self.tiers(),
            "percent_means": data["percent_means"],
            "most": data["most"],
            "valid_days": data["valid_days"],
            "usable_from": self.start("usable_from_day"),
            "usable_until": self.end("usable_until_day"),
            "usable_store_codes": data["usable_stores"],
        }

    def start(self, name: str) -> datetime | None:
        """Return the first instant of the day in a field."""
        day = self.cleaned_data[name]
        return None if day is None else start_of(day, self.zone)

    def end(self, name: str) -> datetime | None:
        """Return the first instant after the day in a field: the end of a half-open period that includes it."""
        day = self.cleaned_data[name]
        return None if day is None else end_of(day, self.zone)

    def add_refusals(self, errors: Iterable[FieldError]) -> None:
        """Show what the service refused beside the fields that it names."""
        for error in errors:
            self.add_error(self._field_of(error.path), error.message)

    def _field_of(self, path: str) -> str | None:
        name, _bracket, rest = path.partition("[")
        if name == "tiers":
            place = int(rest.partition("]")[0]) + 1 if rest else 1
            part = path.rpartition(".")[2] if "." in path else "amount"
            # Rows that say nothing were left out: the place is among those that do.
            said = [
                row
                for row in range(1, self.rows + 1)
                if any(
                    self.cleaned_data.get(f"tier_{row}_{one}") is not None
                    for one in ("from", "amount", "percent")
                )
            ]
            row = said[place - 1] if place <= len(said) else 1
            return f"tier_{row}_{part}"
        renamed: Mapping[str, str] = {
            "usable_until": "usable_until_day",
            "usable_from": "usable_from_day",
            "period_ends_at": "period_until_day",
            "period_starts_at": "period_from_day",
            "starts_at": "starts_day",
            "ends_at": "ends_day",
        }
        name = renamed.get(name, name)
        return name if name in self.fields else None
