"""Pages of the sellers' agenda: the day of a store, the appointments of a customer, the form."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.forms.appointment import AppointmentForm, initial_of
from customers.models import Appointment, AppointmentStatus, Customer
from customers.selectors import on_day
from customers.services.appointments import (
    AppointmentClosed,
    AppointmentRefused,
    AppointmentTaken,
    book_appointment,
    change_appointment,
)
from customers.views.customer import customer_tabs
from retail.forms.rows import add_row_errors
from retail.models import Store
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage

STATUS_TONES = {"booked": "info", "done": "success", "cancelled": "danger"}


class AppointmentDay(PageMixin, View):
    """Who comes to one store on one day. Without a choice: today, where somebody is expected next."""

    permission_required = "customers.view_appointment"

    def get(self, request: HttpRequest) -> HttpResponse:
        stores = list(Store.objects.active().order_by("name", "pk"))
        wanted = request.GET.get("store") or str(_next_store(timezone.now()))
        store = next((store for store in stores if str(store.pk) == wanted), stores[0] if stores else None)
        context: dict[str, Any] = {
            "stores": stores,
            "store": store,
            "may_book": request.user.has_perm("customers.add_appointment"),
            "may_change": request.user.has_perm("customers.change_appointment"),
        }
        if store is not None:
            today = timezone.now().astimezone(store.zone).date()
            day = _day(request.GET.get("day", "")) or today
            appointments = Appointment.objects.filter(store=store).select_related("customer", "store")
            context |= {
                "day": day,
                "today": today,
                "before": day - timedelta(days=1),
                "after": day + timedelta(days=1),
                "rows": [_row(one) for one in on_day(appointments, day).order_by("starts_at", "pk")],
            }
        return render(request, "customers/appointment_day.html", context)


def _next_store(at: datetime) -> int | None:
    waiting = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, starts_at__gt=at - timedelta(hours=12)
    )
    return waiting.order_by("starts_at", "pk").values_list("store", flat=True).first()


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _row(appointment: Appointment) -> dict[str, Any]:
    return {
        "appointment": appointment,
        "time": f"{appointment.starts_at.astimezone(appointment.store.zone):%H:%M}",
        "tone": STATUS_TONES[appointment.status],
        "open": appointment.status == AppointmentStatus.BOOKED,
    }


class CustomerAppointments(ListPage):
    """All appointments of one customer."""

    model = Appointment
    permission_required = ("customers.view_customer", "customers.view_appointment")
    template_name = "customers/customer_purchases.html"
    columns = (
        Column(name="starts_at", label=_("When"), kind="moment", zone=lambda one: one.store.zone, order_by="starts_at"),
        Column(name="store.name", label=_("Store")),
        Column(name="seller", label=_("Seller")),
        Column(name="purpose", label=_("Purpose")),
        Column(name="note", label=_("Note"), on_page=False),
        Column(name="status", label=_("State"), kind="badge", labels=dict(AppointmentStatus.choices), tones=STATUS_TONES),
    )  # fmt: skip
    default_order = "-starts_at"
    export_name = "appointments"
    empty_icon = "calendar"
    empty_title = _("No appointments yet")
    empty_text = _("An appointment with a seller opens campaigns with the condition “Seller's agenda”.")
    create_label = _("Book an appointment")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.customer = get_object_or_404(Customer, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.customer)

    def get_queryset(self) -> QuerySet[Appointment]:
        return Appointment.objects.filter(customer=self.customer).select_related("store")

    def row_url(self, instance: Appointment) -> str | None:
        if not self.request.user.has_perm("customers.change_appointment"):
            return None
        return reverse("customers:appointment_edit", args=[instance.pk])

    def create_url(self) -> str:
        allowed = self.request.user.has_perm("customers.add_appointment")
        return reverse("customers:appointment_create", args=[self.customer.pk]) if allowed else ""

    def get_actions(self) -> list[Action]:
        url = self.create_url()
        return [Action(self.create_label, url, "calendar", "primary")] if url else []

    def extra_context(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "trail": [(_("Customers"), reverse("customers:customer_list"))],
            "tabs": customer_tabs(self.request, self.customer, "customers:customer_appointments"),
        }


class AppointmentCreate(FormPage):
    """Book an appointment of one customer."""

    form_class = AppointmentForm
    permission_required = ("customers.view_customer", "customers.add_appointment")
    title = _("Book an appointment")
    submit_label = _("Book")
    success_message = _("The appointment was booked.")
    sections = (
        FormSection(_("When and where"), ("store", "day:3", "time:3")),
        FormSection(_("What for"), ("seller", "purpose", "note")),
    )

    def get_instance(self) -> Any:
        self.customer = get_object_or_404(Customer, pk=self.kwargs["pk"])
        return None

    def get_initial(self) -> dict[str, Any]:
        return {"store": self.customer.home_store_id}

    def save(self, form: AppointmentForm) -> str | None:
        store = form.cleaned_data["store"]
        try:
            book_appointment(
                customer=self.customer,
                store=store,
                values=form.values(store.zone),
                at=timezone.now(),
                user=acting_user(self.request),
            )
        except (AppointmentRefused, AppointmentTaken) as refusal:
            _refuse(form, refusal)
            return None
        return self.back_url()

    def back_url(self) -> str:
        if not self.request.user.has_perm("customers.view_appointment"):
            return reverse("customers:customer_detail", args=[self.customer.pk])
        return reverse("customers:customer_appointments", args=[self.customer.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Customers"), reverse("customers:customer_list")),
            (str(self.customer), reverse("customers:customer_detail", args=[self.customer.pk])),
        ]


class AppointmentEdit(AppointmentCreate):
    """Move an appointment, or change whom it is with and what for."""

    permission_required = ("customers.view_customer", "customers.change_appointment")
    title = _("Change the appointment")
    submit_label = _("Save")
    success_message = _("Saved.")

    def get_instance(self) -> Appointment:
        found = Appointment.objects.select_related("customer", "store")
        appointment = get_object_or_404(found, pk=self.kwargs["pk"])
        self.customer = appointment.customer
        return appointment

    def get_form(self, **data: Any) -> AppointmentForm:
        form = AppointmentForm(initial=initial_of(self.instance), **data)
        form.fields["store"].disabled = True
        return form

    def save(self, form: AppointmentForm) -> str | None:
        try:
            change_appointment(
                appointment=self.instance, values=form.values(self.instance.store.zone), at=timezone.now()
            )
        except (AppointmentRefused, AppointmentTaken, AppointmentClosed) as refusal:
            _refuse(form, refusal)
            return None
        return self.back_url()


def _refuse(form: AppointmentForm, refusal: Exception) -> None:
    if isinstance(refusal, AppointmentRefused):
        # The form asks for the moment in two fields.
        moved = {"starts_at": "day"}
        add_row_errors(
            form, [replace(error, path=moved.get(error.path, error.path)) for error in refusal.errors]
        )
    else:
        form.add_error("time" if isinstance(refusal, AppointmentTaken) else None, str(refusal))


class AppointmentClose(PageMixin, View):
    """Say that an appointment is done or cancelled; then back to its day."""

    permission_required = ("customers.view_appointment", "customers.change_appointment")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        appointment = get_object_or_404(Appointment.objects.select_related("store"), pk=pk)
        status = AppointmentStatus.DONE if "done" in request.POST else AppointmentStatus.CANCELLED
        try:
            change_appointment(appointment=appointment, values={"status": status.value}, at=timezone.now())
        except AppointmentClosed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _now("Marked as done.") if status == AppointmentStatus.DONE else _now("Cancelled.")
            )
        day = appointment.starts_at.astimezone(appointment.store.zone).date()
        address = f"{reverse('customers:appointment_day')}?store={appointment.store_id}&day={day.isoformat()}"
        return HttpResponseRedirect(address)
