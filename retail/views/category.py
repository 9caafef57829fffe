"""Pages of the product tree."""

from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from retail.forms.rows import add_row_errors, row_from
from retail.models import Category
from retail.models.search import Searchable
from retail.services.categories import COLUMNS, upsert_categories
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage


class CategoryForm(forms.ModelForm):
    parent = forms.ModelChoiceField(
        label=_("Parent"),
        queryset=Category.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("None: at the top"),
        help_text=_("The wider category that this one belongs to. Everything below moves along."),
    )

    class Meta:
        model = Category
        fields = ["code", "name", "parent"]
        help_texts = {
            "code": _("How the ERP calls it. It cannot be changed later."),
            "name": _("As managers see it in lists and campaigns."),
        }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.instance.pk:
            self.fields["code"].disabled = True


class CategoryList(ListPage):
    """The tree as a list in its own order: each category after its parent."""

    model = Category
    permission_required = "retail.view_category"
    title = _("Categories")
    subtitle = _("The product tree. A campaign for a category holds for everything below it.")
    columns = (
        Column(name="name", label=_("Name"), secondary=lambda category: category.code, order_by=Searchable("name")),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="path", label=_("Place in the tree"), value=lambda category: " › ".join(category.path), order_by="path"),
        Column(name="products", label=_("Products"), kind="number", value=lambda category: category.product_count, order_by="product_count"),
    )  # fmt: skip
    search_fields = ("code__istartswith", "name__unaccent__icontains")
    search_placeholder = _("Code or name of a category")
    default_order = "path"
    page_size = 50
    export_name = "categories"
    create_url_name, create_permission = "retail:category_create", "retail.add_category"
    create_label = _("New category")
    empty_icon = "category"
    empty_title = _("No categories yet")
    empty_text = _("Categories order the catalogue, and let one campaign name thousands of products.")

    def get_queryset(self) -> QuerySet[Category]:
        return Category.objects.annotate(product_count=Count("products"))

    def row_url(self, instance: Category) -> str | None:
        allowed = self.request.user.has_perm("retail.change_category")
        return reverse("retail:category_edit", args=[instance.pk]) if allowed else None


class CategoryCreate(FormPage):
    """A new category."""

    form_class = CategoryForm
    permission_required = "retail.add_category"
    title = _("New category")
    sections = (FormSection(_("Category"), ("code:2", "name:4", "parent")),)

    def save(self, form: CategoryForm) -> str | None:
        add_row_errors(form, upsert_categories(rows=[row_from(form.cleaned_data, COLUMNS)])[0].errors)
        return self.back_url()

    def back_url(self) -> str:
        return reverse("retail:category_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Categories"), reverse("retail:category_list"))]


class CategoryEdit(CategoryCreate):
    """Rename or move a category."""

    permission_required = "retail.change_category"
    title = _("Edit category")

    def get_instance(self) -> Category:
        return get_object_or_404(Category, pk=self.kwargs["pk"])
