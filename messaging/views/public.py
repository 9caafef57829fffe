"""What the pages behind the links of messages have in common: no sign-in, no traces, the person's language."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from messaging.selectors.messages import company_name
from retail.views.public import PublicPage, keep_private


class MessagePage(PublicPage):
    """A public page in the look of the company's messages."""

    def too_often(self) -> HttpResponse:
        return self.page("messaging/public_notice.html", {"notice": "limited"}, status=429)

    def unknown(self) -> HttpResponseBase:
        return unknown_link(self.request)

    def page(
        self, template: str, context: dict[str, Any], *, language: str = "", status: int = 200
    ) -> HttpResponse:
        """Draw a page in a person's language, else in that of their browser."""
        with translation.override(language or translation.get_language()):
            return render(self.request, template, {"company": company_name(), **context}, status=status)


def unknown_link(request: HttpRequest) -> HttpResponseBase:
    """Answer a broken link with a page of the company."""
    context = {"company": company_name(), "notice": "unknown"}
    return keep_private(render(request, "messaging/public_notice.html", context, status=404))
