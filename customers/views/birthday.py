"""Whose birthday lies in a part of the year: a list of days, stores and people, and the way to write to them."""

from datetime import date, timedelta
from typing import Any, cast

import django_filters
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import IntegerField, QuerySet, Value
from django.db.models.functions import ExtractDay, ExtractMonth, Mod
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers import documents
from customers.models import Customer, Segment
from customers.phones import readable
from customers.segments.statements import customers_of
from customers.segments.tree import stored_tree, write_tree
from customers.selectors import days_to_birthday
from customers.services.segments import SegmentInvalid, create_segment
from retail import formats
from retail.forms.fields import DayField
from retail.models import Store
from retail.selectors.company import company_zone
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage

# What is listed when nobody has said which days: the coming week.
DAYS_AHEAD = 6
# More than the number of any day: its month a hundred times, and the day.
_YEAR = 1300


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class BirthdayFilters(django_filters.FilterSet):
    """Only says what is asked for: a part of any year, from December to January, too."""

    first = DayFilter(label=_("From"), method="unchanged")
    last = DayFilter(label=_("Until"), method="unchanged")
    store = django_filters.ModelChoiceFilter(
        label=_("Home store"),
        queryset=Store.objects.order_by("name", "pk"),
        empty_label=_("All stores"),
        method="unchanged",
    )

    class Meta:
        model = Customer
        fields = ["first", "last", "store"]

    def unchanged(self, queryset: QuerySet[Customer], _name: str, _value: Any) -> QuerySet[Customer]:
        return queryset

    def tree(self) -> dict[str, Any] | None:
        """Return the segment that is asked for; None when the days are no days, or are more than a year."""
        data = self.form.cleaned_data if self.form.is_valid() else {}
        first, last, store = data.get("first"), data.get("last"), data.get("store")
        if first is None or last is None or not timedelta(0) <= last - first < timedelta(days=365):
            return None
        days = [f"{first:%m-%d}", f"{last:%m-%d}"]
        asked: list[dict[str, Any]] = [{"field": "birthday", "operator": "between", "value": days}]
        if store is not None:
            asked.append({"field": "store", "operator": "in", "value": [store.code]})
        return {"all": asked}


def asked_birthdays(request: HttpRequest, data: Any) -> BirthdayFilters:
    """Return what an address or a form asks for; without days, the coming week."""
    asked, today = data.copy(), timezone.localdate()
    asked.setdefault("first", today.isoformat())
    asked.setdefault("last", (today + timedelta(days=DAYS_AHEAD)).isoformat())
    return BirthdayFilters(asked, queryset=Customer.objects.none(), request=request)


class BirthdayList(ListPage):
    """Customers by birthday. Its file names nobody: personal data leaves by the exports of segments, which are logged."""

    model = Customer
    permission_required = "customers.view_customer"
    template_name = "customers/birthday_list.html"
    title = _("Birthdays")
    subtitle = _("Whose birthday lies in these days, of every year; 29 February is the 28th in other years.")
    columns = (
        Column(
            name="name", label=_("Name"), value=str, in_files=False,
            secondary=lambda customer: documents.mask(customer.document) if customer.document else "",
        ),
        Column(name="pk", label=_("Number"), kind="number", on_page=False),
        Column(name="code", label=_("Code"), kind="code", on_page=False),
        Column(name="birthday", label=_("Next birthday"), kind="day", order_by="in_year"),
        Column(name="turns", label=_("Turns"), kind="number"),
        Column(name="phone", label=_("Phone"), value=lambda customer: readable(customer.phone), in_files=False),
        Column(name="email", label=_("E-mail"), in_files=False, on_phone=False),
        Column(name="home_store.name", label=_("Home store"), on_phone=False),
    )  # fmt: skip
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    default_order = "birthday"
    export_name = "birthdays"
    empty_icon = "calendar"
    empty_title = _("No birthdays")
    empty_text = _("Nobody whose birth date is known celebrates on these days.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.filters = asked_birthdays(request, request.GET)
        self.tree = self.filters.tree()
        self.today = timezone.localdate()
        return super().get(request, *args, **kwargs)

    def get_filters(self) -> BirthdayFilters:
        self.filters.queryset = self.get_queryset()
        return self.filters

    def get_queryset(self) -> QuerySet[Customer]:
        if self.tree is None:
            return Customer.objects.none().annotate(in_year=Value(0))
        found = customers_of(stored_tree(self.tree), at=timezone.now(), zone=company_zone())
        born = ExtractMonth("birth_date") * 100 + ExtractDay("birth_date")
        # From the first day that is asked for, over New Year.
        month, day = self.tree["all"][0]["value"][0].split("-")
        since = Value(int(month) * 100 + int(day), output_field=IntegerField())
        return found.select_related("home_store").annotate(in_year=Mod(born - since + _YEAR, _YEAR))

    def complete(self, instances: list[Any]) -> list[Any]:
        for customer in instances:
            customer.birthday = self.today + timedelta(days=days_to_birthday(customer.birth_date, self.today))
            customer.turns = customer.birthday.year - customer.birth_date.year
        return instances

    def row_url(self, instance: Customer) -> str:
        return reverse("customers:customer_detail", args=[instance.pk])

    def extra_context(self) -> dict[str, Any]:
        asked = self.filters.form.cleaned_data if self.tree is not None else {}
        return {
            "trail": [(_("Customers"), reverse("customers:customer_list"))],
            "birthdays": asked if self.request.user.has_perm("customers.add_segment") else {},
        }


class BirthdaySegment(PageMixin, View):
    """Keeps the people of a list of birthdays as a segment: to write to them, to export them."""

    permission_required = ("customers.view_customer", "customers.add_segment")

    def post(self, request: HttpRequest) -> HttpResponse:
        filters = asked_birthdays(request, request.POST)
        tree = filters.tree()
        if tree is None:
            messages.error(request, _now("Say from which day until which, at most a year."))
            return HttpResponseRedirect(reverse("customers:birthday_list"))
        code, name = _names(filters.form.cleaned_data)
        # Whoever asks twice finds the same segment, as long as it asks for the same.
        known = Segment.objects.filter(code=code).first()
        if known is None or known.tree != write_tree(tree):
            try:
                user = cast(User, request.user)
                known = create_segment(name=name, code=code, tree=tree, user=user, at=timezone.now())
            except SegmentInvalid as invalid:
                messages.error(request, "; ".join(error.message for error in invalid.errors))
                return HttpResponseRedirect(reverse("customers:birthday_list"))
        return HttpResponseRedirect(reverse("customers:segment_detail", args=[known.code]))


def _names(asked: dict[str, Any]) -> tuple[str, str]:
    """Return the code and the name of the segment: the same for the same days and store."""
    first: date = asked["first"]
    last: date = asked["last"]
    store: Store | None = asked["store"]
    code = f"birthdays-{first:%m%d}-{last:%m%d}" + (f"-s{store.pk}" if store else "")
    name = _now("Birthdays %(first)s to %(last)s") % {
        "first": formats.short_day(first),
        "last": formats.short_day(last),
    }
    return code, f"{name}, {store.name}"[:120] if store else name
