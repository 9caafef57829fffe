"""The receipt of a sale, as its customer opens it from a message."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from messaging.occasions.receipt import receipt_by_token, receipt_url
from messaging.receipt_texts import written
from messaging.selectors.letterhead import letterhead_look
from messaging.selectors.messages import company_name
from retail.views.public import PublicPage


class ReceiptPage(PublicPage):
    """Shows what stood on the paper. It asks for nothing and changes nothing."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        receipt = receipt_by_token(token, at=timezone.now())
        if receipt is None:
            raise Http404
        customer = receipt.sale.customer
        language = (customer.language if customer else "") or translation.get_language()
        with translation.override(language):
            context = {
                "company": company_name(),
                "store": receipt.sale.store.name,
                "look": letterhead_look(),
                **written(receipt, link=receipt_url(receipt.sale)),
            }
            return render(request, "messaging/receipt.html", context)
