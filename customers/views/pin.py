"""Setting and removing the PIN by which a customer shows at the till who it is."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.forms.pin import PinForm
from customers.models import Customer
from customers.services.pins import PinInvalid, remove_pin, set_pin
from retail.views.forms import FormPage, FormSection


class PinEdit(FormPage):
    permission_required = "customers.change_customer"
    form_class = PinForm
    title = _("PIN")
    sections = (
        FormSection(
            _("Proof of the person"),
            ("pin:2", "remove:6"),
            _("Asked for at the till before much value is used, when the company asks for PINs."),
        ),
    )

    def get_instance(self) -> Customer:
        return get_object_or_404(Customer, pk=self.kwargs["pk"])

    def save(self, form: Any) -> str | None:
        customer, given = self.instance, form.cleaned_data
        if given["remove"]:
            remove_pin(customer_id=customer.pk)
            return self.back_url()
        try:
            set_pin(customer_id=customer.pk, pin=given["pin"], by_id=self.request.user.pk, at=timezone.now())
        except PinInvalid as refusal:
            form.add_error("pin", str(refusal))
            return None
        return self.back_url()

    def back_url(self) -> str:
        return reverse("customers:customer_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Customers"), reverse("customers:customer_list")), (self.instance, self.back_url())]
