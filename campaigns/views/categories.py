"""Campaign categories: list, create, rename, delete."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns import selectors
from campaigns.models import CampaignCategory
from campaigns.services import categories as services
from retail.forms.fields import CodeField
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage


class CategoryFields(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For example Summer promotions."))
    code = CodeField(label=_("Code"), max_length=64, help_text=_("Unique and permanent."))


class CategoryList(ListPage):
    permission_required = "campaigns.view_campaigncategory"
    model = CampaignCategory
    title = _("Campaign categories")
    subtitle = _("Labels that lists and reports are filtered by.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=lambda category: category.code),
        Column(name="code", label=_("Code"), on_page=False),
        Column(name="campaign_count", label=_("Campaigns"), kind="number", order_by="campaign_count"),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains")
    default_order = "name"
    export_name = "campaign-categories"
    create_url_name = "campaigns:category_create"
    create_label = _("New category")
    create_permission = "campaigns.add_campaigncategory"
    empty_icon = "category"
    empty_title = _("No categories yet")
    empty_text = _("Summer promotions, special discounts, events: whatever helps to find campaigns.")

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.campaign_categories()

    def row_url(self, instance: CampaignCategory) -> str:
        return reverse("campaigns:category_form", args=[instance.code])


class CategoryForm(FormPage):
    form_class = CategoryFields
    sections = (FormSection(_("Category"), ("name", "code")),)
    title = _("New category")
    template_name = "campaigns/category_form.html"

    def get_permission_required(self) -> Any:
        return (
            "campaigns.change_campaigncategory"
            if "code" in self.kwargs
            else "campaigns.add_campaigncategory",
        )

    def get_instance(self) -> CampaignCategory | None:
        if "code" not in self.kwargs:
            return None
        category = CampaignCategory.objects.filter(code=self.kwargs["code"]).first()
        if category is None:
            raise Http404
        return category

    def get_title(self) -> Any:
        return self.instance.name if self.instance else self.title

    def get_form(self, **data: Any) -> Any:
        form = super().get_form(**data)
        if self.instance is not None:
            form.fields["code"].disabled = True
        return form

    def save(self, form: Any) -> str | None:
        try:
            if self.instance is None:
                services.create_category(code=form.cleaned_data["code"], name=form.cleaned_data["name"])
            else:
                services.rename_category(code=self.instance.code, name=form.cleaned_data["name"])
        except services.CategoryError as refusal:
            form.add_error("code", str(refusal))
            return None
        return reverse("campaigns:category_list")

    def back_url(self) -> str:
        return reverse("campaigns:category_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Campaign categories"), self.back_url())]


class CategoryDelete(PageMixin, View):
    permission_required = "campaigns.delete_campaigncategory"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        try:
            services.delete_category(code=code)
        except CampaignCategory.DoesNotExist as error:
            raise Http404 from error
        except services.CategoryError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("campaigns:category_form", args=[code]))
        messages.success(request, _("Deleted."))
        return HttpResponseRedirect(reverse("campaigns:category_list"))
