"""What one customer agreed to: the answers that stand, all that were given, and a form for one more."""

from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views import View

from customers.forms.customer import ConsentForm
from customers.models import Consent, ConsentChannel, Customer, Purpose
from customers.selectors import standing_consents
from customers.services.consents import ConsentRefused, record_consent
from customers.views.customer import customer_tabs
from retail.forms.rows import add_row_errors
from retail.views.access import PageMixin, acting_user
from retail.views.timeline import TimelineEvent, event_at


class CustomerConsents(PageMixin, View):
    """What the customer agreed to, what stands, and a form for one more answer."""

    permission_required = ("customers.view_customer", "customers.view_consent")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._render(request, ConsentForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("customers.add_consent"):
            return self.handle_no_permission()
        customer = get_object_or_404(Customer, pk=pk)
        form = ConsentForm(data=request.POST)
        if not form.is_valid():
            return self._render(request, form, status=422)
        try:
            record_consent(
                customer=customer,
                values={**form.cleaned_data, "operator": request.user.get_username()[:80]},
                source="back_office",
                at=timezone.now(),
                recorded_by=acting_user(request),
            )
        except ConsentRefused as refusal:
            add_row_errors(form, refusal.errors)
            return self._render(request, form, status=422)
        return HttpResponseRedirect(reverse("customers:customer_consents", args=[pk]))

    def _render(self, request: HttpRequest, form: ConsentForm, status: int = 200) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=self.kwargs["pk"])
        consents = (
            Consent.objects.filter(customer=customer)
            .select_related("store", "recorded_by")
            .order_by(F("given_at").desc(), "-pk")
        )
        standing = standing_consents([customer.pk])[customer.pk]
        context = {
            "customer": customer,
            "tabs": customer_tabs(request, customer, "customers:customer_consents"),
            "form": form,
            "channels": [channel.label for channel in ConsentChannel if channel.value],
            "standing": [
                (purpose.label, [(channel.label, standing.get(purpose.value, channel.value)) for channel in ConsentChannel if channel.value])
                for purpose in Purpose
            ],
            "events": [_event(consent) for consent in consents],
        }  # fmt: skip
        return render(request, "customers/customer_consents.html", context, status=status)


# Where answers come from; other systems have words of their own.
_SOURCES = {
    "back_office": _("In the back-office"),
    "till": pgettext_lazy("consent", "At the till"),
    "import": _("Imported"),
    "mailing": _("From a sale that was written to"),
    "merge": _("From a record that was merged"),
    "merge_undone": _("As it was before a merge"),
    "unsubscribe_link": _("By the link in a message"),
    "preference_page": _("On the preference page"),
    "preference_page_other_channel": _("On the preference page, opened on another channel"),
    "confirmation": _("Confirmed by the link"),
    "reply_sms": _("Answered an SMS"),
    "reply_whatsapp": _("Answered on WhatsApp"),
}


def _event(consent: Consent) -> TimelineEvent:
    purpose, channel = Purpose(consent.purpose).label, ConsentChannel(consent.channel).label
    recorder = consent.operator or (str(consent.recorded_by) if consent.recorded_by else "")
    digest = f"SHA-256 {consent.text_digest[:12]}…" if consent.text_digest else ""
    parts = [
        str(_SOURCES.get(consent.source, consent.source)),
        consent.store.name if consent.store else "",
        recorder,
        consent.text_version,
        digest,
    ]
    what = ", ".join(part for part in parts if part)
    return event_at(
        consent.given_at,
        f"{purpose} · {channel}",
        text=f"{what} — {consent.text}" if consent.text else what,
        icon="check" if consent.granted else "ban",
        tone="success" if consent.granted else "danger",
        zone=consent.store.zone if consent.store else None,
    )
