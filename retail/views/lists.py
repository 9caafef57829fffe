"""The list page: search, filters, ordering, pages and export, with the same number of queries for any data.

A view declares columns, searched fields and a filter set; templates/components/list_page.html draws them.
docs/how-to/add-a-page.md shows one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import Model, OrderBy, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.views import View
from django_filters import FilterSet

from retail import formats
from retail.views.access import PageMixin
from retail.views.columns import Column, build_headings, build_rows
from retail.views.files import csv_response, xlsx_response

MAX_EXPORT = 100_000
# The list is asked with it when rows were chosen: it leads on with them.
CHOSEN = "chosen"
_EXPORT_BATCH = 2_000


class FirstPages(Paginator):
    """The first pages of a list that is too long to be counted: up to `most` rows, of which `is_cut` says that there are more."""

    def __init__(self, found: QuerySet[Any], page_size: int, *, most: int) -> None:
        super().__init__(found, page_size)
        self._found, self._most = found, most

    @cached_property
    def _counted(self) -> int:
        return self._found[: self._most + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._counted, self._most)

    @property
    def is_cut(self) -> bool:
        return self._counted > self._most


@dataclass(frozen=True, slots=True)
class Action:
    """A button beside the heading."""

    label: Promise | str
    url: str
    icon: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What may be done with rows that are chosen: `url` is opened with their keys as `name`, once for each."""

    label: Promise | str
    url: str
    name: str
    icon: str


def may_be_null(model: type[Model], order_by: Any) -> bool:
    """Whether a list may meet NULL where it orders by a field, such as "occurred_at" or "store__name", or by an expression."""
    meta: Any = model._meta
    for name in order_by.split("__") if isinstance(order_by, str) else [None]:
        try:
            field = meta.pk if name == "pk" else meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if field.null:
            return True
        meta = field.related_model._meta if field.is_relation else None
    return False


