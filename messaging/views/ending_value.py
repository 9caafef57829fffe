"""What ends within some days: whose it is, how they can be reached, a file, and reminding them by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.tasks import wake_jobs
from customers.models import Customer
from loyalty.models import STORED_KINDS, Lot
from messaging.forms.value_run import ValueRunForm
from messaging.models import Channel
from messaging.occasions.reminders import ValueReminder
from messaging.reasons import REASONS
from messaging.selectors import value as values
from messaging.selectors.contacts import Recipient, recipients
from messaging.services.automations import AutomationRefused
from messaging.services.value_runs import REMINDERS, ending_lots, last_day_of, request_run
from messaging.views.automation import find_automation
from retail.forms.fields import DayField
from retail.models import Store
from retail.selectors.company import company_zone
from retail.views.access import acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage

# What is listed when nobody has said which days.
DAYS_AHEAD = 29
_RUN_PERMISSIONS = ("messaging.change_automation", "messaging.send_mailing", "customers.view_customer")


@dataclass(frozen=True, slots=True)
class Period:
    """The days and the store of a list; None where what was typed is no day."""

    first: date | None
    last: date | None
    store: Store | None


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class EndingFilters(django_filters.FilterSet):
    """Only says what is asked for: the days are those of each customer's clocks."""

    first = DayFilter(label=_("Ends from"), method="unchanged")
    last = DayFilter(label=_("Until"), method="unchanged")
    store = django_filters.ModelChoiceFilter(
        label=_("Store"),
        queryset=Store.objects.order_by("name", "pk"),
        empty_label=_("All stores"),
        method="unchanged",
    )

    class Meta:
        model = Lot
        fields = ["first", "last", "store"]

    def unchanged(self, queryset: QuerySet[Lot], _name: str, _value: Any) -> QuerySet[Lot]:
        return queryset

    def period(self) -> Period:
        """Return what was asked for."""
        data = self.form.cleaned_data if self.form.is_valid() else {}
        return Period(data.get("first"), data.get("last"), data.get("store"))


def find_reminder(occasion: str) -> ValueReminder:
    """Return a reminder of value by its occasion. Raises Http404."""
    kind = REMINDERS.get(occasion)
    if kind is None:
        raise Http404
    return kind


