"""Where a customer can be written to, as a tab of the customer's page, and taking a bounce back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.models import Customer
from customers.phones import readable
from customers.views.customer import customer_tabs
from messaging.forms.suppression import LiftForm
from messaging.models import Channel, Suppression
from messaging.reasons import REASONS
from messaging.selectors.addresses import AddressState, addresses_of
from messaging.services.opt_outs import NothingToLift, lift_bounce
from retail import formats
from retail.views.access import PageMixin, acting_user
from retail.views.timeline import person_name


class CustomerAddresses(PageMixin, View):
    """Each channel of a customer: the address, whether marketing goes there, and why not."""

    permission_required = ("customers.view_customer", "messaging.view_suppression")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        may_lift = request.user.has_perm("messaging.lift_suppression")
        context = {
            "customer": customer,
            "tabs": customer_tabs(request, customer, "messaging:customer_addresses"),
            "addresses": [_shown(state, may_lift=may_lift) for state in addresses_of(customer)],
        }
        return render(request, "messaging/customer_addresses.html", context)


class AddressLift(PageMixin, View):
    """Lets the address of a channel be written to again that came back."""

    permission_required = (*CustomerAddresses.permission_required, "messaging.lift_suppression")

    def post(self, request: HttpRequest, pk: int, channel: str) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        if channel not in Channel.values:
            raise Http404
        address = customer.email if channel == Channel.EMAIL else customer.phone
        form = LiftForm(request.POST)
        if not form.is_valid():
            messages.error(request, _now("Say why."))
        else:
            try:
                lift_bounce(
                    channel=channel,
                    address=address,
                    reason=form.cleaned_data["reason"],
                    by=acting_user(request),
                    at=timezone.now(),
                )
            except NothingToLift:
                messages.error(
                    request, _now("This address did not come back, or somebody took that back already.")
                )
            else:
                messages.success(request, _now("It is written to again."))
        return HttpResponseRedirect(reverse("messaging:customer_addresses", args=[pk]))


def _shown(state: AddressState, *, may_lift: bool) -> dict[str, Any]:
    is_email = state.channel == Channel.EMAIL
    return {
        "channel": state.channel.value,
        "label": state.channel.label,
        "address": state.address if is_email else readable(state.address),
        "reason": _why_not(state),
        "silences": [_sentence(silence) for silence in state.silences],
        "can_lift": may_lift and state.bounced_at is not None,
        # Two dialogs of one page: their fields have names of their own.
        "form": LiftForm(auto_id=f"lift-{state.channel.value}-%s"),
    }


def _why_not(state: AddressState) -> Any:
    """Return why no marketing goes to one channel, which the usual words say of all of them."""
    if state.reason == "no_consent" and state.is_asked:
        return _now("The customer agreed and was asked to confirm it.")
    return _OF_ONE_CHANNEL.get(state.reason) or REASONS.get(state.reason, state.reason)


_OF_ONE_CHANNEL = {
    "no_consent": _("The customer has not agreed to marketing on this channel."),
    "no_address": _("There is no address."),
}


def _sentence(silence: Suppression) -> str:
    said = _now("%(reason)s, since %(moment)s") % {
        "reason": silence.get_reason_display(),
        "moment": formats.moment(silence.suppressed_at),
    }
    if silence.lifted_at is None:
        return said
    ended = {"said": said, "moment": formats.moment(silence.lifted_at)}
    if silence.lifted_by is None:
        return _now("%(said)s, until %(moment)s") % ended
    ended |= {
        "person": person_name(silence.lifted_by),
        "why": silence.lift_reason,
    }
    return _now("%(said)s, until %(moment)s: lifted by %(person)s (%(why)s)") % ended
