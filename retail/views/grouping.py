"""Pages of groupings: named lists of products or stores. Those of customers: customers/views/grouping.py."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from retail import formats
from retail.forms.grouping import GroupingForm, MembersForm
from retail.forms.rows import add_row_errors
from retail.models import Grouping, Product, Store
from retail.models.search import Searchable
from retail.services.groupings import (
    PRODUCTS,
    STORES,
    GroupingKind,
    MembersRefused,
    change_members,
    upsert_groupings,
)
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage

_SHOWN_ERRORS = 20
# The three kinds, as tabs: label, page, permission.
TABS = (
    (_("Products"), "retail:product_grouping_list", "retail.view_productgrouping"),
    (_("Stores"), "retail:store_grouping_list", "retail.view_storegrouping"),
    (_("Customers"), "customers:customer_grouping_list", "customers.view_customergrouping"),
)


class GroupingPage(PageMixin):
    """What the pages of one kind of grouping have in common. `action` is view, add or change."""

    kind: ClassVar[GroupingKind]
    # "retail:product_grouping" makes "retail:product_grouping_list" and so on.
    url_prefix: ClassVar[str]
    action: ClassVar[str]
    members_relation: ClassVar[str]
    members_label: ClassVar[Promise | str]
    member_columns: ClassVar[Sequence[Column]]
    kwargs: dict[str, Any]

    def get_permission_required(self) -> tuple[str, ...]:
        meta = self.kind.model._meta
        return (f"{meta.app_label}.{self.action}_{meta.model_name}",)

    def address(self, page: str, *args: int) -> str:
        return reverse(f"{self.url_prefix}_{page}", args=args)

    def grouping(self) -> Grouping:
        return get_object_or_404(self.kind.model, pk=self.kwargs["pk"])

    def may_change(self) -> bool:
        meta = self.kind.model._meta
        return self.request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}")


class GroupingList(GroupingPage, ListPage):
    """The groupings of one kind, with their sizes."""

    action = "view"
    title = _("Groupings")
    subtitle = _("Named lists that campaigns refer to. Change the list, and every campaign follows.")
    search_fields = ("code__istartswith", "name__unaccent__icontains")
    search_placeholder = _("Code or name of a grouping")
    default_order = "name"
    create_label = _("New grouping")
    empty_icon = "grouping"
    empty_title = _("No groupings yet")
    empty_text = _(
        "Make one for what often goes together: winter products, the stores of the South, VIP customers."
    )
    columns = (
        Column(name="name", label=_("Name"), secondary=lambda grouping: grouping.code, order_by=Searchable("name")),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="members", label=_("Members"), kind="number", value=lambda grouping: grouping.member_count, order_by="member_count"),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return self.kind.model._default_manager.annotate(member_count=Count(self.members_relation))

    @property
    def export_name(self) -> str:  # type: ignore[override]
        return f"{self.kind.name}-groupings"

    def create_url(self) -> str:
        meta = self.kind.model._meta
        allowed = self.request.user.has_perm(f"{meta.app_label}.add_{meta.model_name}")
        return self.address("create") if allowed else ""

    def row_url(self, instance: Grouping) -> str:
        return self.address("detail", instance.pk)

    def extra_context(self) -> dict[str, Any]:
        return {
            "tabs": [
                (label, reverse(page), page == f"{self.url_prefix}_list", None)
                for label, page, permission in TABS
                if self.request.user.has_perm(permission)
            ]
        }


class GroupingCreate(GroupingPage, FormPage):
    """A new, empty grouping."""

    action = "add"
    form_class = GroupingForm
    title = _("New grouping")
    success_message = _("The grouping was created. Now add its members.")
    sections = (FormSection(_("Grouping"), ("code:3", "name:3")),)

    def save(self, form: GroupingForm) -> str | None:
        code = form.cleaned_data["code"] or slugify(form.cleaned_data["name"])[:64]
        if self.kind.model._default_manager.filter(code=code).exists():
            form.add_error("code", _now("There is a grouping with this code already."))
            return None
        result = upsert_groupings(kind=self.kind, rows=[{**form.cleaned_data, "code": code}])[0]
        add_row_errors(form, result.errors)
        return self.address("detail", result.instance.pk) if result.instance else None

    def back_url(self) -> str:
        return self.address("list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Groupings"), self.address("list"))]


class GroupingEdit(GroupingCreate):
    """Rename a grouping."""

    action = "change"
    title = _("Edit grouping")
    success_message = _("Saved.")

    def get_instance(self) -> Grouping:
        return self.grouping()

    def get_form(self, **data: Any) -> GroupingForm:
        form = GroupingForm(initial={"code": self.instance.code, "name": self.instance.name}, **data)
        form.fields["code"].disabled = True
        return form

    def save(self, form: GroupingForm) -> str | None:
        add_row_errors(form, upsert_groupings(kind=self.kind, rows=[form.cleaned_data])[0].errors)
        return self.back_url()

    def back_url(self) -> str:
        return self.address("detail", self.instance.pk)


class GroupingDetail(GroupingPage, ListPage):
    """The members of one grouping."""

    action = "view"
    template_name = "retail/grouping_detail.html"
    export_name = "members"
    empty_icon = "layers"
    empty_title = _("No members yet")
    empty_text = _("Paste a list from a spreadsheet, or upload a file.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.found = self.grouping()
        return super().get(request, *args, **kwargs)

    @property
    def columns(self) -> Sequence[Column]:  # type: ignore[override]
        return self.member_columns

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.found.name

    def get_queryset(self) -> QuerySet[Any]:
        return getattr(self.found, self.members_relation).all()

    def get_actions(self) -> list[Action]:
        if not self.may_change():
            return []
        return [
            Action(_("Rename"), self.address("edit", self.found.pk), "edit"),
            Action(_("Add or remove members"), self.address("members", self.found.pk), "plus", "primary"),
        ]

    def create_url(self) -> str:
        return self.address("members", self.found.pk) if self.may_change() else ""

    @property
    def create_label(self) -> Any:  # type: ignore[override]
        return _("Add members")

    def extra_context(self) -> dict[str, Any]:
        return {"trail": [(_("Groupings"), self.address("list"))], "subtitle": self.found.code}


class GroupingMembers(GroupingPage, View):
    """Add or remove many members at once, or replace them all; what is unknown is listed, and stops nothing."""

    action = "change"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._render(request, MembersForm(names=self.kind.names), ())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = MembersForm(names=self.kind.names, data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._render(request, form, (), status=422)
        name = form.cleaned_data["name"] or request.POST.get("name", "")
        if name not in self.kind.names:
            name = next(iter(self.kind.names))
        entries = [{name: entry} for entry in form.cleaned_data["entries"]]
        done = "remove" if "remove" in request.POST else "replace" if "replace" in request.POST else "add"
        try:
            change = change_members(kind=self.kind, grouping=self.grouping(), **{done: entries})
        except MembersRefused as refusal:
            form.add_error(None, str(refusal))
            return self._render(request, form, [error.message for error in refusal.errors], status=422)
        self._tell(request, change.added, change.removed)
        if change.errors:
            return self._render(request, form, [error.message for error in change.errors])
        return HttpResponseRedirect(self.address("detail", pk))

    def _tell(self, request: HttpRequest, added: int, removed: int) -> None:
        if added:
            text = ngettext("%(count)s member was added.", "%(count)s members were added.", added)
            messages.success(request, text % {"count": formats.number(added)})
        if removed:
            text = ngettext("%(count)s member was removed.", "%(count)s members were removed.", removed)
            messages.success(request, text % {"count": formats.number(removed)})
        if not added and not removed:
            messages.info(request, _now("Nothing changed."))

    def _render(
        self, request: HttpRequest, form: MembersForm, refused: Sequence[str], status: int = 200
    ) -> HttpResponse:
        grouping = self.grouping()
        context = {
            "grouping": grouping,
            "form": form,
            "names": [(name, MEMBER_NAMES[name]) for name in self.kind.names],
            "chosen_name": request.POST.get("name", next(iter(self.kind.names))),
            "refused": refused[:_SHOWN_ERRORS],
            "refused_count": len(refused),
            "back_url": self.address("detail", grouping.pk),
            "trail": [
                (_("Groupings"), self.address("list")),
                (grouping.name, self.address("detail", grouping.pk)),
            ],
        }
        return render(request, "retail/grouping_members.html", context, status=status)


# How the entries of a pasted list may name their objects.
MEMBER_NAMES = {
    "sku": _("SKU"),
    "code": _("Code"),
    "document": _("CPF or CNPJ"),
    "card": _("Loyalty card"),
    "phone": _("Phone"),
    "email": _("E-mail"),
}


class ProductGroupingPage(GroupingPage):
    kind = PRODUCTS
    url_prefix = "retail:product_grouping"
    members_relation = "products"
    member_columns = (
        Column(name="name", label=_("Name"), secondary=lambda product: product.sku, order_by=Searchable("name")),
        Column(name="sku", label=_("SKU"), kind="code", order_by="sku", on_page=False),
        Column(name="barcode", label=_("Barcode"), kind="code"),
        Column(name="price", label=_("Price"), kind="money", order_by="price"),
    )  # fmt: skip


class ProductGroupingList(ProductGroupingPage, GroupingList):
    pass


class ProductGroupingCreate(ProductGroupingPage, GroupingCreate):
    pass


class ProductGroupingEdit(ProductGroupingPage, GroupingEdit):
    pass


class ProductGroupingDetail(ProductGroupingPage, GroupingDetail):
    search_placeholder = _("SKU, barcode or name")
    default_order = "name"

    def row_url(self, instance: Product) -> str:
        return reverse("retail:product_detail", args=[instance.pk])


class ProductGroupingMembers(ProductGroupingPage, GroupingMembers):
    pass


class StoreGroupingPage(GroupingPage):
    kind = STORES
    url_prefix = "retail:store_grouping"
    members_relation = "stores"
    member_columns = (
        Column(name="name", label=_("Name"), secondary=lambda store: store.code, order_by=Searchable("name")),
        Column(name="code", label=_("Code"), kind="code", order_by="code", on_page=False),
        Column(name="city", label=_("City"), order_by="city"),
        Column(name="state", label=_("State (UF)"), order_by="state"),
    )  # fmt: skip


class StoreGroupingList(StoreGroupingPage, GroupingList):
    pass


class StoreGroupingCreate(StoreGroupingPage, GroupingCreate):
    pass


class StoreGroupingEdit(StoreGroupingPage, GroupingEdit):
    pass


class StoreGroupingDetail(StoreGroupingPage, GroupingDetail):
    search_placeholder = _("Code or name of a store")
    default_order = "name"

    def row_url(self, instance: Store) -> str:
        return reverse("retail:store_detail", args=[instance.pk])


class StoreGroupingMembers(StoreGroupingPage, GroupingMembers):
    pass
