"""The receipt of a sale, as its customer opens it from a message."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from messaging.occasions.receipt import receipt_by_token, receipt_url
from messaging.receipt_texts import written
from messaging.selectors.letterhead import letterhead_look
from messaging.views.public import MessagePage


class ReceiptPage(MessagePage):
    """Shows what stood on the paper. It asks for nothing and changes nothing."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        receipt = receipt_by_token(token, at=timezone.now())
        if receipt is None:
            raise Http404
        customer = receipt.sale.customer
        language = (customer.language if customer else "") or translation.get_language()
        # Names of methods of payment and moments are written in it, too.
        with translation.override(language):
            receipt_text = written(receipt, link=receipt_url(receipt.sale))
        context = {"store": receipt.sale.store.name, "look": letterhead_look(), **receipt_text}
        return self.page("messaging/receipt.html", context, language=language)
