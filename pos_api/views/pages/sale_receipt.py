"""The page on which a manager sends the receipt of a sale once more."""

import uuid
from typing import Any

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.services.receipts import ReceiptRefused, send_again
from messaging.tasks import wake_senders
from pos_api.forms.sale_receipt import SaleReceiptForm
from retail.models import Sale
from retail.views.forms import FormPage, FormSection


class SaleReceiptSend(FormPage):
    """Say how and where to; the receipt shows the sale as it was recorded."""

    permission_required = ("retail.view_sale", "retail.change_sale", "customers.view_customer")
    form_class = SaleReceiptForm
    title = _("Send the receipt")
    subtitle = _("It is not kept as the customer's address, and says nothing of marketing.")
    submit_label = _("Send")
    success_message = ""
    sections = (FormSection(title=pgettext_lazy("message", "Receipt"), fields=("channel:2", "address:4")),)
    instance: Sale

    def get_instance(self) -> Sale:
        sales = Sale.objects.select_related("store", "customer").defer("request", "response", "shares")
        return get_object_or_404(sales, pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"token": uuid.uuid4()}

    def save(self, form: SaleReceiptForm) -> str | None:
        try:
            send_again(sale=self.instance, at=timezone.now(), **form.cleaned_data)
        except ReceiptRefused as refusal:
            form.add_error(refusal.field or None, str(refusal))
            return None
        wake_senders()
        messages.success(self.request, _now("The receipt is on its way."))
        return self.back_url()

    def back_url(self) -> str:
        return reverse("pos_api:sale_detail", args=[self.instance.pk])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Sales"), reverse("pos_api:sale_list")),
            (self.instance.ticket, self.back_url()),
        ]
