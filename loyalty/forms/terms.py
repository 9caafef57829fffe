"""What the forms of points programs and stamp plans share: name and code, and when value can be used."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from retail.forms.fields import CodeField, MoneyField
from retail.models import Clawback, ExpiredRestore

MAX_DAYS = 36_500
# A version that nothing stored has: whoever creates must not change what is there.
NEW = 0


class UnitsField(MoneyField):
    """A number of points, or whatever else is counted in hundredths and is no money."""

    unit = ""


def days_field(
    label: Any, help_text: Any, *, least: int = 0, initial: int | None = None
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=least,
        max_value=MAX_DAYS,
        initial=initial,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def product_picker() -> forms.TextInput:
    """A text that is searched among the products; without script a SKU is typed."""
    return forms.TextInput(attrs={"data-picker": "sku", "data-picker-single": "", "autocomplete": "off"})


class TermsForm(forms.Form):
    """`instance` is what is changed; None while creating. `row()` is what the service takes."""

    name = forms.CharField(
        label=_("Name"), max_length=160, help_text=_("What managers and customers know it by.")
    )
    code = CodeField(
        label=_("Code"),
        max_length=64,
        required=False,
        help_text=_("What other systems name it by. Empty: made from the name. It never changes."),
    )
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Switched off, nothing is earned or redeemed; what customers have is kept."),
    )
    pending_days = days_field(
        _("Days until it can be used"), _("After the purchase. Empty: at once."), initial=0
    )
    valid_days = days_field(
        _("Days until it expires"),
        _("After the purchase, to the end of that day. Empty: never."),
        least=1,
    )
    clawback = forms.ChoiceField(
        label=_("A return of what was spent already"),
        choices=Clawback.choices,
        initial=Clawback.CHARGE_BACK,
        help_text=_("When a purchase is returned after what it had earned was used."),
    )
    expired_restore = forms.ChoiceField(
        label=_("A return that gives back what has expired"),
        choices=ExpiredRestore.choices,
        initial=ExpiredRestore.KEEP_EXPIRED,
        help_text=_("When a purchase that was paid with it is returned after its end."),
    )
    grace_days = days_field(_("Days of grace"), _("Only where the line above gives some."), initial=0)

    model: Any
    # Fields of the form that are columns of the row as they are.
    columns: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *, instance: Any = None, **options: Any) -> None:
        if instance is not None:
            options["initial"] = self.initial_of(instance)
        super().__init__(data, **options)
        self.instance = instance
        if instance is not None:
            self.fields["code"].disabled = True

    @classmethod
    def initial_of(cls, instance: Any) -> dict[str, Any]:
        return {name: getattr(instance, name, None) for name in cls.base_fields}

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if self.instance is not None:
            return self.instance.code
        if not code:
            if "name" not in self.cleaned_data:
                return ""  # The name is what is wrong.
            code = slugify(self.cleaned_data["name"])[:64].strip("-")
            if not code:
                raise ValidationError(_("Give it a code."), code="required")
        if self.model.objects.filter(code=code).exists():
            raise ValidationError(_("Another one has this code."), code="code_taken")
        return code

    def clean_pending_days(self) -> int:
        return self.cleaned_data["pending_days"] or 0

    def clean_grace_days(self) -> int:
        return self.cleaned_data["grace_days"] or 0

    def row(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields if name in self.cleaned_data}
