"""Pages of customers: the list, one customer with purchases and consents, and the form."""

from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers import documents
from customers.forms.customer import CustomerForm, initial_of
from customers.models import Customer, CustomerGrouping, Sex
from customers.navigation import CustomerTab
from customers.phones import readable
from customers.services.customers import update_customer, upsert_customers
from retail import formats
from retail.forms.rows import ACTIVE_LABELS, ACTIVE_TONES, add_row_errors
from retail.models import Sale, SaleState, Store
from retail.models.search import Searchable
from retail.navigation import registered
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage

_YEAR = timedelta(days=365)
_RECENT = 8


class CustomerFilters(django_filters.FilterSet):
    groupings = django_filters.ModelChoiceFilter(
        label=_("Grouping"),
        queryset=CustomerGrouping.objects.order_by("name", "pk"),
        empty_label=_("Every grouping"),
    )
    home_store = django_filters.ModelChoiceFilter(
        label=_("Home store"), queryset=Store.objects.order_by("name", "pk"), empty_label=_("Every store")
    )
    born_in = django_filters.ChoiceFilter(
        label=_("Birthday in"),
        field_name="birth_date",
        lookup_expr="month",
        choices=list(MONTHS.items()),
        empty_label=_("Every month"),
    )
    contact = django_filters.ChoiceFilter(
        label=_("Contact"),
        choices=[
            ("email", _("With e-mail")),
            ("phone", _("With phone")),
            ("none", _("Without e-mail and phone")),
        ],
        method="with_contact",
        empty_label=_("All"),
    )
    is_active = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("True", _("Active")), ("False", _("Inactive"))],
        empty_label=_("Every state"),
    )

    class Meta:
        model = Customer
        fields = ["groupings", "home_store", "born_in", "contact", "is_active"]

    def with_contact(self, queryset: QuerySet[Customer], _name: str, value: str) -> QuerySet[Customer]:
        if value == "none":
            return queryset.filter(email="", phone="")
        return queryset.exclude(**{value: ""})


class CustomerList(ListPage):
    """All customers. Documents are masked here; the page of one customer shows them whole."""

    model = Customer
    permission_required = "customers.view_customer"
    title = _("Customers")
    subtitle = _("Who buys, how they may be reached, and what they agreed to.")
    columns = (
        Column(
            name="name", label=_("Name"), value=str, order_by=Searchable("name"),
            secondary=lambda customer: documents.mask(customer.document) if customer.document else "",
        ),
        Column(name="code", label=_("Code"), kind="code", order_by="code", on_page=False),
        Column(name="phone", label=_("Phone"), value=lambda customer: readable(customer.phone)),
        Column(name="email", label=_("E-mail")),
        Column(name="city", label=_("City"), value=lambda customer: " / ".join(part for part in (customer.city, customer.state) if part), order_by="city"),
        Column(name="home_store.name", on_phone=False, label=_("Home store")),
        Column(name="birth_date", label=_("Birth date"), kind="day", on_page=False),
        Column(name="created_at", on_phone=False, label=_("Since"), kind="moment", order_by="created_at"),
        Column(name="is_active", label=_("State"), kind="badge", labels=ACTIVE_LABELS, tones=ACTIVE_TONES),
    )  # fmt: skip
    filterset_class = CustomerFilters
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    default_order = "name"
    export_name = "customers"
    create_url_name, create_permission = "customers:customer_create", "customers.add_customer"
    create_label = _("New customer")
    empty_icon = "customer"
    empty_title = _("No customers yet")
    empty_text = _("Tills register customers as they buy; the API brings those that you know already.")

    def get_queryset(self) -> QuerySet[Customer]:
        return Customer.objects.select_related("home_store")

    def row_url(self, instance: Customer) -> str:
        return reverse("customers:customer_detail", args=[instance.pk])

    def get_actions(self) -> list[Action]:
        links = [
            Action(link.label, reverse(link.url_name), link.icon)
            for link in registered("CUSTOMERS_LINKS")
            if not link.permission or self.request.user.has_perm(link.permission)
        ]
        birthdays = Action(_("Birthdays"), reverse("customers:birthday_list"), "cake")
        return [birthdays, *links, *super().get_actions()]


