"""The tables of retail for support staff. Managers work on the pages of the back-office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retail.models import (
    Category,
    Company,
    ExchangedItem,
    Payment,
    Product,
    ProductGrouping,
    Sale,
    SaleLine,
    Store,
    StoreGrouping,
    Terminal,
)
from retail.services.categories import rebuild_paths


class ReadOnly:
    """What is recorded is looked at, never changed by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ("name", "time_zone", "approval_required")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields = ("code", "name", "parent")

    def clean_parent(self) -> Category | None:
        parent = self.cleaned_data["parent"]
        if parent is not None and self.instance.pk and self.instance.code in parent.path:
            raise forms.ValidationError(
                _("The tree would close a circle or become too deep here."), code="cycle"
            )
        return parent


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    form = CategoryForm
    list_display = ("code", "name", "parent")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    ordering = ("path", "pk")

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        rebuild_paths()


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("sku", "name", "code", "category", "price", "is_active")
    list_filter = ("is_active", "discountable")
    list_select_related = ("category",)
    search_fields = ("=sku", "=barcode", "=code", "name")
    autocomplete_fields = ("category",)
    readonly_fields = ("created_at", "updated_at")
    ordering = ("sku", "pk")
    show_full_result_count = False


@admin.register(Store)
class StoreAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "city", "state", "time_zone", "online_shop", "is_active")
    list_filter = ("is_active", "online_shop", "state")
    search_fields = ("=code", "name", "city")
    readonly_fields = ("created_at", "updated_at")
    ordering = ("code", "pk")


@admin.register(Terminal)
class TerminalAdmin(admin.ModelAdmin):
    list_display = ("store", "code", "name", "is_active")
    list_filter = ("is_active", "store")
    list_select_related = ("store",)
    search_fields = ("=code", "name", "=store__code")
    autocomplete_fields = ("store",)
    readonly_fields = ("created_at",)
    ordering = ("store__code", "code", "pk")


@admin.register(ProductGrouping)
class ProductGroupingAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "updated_at")
    search_fields = ("code", "name")
    autocomplete_fields = ("products",)
    ordering = ("code", "pk")


@admin.register(StoreGrouping)
class StoreGroupingAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "updated_at")
    search_fields = ("code", "name")
    filter_horizontal = ("stores",)
    ordering = ("code", "pk")


class SaleLineInline(ReadOnly, admin.TabularInline):
    model = SaleLine
    extra = 0
    fields = ("line", "sku", "quantity", "unit_price", "gross", "markdown", "discount", "net")
    ordering = ("line",)


class PaymentInline(ReadOnly, admin.TabularInline):
    model = Payment
    extra = 0


class ExchangedItemInline(ReadOnly, admin.TabularInline):
    model = ExchangedItem
    extra = 0


@admin.register(Sale)
class SaleAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("ticket", "store", "business_date", "state", "net", "discount", "occurred_at")
    list_filter = ("state", "store")
    list_select_related = ("store",)
    search_fields = ("=ticket", "=fiscal_key", "=uuid", "=customer__document")
    search_help_text = gettext_lazy("Ticket, fiscal key, id, or the customer's document.")
    date_hierarchy = "occurred_at"
    ordering = ("-occurred_at", "-pk")
    inlines = (SaleLineInline, PaymentInline, ExchangedItemInline)
    show_full_result_count = False