class EndingValue(ListPage):
    """The lots of one reminder that end within some days, with how their customers can be reached now.

    Its file names nobody: personal data leaves by the exports of segments, which are logged.
    """

    model = Lot
    permission_required = ("messaging.view_automation", "customers.view_customer", "loyalty.view_lot")
    subtitle = _("What ends on these days and can be used now.")
    default_order = "day"
    search_placeholder = _("Name, CPF or CNPJ, phone, e-mail, card")
    empty_icon = "check-circle"
    empty_title = _("Nothing ends")
    empty_text = _("Nothing of known customers ends on these days.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.kind, self.at = find_reminder(kwargs["occasion"]), timezone.now()
        self.away = company_zone()
        asked = request.GET.copy()
        today = timezone.localdate(self.at)
        asked.setdefault("first", today.isoformat())
        asked.setdefault("last", (today + timedelta(days=DAYS_AHEAD)).isoformat())
        self.filters = EndingFilters(asked, queryset=Lot.objects.none(), request=request)
        self.period = self.filters.period()
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> Any:  # type: ignore[override]
        return self.kind.label

    @property
    def export_name(self) -> str:  # type: ignore[override]
        return f"{self.kind.code}-ending"

    @property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        kind = self.kind
        last4 = Column(
            name="last4",
            label=_("Code"),
            kind="code",
            value=lambda lot: values.masked(lot.value) if lot.value else "",
        )
        return (
            Column(name="customer", label=_("Customer"), value=lambda lot: str(values.owner_of(lot)), in_files=False),
            Column(name="customer_number", label=_("Number"), kind="number", value=lambda lot: values.owner_of(lot).pk, on_page=False),
            Column(name="customer_code", label=_("Customer's code"), kind="code", value=lambda lot: values.owner_of(lot).code, on_page=False),
            Column(name="what", label=_("What"), value=lambda lot: lot.value.name if lot.value else "", on_phone=False),
            *([last4] if kind.kinds[0] in STORED_KINDS else []),
            Column(name="left", label=_("Left"), value=lambda lot: kind.write_amount(lot.value) if lot.value else "", in_files=False),
            Column(name="amount", label=_("Left"), kind="number", value=_amount, on_page=False),
            Column(name="percent", label=_("Percentage"), kind="number", value=lambda lot: lot.value.percent if lot.value else None, on_page=False),
            Column(name="day", label=_("Last day"), kind="day", value=lambda lot: last_day_of(lot, self.away), order_by="expires_at"),
            Column(name="store", label=_("Store"), value=lambda lot: str(values.store_of(lot) or ""), on_phone=False),
            Column(name="channels", label=_("Can be reached by"), value=lambda lot: self.reach(lot.recipient)),
        )  # fmt: skip

    def reach(self, person: Recipient) -> str:
        """Say by which channels somebody can be written to now, else why by none."""
        purpose = self.kind.purpose
        reasons = {channel: person.why_not(channel, purpose) for channel in Channel.values}
        by = [str(Channel(channel).label) for channel, reason in reasons.items() if not reason]
        telling = next((reason for reason in reasons.values() if reason != "no_address"), "no_address")
        return ", ".join(by) or str(REASONS[telling])

    def get_filters(self) -> EndingFilters:
        self.filters.queryset = self.get_queryset()
        return self.filters

    def get_queryset(self) -> QuerySet[Lot]:
        first, last = self.period.first, self.period.last
        if first is None or last is None:
            return Lot.objects.none()
        return ending_lots(self.kind, first, last, store=self.period.store, at=self.at)

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return queryset
        owner = values.owner_path(self.kind.kinds[0])
        return queryset.filter(**{f"{owner}__in": Customer.objects.search(text).values("pk")})

    def complete(self, instances: list[Any]) -> list[Any]:
        owners = {values.owner_of(lot).pk: values.owner_of(lot) for lot in instances}
        known = recipients(list(owners.values()))
        left = values.values_of({lot.pk: [lot] for lot in instances}, at=self.at)
        for lot in instances:
            lot.value, lot.recipient = left.get(lot.pk), known[values.owner_of(lot).pk]
        return instances

    def row_url(self, instance: Lot) -> str:
        return reverse("customers:customer_detail", args=[values.owner_of(instance).pk])

    def get_actions(self) -> list[Action]:
        if not self.request.user.has_perms(_RUN_PERMISSIONS):
            return []
        asked = {"first": self.period.first, "last": self.period.last}
        if self.period.store is not None:
            asked["store"] = self.period.store.pk  # type: ignore[assignment]
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        url = reverse("messaging:ending_remind", args=[self.kind.code])
        return [Action(_("Remind them"), f"{url}?{query}", "bell", "primary")]

    def extra_context(self) -> dict[str, Any]:
        return {"trail": _trail(self.kind)}


class EndingRemind(FormPage):
    """Asks how to remind, and leaves the rest to a background job."""

    permission_required = _RUN_PERMISSIONS
    form_class = ValueRunForm
    subtitle = _("With the texts and the sender of the automation.")
    submit_label = _("Remind them")
    success_message = _("The reminders are being written. They leave by themselves.")
    sections = (
        FormSection(_("Of what"), ("first:2", "last:2", "store:2")),
        FormSection(_("How"), ("way:3", "again:3")),
    )

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.kind = find_reminder(kwargs["occasion"])
        super().setup(request, *args, **kwargs)

    def get_form(self, **data: Any) -> ValueRunForm:
        initial = {name: self.request.GET.get(name, "") for name in ("first", "last", "store")}
        return ValueRunForm(initial=initial, data=data.get("data"))

    def save(self, form: Any) -> str | None:
        find_automation(self.kind.code)
        try:
            job = request_run(
                occasion=self.kind.code, run=form.run(), by=acting_user(self.request), at=timezone.now()
            )
        except AutomationRefused as refusal:
            form.add_refusal(refusal)
            return None
        wake_jobs()
        return reverse("campaigns:job_detail", args=[job.pk])

    def get_title(self) -> Any:
        return self.kind.label

    def back_url(self) -> str:
        return reverse("messaging:ending_value", args=[self.kind.code])

    def trail(self) -> list[tuple[Any, str]]:
        return [*_trail(self.kind), (_("What ends"), self.back_url())]


def _amount(lot: Any) -> Decimal | None:
    """Return what is left of a lot; nothing in money of a voucher in percent."""
    if lot.value is None:
        return Decimal(0)
    return lot.value.amount if lot.value.percent is None else None


def _trail(kind: ValueReminder) -> list[tuple[Any, str]]:
    return [
        (_("Automations"), reverse("messaging:automation_list")),
        (kind.label, reverse("messaging:automation_detail", args=[kind.code])),
    ]
