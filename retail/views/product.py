"""Pages of products. The import of many has its own module, product_import."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from retail.forms.product import ProductForm
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES, add_row_errors, row_from
from retail.models import Category, PriceChangeLine, Product, ProductGrouping, SaleLine, SaleState
from retail.models.search import Searchable
from retail.navigation import registered
from retail.services.products import COLUMNS, upsert_products
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage

_MONTH = timedelta(days=30)


class ProductFilters(django_filters.FilterSet):
    category = django_filters.ModelChoiceFilter(
        label=_("Category"),
        queryset=Category.objects.order_by("name", "pk"),
        method="under_category",
        empty_label=_("Every category"),
    )
    groupings = django_filters.ModelChoiceFilter(
        label=_("Grouping"),
        queryset=ProductGrouping.objects.order_by("name", "pk"),
        empty_label=_("Every grouping"),
    )
    is_active = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("True", _("Active")), ("False", _("Inactive"))],
        empty_label=_("Every state"),
    )

    class Meta:
        model = Product
        fields = ["category", "groupings", "is_active"]

    def under_category(self, queryset: QuerySet[Product], _name: str, value: Category) -> QuerySet[Product]:
        return queryset.filter(category__path__contains=[value.code])


class ProductList(ListPage):
    """The catalogue."""

    model = Product
    permission_required = "retail.view_product"
    title = _("Products")
    subtitle = _("What tills can sell, with the prices that campaigns start from.")
    columns = (
        Column(
            name="name", label=_("Name"), secondary=lambda product: product.sku, order_by=Searchable("name")
        ),
        Column(name="sku", label=_("SKU"), kind="code", order_by="sku", on_page=False),
        Column(name="code", label=_("Product code"), kind="code", on_page=False),
        Column(name="barcode", label=_("Barcode"), kind="code"),
        Column(name="category.name", on_phone=False, label=_("Category")),
        Column(name="ncm", label=_("NCM"), kind="code", on_page=False),
        Column(name="original_price", label=_("Original price"), kind="money"),
        Column(name="price", label=_("Price"), kind="money", order_by="price"),
        Column(name="updated_at", on_phone=False, label=_("Changed"), kind="moment", order_by="updated_at"),
        Column(
            name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES,
        ),
    )  # fmt: skip
    filterset_class = ProductFilters
    search_placeholder = _("SKU, barcode or name")
    default_order = "name"
    export_name = "products"
    create_url_name, create_permission = "retail:product_create", "retail.add_product"
    create_label = _("New product")
    empty_icon = "product"
    empty_title = _("No products yet")
    empty_text = _("Import the catalogue from a spreadsheet, send it by the API, or type the first product.")

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.select_related("category")

    def get_actions(self) -> list[Action]:
        actions = super().get_actions()
        if self.request.user.has_perm("retail.change_product"):
            actions.insert(0, Action(_("Import"), reverse("retail:product_import"), "upload"))
            actions.insert(0, Action(_("Change prices"), reverse("retail:price_change"), "money"))
        return actions

    def row_url(self, instance: Product) -> str:
        return reverse("retail:product_detail", args=[instance.pk])


def product_tabs(request: HttpRequest, product: Product, current: str) -> list[tuple[Any, str, bool]]:
    """Return the views of one product as tabs; `current` is a URL name. Without tabs of other packages there are none."""
    tabs = [
        (tab.label, reverse(tab.url_name, args=[product.pk]), tab.url_name == current)
        for tab in registered("PRODUCT_TABS")
        if not tab.permission or request.user.has_perm(tab.permission)
    ]
    own = "retail:product_detail"
    return [(_("Overview"), reverse(own, args=[product.pk]), current == own), *tabs] if tabs else []


class ProductDetail(PageMixin, View):
    """One product: prices, place, and how it sold lately."""

    permission_required = "retail.view_product"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = get_object_or_404(Product.objects.select_related("category"), pk=pk)
        sold = (
            SaleLine.objects.filter(
                sku=product.sku, sale__is_test=False, sale__occurred_at__gte=timezone.now() - _MONTH
            )
            .exclude(sale__state=SaleState.CANCELLED)
            .aggregate(
                quantity=Sum("quantity"),
                net=Sum("net"),
                discount=Sum("discount"),
                sales=Count("sale", distinct=True),
            )
        )
        context = {
            "product": product,
            "tabs": product_tabs(request, product, "retail:product_detail"),
            "sold": sold,
            "price_history": list(
                PriceChangeLine.objects.filter(sku=product.sku)
                .select_related("change__changed_by")
                .order_by("-pk")[:10]
            )
            if request.user.has_perm("retail.view_pricechange")
            else [],
            "groupings": list(product.groupings.order_by("name", "pk")),
            "siblings": list(
                Product.objects.filter(code=product.code).exclude(pk=product.pk).order_by("sku")[:12]
            )
            if product.code
            else [],
            "facts": [
                (_("SKU"), product.sku),
                (_("Product code"), product.code),
                (_("Barcode"), product.barcode),
                (_("NCM"), product.ncm),
                (_("Category"), product.category.name if product.category else ""),
            ],
        }
        return render(request, "retail/product_detail.html", context)


class ProductCreate(FormPage):
    """A new product."""

    form_class = ProductForm
    permission_required = "retail.add_product"
    title = _("New product")
    submit_label = _("Create the product")
    success_message = _("The product was created.")
    sections = (
        FormSection(_("Product"), ("sku:3", "barcode:3", "name", "code:3", "ncm:3", "category")),
        FormSection(
            _("Prices"),
            ("price:3", "original_price:3", "cost:3", "floor_price:3"),
            _("Campaigns start from the price; nothing goes below the floor."),
        ),
        FormSection(_("Use"), ("discountable", "is_active", "image_url")),
    )

    def save(self, form: ProductForm) -> str | None:
        result = upsert_products(
            rows=[row_from(form.cleaned_data, COLUMNS)], user=acting_user(self.request), at=timezone.now()
        )[0]
        add_row_errors(form, result.errors)
        return reverse("retail:product_detail", args=[result.instance.pk]) if result.instance else None

    def back_url(self) -> str:
        return reverse("retail:product_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Products"), reverse("retail:product_list"))]


class ProductEdit(ProductCreate):
    """Change a product."""

    permission_required = "retail.change_product"
    title = _("Edit product")
    submit_label = _("Save")
    success_message = _("The product was saved.")

    def get_instance(self) -> Product:
        return get_object_or_404(Product, pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("retail:product_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [*super().trail(), (self.instance.sku, self.back_url())]