def customer_tabs(request: HttpRequest, customer: Customer, current: str) -> list[tuple[Any, str, bool]]:
    """Return the views of one customer as tabs; `current` is a URL name. Other packages add theirs."""
    own = [
        CustomerTab(label=_("Overview"), url_name="customers:customer_detail"),
        CustomerTab(label=_("Purchases"), url_name="customers:customer_purchases", permission="retail.view_sale"),
        CustomerTab(label=_("Appointments"), url_name="customers:customer_appointments", permission="customers.view_appointment"),
        CustomerTab(label=_("Consents"), url_name="customers:customer_consents", permission="customers.view_consent"),
    ]  # fmt: skip
    return [
        (tab.label, reverse(tab.url_name, args=[customer.pk]), tab.url_name == current)
        for tab in [*own, *registered("CUSTOMER_TABS")]
        if not tab.permission or request.user.has_perm(tab.permission)
    ]


def _pin_state(customer: Customer, at: datetime) -> str:
    pin = getattr(customer, "pin", None)
    if pin is None:
        return ""
    if pin.locked_until is not None and pin.locked_until > at:
        return str(_("Locked until %(moment)s")) % {"moment": formats.moment(pin.locked_until)}
    return str(_("Set on %(moment)s")) % {"moment": formats.moment(pin.set_at)}


class CustomerDetail(PageMixin, View):
    """One customer: who it is, what was bought lately, groupings."""

    permission_required = "customers.view_customer"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer.objects.select_related("home_store", "pin"), pk=pk)
        now = timezone.now()
        sales = Sale.objects.real().filter(customer=customer).exclude(state=SaleState.CANCELLED)
        year = sales.filter(occurred_at__gte=now - _YEAR).aggregate(
            count=Count("pk"), net=Sum("net"), discount=Sum("discount"), last=Max("occurred_at")
        )
        place = " ".join(part for part in (customer.street, customer.number, customer.complement) if part)
        city = " / ".join(part for part in (customer.city, customer.state) if part)
        context = {
            "customer": customer,
            "tabs": customer_tabs(request, customer, "customers:customer_detail"),
            "year": year,
            "recent": list(
                sales.select_related("store")
                .defer("request", "response")
                .order_by("-occurred_at", "-pk")[:_RECENT]
            ),
            "groupings": list(customer.groupings.order_by("name", "pk")),
            "identity": [
                (_("CPF or CNPJ"), _written(customer.document)),
                (_("Birth date"), formats.day(customer.birth_date)),
                (_("Sex"), Sex(customer.sex).label if customer.sex else ""),
                (_("Code"), customer.code),
                (_("Loyalty card"), customer.card),
                (_("Loyalty category"), customer.loyalty_category),
            ],
            "contact": [
                (_("Phone"), readable(customer.phone)),
                (_("E-mail"), customer.email),
                (_("Address"), ", ".join(part for part in (place, customer.district, city) if part)),
                (_("Postal code (CEP)"), customer.postal_code),
            ],
            "record": [
                (_("Home store"), customer.home_store.name if customer.home_store else ""),
                (_("Origin"), customer.origin),
                (_("Since"), formats.moment(customer.created_at)),
                (_("Changed"), formats.moment(customer.updated_at)),
                (_("PIN"), _pin_state(customer, now)),
            ],
        }
        return render(request, "customers/customer_detail.html", context)


def _written(document: str | None) -> str:
    """Return a document with its punctuation."""
    if not document:
        return ""
    if len(document) == 11:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"


