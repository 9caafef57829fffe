"""Types of stored values: the list, one type, its form, removing one that has no values."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from loyalty import sentences
from loyalty.forms.stored_value_type import KIND_LABEL, StoredValueTypeForm
from loyalty.forms.terms import NEW
from loyalty.models import StoredValueType
from loyalty.services.stored_value_types import ONLY_OF, StoredValueKind, upsert_stored_value_types
from loyalty.views.choices import customers
from retail import formats
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES, add_row_errors
from retail.models import Category, ProductGrouping, Store
from retail.services.deletion import InUse, delete_unused
from retail.typed import typed_number
from retail.views.access import PageMixin
from retail.views.choices import ChoicesPage, named
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import ListPage


class StoredValueTypeList(ListPage):
    model = StoredValueType
    permission_required = "loyalty.view_storedvaluetype"
    title = _("Types of stored value")
    subtitle = _("What gift cards, e-purses, vouchers and credit notes there are.")
    columns = (
        Column(name="name", label=_("Name"), order_by="name", secondary=lambda kind: kind.code),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="kind", label=KIND_LABEL, labels=dict(StoredValueKind.choices), order_by="kind"),
        Column(
            name="rule", label=_("Rule"), value=lambda kind: "; ".join(sentences.stored_value_rules(kind))
        ),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at", on_phone=False),
        Column(name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES),
    )
    search_fields = ("name__unaccent__icontains", "code__icontains")
    search_placeholder = _("Name or code")
    default_order = "name"
    export_name = "stored-value-types"
    create_url_name, create_permission = "loyalty:stored_value_type_create", "loyalty.add_storedvaluetype"
    create_label = _("New type")
    empty_icon = "gift"
    empty_title = _("No type of stored value yet")
    empty_text = _(
        "Say what a gift card or an e-purse is: what is loaded, what it pays, how long it is good."
    )

    def row_url(self, instance: StoredValueType) -> str:
        return type_url(instance)


def type_url(kind: StoredValueType) -> str:
    return reverse("loyalty:stored_value_type_detail", args=[kind.code])


def trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(_("Types of stored value"), reverse("loyalty:stored_value_type_list")), *more]


def find_type(code: str) -> StoredValueType:
    """Return a type with its families and groupings. Raises Http404."""
    return get_object_or_404(StoredValueType.objects.prefetch_related("categories", "groupings"), code=code)


class StoredValueTypeDetail(PageMixin, View):
    """One type: what it is, what it pays and where."""

    permission_required = "loyalty.view_storedvaluetype"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        kind = find_type(code)
        stores = Store.objects.filter(code__in=kind.store_codes).order_by("name")
        least = kind.minimum_purchase
        context = {
            "kind": kind,
            "rules": sentences.stored_value_rules(kind),
            "has_values": kind.values.exists(),
            "facts": [
                (_("Code"), kind.code),
                (KIND_LABEL, kind.get_kind_display()),
                (_("Product families"), ", ".join(sorted(one.name for one in kind.categories.all()))),
                (_("Groupings of products"), ", ".join(sorted(one.name for one in kind.groupings.all()))),
                (_("Stores"), ", ".join(store.name for store in stores) or _now("Every store")),
                (_("Smallest purchase"), "" if least is None else formats.money(least)),
                (_("Only for its customer"), _now("Yes") if kind.is_personal else _now("No")),
                (_("When it was spent before a return"), kind.get_clawback_display()),
                (_("When it had expired before a return"), kind.get_expired_restore_display()),
            ],
            "trail": trail(),
        }
        return render(request, "loyalty/stored_value_type_detail.html", context)


class StoredValueTypeFormPage(FormPage):
    """Create or change a type. The kind that is chosen decides which fields are shown."""

    form_class = StoredValueTypeForm
    template_name = "loyalty/stored_value_type_form.html"
    success_message = _("The type was saved. Tills follow it from now on.")
    sections = (
        FormSection(_("Type"), ("name:4", "code:2", "kind", "is_active")),
        FormSection(
            _("What it holds"),
            ("fixed_load:3", "fixed_price:3", "ceiling:3", "is_reloadable", "valid_days:3"),
        ),
        FormSection(
            _("What it pays"),
            ("categories", "groupings", "stores", "minimum_purchase:3", "is_personal"),
            _("Families and groupings together: it pays what is in any of them."),
        ),
        FormSection(_("Returns"), ("clawback", "expired_restore:4", "grace_days:2")),
    )
    overtaken = False

    def get_permission_required(self) -> Any:
        return (f"loyalty.{'change' if 'code' in self.kwargs else 'add'}_storedvaluetype",)

    def get_instance(self) -> StoredValueType | None:
        return find_type(self.kwargs["code"]) if "code" in self.kwargs else None

    def get_form(self, **data: Any) -> StoredValueTypeForm:
        return StoredValueTypeForm(data.get("data"), instance=self.instance)

    def save(self, form: StoredValueTypeForm) -> str | None:
        version = typed_number(self.request.POST.get("_version", ""))
        seen = NEW if self.instance is None or version is None else version
        [result] = upsert_stored_value_types(rows=[form.row()], version=seen)
        if result.errors:
            add_row_errors(form, result.errors)
            self.overtaken = any(error.code == "version_conflict" for error in result.errors)
            return None
        return type_url(result.instance)

    def get_title(self) -> Any:
        if self.instance is None:
            return _("New type of stored value")
        return _now("Edit %(name)s") % {"name": self.instance.name}

    def back_url(self) -> str:
        return type_url(self.instance) if self.instance else reverse("loyalty:stored_value_type_list")

    def trail(self) -> list[tuple[Any, str]]:
        return trail(*([(self.instance.name, type_url(self.instance))] if self.instance else []))

    def extra_context(self) -> dict[str, Any]:
        version = self.request.POST.get("_version") or (self.instance.version if self.instance else "")
        return {
            "version": version,
            "overtaken": self.overtaken,
            "kinds_of": {name: " ".join(kinds) for name, kinds in ONLY_OF.items()},
        }


class StoredValueTypeDelete(PageMixin, View):
    permission_required = "loyalty.delete_storedvaluetype"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        kind = get_object_or_404(StoredValueType, code=code)
        try:
            delete_unused(instance=kind)
        except InUse:
            messages.error(
                request, _now("There are values of this type. Switch it off instead: no new ones are made.")
            )
            return HttpResponseRedirect(type_url(kind))
        messages.success(request, _now("Deleted."))
        return HttpResponseRedirect(reverse("loyalty:stored_value_type_list"))


class Choices(ChoicesPage):
    """What the forms search: product families, groupings of products, stores, and customers by whoever may see them."""

    permission_required = "loyalty.view_storedvaluetype"
    searches = {
        "category": lambda text: named(Category, text),
        "grouping": lambda text: named(ProductGrouping, text),
        "store": lambda text: named(Store, text),
        "customer": customers,
    }
