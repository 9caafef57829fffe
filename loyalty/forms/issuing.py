"""The forms of issuing runs and rules: what is given, to whom, and where it can be used."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerGrouping
from loyalty.forms.customer_choice import customers_meant, reference_to
from loyalty.forms.terms import MAX_DAYS
from loyalty.models import AccountKind, IssuingRule, IssuingRun, IssuingTrigger, PercentMeans, StoredValueType
from loyalty.models.issuing import IssuingTerms
from loyalty.selectors.stored_values import usual_type
from loyalty.services.issuing_terms import ISSUED_KINDS
from retail.forms.fields import DayField, MoneyField, PastedListField
from retail.rows import FieldError

ROWS = 6
MOST_COUNT = 1_000_000


class PercentageField(MoneyField):
    unit = "%"


def _whole(label: Any, help_text: Any, *, least: int = 0, most: int = MOST_COUNT, initial: Any = None) -> Any:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=least,
        max_value=most,
        initial=initial,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def _stores(label: Any, help_text: Any) -> Any:
    widget = forms.Textarea({"rows": 2, "spellcheck": "false", "data-picker": "store"})
    return PastedListField(label=label, help_text=help_text, required=False, max_entries=5_000, widget=widget)


def _type_label(kind: StoredValueType) -> str:
    return f"{kind.name} ({kind.get_kind_display()})"


class TypeField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return _type_label(obj)


class TermsForm(forms.Form):
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
    minimum_visits = _whole(_("Fewest visits"), _("Each purchase is a visit. Empty: none is asked for."))
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
    valid_days = _whole(
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
    usable_stores = _stores(
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
        for row in range(ROWS):
            self._add_row(row)

    def _add_row(self, row: int) -> None:
        first = row == 0
        fields: dict[str, Any] = {
            "from": MoneyField(
                label=_("From a turnover of"),
                required=False,
                help_text=_("Empty: always.") if first else "",
            ),
            "amount": MoneyField(
                label=_("Amount"),
                required=False,
                help_text=_("Either this …") if first else "",
            ),
            "percent": PercentageField(
                label=_("Percentage"),
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
        for row, tier in enumerate(instance.tiers[:ROWS], 1):
            for name in ("from", "amount", "percent"):
                if name in tier:
                    initial[f"tier_{row}_{name}"] = Decimal(tier[name])
        return initial

    def tiers(self) -> list[dict[str, str]]:
        """Return the rows that say something, as the service takes them."""
        rows = []
        for row in range(1, ROWS + 1):
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
            "usable_from": start_of(data["usable_from_day"], self.zone),
            "usable_until": end_of(data["usable_until_day"], self.zone),
            "usable_store_codes": data["usable_stores"],
        }

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
                for row in range(1, ROWS + 1)
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


class RunForm(TermsForm):
    period_from_day = DayField(
        label=_("Purchases from"), required=False, help_text=_("Empty: from the first one.")
    )
    period_until_day = DayField(
        label=_("Purchases until"),
        required=False,
        help_text=_("That day included. Empty: until the preview."),
    )
    stores = _stores(_("Stores whose purchases count"), _("Codes of stores. Empty: all of them."))
    customer = forms.CharField(
        label=_("One customer"),
        max_length=120,
        required=False,
        help_text=_("CPF, code, card, phone or e-mail. Empty: all of them."),
    )
    grouping = forms.ModelChoiceField(
        queryset=CustomerGrouping.objects.none(),
        label=_("Customer grouping"),
        required=False,
        empty_label=_("Everybody"),
        help_text=_("Only who belongs to it."),
    )
    country = forms.CharField(
        label=_("Country"), max_length=2, required=False, help_text=_("Two letters, such as BR. Empty: any.")
    )
    language = forms.CharField(
        label=_("Language"), max_length=8, required=False, help_text=_("Such as pt-br. Empty: any.")
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["grouping"].queryset = CustomerGrouping.objects.order_by("name", "pk")  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, instance: Any, zone: ZoneInfo) -> dict[str, Any]:
        run: IssuingRun = instance
        return super().initial_of(run, zone) | {
            "period_from_day": first_day(run.period_starts_at, zone),
            "period_until_day": last_day(run.period_ends_at, zone),
            "stores": "\n".join(run.store_codes),
            "customer": "" if run.customer is None else identity_of(run.customer),
            "grouping": run.grouping,
            "country": run.country,
            "language": run.language,
        }

    def clean_customer(self) -> Customer | None:
        text = self.cleaned_data["customer"].strip()
        if not text:
            return None
        found = customers_meant(text)
        if not found:
            raise ValidationError(_("There is no such customer."), code="unknown")
        if len(found) > 1:
            raise ValidationError(
                _("Several customers have this; give the CPF or the card."), code="ambiguous"
            )
        return found[0]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().values() | {
            "period_starts_at": start_of(data["period_from_day"], self.zone),
            "period_ends_at": end_of(data["period_until_day"], self.zone),
            "store_codes": data["stores"],
            "customer": data["customer"],
            "grouping": data["grouping"],
            "country": data["country"].upper(),
            "language": data["language"].lower(),
        }


class RuleForm(TermsForm):
    code = forms.SlugField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("What tills name it by. Empty: made from the name. It never changes."),
    )
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Tills follow it with their next basket."),
    )
    trigger = forms.ChoiceField(
        label=_("Given for"),
        choices=IssuingTrigger.choices,
        initial=IssuingTrigger.SALE,
        help_text=_("Every sale needs no customer; the others give to who is identified."),
    )
    window_days = _whole(
        _("In the last (days)"),
        _("For a known customer: how long visits and turnover are counted, this purchase included."),
        least=1,
        most=3_650,
    )
    once_in_window = forms.BooleanField(
        label=_("Once in that time"),
        required=False,
        initial=True,
        help_text=_("A known customer gets no second voucher of this rule within these days."),
    )
    stores = _stores(_("Stores that give it"), _("Codes of stores. Empty: all of them."))
    starts_day = DayField(label=_("Given from"), required=False, help_text=_("Empty: from now on."))
    ends_day = DayField(
        label=_("Given until"), required=False, help_text=_("That day included. Empty: without end.")
    )
    priority = _whole(
        _("Order"), _("Of several, the lowest is given first. All that hold are given."), most=32_000
    )

    @classmethod
    def initial_of(cls, instance: Any, zone: ZoneInfo) -> dict[str, Any]:
        rule: IssuingRule = instance
        return super().initial_of(rule, zone) | {
            "code": rule.code,
            "is_active": rule.is_active,
            "trigger": rule.trigger,
            "window_days": rule.window_days,
            "once_in_window": rule.once_in_window,
            "stores": "\n".join(rule.store_codes),
            "starts_day": first_day(rule.starts_at, zone),
            "ends_day": last_day(rule.ends_at, zone),
            "priority": rule.priority,
        }

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        if self.instance is not None:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        if self.instance is not None:
            return self.instance.code
        code = self.cleaned_data["code"] or slugify(self.data.get("name", ""))[:64].strip("-")
        if not code:
            raise ValidationError(_("Give it a code."), code="required")
        return code

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().values() | {
            "code": data["code"],
            "is_active": data["is_active"],
            "trigger": data["trigger"],
            "window_days": data["window_days"],
            "once_in_window": data["once_in_window"],
            "store_codes": data["stores"],
            "starts_at": start_of(data["starts_day"], self.zone),
            "ends_at": end_of(data["ends_day"], self.zone),
            "priority": data["priority"] or 0,
        }


def identity_of(customer: Customer) -> str:
    """Return by what the form finds this customer again, and nobody else."""
    return customer.document or reference_to(customer.pk)


# --- Days as people say them, and moments as they are kept ---------------------------------------------


def start_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def end_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return the first instant after a day, which is the end of a half-open period that includes it."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), zone)


def first_day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return None if moment is None else moment.astimezone(zone).date()


def last_day(end: datetime | None, zone: ZoneInfo) -> date | None:
    return None if end is None else (end - timedelta(microseconds=1)).astimezone(zone).date()