class CustomerPurchases(ListPage):
    """Everything that one customer bought."""

    model = Sale
    permission_required = ("customers.view_customer", "retail.view_sale")
    template_name = "customers/customer_purchases.html"
    columns = (
        Column(name="ticket", label=_("Ticket"), order_by="ticket"),
        Column(name="store.name", label=_("Store")),
        Column(name="occurred_at", label=_("When"), kind="moment", zone=lambda sale: sale.store.zone, order_by="occurred_at"),
        Column(name="discount", label=_("Discount"), kind="money", value=lambda sale: sale.discount or "", order_by="discount"),
        Column(name="net", label=_("Net"), kind="money", order_by="net"),
        Column(name="state", label=_("State"), kind="badge", labels=dict(SaleState.choices), tones={"committed": "success", "cancelled": "danger"}),
    )  # fmt: skip
    default_order = "-occurred_at"
    export_name = "purchases"
    empty_icon = "sale"
    empty_title = _("No purchases yet")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.customer = get_object_or_404(Customer, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.customer)

    def get_queryset(self) -> QuerySet[Sale]:
        return (
            Sale.objects.real()
            .filter(customer=self.customer)
            .select_related("store")
            .defer("request", "response")
        )

    def row_url(self, instance: Sale) -> str:
        return reverse("pos_api:sale_detail", args=[instance.pk])

    def extra_context(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "trail": [(_("Customers"), reverse("customers:customer_list"))],
            "tabs": customer_tabs(self.request, self.customer, "customers:customer_purchases"),
        }


class CustomerCreate(FormPage):
    """A new customer."""

    form_class = CustomerForm
    permission_required = "customers.add_customer"
    title = _("New customer")
    submit_label = _("Create the customer")
    success_message = _("The customer was created.")
    sections = (
        FormSection(_("Person or company"), ("name", "document:3", "birth_date:3", "sex:3", "language:3")),
        FormSection(_("Contact"), ("phone:3", "email:3"), _("Messages go out only where consents allow them.")),
        FormSection(
            _("Address"),
            ("street:4", "number:2", "complement:3", "district:3", "city:3", "state:1", "postal_code:2"),
        ),
        FormSection(
            _("Relationship"),
            ("code:3", "card:3", "home_store:3", "origin:3", "loyalty_category:3", "groupings", "remark", "is_active"),
        ),
    )  # fmt: skip

    def save(self, form: CustomerForm) -> str | None:
        values = form.values()
        taken = Q()
        for name in ("code", "document", "card"):
            if values[name]:
                taken |= Q(**{name: values[name]})
        # The list service would take the row for a change of that customer.
        owner = Customer.objects.filter(taken).first() if taken else None
        if owner is not None:
            name = next(name for name in ("code", "document", "card") if values[name] == getattr(owner, name))
            form.add_error(name, _now("Another customer has this already."))
            return None
        result = upsert_customers(
            rows=[values],
            at=timezone.now(),
            source="back_office",
            recorded_by=acting_user(self.request),
        )[0]
        add_row_errors(form, result.errors)
        return reverse("customers:customer_detail", args=[result.instance.pk]) if result.instance else None

    def back_url(self) -> str:
        return reverse("customers:customer_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Customers"), reverse("customers:customer_list"))]


class CustomerEdit(CustomerCreate):
    """Change a customer, whatever identifies it included."""

    permission_required = "customers.change_customer"
    title = _("Edit customer")
    submit_label = _("Save")
    success_message = _("The customer was saved.")

    def get_instance(self) -> Customer:
        return get_object_or_404(Customer, pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.instance)

    def save(self, form: CustomerForm) -> str | None:
        result = update_customer(
            customer=self.instance,
            values=form.values(),
            at=timezone.now(),
            source="back_office",
            recorded_by=acting_user(self.request),
        )
        add_row_errors(form, result.errors)
        return self.back_url()

    def back_url(self) -> str:
        return reverse("customers:customer_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [*super().trail(), (str(self.instance), self.back_url())]