class ListPage(PageMixin, View):
    """A page that lists objects. Subclasses set what follows; each `get_*` may be overridden instead.

    The search asks the queryset's own `search(text)`; without one, every word must be found in one of
    `search_fields` ("sku__istartswith", "name__unaccent__icontains"). `default_order` names a column ("name", "-occurred_at").
    """

    model: ClassVar[type[Model]]
    title: ClassVar[Promise | str]
    subtitle: ClassVar[Promise | str] = ""
    columns: ClassVar[Sequence[Column]]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    search_fields: ClassVar[Sequence[str]] = ()
    # Says what the search looks at; empty: no search.
    search_placeholder: ClassVar[Promise | str] = ""
    default_order: ClassVar[str]
    page_size: ClassVar[int] = 25
    # Of a list that grows with every sale: as many rows are counted and can be paged through; filters find the others.
    most_listed: ClassVar[int | None] = None
    export_name: ClassVar[str]
    # The button beside the heading, shown to who has the permission.
    create_url_name: ClassVar[str] = ""
    create_label: ClassVar[Promise | str] = _("Add")
    create_permission: ClassVar[str] = ""
    empty_icon: ClassVar[str] = "inbox"
    empty_title: ClassVar[Promise | str] = _("Nothing here yet")
    empty_text: ClassVar[Promise | str] = ""
    template_name: ClassVar[str] = "components/list_page.html"

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        if CHOSEN in request.GET and (select := self.get_selection()) is not None:
            return self.go_on(select)
        filters = self.get_filters()
        found = self.search(filters.qs if filters else self.get_queryset(), self.query)
        order = self.get_order()
        ordered = self.order(found, order)
        if export := request.GET.get("export"):
            return self.export(ordered, export)
        page = self.paginator(ordered).get_page(request.GET.get("page"))
        columns = [column for column in self.columns if column.on_page]
        context = {
            "title": self.title,
            "subtitle": self.subtitle,
            "headings": build_headings(columns, order),
            "rows": build_rows(columns, self.complete(list(page.object_list)), self.row_url),
            "page": page,
            "page_numbers": list(
                page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
            ),
            "filters": filters.form if filters else None,
            "query": self.query,
            "searches": self.search_placeholder,
            "order": request.GET.get("order", ""),
            "is_filtered": any(value for name, value in request.GET.items() if name not in ("order", "page")),
            "actions": self.get_actions(),
            "select": self.get_selection(),
            "chosen": CHOSEN,
            "asked": [(name, value) for name, values in request.GET.lists() for value in values],
            "create_url": self.create_url(),
            "create_label": self.create_label,
            "empty_icon": self.empty_icon,
            "empty_title": self.empty_title,
            "empty_text": self.empty_text,
            **self.extra_context(),
        }
        return render(request, self.template_name, context)

    def paginator(self, found: QuerySet[Any]) -> Paginator:
        if self.most_listed is None:
            return Paginator(found, self.page_size)
        return FirstPages(found, self.page_size, most=self.most_listed)

    @property
    def query(self) -> str:
        return self.request.GET.get("q", "").strip()[:100]

    def get_queryset(self) -> QuerySet[Any]:
        """Return all that may be listed, with what the columns need joined or prefetched."""
        return self.model._default_manager.all()

    def get_filters(self) -> FilterSet | None:
        if self.filterset_class is None:
            return None
        return self.filterset_class(self.request.GET, queryset=self.get_queryset(), request=self.request)

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return what matches `text`; everything for an empty one."""
        if text and not self.search_fields:
            return queryset.search(text)  # type: ignore[attr-defined]
        for word in text.split():
            wanted = Q()
            for look_up in self.search_fields:
                wanted |= Q(**{look_up: word})
            queryset = queryset.filter(wanted)
        return queryset

    def get_order(self) -> str:
        wanted = self.request.GET.get("order", "")
        sortable = {column.name for column in self.columns if column.order_by}
        return wanted if wanted.removeprefix("-") in sortable else self.default_order

    def order(self, queryset: QuerySet[Any], order: str) -> QuerySet[Any]:
        """Order by the named column, then by key: pages never show an object twice."""
        column = next(column for column in self.columns if column.name == order.removeprefix("-"))
        expression = column.ordering()
        # An index gives the last ones first at once; not so where the order has to put NULL somewhere else.
        nulls_last = True if may_be_null(queryset.model, column.order_by) else None
        if order.startswith("-"):
            return queryset.order_by(OrderBy(expression, descending=True, nulls_last=nulls_last), "-pk")
        return queryset.order_by(OrderBy(expression, nulls_last=nulls_last), "pk")

    def complete(self, instances: list[Any]) -> list[Any]:
        """Add to the objects of a page, or of a part of a file, what their query could not say."""
        return instances

    def row_url(self, instance: Any) -> str | None:
        """Return where a row leads."""
        return None

    def create_url(self) -> str:
        allowed = self.create_url_name and self.request.user.has_perm(self.create_permission)
        return reverse(self.create_url_name) if allowed else ""

    def get_actions(self) -> list[Action]:
        """Return the buttons beside the heading, the primary one last."""
        url = self.create_url()
        return [Action(self.create_label, url, "plus", "primary")] if url else []

    def get_selection(self) -> Selection | None:
        """Return what may be done with chosen rows; None: there is nothing to choose for."""
        return None

    def go_on(self, select: Selection) -> HttpResponseBase:
        """Lead on with the chosen rows, or back to the list when there are none."""
        keys = [key for key in self.request.GET.getlist(select.name) if key]
        if keys:
            return HttpResponseRedirect(f"{select.url}?{urlencode({select.name: keys}, doseq=True)}")
        messages.error(self.request, _("Choose at least one row of the list first."))
        query = self.request.GET.copy()
        query.pop(CHOSEN)
        query.pop(select.name, None)
        return HttpResponseRedirect(f"{self.request.path}?{query.urlencode()}")

    def extra_context(self) -> dict[str, Any]:
        return {}

    def export(self, queryset: QuerySet[Any], kind: str) -> HttpResponseBase:
        """Return all that the filters let through as a file; too much for one file says so."""
        if queryset[: MAX_EXPORT + 1].count() > MAX_EXPORT:
            text = _("A file holds up to %(limit)s rows. Narrow the list with filters, then export again.")
            messages.warning(self.request, text % {"limit": formats.number(MAX_EXPORT)})
            query = self.request.GET.copy()
            query.pop("export")
            return HttpResponseRedirect(f"{self.request.path}?{query.urlencode()}")
        headings = [str(column.label) for column in self.columns if column.in_files]
        rows = self._exported(queryset)
        respond = xlsx_response if kind == "xlsx" else csv_response
        return respond(self.export_name, headings, rows)

    def _exported(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        found = queryset.iterator(chunk_size=_EXPORT_BATCH)
        while part := list(islice(found, _EXPORT_BATCH)):
            for instance in self.complete(part):
                yield [column.exported(instance) for column in self.columns if column.in_files]
