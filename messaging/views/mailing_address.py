"""Writing to one person whose address is typed, from the list of mailings."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.services.consents import ConsentRefused
from messaging.forms.address import TypedAddressForm
from messaging.services.typed_addresses import AddressRefused, customer_at_address
from retail.forms.rows import add_row_errors
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection


class MailingToAddress(FormPage):
    """Asks for an e-mail or a phone, and opens the composer for the person who has it."""

    permission_required = ("messaging.add_mailing", "customers.view_customer", "customers.add_customer")
    form_class = TypedAddressForm
    title = _("Write to an address")
    subtitle = _("One message to one person: by e-mail, SMS or WhatsApp.")
    submit_label = _("Write the message")
    success_message = ""
    sections = (
        FormSection(_("To whom"), ("to:3", "name:3")),
        FormSection(
            _("Consent"), ("agreed:6", "text:6"), _("Marketing needs an agreement, also to one person.")
        ),
    )

    def get_form(self, **data: Any) -> TypedAddressForm:
        form = TypedAddressForm(**data)
        if not self.request.user.has_perm("customers.add_consent"):
            del form.fields["agreed"], form.fields["text"]
        return form

    def save(self, form: Any) -> str | None:
        for name, absent in (("agreed", False), ("text", "")):
            form.cleaned_data.setdefault(name, absent)
        try:
            customer = customer_at_address(
                address=form.address(), by=acting_user(self.request), at=timezone.now()
            )
        except (AddressRefused, ConsentRefused) as refusal:
            add_row_errors(form, refusal.errors)
            return None
        return f"{reverse('messaging:mailing_create')}?{urlencode({'customer': customer.pk})}"

    def back_url(self) -> str:
        return reverse("messaging:mailing_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Mailings"), self.back_url())]
