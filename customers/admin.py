"""The tables of customers for support staff. Managers work on the pages of the back-office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _

from customers.models import Consent, Customer, CustomerGrouping
from customers.services.customers import COLUMNS
from retail.admin import ReadOnly
from retail.rows import FieldRefused

# The fields whose form in the database is not what people type.
NORMALISED = ("code", "document", "email", "phone", "card")


class CustomerForm(forms.ModelForm):
    """Reads documents, phones and e-mails in the same way as every other entrance."""

    document = forms.CharField(max_length=32, required=False)
    phone = forms.CharField(max_length=32, required=False)

    class Meta:
        model = Customer
        fields = (*(name for name in COLUMNS if name != "home_store"), "home_store", "groupings")

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        if self.instance.merged_into_id is not None and values.get("is_active"):
            self.add_error("is_active", _("It was merged into another record; undo that merge first."))
        for name in NORMALISED:
            if name not in values:
                continue
            try:
                values[name] = COLUMNS[name].read(values[name])
            except FieldRefused as refusal:
                self.add_error(name, forms.ValidationError(refusal.message, code=refusal.code))
        return values


class ConsentInline(ReadOnly, admin.TabularInline):
    model = Consent
    extra = 0
    fields = ("purpose", "channel", "granted", "source", "store", "operator", "text_version", "given_at")
    ordering = ("-given_at", "-pk")


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    form = CustomerForm
    list_display = ("name", "document", "phone", "email", "home_store", "is_active")
    list_filter = ("is_active", "sex", "groupings")
    list_select_related = ("home_store",)
    search_fields = ("=document", "=code", "=card", "=phone", "=email", "name")
    autocomplete_fields = ("home_store", "groupings")
    ordering = ("-pk",)
    inlines = (ConsentInline,)
    show_full_result_count = False


@admin.register(CustomerGrouping)
class CustomerGroupingAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "updated_at")
    search_fields = ("code", "name")
    ordering = ("code", "pk")


@admin.register(Consent)
class ConsentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("customer", "purpose", "channel", "granted", "source", "store", "given_at")
    list_filter = ("purpose", "channel", "granted", "source")
    list_select_related = ("customer", "store")
    search_fields = ("=customer__document", "=customer__code", "customer__name")
    ordering = ("-given_at", "-pk")
    show_full_result_count = False
